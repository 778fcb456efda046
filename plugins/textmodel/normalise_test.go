package textmodel

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendRoman(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "",
		"Qo'ng'iroq":                 "kongirok",
		"Қўнғироқ":                   "kongirok",
		"qoʻngʻiroq":                 "kongirok",
		"qo‘ng`iroq":                 "kongirok",
		"Раҳмат":                     "rahmat",
		"рахмат":                     "rahmat",
		"raxmatttt":                  "rahmat",
		"Нарх  қанча???":             "narh kancha?",
		"narxi 1 250 000 so'm":       "narhi 0 000 000 som",
		"998901234567":               "000",
		"don't — stop…":              "dont stop",
		"щётка ёлка объект":          "shyotka yolka obekt",
		"a\u200bb\u00adc":            "abc",
		"\xff\xfeok":                 "ok",
		"\u202ehi\u200f":             "hi",
		"good 👍🏽 !!":                 "good 👍 !",
		"e\tf\ng":                    "e f g",
		"zo\u2019r":                  "zor",
		strings.Repeat("ы", 5) + "к": "ik",
	} {
		if got := string(AppendRoman(nil, text)); got != want {
			t.Errorf("%q → %q, want %q", text, got, want)
		}
	}
}

func TestAppendRomanKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	if got := string(AppendRoman([]byte("aaa "), "aaa b")); got != "aaa a b" {
		t.Errorf("got %q", got)
	}
}

func TestAppendPlainKeepsTheScript(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ўзбек тили!": "ўзбек тили ", "Oʻzbek, 5": "o'zbek ", "ОК": "ок",
	} {
		if got := string(AppendPlain(nil, text)); got != want {
			t.Errorf("%q → %q, want %q", text, got, want)
		}
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, " \n": true, "...": true, "\u200b": true, "👍": false, "5": false, "?": false, "ok": false} {
		if Blank(text) != want {
			t.Errorf("Blank(%q) = %t", text, !want)
		}
	}
}

func FuzzAppendRoman(f *testing.F) {
	f.Add("Qo'ng'iroq 😀 ёў\xff")
	f.Fuzz(func(t *testing.T, text string) {
		out := AppendRoman(nil, text)
		if !utf8.Valid(out) {
			t.Fatalf("%q became invalid %q", text, out)
		}
		r := newReader(DefaultSpec())
		r.read(Text{Body: text})
		for _, group := range [][]uint32{r.word, r.char, r.mark} {
			for _, b := range group {
				if b >= 1<<r.spec.Bits {
					t.Fatalf("bucket %d is out of range", b)
				}
			}
		}
	})
}
