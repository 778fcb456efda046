package formula_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/formula"
)

var vocabulary = formula.ForPay("reply_speed", "late-count")

// known are the names with data in these tests; everything else is null.
var known = map[string]string{
	"wait.median_business": "750", "wait.count": "4", "reports.missing": "2", "kpi.total": "81.25",
	"kpi.reply_speed": "70.5", "kpi.late-count": "3", "base": "6000000", "salary": "6000000.00", "kpi.coverage": "0.0000",
}

func lookup(name string) (decimal.Decimal, bool) {
	text, ok := known[name]
	if !ok {
		return decimal.Decimal{}, false
	}
	return decimal.MustParse(text), true
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"0.1 + 0.2":                    "0.3",
		"1_000.50":                     "1000.50",
		"0.1234567890123456789":        "0.1234567890123456789",
		"9007199254740993.1":           "9007199254740993.1",
		"wait.median_business / 60":    "12.5",
		`wait["median_business"] / 60`: "12.5",
		"50000 * reports.missing":      "100000",
		"kpi.total / 10":               "8.125",
		`kpi["reply_speed"] * 2`:       "141.0",
		"kpi.reply_speed":              "70.5",
		`kpi["late-count"]`:            "3",
		"-wait.count + +1":             "-3",
		"2 + 3 * 4 - (5 - 6)":          "15",
		"min(3, 1, 2) + max(1, 5)":     "6",
		"abs(-3.5)":                    "3.5",
		"round(2.5) + round(-2.5)":     "0",
		"round(1.005, 2)":              "1.01",
		"wait.count > 3 ? 1 : 2":       "1",
		"1 / 3":                        "0.3333333333333333333",
		"wait.count == 4.000 and not (1 > 2) || 1/0 > 1 ? base : salary": "6000000",
	} {
		p, err := formula.Compile(source, vocabulary)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, ok, err := p.Number(lookup)
		if err != nil || !ok || got.Cmp(decimal.MustParse(want)) != 0 {
			t.Errorf("%s: got %v (known %t), %v, want %s", source, got, ok, err, want)
		}
	}
}

func TestBool(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		"0.1 + 0.2 == 0.3":                   true,
		"kpi.total >= 80":                    true,
		"kpi.total < 80 or wait.count != 4":  false,
		"kpi.total >= 80 && wait.count <= 4": true,
		"!(kpi.total > 80)":                  false,
		"true":                               true,
		"wait.count > 1 ? false : true":      false,
		"not false and 2 > 1":                true,
	} {
		p, err := formula.CompileCondition(source, vocabulary)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got, ok, err := p.Bool(lookup); err != nil || !ok || got != want {
			t.Errorf("%s: got %t (known %t), %v", source, got, ok, err)
		}
	}
}

func TestANullThatIsTouchedIsNull(t *testing.T) {
	t.Parallel()
	for source, wantNull := range map[string]bool{
		"quality.mean":                                  true,
		"quality.mean * 0":                              true,
		"-abs(round(quality.mean))":                     true,
		"min(1, quality.mean)":                          true,
		"max(quality.mean, 1)":                          true,
		"quality.mean > 1 ? 1 : 2":                      true,
		"wait.count > 1 ? 1 : quality.mean":             false,
		"wait.count > 1 ? quality.mean : 1":             true,
		"wait.count > 9 and quality.mean > 1 ? 1 : 2":   false,
		"quality.mean > 1 and wait.count > 9 ? 1 : 2":   true,
		"wait.count > 1 or quality.mean > 1 ? 1 : 2":    false,
		"not (quality.mean > 1) ? 1 : 2":                true,
		"(wait.count > 9 ? quality.mean : 3) * base":    false,
		"quality.mean == quality.mean ? 1 : 2":          true,
		"quality.count > 0 ? quality.mean : wait.count": true,
	} {
		p, err := formula.Compile(source, vocabulary)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if _, ok, err := p.Number(lookup); err != nil || ok == wantNull {
			t.Errorf("%s: known %t, %v", source, ok, err)
		}
	}
}

func TestEvaluationFails(t *testing.T) {
	t.Parallel()
	for source, part := range map[string]string{
		"1/0":                      "divides by zero",
		"1/(wait.count-4)":         "divides by zero",
		"wait.count/kpi.coverage":  "divides by zero",
		"9999999999 * 99999999999": "past 19 digits",
		"9223372036854775807 * 2 + 9223372036854775807": "past 19 digits",
		"min(1/0, 1)": "divides by zero", "abs(1/0)": "divides by zero", "-(1/0)": "divides by zero",
		"round(1/0)": "divides by zero", "1/0 > 1 ? 1 : 2": "divides by zero", "1 + 1/0": "divides by zero", "max(1, 1/0, 2)": "divides by zero",
	} {
		p, err := formula.Compile(source, vocabulary)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		got, _, err := p.Number(lookup)
		if domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: got %v, %v", source, got, err)
		}
	}
}

