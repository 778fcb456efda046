package companyfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// MaxSize is the greatest size of a file in bytes: 1 MiB, enough for some five thousand people.
const MaxSize = 1 << 20

// Parse reads a company file. With any fault there is no file.
func Parse(text []byte) (*File, Faults) {
	d := &decoder{}
	root, ok := d.document(text)
	if !ok {
		return nil, d.faults.sorted()
	}
	f := (&builder{decoder: d, names: map[string]map[string]int{}}).file(root)
	if len(d.faults) > 0 {
		return nil, d.faults.sorted()
	}
	return f, nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): `)

// document reads the YAML itself.
func (d *decoder) document(text []byte) (value, bool) {
	if len(text) > MaxSize {
		d.fault(0, "", "the file is larger than %d bytes", MaxSize)
		return value{}, false
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF) || err == nil && (len(doc.Content) != 1 || doc.Content[0].Tag == "!!null"):
		d.fault(0, "", "the file is empty")
		return value{}, false
	case err != nil:
		d.syntax(err)
		return value{}, false
	}
	if err := dec.Decode(&second); err == nil {
		d.fault(second.Line, "", "the file holds more than one document")
		return value{}, false
	} else if !errors.Is(err, io.EOF) {
		d.syntax(err)
		return value{}, false
	}
	if !d.bounded(doc.Content[0], 0) {
		d.fault(0, "", "the file grows to more than %d values when its aliases are written out, or is nested too deep", maxNodes)
		return value{}, false
	}
	return d.value(doc.Content[0], 1, ""), true
}

func (d *decoder) syntax(err error) {
	message, line := err.Error(), 0
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	d.fault(line, "", "this is no YAML: %.300s", strings.TrimPrefix(message, "yaml: "))
}

// builder turns values into a File. What refers to other parts of the file is judged when all of it is read.
type builder struct {
	*decoder
	out   File
	names map[string]map[string]int // what a name stands for → name → line
	roles map[string]string         // of people by e-mail
	later []func()
}

func (b *builder) file(v value) *File {
	o := v.object("company", "schedules", "teams", "chats", "people", "kpis", "pay", "report_types", "analyzers", "topics")
	b.roles = map[string]string{}
	b.company(o)
	b.schedules(o)
	b.teams(o)
	b.chats(o)
	b.people(o)
	b.kpis(o)
	b.pay(o)
	b.reportTypes(o)
	b.analyzers(o)
	b.topics(o)
	for _, check := range b.later {
		check()
	}
	return &b.out
}

// claim notes a name of the kind; the second time it is a fault.
func (b *builder) claim(kind, name string, v value) {
	if b.names[kind] == nil {
		b.names[kind] = map[string]int{}
	}
	if line, taken := b.names[kind][name]; taken {
		v.fault("%.80q is already in line %d", name, line)
		return
	}
	b.names[kind][name] = v.line
}

// refer checks, in the end, that a name of the kind exists.
func (b *builder) refer(kind, name string, v value) {
	b.later = append(b.later, func() {
		if _, ok := b.names[kind][name]; ok {
			return
		}
		known := make([]string, 0, len(b.names[kind]))
		for k := range b.names[kind] {
			known = append(known, k)
		}
		v.fault("there is no %s %.80q in this file%s", kind, name, hint(name, sorted(known)))
	})
}

func (b *builder) company(o object) {
	c := Company{Currency: "", Language: "uz", ConversationGap: 8 * time.Hour}
	section, ok := o.need("company")
	b.out.Company = c
	if !ok {
		return
	}
	f := section.object("name", "timezone", "currency", "language", "conversation_gap", "bot")
	if v, ok := f.need("name"); ok {
		c.Name, _ = v.name()
	}
	if v, ok := f.need("timezone"); ok {
		c.Timezone, c.Location = v.zone()
	}
	if v, ok := f.need("currency"); ok {
		if s, ok := v.text(); ok && !domain.KnownCurrency(s) {
			v.fault("%.20q is no currency of ISO 4217: write it like UZS", s)
		} else if ok {
			c.Currency = s
		}
	}
	if v, ok := f.opt("language"); ok {
		c.Language, _ = v.oneOf(languages...)
	}
	if v, ok := f.opt("conversation_gap"); ok {
		c.ConversationGap, _ = v.duration(time.Minute, 30*24*time.Hour)
	}
	if v, ok := f.opt("bot"); ok {
		c.Bot = v.bot()
	}
	b.out.Company = c
}

// bot reads how the bot behaves; what is not said stays as it is.
func (v value) bot() app.BotSettingsInput {
	var out app.BotSettingsInput
	f := v.object("writes_in_chats", "digest_at")
	if v, ok := f.opt("writes_in_chats"); ok {
		if is, ok := v.bool(); ok {
			out.WritesInChats = &is
		}
	}
	if v, ok := f.opt("digest_at"); ok {
		if at, ok := v.clockOr("never"); ok {
			out.DigestAt = &at
		}
	}
	return out
}

// clockOr reads a time of the day as 09:00; the word given is an empty one.
func (v value) clockOr(word string) (string, bool) {
	s, ok := v.text()
	if !ok {
		return "", false
	}
	if s == word {
		return "", true
	}
	if at, err := time.Parse("15:04", s); err != nil || at.Format("15:04") != s {
		v.fault("%.40q is neither a time of the day such as \"09:00\" nor %s", s, word)
		return "", false
	}
	return s, true
}

var languages = []string{"uz", "ru", "en"}

// zone reads an IANA time zone.
func (v value) zone() (string, *time.Location) {
	s, ok := v.text()
	if !ok {
		return "", nil
	}
	loc, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		v.fault("%.80q is no IANA time zone: write it like Asia/Tashkent", s)
		return "", nil
	}
	return s, loc
}

// currency is what amounts are read in while the company's own is missing or wrong, so that they are judged too.
func (b *builder) currency() string {
	if b.out.Company.Currency == "" {
		return "UZS"
	}
	return b.out.Company.Currency
}
