package scorecard_test

import (
	"strings"
	"testing"

	"github.com/govalues/decimal"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/domain/scorecard"
)

func dec(text string) decimal.Decimal { return decimal.MustParse(text) }

var card = []scorecard.Criterion{
	{Key: "tone", Weight: dec("1"), Min: dec("1"), Max: dec("5")},
	{Key: "answer", Weight: dec("2"), Min: dec("0"), Max: dec("3")},
	{Key: "law", Weight: dec("0.5"), Min: dec("-1"), Max: dec("1"), Critical: true},
}

func TestScore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ratings map[string]string // "" = N/A
		want    string            // "" = no score
	}{
		"all":                   {map[string]string{"tone": "4", "answer": "2", "law": "1"}, "73.81"}, // (75 + 133.33 + 50) ÷ 3.5
		"one is N/A":            {map[string]string{"tone": "4", "answer": "", "law": "1"}, "83.33"},
		"absent is N/A":         {map[string]string{"tone": "1"}, "0.00"},
		"all N/A":               {map[string]string{"tone": "", "law": ""}, ""},
		"nothing":               {nil, ""},
		"critical at 50":        {map[string]string{"tone": "5", "law": "0"}, "83.33"},
		"critical below 50":     {map[string]string{"tone": "5", "answer": "3", "law": "-0.01"}, "0.00"},
		"critical is not rated": {map[string]string{"tone": "5", "answer": "3", "law": ""}, "100.00"},
	} {
		ratings := map[string]decimal.NullDecimal{}
		for key, text := range c.ratings {
			if text == "" {
				ratings[key] = decimal.NullDecimal{}
			} else {
				ratings[key] = decimal.NullDecimal{Decimal: dec(text), Valid: true}
			}
		}
		got, err := scorecard.Score(card, ratings)
		if err != nil || got.Valid != (c.want != "") || (got.Valid && got.Decimal.String() != c.want) {
			t.Errorf("%s: got %v (valid %t), %v, want %s", name, got.Decimal, got.Valid, err, c.want)
		}
	}
}

func TestScoreRefuses(t *testing.T) {
	t.Parallel()
	some := func(text string) decimal.NullDecimal { return decimal.NullDecimal{Decimal: dec(text), Valid: true} }
	_, err := scorecard.Score(card, map[string]decimal.NullDecimal{"tone": some("6"), "law": some("-1.01"), "style": some("1")})
	for _, part := range []string{"tone: the rating must be from 1 to 5", "law: ", "names no criterion"} {
		if domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
	bad := []scorecard.Criterion{{Key: "a", Weight: dec("0"), Min: dec("1"), Max: dec("1")}, {Key: "a", Weight: dec("1"), Max: dec("1")}}
	_, err = scorecard.Score(bad, nil)
	for _, part := range []string{"the weight", "the least rating", "only once"} {
		if domain.KindOf(err) != domain.KindInvalid || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is missing in %v", part, err)
		}
	}
}