// refused are sources with a part of the fault that each must give.
var refused = map[string]string{
	"": "empty", "  \n": "empty",
	"wait.median_busines":            "did you mean wait.median_business",
	"kpi.totl":                       "did you mean kpi.total",
	"first_response.median_wall":     "wait.median_wall",
	"zzzzzzzzzzzzzzz":                "there is no metric",
	`kpi["unknown_key_of_a_kpi"]`:    "there is no metric",
	"1 +":                            "not readable",
	"(1":                             "not readable",
	"kpi.total >= 80":                "gives true or false",
	"true":                           "gives true or false",
	"1 + true":                       "a number is needed",
	"1 ? 2 : 3":                      "true or false is needed",
	"true ? 1 : false":               "a number is needed",
	"not 1":                          "true or false is needed",
	"-true":                          "a number is needed",
	"1 and 2":                        "true or false is needed",
	`"a"`:                            "a text is no value",
	"nil":                            "not allowed",
	"[1, 2]":                         "not allowed",
	"{a: 1}":                         "not allowed",
	"[1][0]":                         "read a metric as",
	"wait?.count":                    "not allowed",
	"wait[1]":                        "read a metric as",
	"wait.count.more":                "read a metric as",
	"wait.count()":                   "not allowed",
	"2 ** 3":                         `"**" is not allowed`,
	"2 ^ 3":                          `"^" is not allowed`,
	"7 % 2":                          `"%" is not allowed`,
	"1 .. 3":                         `".." is not allowed`,
	"1 in [1]":                       `"in" is not allowed`,
	"base ?? 1":                      `"??" is not allowed`,
	"let x = 1; x":                   "not allowed",
	"1; 2":                           "not allowed",
	"if true {1} else {2}":           "a ? b : c",
	"map([1], # + 1)":                "not allowed",
	"sum([1])":                       "not allowed",
	"len(1)":                         "there are min, max, abs and round",
	"now()":                          "there are min, max, abs and round",
	"system(1)":                      "not allowed",
	"abs(1, 2)":                      "with 2 values",
	"min()":                          "with 0 values",
	"round(1, 11)":                   "0 to 10",
	"round(1, wait.count)":           "0 to 10",
	"1e3":                            "digits with an optional point",
	"1e100000000":                    "not readable",
	"1e-100000000":                   "digits with an optional point",
	"0x10":                           "digits with an optional point",
	"99999999999999999999":           "not readable",
	"0.12345678901234567891":         "more than 19 digits",
	"1 < 2 < 3 ? 1 : 2":              "cannot be chained",
	"\xff":                           "not UTF-8",
	"'а' > 1 ? 1 : wait.coun":        "at character 1:",
	strings.Repeat("(", 1_000_000):   "longer than 2048",
	strings.Repeat("(", 2000):        "not readable",
	"1" + strings.Repeat("+1", 1024): "longer than 2048",
	strings.Repeat("wait.count.", 150) + "count": "read a metric as",
}

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for source, part := range refused {
		p, err := formula.Compile(source, vocabulary)
		if domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%.60q: got %v, %v; want %q", source, p, err, part)
		} else if len(err.Error()) > 400 {
			t.Errorf("%.60q: the fault has %d bytes", source, len(err.Error()))
		}
	}
	if _, err := formula.CompileCondition("1 + 1", vocabulary); err == nil || !strings.Contains(err.Error(), "true or false is needed") {
		t.Errorf("a number as a condition: %v", err)
	}
}

func TestDeepNestingIsHarmless(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000),
		strings.Repeat("-", 2000) + "1",
		strings.Repeat("abs(", 400) + "1" + strings.Repeat(")", 400),
		strings.Repeat("true?1:", 200) + "1",
	} {
		p, err := formula.Compile(source, vocabulary)
		if err != nil {
			t.Errorf("%.40q: %v", source, err)
			continue
		}
		if got, ok, err := p.Number(lookup); err != nil || !ok || !got.Equal(decimal.MustParse("1")) {
			t.Errorf("%.40q: got %v, %t, %v", source, got, ok, err)
		}
	}
	chained := "1"
	for len(chained) < 1900 {
		chained = "(1<(" + chained + ")<3?1:2)"
	}
	if _, err := formula.Compile(chained, vocabulary); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("nested chains: %v", err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	p, err := formula.Compile(`kpi["reply_speed"] > kpi.total ? base : wait.count + base`, vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Names(); !slices.Equal(got, []string{"base", formula.KPI("reply_speed"), "kpi.total", "wait.count"}) {
		t.Errorf("got %v", got)
	}
	if _, err := formula.Compile("kpi.total", formula.Metrics); err == nil {
		t.Error("a KPI's value may not read kpi.total")
	}
}

// Whatever is typed: no panic, only faults of kind invalid, and what compiles
// evaluates without a panic.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"wait.median_business / 60", `kpi["reply_speed"]`, "kpi.total >= 80 ? 1 : 2", "min(1, 2", "a | b(1)", "::abs(1)", "#", "1 not in 2",
		"not", "b'x'", "/* x */ 1", "// x", "1 ?: 2", "x?.[1]", "-2 ** 3", "..", "1..", "let", "'\\u00", "map(1, {#acc; 1})", "1 < 2 < 3", "if 1 {2} else if",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		p, err := formula.Compile(source, vocabulary)
		if err != nil {
			if domain.KindOf(err) != domain.KindInvalid {
				t.Fatalf("%q: %v", source, err)
			}
			return
		}
		if _, _, err := p.Number(lookup); err != nil && domain.KindOf(err) != domain.KindInvalid {
			t.Fatalf("%q: %v", source, err)
		}
	})
}
