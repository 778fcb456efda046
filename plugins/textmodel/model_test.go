package textmodel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
)

// greetings are two easy classes in three languages, in blocks of five.
func greetings() []Example {
	yes := []string{"rahmat katta", "спасибо большое", "раҳмат сизга", "thank you very much", "zo'r rahmat", "спасибо вам", "thanks a lot", "рахмат ака"}
	no := []string{"narxi qancha", "сколько стоит", "нархи қанча", "what is the price", "qancha turadi narxi", "какая цена", "price please", "нарх канча"}
	var out []Example
	for i := range 10 {
		for k := range yes {
			out = append(out, Example{Label: "thanks", Text: Text{Body: fmt.Sprintf("%s %c", yes[k], 'a'+i)}, Group: len(out) / 5})
			out = append(out, Example{Label: "price", Text: Text{Body: fmt.Sprintf("%s %c", no[k], 'k'+i)}, Group: len(out) / 5})
		}
	}
	return out
}

func smallSpec() Spec {
	s := DefaultSpec()
	s.Bits = 12
	return s
}

func trained(t testing.TB) *Model {
	t.Helper()
	m, err := Train(context.Background(), smallSpec(), greetings())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func bytesOf(t testing.TB, m *Model) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTrainSeparatesEasyClasses(t *testing.T) {
	t.Parallel()
	m := trained(t)
	for text, want := range map[string]string{"Rahmat!": "thanks", "Сколько это стоит?": "price", "қанча": "price", "thank you": "thanks"} {
		p := m.Predict(Text{Body: text})
		sum := 0.0
		for _, v := range p.Probabilities {
			sum += v
		}
		if p.Label != want || p.Confidence < 0.5 || math.Abs(sum-1) > 1e-9 {
			t.Errorf("%q: %+v, want %s", text, p, want)
		}
	}
}

func TestSameDataAndSeedSameBytes(t *testing.T) {
	t.Parallel()
	a, b := bytesOf(t, trained(t)), bytesOf(t, trained(t))
	if !bytes.Equal(a, b) {
		t.Fatal("two trainings differ")
	}
	spec := smallSpec()
	spec.Seed = 2
	other, err := Train(context.Background(), spec, greetings())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(a, bytesOf(t, other)) {
		t.Error("another seed left the file as it was")
	}
}

func TestReadGivesBackTheModel(t *testing.T) {
	t.Parallel()
	m := trained(t)
	m.Card.Kind, m.Card.Date, m.Card.Data = "courtesy", "2026-01-02", []Source{{Name: "made up", Licence: "none", Examples: 160}}
	file := bytesOf(t, m)
	back, err := Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if back.Card.Kind != "courtesy" || back.Card.Data[0].Name != "made up" || back.Card.Classes["price"] != 80 || back.Fingerprint() == 0 {
		t.Errorf("card %+v", back.Card)
	}
	for _, e := range greetings() {
		was, is := m.Predict(e.Text), back.Predict(e.Text)
		if was.Label != is.Label || was.Confidence != is.Confidence {
			t.Fatalf("%q: %+v became %+v", e.Text.Body, was, is)
		}
	}
	if !bytes.Equal(file, bytesOf(t, back)) {
		t.Error("writing it again gives another file")
	}
}

func TestReadRefusesDamage(t *testing.T) {
	t.Parallel()
	file := bytesOf(t, trained(t))
	if _, err := Read(bytes.NewReader(nil)); err == nil {
		t.Error("an empty file was read")
	}
	for _, cut := range []int{3, 8, 100, len(file) - 1} {
		if _, err := Read(bytes.NewReader(file[:cut])); err == nil {
			t.Errorf("a file cut to %d bytes was read", cut)
		}
	}
	for at := 0; at < len(file); at += 997 {
		broken := bytes.Clone(file)
		broken[at] ^= 0x40
		if _, err := Read(bytes.NewReader(broken)); err == nil {
			t.Errorf("a file with byte %d changed was read", at)
		}
	}
}

func TestTrainRefusesNonsense(t *testing.T) {
	t.Parallel()
	one := []Example{{Label: "a", Text: Text{Body: "x"}}}
	if _, err := Train(context.Background(), smallSpec(), one); err == nil {
		t.Error("one label was enough")
	}
	for name, change := range map[string]func(*Spec){
		"bits": func(s *Spec) { s.Bits = 40 }, "cost": func(s *Spec) { s.Cost = math.NaN() }, "epochs": func(s *Spec) { s.Epochs = 0 },
		"view": func(s *Spec) { s.View = "x" }, "words": func(s *Spec) { s.WordMax = 3 }, "chars": func(s *Spec) { s.CharMax = 99 },
		"lexicon": func(s *Spec) { s.Lexicons = []string{"none"} }, "other": func(s *Spec) { s.Other = "none" },
	} {
		s := smallSpec()
		change(&s)
		if _, err := Train(context.Background(), s, greetings()); err == nil {
			t.Errorf("a specification with wrong %s was accepted", name)
		}
	}
	weights := greetings()
	weights[3].Weight = -1
	if _, err := Train(context.Background(), smallSpec(), weights); err == nil {
		t.Error("a negative weight was accepted")
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Train(ended, smallSpec(), greetings()); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context gives %v", err)
	}
}

func TestOutOfScopeIsOther(t *testing.T) {
	t.Parallel()
	examples := greetings()
	for i := range 40 {
		examples = append(examples, Example{Label: "other", Text: Text{Body: fmt.Sprintf("погода завтра дождь %c", 'a'+i%26)}, Group: 1000 + i})
	}
	spec := smallSpec()
	spec.Other = "other"
	m, err := Train(context.Background(), spec, examples)
	if err != nil {
		t.Fatal(err)
	}
	m.cut = 9 // nothing leads by this much
	if p := m.Predict(Text{Body: "rahmat"}); p.Label != "other" || p.Confidence < 0 || p.Confidence > 1 {
		t.Errorf("below the cut: %+v", p)
	}
	m.cut = 0
	if p := m.Predict(Text{Body: "rahmat"}); p.Label != "thanks" {
		t.Errorf("above the cut: %+v", p)
	}
}

func TestCrossEvaluateKeepsGroupsWhole(t *testing.T) {
	t.Parallel()
	// The label is a fact of the group alone: whoever splits groups finds it in the neighbours.
	var examples []Example
	for group := range 40 {
		for range 4 {
			examples = append(examples, Example{Label: []string{"a", "b"}[(group*7/3)%2], Text: Text{Body: fmt.Sprintf("kalit%c%c", 'a'+group%26, 'a'+group/26)}, Group: group})
		}
	}
	r, err := CrossEvaluate(context.Background(), smallSpec(), examples, 4)
	if err != nil {
		t.Fatal(err)
	}
	if r.Accuracy > 0.8 {
		t.Errorf("accuracy %.2f says that groups were split", r.Accuracy)
	}
	easy, err := CrossEvaluate(context.Background(), smallSpec(), greetings(), 4)
	if err != nil {
		t.Fatal(err)
	}
	if easy.MacroF1 < 0.95 || easy.Texts != 160 {
		t.Errorf("easy classes: %+v", easy)
	}
}

func TestReportFigures(t *testing.T) {
	t.Parallel()
	tally := newTally(nil)
	for range 3 {
		tally.add("a", "a", 0.9)
	}
	tally.add("a", "b", 0.9)
	tally.add("b", "b", 0.6)
	r := tally.report()
	// a: precision 1, recall 3/4, F1 6/7; b: precision 1/2, recall 1, F1 2/3.
	if r.Accuracy != 0.8 || r.MacroF1 != round4((6.0/7+2.0/3)/2) || r.Classes["a"].Recall != 0.75 || r.Classes["b"].Precision != 0.5 {
		t.Errorf("%+v", r)
	}
	// Bin 0.9: four texts, mean 0.9, three right → 0.15 × 4/5; bin 0.6: one, right → 0.4 × 1/5.
	if want := round4(0.15*0.8 + 0.4*0.2); r.ECE != want {
		t.Errorf("calibration error %v, want %v", r.ECE, want)
	}
}

// Not parallel: it counts the allocations of the whole process.
func TestScorerLeavesNoGarbage(t *testing.T) {
	m := trained(t)
	s := m.Scorer()
	text := Text{Body: "Assalomu alaykum, bu ko'ylakning narxi qancha?"}
	s.Score(text)
	if n := testing.AllocsPerRun(100, func() { s.Score(text) }); n > 0 {
		t.Errorf("%v allocations a text", n)
	}
}

func BenchmarkScore(b *testing.B) {
	s := trained(b).Scorer()
	text := Text{Body: "Assalomu alaykum, bu ko'ylakning narxi qancha?"}
	b.ReportAllocs()
	for b.Loop() {
		s.Score(text)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}
