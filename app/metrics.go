package app

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/agreement"
	"github.com/fincokpi/finco/domain/response"
)

// figures are what one person's KPIs read: see the table of metrics in domain/formula.
type figures struct {
	stats response.Stats
	waits []response.Wait
	facts *personFacts
}

func figuresOf(waits []response.Wait, p *personFacts) *figures {
	return &figures{stats: response.Aggregate(waits), waits: waits, facts: p}
}

// lookup is how programs read the figures.
func (f *figures) lookup(name string) (decimal.Decimal, bool) {
	v := f.value(name)
	return v.Decimal, v.Valid
}

// value is a metric's; not Valid is no data.
func (f *figures) value(name string) decimal.NullDecimal {
	switch group, _, _ := strings.Cut(name, "."); group {
	case "wait", "first_response":
		return f.waitValue(name)
	case "quality", "sentiment":
		return f.judgedValue(name)
	}
	switch name {
	case "messages.sent":
		return number(f.facts.sent)
	case "reports.expected", "reports.on_time", "reports.late", "reports.missing":
		return number(0) // no report is due
	}
	return decimal.NullDecimal{} // attendance and the rate of reports: not in use
}

func (f *figures) waitValue(name string) decimal.NullDecimal {
	s := &f.stats
	switch name {
	case "wait.count":
		return number(s.Waits)
	case "wait.answered":
		return number(s.Answered)
	case "wait.unanswered":
		return number(s.Unanswered)
	case "wait.median_business":
		return s.MedianBusiness
	case "wait.p90_business":
		return s.P90Business
	case "wait.median_wall":
		return s.MedianWall
	case "wait.p90_wall":
		return s.P90Wall
	case "wait.within_target_rate":
		return s.WithinTargetRate
	case "first_response.median_business":
		return s.FirstResponseMedianBusiness
	case "first_response.p90_business":
		return s.FirstResponseP90Business
	}
	return decimal.NullDecimal{}
}

func (f *figures) judgedValue(name string) decimal.NullDecimal {
	list := f.judged(name).counted()
	n := len(list.analyses)
	switch {
	case n == 0:
		return decimal.NullDecimal{}
	case name == "quality.count":
		return number(n)
	}
	// 16 decimals are as many as a mean of up to 100 has room for; what is computed from it is rounded at the end.
	mean, err := domain.DecimalOf(big.NewRat(list.sum, int64(n)*nano), 16)
	return decimal.NullDecimal{Decimal: mean.Trim(0), Valid: err == nil}
}

func (f *figures) judged(name string) *judged {
	if strings.HasPrefix(name, "sentiment.") {
		return &f.facts.sentiment
	}
	return &f.facts.quality
}

func number(n int) decimal.NullDecimal {
	d, err := decimal.New(int64(n), 0)
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}
}

// input is a metric with the records behind it.
func (f *figures) input(name string) domain.MetricInput {
	in := domain.MetricInput{Metric: name, Value: text(f.value(name))}
	switch group, _, _ := strings.Cut(name, "."); group {
	case "wait", "first_response":
		in.Count = 0
		for i := range f.waits {
			if w := &f.waits[i]; behind(name, w) {
				in.Count++
				if w.FirstMessageID != 0 {
					in.Waits = append(in.Waits, int(w.FirstMessageID))
				}
			}
		}
		slices.Sort(in.Waits)
	case "quality", "sentiment":
		in.Analyses = slices.Sorted(slices.Values(f.judged(name).counted().analyses))
		in.Count = len(in.Analyses)
	case "messages":
		in.Count = f.facts.sent
	}
	return in
}

// behind tells whether a wait is one of those that a metric was counted from.
func behind(metric string, w *response.Wait) bool {
	if w.State == response.StateNoReplyNeeded {
		return false
	}
	switch metric {
	case "wait.count":
		return true
	case "wait.unanswered":
		return !w.Answered() && w.State == response.StateBreached
	case "wait.within_target_rate":
		return w.State == response.StateWithin || w.State == response.StateBreached
	case "first_response.median_business", "first_response.p90_business":
		return w.Answered() && w.First
	}
	return w.Answered()
}

// note says why metrics have no data, or what the pay gate kept out of them; "" if there is nothing to say.
func (f *figures) note(names []string) string {
	var out []string
	gated := map[*judged]bool{}
	for _, name := range names {
		if said := f.gateNote(name); said != "" {
			if list := f.judged(name); !gated[list] {
				gated[list] = true
				out = append(out, said)
			}
			continue
		}
		if !f.value(name).Valid {
			out = append(out, name+" has no data")
		}
	}
	return strings.Join(out, "; ")
}

// gateNote says what the pay gate kept out of a metric; "" if nothing.
func (f *figures) gateNote(name string) string {
	group, _, _ := strings.Cut(name, ".")
	if group != "quality" && group != "sentiment" || f.judged(name).missing() == 0 {
		return ""
	}
	list := f.judged(name)
	return fmt.Sprintf("the pay gate keeps %d analyses out of %s: people agree with the analyzer too little or reviewed too few (%d, at least %d are needed)",
		list.missing(), group, len(list.reviewed.analyses), agreement.MinReviewed)
}

// emptied says what the pay gate kept out of metrics that have no data, "" if nothing.
func (f *figures) emptied(names []string) string {
	var out []string
	for _, name := range names {
		if said := f.gateNote(name); said != "" && !f.value(name).Valid && !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	return strings.Join(out, "; ")
}

// text is a decimal as it is stored; nil for no data.
func text(d decimal.NullDecimal) *string {
	if !d.Valid {
		return nil
	}
	s := d.Decimal.String()
	return &s
}
