package bot

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// namedMetrics are those that have a name in the texts; others are said as rules write them.
var namedMetrics = []string{
	"wait.count", "wait.answered", "wait.unanswered", "wait.median_business", "wait.p90_business", "wait.median_wall", "wait.p90_wall",
	"wait.within_target_rate", "first_response.median_business", "first_response.p90_business", "quality.mean", "quality.count",
	"sentiment.mean", "messages.sent", "reports.expected", "reports.on_time", "reports.late", "reports.missing", "reports.on_time_rate",
	"attendance.days", "attendance.absent", "attendance.late_count", "attendance.late_minutes", "attendance.overtime_minutes",
	"kpi.total", "kpi.coverage", "base", "salary",
}

// metricName is a metric in words; a KPI by its key.
func (t *turn) metricName(metric string) string {
	if slices.Contains(namedMetrics, metric) {
		return label(t.text("metric." + metric))
	}
	if key, ok := strings.CutPrefix(metric, "kpi."); ok {
		return label(t.text("metric.kpi", "Key", clip(key, titleLength)))
	}
	return clip(metric, titleLength)
}

// metricValue is a metric's value with its unit: times in minutes and seconds, rates in percent.
func (t *turn) metricValue(metric, value string) string {
	switch group, kind, _ := strings.Cut(metric, "."); {
	case (group == "wait" || group == "first_response") && (strings.HasPrefix(kind, "median") || strings.HasPrefix(kind, "p90")):
		return t.exactSpan(value)
	case strings.HasSuffix(kind, "_rate") || metric == "kpi.coverage":
		return percent(t.person.Language, value)
	}
	return formatNumber(t.person.Language, value, 2)
}

// shortSpan is formatSpan, but with the seconds of what is shorter than a minute.
func (t *turn) shortSpan(d time.Duration) string {
	if d >= 0 && d < time.Minute {
		return t.exactSpan(strconv.Itoa(int(d / time.Second)))
	}
	return formatSpan(t.person.Language, d)
}

// exactSpan is a number of seconds with the seconds that formatSpan leaves out: what pay depends on is not rounded.
func (t *turn) exactSpan(seconds string) string {
	d, err := decimal.Parse(seconds)
	if err != nil {
		return seconds
	}
	rounded := d.Trunc(0)
	whole, _, ok := rounded.Int64(0)
	if !ok || whole < 0 {
		return seconds
	}
	rest, err := d.Sub(rounded)
	if err != nil {
		return seconds
	}
	last, err := decimal.MustNew(whole%60, 0).Add(rest)
	if err != nil {
		return seconds
	}
	part := formatNumber(t.person.Language, last.String(), 2)
	switch {
	case whole >= 60 && last.IsZero():
		return formatSpan(t.person.Language, time.Duration(whole)*time.Second)
	case whole >= 3600:
		return label(t.text("span.hours", "Hours", whole/3600, "Minutes", whole%3600/60, "Seconds", part))
	case whole >= 60:
		return label(t.text("span.minutes", "Minutes", whole/60, "Seconds", part))
	}
	return label(t.text("span.seconds", "Seconds", part))
}

// percent is a share of 1 in percent.
func percent(lang, share string) string {
	d, err := decimal.Parse(share)
	if err != nil {
		return share
	}
	hundred, err := d.Mul(decimal.Hundred)
	if err != nil {
		return share
	}
	return formatNumber(lang, hundred.String(), 2) + noBreak + "%"
}

// What app writes beside figures is English, as the records keep it. These say it again in the person's language; what none of them
// knows is said as it is written.
var (
	noteGate   = regexp.MustCompile(`^the pay gate keeps (\d+) analyses out of (\w+): .*\((\d+), at least (\d+) are needed\)$`)
	noteNoData = regexp.MustCompile(`^(\S+) has no data$`)

	reasonBase     = regexp.MustCompile(`^salary (\S.*\d) × (\d+) ÷ (\d+) days$`)
	reasonTax      = regexp.MustCompile(`^([\d.]+) % of (.+)$`)
	reasonCap      = regexp.MustCompile(`^fines are at most ([\d.]+) % of base and bonuses$`)
	reasonCarried  = regexp.MustCompile(`^the lines sum to (.+); the next run deducts it$`)
	reasonRounding = regexp.MustCompile(`^(.+) rounded to (.+)$`)

	flagNotOver  = regexp.MustCompile(`^(\S+) is not over: `)
	flagWasNot   = regexp.MustCompile(`^(\S+) was not over when `)
	flagNoSalary = regexp.MustCompile(`^no salary is set in (\w{3})$`)
	flagNoData   = regexp.MustCompile(`^rule (\S+) gives no line: there is no data for (.+)$`)
	flagWithout  = regexp.MustCompile(`^rule (\S+) reads \S+ without (\S+), at a coverage of ([\d.]+): (.+)$`)
	flagGated    = regexp.MustCompile(`^rule (\S+) reads (\S+), which has no data: (.+)$`)
)

var plainReasons = map[string]string{
	"the month's regular run pays the salary": "reason.other_run",
	"no day of the month was worked":          "reason.no_day",
	"what an earlier run could not take":      "reason.deduction",
}

