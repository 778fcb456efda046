package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/bot/bottest"
)

// The whole day of docs/a-day-in-telegram.md is played by the real program against an emulator of the Bot API, and everything that the
// bot says is what the document shows. FINCO_UPDATE_GOLDEN=1 writes the document's blocks anew.
func TestADayInTelegram(t *testing.T) {
	d := newDay(t)
	d.connecting()
	d.morning()
	d.threeCustomers()
	d.voiceNote()
	d.lateAnswer()
	d.correction()
	d.evening()
	d.payday()
	d.ends()
}

const (
	azizaID, jasurID = 100001, 100002
	shopID           = -1001700000001
)

// connecting: the employee is known by the phone number.
func (d *day) connecting() {
	d.scene("connecting")
	d.write(d.jasur, "/start", at("08:55"))
	d.hears(d.jasur)
	d.presses(d.jasur, "📱 Raqamimni yuborish", at("08:56"))
	d.hears(d.jasur)
	d.hears(d.jasur)
	d.private = d.jasur.Connects().With(d.emily)
}

func (d *day) morning() {
	d.scene("morning")
	d.write(d.jasur, "/checkin", at("09:00"))
	d.hears(d.jasur)
}

// threeCustomers: one in a supergroup, one in the employee's own chats, one in a basic group; all are answered in time.
func (d *day) threeCustomers() {
	d.scene("customers")
	d.together(func() {
		d.says(d.botir, d.shop, "Assalomu alaykum! Samsung muzlatgich bormi, narxi qancha?", at("09:12"))
		d.says(d.jasur, d.shop, "Va alaykum assalom! Bor, 4 900 000 so'm. Yetkazib berish bepul.", at("09:15"))
	})
	d.scene("edit")
	d.together(func() {
		order := d.says(d.botir, d.shop, "Unda 2 ta kerak, bugun olib kela olasizmi?", at("10:20"))
		edit := d.edits(d.botir, d.shop, order, "Unda 3 ta kerak, bugun olib kela olasizmi?", at("10:21"))
		d.says(d.jasur, d.shop, "Ha, 3 tasini bugun soat 16:00 gacha yetkazamiz.", at("10:24"))
		edit()
	})
	d.until(`{ messages(where: {editedAtNotNil: true}) { edges { node { versions { version text } } } } }`, "3 ta")
	d.scene("basic group")
	d.together(func() {
		d.says(d.karim, d.works, "Konditsioner o'rnatish necha pul?", at("11:05"))
		d.says(d.jasur, d.works, "350 000 so'm, kafolati bir yil.", at("11:07"))
	})
}

// voiceNote: a customer talks to the employee's own account, which is connected to the bot.
func (d *day) voiceNote() {
	d.scene("voice")
	note := filepath.Join(d.t.TempDir(), "note.ogg")
	speak(d.t, note, "Please give me my money back. The delivery was late and the food was cold.")
	ogg, err := os.ReadFile(note)
	if err != nil {
		d.t.Fatal(err)
	}
	d.together(func() {
		d.line("11:40 " + d.who(d.emily, d.private) + ": 🎤 0:05")
		d.emily.SendsVoice(d.private, ogg, 5, bottest.At(d.at("11:40")))
		d.says(d.jasur, d.private, "We are sorry! You get your money back today.", at("11:45"))
	})
	d.until(`{ messages(where: {kind: VOICE}) { edges { node { kind transcript } } } }`, "money")
}

// lateAnswer: nobody answers within the target, so the supervisor and the employee are told.
func (d *day) lateAnswer() {
	d.scene("late")
	d.now = "17:55"
	d.says(d.botir, d.shop, "Muzlatgichlar hali kelmadi, qachon yetkazasizlar?", at("16:31"))
	d.hears(d.aziza)
	d.hears(d.jasur)
	d.presses(d.aziza, "✋ Беру на себя", "")
	d.hears(d.aziza)
	d.hears(d.jasur)
	d.says(d.jasur, d.shop, "Uzr, mashina yo'lda, soat 19:00 gacha yetib boradi.", at("18:02"))
	d.hears(d.aziza)
	d.hears(d.jasur)
}

