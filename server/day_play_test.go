package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/bot/bottest"
)

// day is a company with its people and customers, and what was said so far.
type day struct {
	t  *testing.T
	m  *machine
	tg *bottest.Server

	zone                 *time.Location
	today                time.Time
	admin                *person
	jasur, aziza         *bottest.User
	botir, emily, karim  *bottest.User
	shop, works, private *bottest.Chat
	// now is what the story's clock shows where the bot tells the real one.
	now    clock
	scenes []string
	said   map[string]*strings.Builder
}

// dayZone is a time zone without clock changes where it is between eight and nine in the evening now, so that a day's messages can all be of
// today, whenever the test runs.
func dayZone(now time.Time) string {
	east := 20 - now.UTC().Hour() // hours ahead of UTC
	if east > 14 {
		east -= 24
	}
	if east > 0 {
		return fmt.Sprintf("Etc/GMT-%d", east) // the sign of these names is the other way round
	}
	return fmt.Sprintf("Etc/GMT+%d", -east)
}

func TestDayZone(t *testing.T) {
	t.Parallel()
	for hour := range 24 {
		now := time.Date(2026, 9, 2, hour, 59, 0, 0, time.UTC)
		zone, err := time.LoadLocation(dayZone(now))
		if err != nil || now.In(zone).Hour() != 20 {
			t.Errorf("at %d UTC: %v, %v", hour, zone, err)
		}
	}
}

