package scorecard

import (
	"math"
	"testing"
)

func rating(v int) *int { return &v }

// card makes a card with one rating for every criterion.
func card(ratings ...Rating) Card {
	c := Card{}
	for i, key := range Keys() {
		c.Criteria = append(c.Criteria, Criterion{Key: key, Rating: ratings[i], Weight: DefaultWeights()[key], Critical: DefaultCritical()[key], Confidence: 0.8})
	}
	c.sum()
	return c
}

func TestSum(t *testing.T) {
	t.Parallel()
	const na = NotApplicable
	for name, c := range map[string]struct {
		card Card
		want float64
	}{
		"all good":              {card(Good, Good, Good, Good, Good), 100},
		"weights":               {card(Fair, Good, Good, Good, Good), 100 * (3*0.5 + 5) / 8},
		"not applicable":        {card(na, Good, Fair, na, na), 100 * (2 + 0.5) / 3},
		"critical at half":      {card(Good, Fair, Good, Good, Good), 100 * (3 + 1 + 1 + 1 + 1) / 8.0},
		"critical failed":       {card(Good, Poor, Good, Good, Good), 0},
		"only poor, none fails": {card(Poor, na, na, na, na), 0},
	} {
		if c.card.Score == nil || math.Abs(*c.card.Score-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", name, c.card.Score, c.want)
		}
	}
	if c := card(na, na, na, na, na); c.Score != nil {
		t.Errorf("nothing is rated, the score is %v", *c.Score)
	}
	if c := card(Good, Poor, Good, Good, Good); c.Failed != Tone {
		t.Errorf("failed by %q, want tone", c.Failed)
	}
}

func TestSpearman(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 30, 400}, 1},
		{[]float64{1, 2, 3, 4}, []float64{4, 3, 2, 1}, -1},
		{[]float64{1, 1, 1}, []float64{1, 2, 3}, 0},
		{nil, nil, 0},
		{[]float64{1, 2, 2, 3}, []float64{1, 2, 3, 4}, 0.9486832980505138}, // ties have mean ranks
	} {
		if got := Spearman(c.a, c.b); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v and %v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	rated := []map[string]*int{
		{Answers: rating(2), Tone: rating(2), Clarity: rating(2), LanguageMatch: rating(2), Process: nil},
		{Answers: rating(0), Tone: rating(1), Clarity: rating(1), LanguageMatch: rating(2), Process: rating(0)},
		{Answers: nil, Tone: nil, Clarity: nil, LanguageMatch: nil, Process: nil},
	}
	m := Measure(rated, []Card{card(Good, Good, Good, Good, Good), card(Good, Good, Good, Good, Good), card(Good, Good, Good, Good, Good)})
	if m.Figures.Replies != 2 || m.Figures.Within10 != 0.5 {
		t.Errorf("figures %+v", m.Figures)
	}
	if f := m.Figures.Criteria[Answers]; f.Both != 2 || f.Agreement != 0.5 || f.Rated != 1 {
		t.Errorf("answers %+v", f)
	}
	if p := m.Confidence(card(Good, Good, Good, Good, Good)); math.Abs(p-0.5) > 0.05 {
		t.Errorf("confidence %v where one of two was near", p)
	}
}

func TestSentencesJoinToTheText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "Bor. Narxi 17.500 so'm! Olasizmi?\nYozing…ok", "...", "а.б."} {
		joined := ""
		for _, s := range Sentences(text) {
			joined += s
		}
		if joined != text {
			t.Errorf("%q became %q", text, joined)
		}
	}
	if n := len(Sentences("Narxi 17.500 so'm. Bor")); n != 2 {
		t.Errorf("%d sentences, want 2", n)
	}
}

func TestNewExchangeReadsTheLastQuestion(t *testing.T) {
	t.Parallel()
	e := NewExchange("Bor", []Turn{
		{Text: "Salom"}, {Staff: true, Text: "Assalomu alaykum, tekshirib javob beramiz"},
		{Text: "Razmeri bormi?"}, {Text: "Narxi qancha?"}, {Staff: true, Text: "Hozir"},
	})
	if e.Question != "Razmeri bormi?\nNarxi qancha?" || e.Before != "Hozir" || !e.Greeted || !e.Promised || e.Turns != 2 {
		t.Errorf("%+v", e)
	}
	if e := NewExchange("Bor", nil); e.Question != "" || e.Before != "" || e.languageMatch != NotApplicable {
		t.Errorf("without turns: %+v", e)
	}
}