// correction: the machine takes a customer's last word for a question, and the supervisor puts that right with one tap.
func (d *day) correction() {
	d.scene("correction")
	d.now = "18:31"
	d.says(d.karim, d.works, "Xo'p, ertaga 16:00 da do'konda bo'laman", at("18:10"))
	d.hears(d.aziza)
	d.hears(d.jasur)
	d.judged()
	d.write(d.aziza, "/review", at("18:30"))
	card := d.aziza.Chat().Next(d.t.Context())
	skipped := 0
	for ; !strings.Contains(card.Text, "16:00 da"); skipped++ {
		d.aziza.Presses(d.aziza.Chat(), "⏭ Пропустить")
		card = d.aziza.Chat().Next(d.t.Context())
	}
	d.line(fmt.Sprintf("Aziza presses [⏭ Пропустить] %d times", skipped))
	d.shows(d.aziza, card)
	d.presses(d.aziza, "✏️ ответ не нужен", "")
	d.both(d.aziza)
	d.hears(d.jasur)
	d.presses(d.aziza, "⏹ Закончить", "")
	d.hears(d.aziza)
}

func (d *day) evening() {
	d.scene("evening")
	d.write(d.jasur, "/checkout", at("19:00"))
	d.hears(d.jasur)
	d.scene("kpi")
	d.now = "19:01"
	const results = `{ kpiResults(first: 100) { edges { node { total } } } }`
	d.poll(results, func() bool { return strings.Contains(d.ask(results), `"total":80`) })
	d.write(d.jasur, "/kpi", at("19:01"))
	d.hears(d.jasur)
	d.presses(d.jasur, "1 — nega?", "")
	d.hears(d.jasur)
}

func (d *day) payday() {
	d.scene("payroll")
	d.now = "19:30"
	period := d.today.Format("2006-01")
	d.m.must("payroll", "run", "--period", period)
	d.m.must("payroll", "review", "--period", period)
	d.line("$ finco payroll approve --period " + period)
	approved := d.m.run("payroll", "approve", "--period", period)
	if approved.code != 0 || !strings.Contains(approved.stderr, period+" was not over when this was computed") {
		d.t.Errorf("approving a month that goes on: %d, %s", approved.code, approved.stderr)
	}
	d.line(strings.TrimRight(approved.stdout, "\n"))
	d.scene("payslip")
	d.hears(d.jasur)
	d.presses(d.jasur, "Varaqni ochish", "")
	d.hears(d.jasur)
	d.presses(d.jasur, "3 — nega?", "")
	d.hears(d.jasur)
	d.presses(d.jasur, "💬 Yozuvlar (5)", "")
	d.hears(d.jasur)
}

// ends tells that the bot wrote nothing that the day does not show, and nothing in customers' chats.
func (d *day) ends() {
	for _, c := range []*bottest.Chat{d.jasur.Chat(), d.aziza.Chat(), d.shop, d.works, d.botir.Chat(), d.karim.Chat(), d.emily.Chat()} {
		for _, said := range c.Unread() {
			d.t.Errorf("the bot also said in %d: %q", c.ID, said.Text)
		}
	}
	for _, call := range d.tg.Calls("") {
		if call.Code != 0 && call.Code != 200 {
			d.t.Errorf("%s was answered %d: %v", call.Method, call.Code, call.Params)
		}
	}
	var status struct{ Waiting, Aside *int }
	if err := json.Unmarshal([]byte(d.m.must("telegram", "status", "--json", "--telegram-token="+d.tg.Token, "--telegram-url="+d.tg.URL)), &status); err != nil {
		d.t.Fatal(err)
	}
	if status.Waiting == nil || *status.Waiting != 0 || *status.Aside != 0 {
		d.t.Errorf("updates are left over: %+v", status)
	}
	d.compare()
}