func newDay(t *testing.T) *day {
	t.Helper()
	d := &day{t: t, m: newMachine(t), tg: bottest.Start(t), said: map[string]*strings.Builder{}}
	name := dayZone(time.Now())
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(zone)
	d.zone, d.today = zone, time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	company, err := os.ReadFile("testdata/day/company.yml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.m.dir, "company.yml")
	if err := os.WriteFile(path, bytes.Replace(company, []byte("Asia/Tashkent"), []byte(name), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	d.m.must("apply", path)

	password := d.m.command("user", "password", "rustam@zamin.example")
	password.Stdin = strings.NewReader("a password of this day\n")
	if out, err := password.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tg := d.tg
	d.aziza = tg.User(azizaID, "Aziza", "Karimova", "aziza", "ru").Known()
	d.jasur = tg.User(jasurID, "Jasur", "Toshev", "jasur", "uz")
	d.jasur.Phone = "998900100002"
	d.botir = tg.User(7001, "Botir", "", "", "uz")
	d.emily = tg.User(7002, "Emily", "", "", "en")
	d.karim = tg.User(7003, "Karim", "", "", "uz")
	d.shop = tg.Supergroup(shopID, "Baraka market", d.jasur, d.botir)
	d.works = tg.Group(-4001, "Usta Karim", d.jasur, d.karim)
	server := d.m.serve("--telegram-token="+tg.Token, "--telegram-url="+tg.URL)
	d.admin = server.signIn(t, "rustam@zamin.example", "a password of this day")
	t.Cleanup(func() {
		if t.Failed() {
			for _, name := range d.scenes {
				t.Logf("%s\n%s", name, d.said[name])
			}
			t.Log(server.logs)
		}
	})
	tg.Started(t.Context(), "getUpdates", 1)
	return d
}

// at is a time of the day for what is written.
type clock string

func at(c string) clock { return clock(c) }

func (d *day) at(c clock) time.Time {
	at, err := time.Parse("15:04", string(c))
	if err != nil {
		d.t.Fatal(err)
	}
	return d.today.Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
}

// scene begins a block of the document.
func (d *day) scene(name string) {
	d.scenes = append(d.scenes, name)
	d.said[name] = &strings.Builder{}
}

func (d *day) line(text string) {
	_, _ = fmt.Fprintln(d.said[d.scenes[len(d.scenes)-1]], d.asInTheStory(text))
}

var (
	realClock = regexp.MustCompile(`\b2[01]:[0-5][0-9]\b`)
	monthDays = regexp.MustCompile(`\b[0-9]{2} (kun ÷ oydagi|÷) [0-9]{2} `)
	monthsOf  = map[string][]string{
		"uz": {"yanvar", "fevral", "mart", "aprel", "may", "iyun", "iyul", "avgust", "sentabr", "oktabr", "noyabr", "dekabr"},
		"ru": {"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	}
)

// asInTheStory says a text as on 2 September 2026, at the time that the story has come to, whatever day and time it is.
func (d *day) asInTheStory(text string) string {
	before := d.today.AddDate(0, 0, -d.today.Day())
	month := func(at time.Time) string { return fmt.Sprintf("%d-yil %s", at.Year(), monthsOf["uz"][at.Month()-1]) }
	text = strings.NewReplacer(
		fmt.Sprintf("%d-%s", d.today.Day(), monthsOf["uz"][d.today.Month()-1]), "2-sentabr",
		fmt.Sprintf("%d %s", d.today.Day(), monthsOf["ru"][d.today.Month()-1]), "2 сентября",
		month(d.today), "2026-yil sentabr", month(before), "2026-yil avgust", d.today.Format("2006-01"), "2026-09", "\u00a0", " ",
	).Replace(text)
	text = monthDays.ReplaceAllString(text, "30 $1 30 ")
	if d.now == "" {
		return text
	}
	return realClock.ReplaceAllString(text, string(d.now))
}

// together has the bot get several things at once, as after a while without a network, so that no question stands without its answer
// meanwhile.
func (d *day) together(write func()) {
	d.tg.Hold()
	write()
	d.tg.Release(nil)
	d.tg.Drained(d.t.Context())
}

func (d *day) who(u *bottest.User, c *bottest.Chat) string {
	switch {
	case c == d.private:
		return u.FirstName + " (private chat)"
	case c.Title != "":
		return u.FirstName + " (" + c.Title + ")"
	}
	return u.FirstName
}

func (d *day) says(u *bottest.User, c *bottest.Chat, text string, when clock) *models.Message {
	d.line(string(when) + " " + d.who(u, c) + ": " + text)
	return u.Says(c, text, bottest.At(d.at(when)))
}

// edits says that somebody edits; what it returns does it, later than what was said after it: Telegram promises no order across kinds of
// updates, and each version of a message is recorded in a step of its own.
func (d *day) edits(u *bottest.User, c *bottest.Chat, m *models.Message, text string, when clock) (arrives func()) {
	d.line(string(when) + " " + d.who(u, c) + " edits: " + text)
	return func() { u.Edits(c, m.ID, text, bottest.At(d.at(when))) }
}

// presses presses a button; when is for those of the keyboard, which write.
func (d *day) presses(u *bottest.User, button string, when clock) {
	d.t.Helper()
	d.line(u.FirstName + " presses [" + button + "]")
	var options []bottest.Writing
	if when != "" {
		options = append(options, bottest.At(d.at(when)))
	}
	press := u.Presses(u.Chat(), button, options...)
	if press == "" {
		return
	}
	if answer := d.tg.Answered(d.t.Context(), press); answer.Text != "" {
		d.line("FinCo shows for a moment: " + answer.Text)
	}
}

// write writes to the bot.
func (d *day) write(u *bottest.User, text string, when clock) {
	d.says(u, u.Chat(), text, when)
}

// both hears two things that come in either order; the one in the newer message is shown first.
func (d *day) both(u *bottest.User) {
	d.t.Helper()
	a, b := u.Chat().Next(d.t.Context()), u.Chat().Next(d.t.Context())
	if a.ID < b.ID {
		a, b = b, a
	}
	d.shows(u, a)
	d.shows(u, b)
}

// hears waits for what the bot says next to somebody.
func (d *day) hears(u *bottest.User) bottest.Said {
	d.t.Helper()
	said := u.Chat().Next(d.t.Context())
	d.shows(u, said)
	return said
}

func (d *day) shows(u *bottest.User, said bottest.Said) {
	verb := "FinCo"
	if said.Edited {
		verb = "FinCo changes it"
	}
	if said.Kind == "photo" {
		verb += " 🖼"
	}
	d.line(verb + " → " + u.FirstName + ": " + indented(said.Text))
	for _, row := range said.Buttons {
		var names []string
		for _, b := range row {
			names = append(names, "["+b.Text+"]")
		}
		d.line("    " + strings.Join(names, " "))
	}
}

func indented(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\n    "), "\n    \n", "\n\n")
}

// records shows what is stored, as the graph tells it.
func (d *day) records(query string) {
	d.t.Helper()
	d.line("GraphQL " + query)
	d.line(d.ask(query))
}

func (d *day) ask(query string) string {
	d.t.Helper()
	var data json.RawMessage
	d.admin.ask(query, nil, &data)
	return string(data)
}

// until asks the graph until its answer has some words in it, and shows it.
func (d *day) until(query, words string) {
	d.t.Helper()
	d.poll(query, func() bool { return strings.Contains(d.ask(query), words) })
	d.records(query)
}

// judged waits until every message has the judgements that people review.
func (d *day) judged() {
	d.t.Helper()
	const query = `{ messages(first: 100) { edges { node { side analyses(first: 9, where: {kindIn: [SENTIMENT, NEEDS_REPLY, QUALITY]}) { totalCount } } } } }`
	need := map[string]int{"CUSTOMER": 2, "STAFF": 1}
	d.poll(query, func() bool {
		var data struct {
			Messages struct {
				Edges []struct {
					Node struct {
						Side     string
						Analyses struct{ TotalCount int }
					}
				}
			}
		}
		d.admin.ask(query, nil, &data)
		for _, e := range data.Messages.Edges {
			if e.Node.Analyses.TotalCount < need[e.Node.Side] {
				return false
			}
		}
		return len(data.Messages.Edges) > 0
	})
}

// poll asks the graph until a condition holds.
func (d *day) poll(query string, holds func() bool) {
	d.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			d.t.Fatalf("%s does not get there: %s", query, d.ask(query))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

const dayDocument = "../docs/a-day-in-telegram.md"

var companyBlock = regexp.MustCompile("(?s)(<!-- company -->\n```yaml\n).*?(```\n)")

var dayBlock = regexp.MustCompile("(?s)(<!-- day: ([a-z ]+) -->\n```text\n)(.*?)(```\n)")

// compare holds what was said against the document, or writes the document's blocks anew.
func (d *day) compare() {
	d.t.Helper()
	document, err := os.ReadFile(dayDocument)
	if err != nil {
		d.t.Fatal(err)
	}
	company, err := os.ReadFile("testdata/day/company.yml")
	if err != nil {
		d.t.Fatal(err)
	}
	shown := 0
	written := dayBlock.ReplaceAllStringFunc(string(document), func(block string) string {
		parts := dayBlock.FindStringSubmatch(block)
		said, ok := d.said[parts[2]]
		if !ok {
			d.t.Errorf("the document shows %q, which the day has not", parts[2])
			return block
		}
		shown++
		if parts[3] != said.String() {
			d.t.Logf("%s goes so:\n%s", parts[2], said)
		}
		return parts[1] + said.String() + parts[4]
	})
	if shown != len(d.scenes) {
		d.t.Errorf("the document shows %d of %d scenes", shown, len(d.scenes))
	}
	written = companyBlock.ReplaceAllStringFunc(written, func(block string) string {
		parts := companyBlock.FindStringSubmatch(block)
		return parts[1] + string(company) + parts[2]
	})
	if written == string(document) {
		return
	}
	if os.Getenv("FINCO_UPDATE_GOLDEN") == "" {
		d.t.Errorf("the day does not go as %s shows it: FINCO_UPDATE_GOLDEN=1 writes it anew", dayDocument)
		return
	}
	if err := os.WriteFile(dayDocument, []byte(written), 0o644); err != nil {
		d.t.Fatal(err)
	}
}
