package server

import (
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// notOurs are names that others give: those of tests, of an analyzer's handshake, and what Kubernetes sets in every pod beside a
// service that is named finco.
var notOurs = regexp.MustCompile(`^FINCO_(TEST_.*|BENCH_.*|GOLDEN|UPDATE_GOLDEN|ANALYZER|SERVICE_(HOST|PORT)(_.*)?|PORT(_[0-9]+_.*)?)$`)

// warnUnknown warns of variables that look like settings and are none, which would be silently without effect. It never says a value.
func warnUnknown(environment []string, log *slog.Logger) {
	known := settingNames()
	for _, entry := range slices.Sorted(slices.Values(environment)) {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "FINCO_") || slices.Contains(known, name) || notOurs.MatchString(name) {
			continue
		}
		log.Warn("a variable is no setting and has no effect", "room", "server", "variable", name, "nearest", nearest(name, known))
	}
}

// settingNames are the variables of all settings.
func settingNames() []string {
	var out []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if name := field.Tag.Get("env"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// nearest is the name that takes the fewest letters to change into, whether or not either begins with FINCO_.
func nearest(name string, known []string) string {
	bare := func(s string) string { return strings.TrimPrefix(s, "FINCO_") }
	return slices.MinFunc(known, func(a, b string) int { return distance(bare(name), bare(a)) - distance(bare(name), bare(b)) })
}

// distance is Levenshtein's: how many letters are put in, left out or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
