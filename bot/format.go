package bot

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
)

// words are the texts that formats are made of: the same files as all others, read once.
var words = sync.OnceValue(func() *texts {
	t, err := loadTexts(textFiles)
	if err != nil { // New reads the same files and says so first
		panic(err)
	}
	return t
})

// noBreak keeps an amount on one line.
const noBreak = "\u00a0"

// formatMoney is an amount as people write it: "6 000 000 soʻm", "−1 234,50 USD". Minor units show only where there are any.
func formatMoney(lang string, m domain.Money) string {
	sign, text := "", m.String()
	if strings.HasPrefix(text, "-") {
		sign, text = "−", text[1:]
	}
	whole, minor, _ := strings.Cut(text, ".")
	out := sign + grouped(whole)
	if strings.Trim(minor, "0") != "" {
		out += point(lang) + minor
	}
	return out + noBreak + currencyName(lang, m.Currency)
}

func currencyName(lang, code string) string {
	if code != "UZS" {
		return code
	}
	return label(words().in(lang, "format.uzs", nil))
}

// grouped puts a space between each three digits.
func grouped(digits string) string {
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(noBreak)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// point is what parts the decimals of a number.
func point(lang string) string {
	if lang == "en" {
		return "."
	}
	return ","
}

// formatNumber is a plain decimal ("-1234.5") as people of a language write it, with at most so many decimals; what is
// beyond them is rounded half away from zero, as scores are.
func formatNumber(lang, plain string, decimals int) string {
	rounded, sign := plain, ""
	if d, err := decimal.Parse(plain); err == nil {
		if d, err = domain.RoundHalfAway(d, decimals); err == nil {
			rounded = d.String()
		}
	}
	if strings.HasPrefix(rounded, "-") {
		sign, rounded = "−", rounded[1:]
	}
	whole, rest, _ := strings.Cut(rounded, ".")
	rest = strings.TrimRight(rest, "0")
	if rest == "" {
		if whole == "0" {
			sign = ""
		}
		return sign + grouped(whole)
	}
	return sign + grouped(whole) + point(lang) + rest
}

// formatClock is a time of day: "09:02".
func formatClock(zone *time.Location, at time.Time) string { return at.In(zone).Format("15:04") }

// formatHours is a stretch of time: "09:00–18:00"; one that ends at midnight ends at 24:00.
func formatHours(zone *time.Location, from, to time.Time) string {
	end := formatClock(zone, to)
	if end == "00:00" && to.After(from) {
		end = "24:00"
	}
	return formatClock(zone, from) + "–" + end
}

// formatDay is a day without its year: "21-noyabr", "21 ноября", "21 November".
func formatDay(lang string, zone *time.Location, at time.Time) string {
	return formatDate(lang, domain.DateOf(at.In(zone)))
}

func formatDate(lang string, d domain.Date) string {
	return label(words().in(lang, "format.day", values{"Day": d.Day, "Month": monthName(lang, "of", d.Month)}))
}

// formatPeriod is a month, a week or a day: "2026-yil sentabr", "2026-yil 36-hafta", "2026-yil 2-sentabr".
func formatPeriod(lang string, p domain.Period) string {
	year := strconv.Itoa(p.First().Year)
	switch {
	case p.IsZero():
		return ""
	case p.IsMonth():
		return label(words().in(lang, "format.month", values{"Month": monthName(lang, "name", p.First().Month), "Year": year}))
	case p.First() == p.Last():
		return label(words().in(lang, "format.date", values{"Day": formatDate(lang, p.First()), "Year": year}))
	}
	year, week, _ := strings.Cut(p.String(), "-W")
	return label(words().in(lang, "format.week", values{"Week": strings.TrimPrefix(week, "0"), "Year": year}))
}

func monthName(lang, form string, m time.Month) string {
	return label(words().in(lang, fmt.Sprintf("format.%s.%d", form, int(m)), nil))
}

// formatSpan is a length of time in whole minutes, rounded down: "45 min", "1 h 05 min". A negative one counts as none.
func formatSpan(lang string, d time.Duration) string {
	minutes := max(int64(d/time.Minute), 0)
	if minutes < 60 {
		return label(words().in(lang, "format.minutes", values{"Minutes": minutes}))
	}
	return label(words().in(lang, "format.hours", values{"Hours": minutes / 60, "Minutes": fmt.Sprintf("%02d", minutes%60)}))
}

// label is a text without markup, for buttons, pictures, and values that are escaped again where they are put in.
func label(text string) string { return html.UnescapeString(text) }

// clip cuts a text after so many characters, and shows that it did.
func clip(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return strings.TrimRight(string(runes[:most-1]), " ") + "…"
	}
	return text
}
