package companyfile

import (
	"net/mail"
	"strings"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// oneOf reads one of the given words.
func (v value) oneOf(words ...string) (string, bool) {
	s, ok := v.text()
	if ok && !contains(words, s) {
		v.fault("%.80q is none of %s", s, strings.Join(words, ", "))
		return "", false
	}
	return s, ok
}

// maxName is the length of the longest name or title, in bytes.
const maxName = 200

func (v value) name() (string, bool) {
	s, ok := v.text()
	if ok && len(s) > maxName {
		v.fault("it is longer than %d bytes", maxName)
		return "", false
	}
	return s, ok
}

// email reads an address in lower case.
func (v value) email() (string, bool) {
	s, ok := v.text()
	if !ok {
		return "", false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 {
		v.fault("%.80q is no e-mail address", s)
		return "", false
	}
	return strings.ToLower(s), true
}

// duration reads 15m, 8h or 1h30m between the bounds.
func (v value) duration(least, most time.Duration) (time.Duration, bool) {
	s, ok := v.text()
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		v.fault("%.80q is no duration: write it like 15m, 8h or 1h30m", s)
		return 0, false
	case d < least || d > most:
		v.fault("it must lie between %s and %s", short(least), short(most))
		return 0, false
	case d%time.Second != 0:
		v.fault("it must be whole seconds")
		return 0, false
	}
	return d, true
}

func short(d time.Duration) string {
	s := d.String()
	s = strings.TrimSuffix(s, "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	if s == "" {
		return "0"
	}
	return s
}

// The years a date may lie in.
const (
	firstYear = 1950
	lastYear  = 2199
)

// date reads 2026-01-05.
func (v value) date() (domain.Date, bool) {
	s, ok := v.scalar()
	if !ok {
		return domain.Date{}, false
	}
	d, err := domain.ParseDate(s)
	if err != nil {
		v.fault("%s", err)
		return domain.Date{}, false
	}
	if d.Year < firstYear || d.Year > lastYear {
		v.fault("the year %d is not believable", d.Year)
		return domain.Date{}, false
	}
	return d, true
}

// since reads the day from which something holds: a date, or a month for its first day.
func (v value) since() (domain.Date, bool) {
	s, ok := v.scalar()
	if !ok {
		return domain.Date{}, false
	}
	if p, err := domain.ParsePeriod(s); err == nil && p.IsMonth() {
		if y := p.First().Year; y >= firstYear && y <= lastYear {
			return p.First(), true
		}
	}
	return v.date()
}

// month reads 2026-09.
func (v value) month() (domain.Period, bool) {
	s, ok := v.scalar()
	if !ok {
		return domain.Period{}, false
	}
	p, err := domain.ParsePeriod(s)
	if err != nil || !p.IsMonth() || p.First().Year < firstYear || p.First().Year > lastYear {
		v.fault("%.80q is no month: write it like 2026-09", s)
		return domain.Period{}, false
	}
	return p, true
}

// decimal reads a number by its letters, so that nothing is lost; least and most are inclusive.
func (v value) decimal(least, most string) (decimal.Decimal, bool) {
	s, ok := v.scalar()
	if !ok {
		return decimal.Decimal{}, false
	}
	d, err := decimal.Parse(s)
	if err != nil || strings.ContainsAny(s, "eE_xX") {
		v.fault("a number is needed, not %.80q", s)
		return decimal.Decimal{}, false
	}
	if d.Cmp(decimal.MustParse(least)) < 0 || d.Cmp(decimal.MustParse(most)) > 0 {
		v.fault("it must lie between %s and %s", least, most)
		return decimal.Decimal{}, false
	}
	return d, true
}

// money reads an amount in major units: a whole number, or a text with decimals. A number with a point is
// refused, because elsewhere it would pass through a float.
func (v value) money(currency string) (domain.Money, bool) {
	s, ok := v.scalar()
	if !ok {
		return domain.Money{}, false
	}
	switch v.node.Tag {
	case "!!int", "!!str":
	case "!!float":
		v.fault("write an amount with decimals in quotes, like \"6000000.50\"")
		return domain.Money{}, false
	default:
		v.fault("an amount is needed, not %s", v.what())
		return domain.Money{}, false
	}
	m, err := domain.ParseMoney(s, currency)
	switch {
	case err != nil:
		v.fault("%.200s", err)
		return domain.Money{}, false
	case m.Minor < 0:
		v.fault("it must not be below 0")
		return domain.Money{}, false
	}
	if _, decimals, ok := strings.Cut(s, "."); ok && len(decimals) > domain.MinorDigits(currency) {
		v.fault("%s has %d decimals", currency, domain.MinorDigits(currency))
		return domain.Money{}, false
	}
	return m, true
}

// hint names the known word that looks most like the given one.
func hint(word string, known []string) string {
	best, far := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := edits(strings.ToLower(word), strings.ToLower(k), far); d < far {
			best, far = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// edits is the number of letters to change, add or drop between two words, at most the limit.
func edits(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := corner
			if a[i-1] != b[j-1] {
				change++
			}
			corner = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return min(row[len(b)], limit)
}