// note says what is noted beside a score, as HTML.
func (t *turn) note(note string) string {
	if m := noteGate.FindStringSubmatch(note); m != nil {
		return t.text("note.gate", "Kept", m[1], "What", label(t.text("note."+m[2])), "Reviewed", m[3], "Needed", m[4])
	}
	if m := noteNoData.FindStringSubmatch(note); m != nil {
		return t.text("kpi.input_none", "Metric", t.metricName(m[1]))
	}
	return t.text("note.other", "Note", clip(note, 200))
}

// flag says what a slip is marked with, as HTML.
func (t *turn) flag(flag, currency string) string {
	if m := flagNotOver.FindStringSubmatch(flag); m != nil {
		if p, err := domain.ParsePeriod(m[1]); err == nil {
			return t.text("flag.not_over", "Period", formatPeriod(t.person.Language, p))
		}
	}
	if m := flagWasNot.FindStringSubmatch(flag); m != nil {
		if p, err := domain.ParsePeriod(m[1]); err == nil {
			return t.text("flag.was_not_over", "Period", formatPeriod(t.person.Language, p))
		}
	}
	if m := flagNoSalary.FindStringSubmatch(flag); m != nil {
		return t.text("flag.no_salary", "Currency", m[1])
	}
	if m := flagNoData.FindStringSubmatch(flag); m != nil {
		return t.text("flag.no_data", "Rule", m[1], "Metrics", t.metricNames(m[2]))
	}
	if m := flagWithout.FindStringSubmatch(flag); m != nil {
		return t.text("flag.without", "Rule", m[1], "Metric", t.metricName(m[2]), "Coverage", percent(t.person.Language, m[3])) + " " + t.note(m[4])
	}
	if m := flagGated.FindStringSubmatch(flag); m != nil {
		return t.text("flag.no_data", "Rule", m[1], "Metrics", t.metricName(m[2])) + " " + t.note(m[3])
	}
	return html.EscapeString(clip(flag, 300))
}

func (t *turn) metricNames(list string) string {
	names := strings.Split(list, ", ")
	for i, name := range names {
		names[i] = t.metricName(name)
	}
	return clip(strings.Join(names, ", "), 200)
}

// amountIn is an amount within a reason ("6 000 000.00") as the person writes it.
func (t *turn) amountIn(text, currency string) string {
	m, err := domain.ParseMoney(strings.ReplaceAll(text, " ", ""), currency)
	if err != nil {
		return text
	}
	return formatMoney(t.person.Language, m)
}

// lineReason says why a line of a kind has its amount, as HTML: the records' own words where they are a person's.
func (t *turn) lineReason(reason, kind, currency string) string {
	if id := plainReasons[reason]; id != "" {
		return t.text(id)
	}
	if m := flagNoSalary.FindStringSubmatch(reason); m != nil {
		return t.text("flag.no_salary", "Currency", m[1])
	}
	m := []string(nil)
	match := func(of string, pattern *regexp.Regexp) bool {
		if kind == of {
			m = pattern.FindStringSubmatch(reason)
		}
		return m != nil
	}
	switch {
	case match("BASE", reasonBase):
		return t.text("reason.base", "Salary", t.amountIn(m[1], currency), "Paid", m[2], "Norm", m[3])
	case match("TAX", reasonTax):
		return t.text("reason.tax", "Percent", formatNumber(t.person.Language, m[1], 4), "Sum", t.amountIn(m[2], currency))
	case match("FINE_CAP", reasonCap), match("DEDUCTION_CAP", reasonCap):
		return t.text("reason.cap", "Percent", formatNumber(t.person.Language, m[1], 4))
	case match("CARRIED_OVER", reasonCarried):
		return t.text("reason.carried", "Sum", t.amountIn(m[1], currency))
	case match("ROUNDING", reasonRounding):
		return t.text("reason.rounding", "Sum", t.amountIn(m[1], currency), "Unit", t.amountIn(m[2], currency))
	}
	return html.EscapeString(clip(reason, 1000))
}

// ruleReason says what a rule gave a line by: its expression, its condition, and the values that it read; false if it cannot be read so.
func (t *turn) ruleReason(reason, currency string) ([]string, bool) {
	parts := strings.Split(reason, "; ")
	out := []string{t.text("reason.rule", "Expression", clip(parts[0], 300))}
	for _, part := range parts[1:] {
		if when, ok := strings.CutPrefix(part, "because "); ok {
			out = append(out, t.text("reason.when", "Expression", clip(when, 300)))
			continue
		}
		name, value, ok := strings.Cut(part, " = ")
		if _, err := decimal.Parse(value); !ok || err != nil {
			return nil, false
		}
		out = append(out, t.text("kpi.input", "Metric", t.metricName(name), "Value", t.payValue(name, value, currency)))
	}
	return out, true
}

// payValue is what a rule read: money in the currency of the slip, else a metric.
func (t *turn) payValue(name, value, currency string) string {
	if name == "base" || name == "salary" {
		return t.amountIn(value, currency)
	}
	return t.metricValue(name, value)
}

// numbered puts numbered buttons into rows of at most five.
func numbered(list []button) rows {
	var out rows
	for i := 0; i < len(list); i += 5 {
		out = append(out, list[i:min(i+5, len(list))])
	}
	return out
}

// key is a rule's or adjustment's key as people read it: "night shift" for "night_shift".
func key(name string) string { return strings.ReplaceAll(clip(name, titleLength), "_", " ") }

// ordinal is a line's place as people count.
func ordinal(position int) string { return strconv.Itoa(position + 1) }
