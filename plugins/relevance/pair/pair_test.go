package pair

import (
	"slices"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/quality/scorecard"
)

// read sets a reply against one question.
func read(t *testing.T, question, reply string, before ...scorecard.Turn) Pair {
	t.Helper()
	q, err := Reader{}.Ask(scorecard.NewExchange(reply, append(before, scorecard.Turn{Text: question})))
	if err != nil {
		t.Fatal(err)
	}
	p, err := q.Reply(reply)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestKindsOfQuestionsAndAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ question, reply, kind, gives string }{
		{"Narxi qancha?", "320 ming so'm", "price", "money"},
		{"НАРХИ ҚАНЧА", "320 МИНГ СЎМ", "price", "money"},
		{"сколько стоит", "245 000 сум", "price", "money"},
		{"qachon keladi", "ertaga kechgacha", "when", "moment"},
		{"Во сколько привезут?", "сегодня до обеда", "when", "moment"},
		{"где вы находитесь", "улица Навои, напротив метро", "where", "place"},
		{"Манзилингиз қаерда", "Чилонзор, метро ёнида", "where", "place"},
		{"как восстановить пароль", "нажмите «Забыли пароль»", "how", "steps"},
		{"bormi", "ha, bor", "is", "yes"},
		{"is it possible?", "unfortunately not", "is", "no"},
	} {
		p := read(t, c.question, c.reply)
		if !p.question.kinds[c.kind] || !slices.Contains(p.gives, c.gives) {
			t.Errorf("%q is %v, %q gives %v; want %s and %s", c.question, keys(p.question.kinds), c.reply, p.gives, c.kind, c.gives)
		}
		if gives, known := p.answers(c.kind); !gives || !known {
			t.Errorf("%q is not seen to answer %q", c.reply, c.question)
		}
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		question, reply string
		bears           bool
		fact            string
	}{
		{"Где заказ 4096?", "4096 у курьера", true, "number"},
		{"Narxi qancha?", "Narxi 20 000 so'm", true, "price was asked, it names a sum"},
		{"Narxi qancha?", "Kanalda yozilgan", false, "sends the customer elsewhere"},
		{"Narxi qancha?", "Yozing", false, "A price was asked, it names none"},
		{"Qachon keladi?", "bilmayman", false, "A time was asked, it names none"},
	} {
		if facts := strings.Join(read(t, c.question, c.reply).facts(c.bears), " "); !strings.Contains(facts, c.fact) {
			t.Errorf("%q to %q: %q, want %q", c.reply, c.question, facts, c.fact)
		}
	}
}

func TestMarksAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	a, b := read(t, "Narxi qancha, bormi?", "Bor, 20 000 so'm"), read(t, "Narxi qancha, bormi?", "Bor, 20 000 so'm")
	if !slices.Equal(a.marks(), b.marks()) {
		t.Errorf("%v differs from %v", a.marks(), b.marks())
	}
	alone, talk := read(t, "ну что там?", "Куртка 128 есть"), read(t, "ну что там?", "Куртка 128 есть", scorecard.Turn{Text: "Есть куртка 128?"}, scorecard.Turn{Staff: true, Text: "Проверю"})
	if slices.Equal(alone.marks(), talk.marks()) || !slices.Contains(talk.marks(), "number") {
		t.Errorf("the turns before change nothing: %v", talk.marks())
	}
}

func TestSharedNumbers(t *testing.T) {
	t.Parallel()
	if got := sharedNumbers("DS-4096, 46 razmer", "46 bor, DS4096 yo'lda, 4096"); !slices.Equal(got, []string{"46", "4096"}) {
		t.Errorf("%v", got)
	}
}
