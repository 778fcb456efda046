package bot

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/domain"
)

func TestFormatMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang, currency string
		minor          int64
		want           string
	}{
		{"uz", "UZS", 600000000, "6 000 000 soʻm"},
		{"ru", "UZS", 600000000, "6 000 000 сум"},
		{"en", "UZS", 600000000, "6 000 000 so'm"},
		{"uz", "UZS", 123450, "1 234,50 soʻm"},
		{"en", "UZS", -123405, "−1 234.05 so'm"},
		{"ru", "UZS", 0, "0 сум"},
		{"ru", "USD", 99999, "999,99 USD"},
		{"ru", "JPY", 1000, "1 000 JPY"},
		{"en", "KWD", 1235, "1.235 KWD"},
		{"en", "UZS", math.MinInt64, "−92 233 720 368 547 758.08 so'm"},
		{"de", "UZS", 100, "1 soʻm"},
	} {
		got := strings.ReplaceAll(formatMoney(c.lang, domain.Money{Minor: c.minor, Currency: c.currency}), noBreak, " ")
		if got != c.want {
			t.Errorf("%s %d %s: got %q, want %q", c.lang, c.minor, c.currency, got, c.want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, plain, want string }{
		{"uz", "68.50", "68,5"}, {"en", "68.555", "68.56"}, {"ru", "-0.001", "0"}, {"ru", "12345", "12 345"}, {"en", "-0.005", "−0.01"},
		{"en", "100.00", "100"},
	} {
		if got := strings.ReplaceAll(formatNumber(c.lang, c.plain, 2), noBreak, " "); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.lang, c.plain, got, c.want)
		}
	}
}

func TestFormatTimes(t *testing.T) {
	t.Parallel()
	tashkent := time.FixedZone("Tashkent", 5*3600)
	at := time.Date(2026, 11, 20, 21, 2, 59, 0, time.UTC)
	if got := formatClock(tashkent, at); got != "02:02" {
		t.Errorf("got %s", got)
	}
	for lang, want := range map[string][2]string{
		"uz": {"21-noyabr", "2026-yil sentabr"}, "ru": {"21 ноября", "сентябрь 2026"}, "en": {"21 November", "September 2026"},
	} {
		month, err := domain.ParsePeriod("2026-09")
		if err != nil {
			t.Fatal(err)
		}
		if day, period := formatDay(lang, tashkent, at), formatPeriod(lang, month); day != want[0] || period != want[1] {
			t.Errorf("%s: got %q and %q", lang, day, period)
		}
	}
	for text, want := range map[string]string{"2026-W05": "week 5 of 2026", "2026-09-02": "2 September 2026"} {
		p, err := domain.ParsePeriod(text)
		if got := formatPeriod("en", p); err != nil || got != want {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
	}
}

func TestFormatSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 min", 59 * time.Second: "0 min", 119 * time.Second: "1 min", 65 * time.Minute: "1 h 05 min",
		26*time.Hour + 59*time.Second: "26 h 00 min",
	} {
		if got := formatSpan("en", d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if uz, ru := formatSpan("uz", time.Hour), formatSpan("ru", time.Hour); uz != "1 soat 00 daqiqa" || ru != "1 ч 00 мин" {
		t.Errorf("got %q and %q", uz, ru)
	}
}

func TestClip(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a  b\nc": "a b c", "салом дунё": "салом дунё", "салом дунёлар": "салом дун…"} {
		if got := clip(in, 10); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}
