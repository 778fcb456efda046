package companyfile

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/teambition/rrule-go"
)

func (b *builder) reportTypes(o object) {
	for _, f := range o.objects("report_types", "name", "audience", "recurrence", "from", "due", "grace", "remind") {
		var r ReportType
		if v, ok := f.need("name"); ok {
			if r.Name, ok = v.name(); ok {
				b.claim("report type", r.Name, v)
			}
		}
		if v, ok := f.need("audience"); ok {
			b.audience(v, &r)
		}
		if v, ok := f.need("recurrence"); ok {
			r.Recurrence = v.recurrence()
		}
		if v, ok := f.opt("from"); ok {
			r.From, _ = v.since()
		}
		if v, ok := f.need("due"); ok {
			r.Due = v.clock()
		}
		if v, ok := f.opt("grace"); ok {
			r.Grace, _ = v.duration(0, 30*24*time.Hour)
		}
		if v, ok := f.opt("remind"); ok {
			for _, item := range v.list() {
				if at, ok := item.duration(-30*24*time.Hour, 30*24*time.Hour); ok {
					r.Remind = append(r.Remind, at)
				}
			}
		}
		b.out.ReportTypes = append(b.out.ReportTypes, r)
	}
}

// audience reads {team: name} or {role: name}.
func (b *builder) audience(v value, r *ReportType) {
	a := v.object("team", "role")
	team, hasTeam := a.opt("team")
	role, hasRole := a.opt("role")
	if hasTeam == hasRole && a.node.Kind == mappingKind {
		a.fault("exactly one of team and role is needed")
	}
	if hasTeam {
		r.Team = b.reference("team", team)
	}
	if hasRole {
		r.Role, _ = role.oneOf(roles...)
	}
}

// clock reads 18:00 as minutes after midnight.
func (v value) clock() int {
	s, ok := v.text()
	if !ok {
		return 0
	}
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		v.fault("%.80q is no time of the day: write it like \"18:00\"", s)
		return 0
	}
	return t.Hour()*60 + t.Minute()
}

// recurrence reads a rule of RFC 5545 by days. The time of the day is due's, the start is from's.
func (v value) recurrence() string {
	s, ok := v.text()
	if !ok {
		return ""
	}
	if err := checkRecurrence(s); err != nil {
		v.fault("%.120q is no recurrence of RFC 5545 that can be used here: %.200s", s, err)
	}
	return s
}

func checkRecurrence(s string) error {
	if len(s) > 500 || strings.ContainsAny(s, "\r\n") {
		return fmt.Errorf("one rule of at most 500 characters is needed")
	}
	opt, err := rrule.StrToROption(s)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(strings.TrimPrefix(s, "RRULE:"), ";") {
		name, _, _ := strings.Cut(part, "=")
		if seen[name] {
			return fmt.Errorf("%s is given twice", name)
		}
		seen[name] = true
	}
	switch {
	case seen["DTSTART"]:
		return fmt.Errorf("the start belongs into from")
	case seen["BYHOUR"] || seen["BYMINUTE"] || seen["BYSECOND"]:
		return fmt.Errorf("the time of the day belongs into due")
	case opt.Freq == rrule.HOURLY || opt.Freq == rrule.MINUTELY || opt.Freq == rrule.SECONDLY:
		return fmt.Errorf("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
	case seen["INTERVAL"] && (opt.Interval < 1 || opt.Interval > 1000):
		return fmt.Errorf("INTERVAL must lie between 1 and 1000")
	case seen["COUNT"] && opt.Count < 1:
		return fmt.Errorf("COUNT must be above 0")
	case seen["COUNT"] && seen["UNTIL"]:
		return fmt.Errorf("only one of COUNT and UNTIL is possible")
	}
	opt.Dtstart = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err = rrule.NewRRule(*opt)
	return err
}

func (b *builder) analyzers(o object) {
	for _, f := range o.objects("analyzers", "name", "version", "enabled", "settings") {
		a := Analyzer{Enabled: true}
		if v, ok := f.need("name"); ok {
			if a.Name, ok = v.text(); ok && !keyForm.MatchString(a.Name) {
				v.fault("%.80q is no name of an analyzer", a.Name)
			} else if ok {
				b.claim("analyzer", a.Name, v)
			}
		}
		if v, ok := f.opt("version"); ok {
			a.Version, _ = v.name()
		}
		if v, ok := f.opt("enabled"); ok {
			a.Enabled, _ = v.bool()
		}
		if v, ok := f.opt("settings"); ok {
			a.Settings, _ = v.json()
		}
		b.out.Analyzers = append(b.out.Analyzers, a)
	}
}

// Bounds of a company's own topics, which the analyzers keep to as well.
const (
	maxTopics       = 50
	maxTopicName    = 64 // bytes, as of any label
	maxTopicPhrases = 100
	otherTopic      = "other" // the label of what no topic fits
)

// twoLetters is what a phrase needs to be compared with anything.
var twoLetters = regexp.MustCompile(`\p{L}{2}`)

// topicShape is said to whoever wrote topics otherwise, as the settings of analyzers have them.
const topicShape = `write topics as a list of name and phrases: [{name: instalments, phrases: ["rassrochka bormi", "в рассрочку"]}]`

// shapedAsTopics reports whether this is a list of fields with values, and says how to write one if not.
func (v value) shapedAsTopics() bool {
	if v.node.Kind != yamlList {
		v.fault("%s", topicShape)
		return false
	}
	shaped := true
	for _, item := range v.list() {
		if !item.empty() && item.node.Kind != mappingKind {
			item.fault("%s", topicShape)
			shaped = false
		}
	}
	return shaped
}

func (b *builder) topics(o object) {
	if v, ok := o.opt("topics"); ok && !v.shapedAsTopics() {
		return
	}
	list := o.objects("topics", "name", "phrases")
	for i, f := range list {
		var t Topic
		if v, ok := f.need("name"); ok {
			if t.Name, ok = v.name(); ok {
				b.claim("topic", t.Name, v)
				switch {
				case t.Name == otherTopic:
					v.fault("%s is what no topic fits and takes no phrases", otherTopic)
				case len(t.Name) > maxTopicName || t.Name != strings.TrimSpace(t.Name) || strings.ContainsFunc(t.Name, unicode.IsControl):
					v.fault("a topic's name has 1 to %d bytes in one line", maxTopicName)
				case i == maxTopics:
					v.fault("%d topics are more than %d", len(list), maxTopics)
				}
			}
		}
		if v, ok := f.need("phrases"); ok {
			t.Phrases = v.phrases()
		}
		b.out.Topics = append(b.out.Topics, t)
	}
}

// phrases reads the examples of a topic.
func (v value) phrases() []string {
	items := v.list()
	switch {
	case len(items) == 0 && v.node.Kind == yamlList:
		v.fault("at least one phrase is needed")
	case len(items) > maxTopicPhrases:
		v.fault("%d phrases are more than %d", len(items), maxTopicPhrases)
	}
	var out []string
	for _, item := range items {
		s, ok := item.name()
		if ok && !twoLetters.MatchString(s) {
			item.fault("a phrase needs a word of two letters")
		} else if ok {
			out = append(out, s)
		}
	}
	return out
}
