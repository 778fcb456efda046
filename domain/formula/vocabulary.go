package formula

import (
	"slices"
	"strings"
)

// Name is a metric that an expression may read.
type Name struct {
	Name     string // "wait.median_business"
	Unit     string // "seconds"
	NullWhen string // "nothing answered"; "" = never
}

// Vocabulary lists the names that a program may read.
type Vocabulary []Name

const (
	count   = "number"
	seconds = "seconds"
	minutes = "minutes"
	ratio   = "0 to 1"
	money   = "money, major units"

	noAttendance = "attendance is not in use"
	noAnswer     = "nothing is answered"
	noFirst      = "there is no first response"
	gated        = "there is none, or the pay gate keeps it out"
	lowCoverage  = "the KPIs cover too little weight"
)

// Metrics is what a KPI's value may read.
var Metrics = Vocabulary{
	{"wait.count", count, ""},
	{"wait.answered", count, ""},
	{"wait.unanswered", count, ""},
	{"wait.median_business", seconds, noAnswer},
	{"wait.p90_business", seconds, noAnswer},
	{"wait.median_wall", seconds, noAnswer},
	{"wait.p90_wall", seconds, noAnswer},
	{"wait.within_target_rate", ratio, "nothing is within or breached"},
	{"first_response.median_business", seconds, noFirst},
	{"first_response.p90_business", seconds, noFirst},
	{"quality.mean", "0 to 100", gated},
	{"quality.count", count, gated},
	{"sentiment.mean", "-1 to 1", gated},
	{"messages.sent", count, ""},
	{"reports.expected", count, ""},
	{"reports.on_time", count, ""},
	{"reports.late", count, ""},
	{"reports.missing", count, ""},
	{"reports.on_time_rate", ratio, "no report was due"},
	{"attendance.days", count, noAttendance},
	{"attendance.absent", count, noAttendance},
	{"attendance.late_count", count, noAttendance},
	{"attendance.late_minutes", minutes, noAttendance},
	{"attendance.overtime_minutes", minutes, noAttendance},
}

// PayMetrics is what a pay rule may read besides the KPIs by key.
var PayMetrics = append(slices.Clone(Metrics),
	Name{"kpi.total", "0 to cap", lowCoverage},
	Name{"kpi.coverage", ratio, "no KPI is set"},
	Name{"base", money, ""},
	Name{"salary", money, ""},
)

// ForPay returns what a pay rule may read when these KPIs exist; each KPI is the
// name KPI(key), written kpi["key"] or kpi.key.
func ForPay(kpiKeys ...string) Vocabulary {
	v := slices.Clone(PayMetrics)
	for _, key := range kpiKeys {
		if n := KPI(key); !v.Has(n) {
			v = append(v, Name{n, "0 to cap", "the KPI has no data"})
		}
	}
	return v
}

// KPI returns the name under which a program reads a KPI's score: "kpi." + key.
func KPI(key string) string { return "kpi." + key }

// Has says whether the name is in the vocabulary.
func (v Vocabulary) Has(name string) bool {
	return slices.ContainsFunc(v, func(n Name) bool { return n.Name == name })
}

// Near returns up to three names that look like the given one, the nearest first.
func (v Vocabulary) Near(name string) []string {
	type hit struct {
		name string
		far  int
	}
	var hits []hit
	limit := max(3, len(name)/3)
	_, tail, _ := strings.Cut(name, ".")
	for _, n := range v {
		far := distance(name, n.Name)
		if _, t, ok := strings.Cut(n.Name, "."); ok && tail != "" && t == tail {
			far = min(far, 2) // the right metric in the wrong group
		}
		if far <= limit {
			hits = append(hits, hit{n.Name, far})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return a.far - b.far })
	var list []string
	for _, h := range hits[:min(3, len(hits))] {
		list = append(list, h.name)
	}
	return list
}

// distance is the number of single-character edits between two names
// (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
