package textmodel

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
)

// intentExamples are n texts of each of k labels, and a few out of scope.
func intentExamples(k, n, others int) []Example {
	var out []Example
	for c := range k {
		for i := range n {
			out = append(out, Example{Label: fmt.Sprintf("intent%02d", c), Group: len(out),
				Text: Text{Body: fmt.Sprintf("word%c%c about thing%c%c please", 'a'+c/10, 'a'+c%10, 'a'+i%7, 'a'+c%3)}})
		}
	}
	for i := range others {
		out = append(out, Example{Label: "oos", Group: len(out), Text: Text{Body: fmt.Sprintf("sing %c song of %c", 'a'+i%26, 'k'+i%5)}})
	}
	return out
}

// This test changes a setting of the whole program, so it does not run beside others.
func TestProcessorsDontChangeTheBytes(t *testing.T) {
	examples := intentExamples(5, 12, 9)
	var files [2][]byte
	for i, n := range []int{1, 4} {
		before := runtime.GOMAXPROCS(n)
		m, err := Train(context.Background(), SpecFor("topic"), examples)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = bytesOf(t, m)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("another number of processors gives another file")
	}
}

func TestTuneFitsTheSpecificationToTheData(t *testing.T) {
	t.Parallel()
	few, err := Tune(context.Background(), "topic", SpecFor("topic"), intentExamples(5, 12, 0))
	if err != nil {
		t.Fatal(err)
	}
	many, err := Tune(context.Background(), "topic", SpecFor("topic"), intentExamples(20, 12, 0))
	if err != nil {
		t.Fatal(err)
	}
	if few.Within || !many.Within || len(few.Lexicons) == 0 || len(many.Lexicons) != 0 || many.Turns {
		t.Errorf("few %+v, many %+v", few, many)
	}
	var talks []Example
	for i, e := range intentExamples(2, 20, 0) {
		e.Text.Body = "C: " + e.Text.Body + " A: anything else? C: no"
		e.Group = i
		talks = append(talks, e)
	}
	if spec, err := Tune(context.Background(), "outcome", SpecFor("outcome"), talks); err != nil || !spec.Turns {
		t.Errorf("%+v, %v", spec, err)
	}
	if _, err := Tune(context.Background(), "topic", SpecFor("topic"), talks[:1]); err == nil {
		t.Error("one example is enough")
	}
}

func TestRareTextsOutOfScopeAreFound(t *testing.T) {
	t.Parallel()
	spec := SpecFor("topic").intents()
	spec.Other = "oos"
	examples := intentExamples(30, 12, 12)
	m, err := Train(context.Background(), spec, examples)
	if err != nil {
		t.Fatal(err)
	}
	r := Evaluate(m, examples)
	if r.Classes["oos"].Recall < 0.9 || r.Accuracy < 0.97 {
		t.Errorf("%+v", r)
	}
	if p := m.Predict(Text{Body: "quite unheard matters elsewhere"}); p.Label != "oos" {
		t.Errorf("what nobody asked before is %+v", p)
	}
}

func TestTurnsOfADialogue(t *testing.T) {
	t.Parallel()
	body := "C: it is 522. A: no flight is left. C: thanks then A: Goodbye!"
	turns := splitTurns(body)
	if len(turns) != 4 || turns[0].side != 'C' || turns[3].side != 'A' || body[turns[1].from:turns[1].to] != "no flight is left. " {
		t.Fatalf("%+v", turns)
	}
	for _, other := range []string{"", "C:", "Plan A: go", "vitamin C: a lot", "😀"} {
		if got := splitTurns(other); len(got) != 0 {
			t.Errorf("%q: %+v", other, got)
		}
	}
	spec := DefaultSpec()
	spec.Turns = true
	r := newReader(spec)
	r.read(Text{Body: body})
	first := len(r.open)
	// The place of a word counts: the same words in other turns are other features.
	seen := map[uint32]bool{}
	for _, b := range r.open {
		seen[b] = true
	}
	r.read(Text{Body: "A: it is 522. C: no flight is left. A: thanks then C: Goodbye!"})
	for _, b := range r.open {
		if seen[b] {
			t.Error("the agent's words are the customer's")
			break
		}
	}
	if first == 0 {
		t.Error("no turn was read")
	}
}

func TestAPartOfADomainHasItsMarks(t *testing.T) {
	t.Parallel()
	examples := greetings()
	for i := range examples {
		if i%2 == 0 {
			examples[i].Text.Domain = ".ru"
		}
	}
	m, err := Train(context.Background(), smallSpec(), examples)
	if err != nil {
		t.Fatal(err)
	}
	if d := m.Domains(); len(d) != 2 || d[0] != "" || d[1] != ".ru" {
		t.Fatalf("domains %q", d)
	}
	s := m.Scorer()
	margins := map[string]float64{}
	for _, domain := range []string{"", ".ru", ".unheard", "foreign"} {
		s.Score(Text{Body: "rahmat", Domain: domain})
		margins[domain] = s.margin[0]
	}
	for domain, v := range margins {
		if v != margins[""] {
			t.Errorf("margin %v in %q, %v in all", v, domain, margins[""])
		}
	}
}
