package textmodel

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// chatLine is one line of testdata/adapt.tsv: messages of the chat sets in Russian and in Uzbek, in blocks of neighbours.
type chatLine struct {
	sentiment, topic, text string
	uzbek                  bool
	block                  int
}

func chatLines(t *testing.T) []chatLine {
	t.Helper()
	raw, err := os.ReadFile("testdata/adapt.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []chatLine
	for line := range strings.Lines(string(raw)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 || f[0] == "sentiment" {
			continue
		}
		tongue, number, _ := strings.Cut(f[2], "-")
		block, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, chatLine{sentiment: f[0], topic: f[1], text: f[3], uzbek: tongue == "uz_latn", block: block})
	}
	return out
}

// examplesOf labels the lines that want accepts.
func examplesOf(lines []chatLine, label func(chatLine) string, want func(chatLine) bool) []Example {
	var out []Example
	for _, l := range lines {
		if want(l) {
			out = append(out, Example{Label: label(l), Text: Text{Body: l.text}, Group: l.block})
		}
	}
	return out
}

func heldOut(l chatLine) bool { return l.block%4 == 0 }

func sentimentOf(l chatLine) string { return l.sentiment }

func topicOf(l chatLine) string { return l.topic }

// trainedBase is a model as a plugin reads it.
func trainedBase(t *testing.T, kind string, examples []Example) *Model {
	t.Helper()
	m, err := Train(t.Context(), SpecFor(kind), examples)
	if err != nil {
		t.Fatal(err)
	}
	m.Card.Kind = kind
	return reread(t, fileOf(t, m))
}

func fileOf(t *testing.T, m *Model) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func reread(t *testing.T, file []byte) *Model {
	t.Helper()
	m, err := Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func adapted(t *testing.T, base *Model, examples []Example) *Model {
	t.Helper()
	m, err := Adapt(t.Context(), base, examples, AdaptOptions{Seed: 3, Date: "2026-03-01", Data: Source{Name: "corrections", Licence: "the company's own"}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAdaptLearnsACompanysWordingAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	lines := chatLines(t)
	base := trainedBase(t, "sentiment", examplesOf(lines, sentimentOf, func(l chatLine) bool { return !l.uzbek && !heldOut(l) }))
	corrections := examplesOf(lines, sentimentOf, func(l chatLine) bool { return l.uzbek && !heldOut(l) })
	own := examplesOf(lines, sentimentOf, func(l chatLine) bool { return l.uzbek && heldOut(l) })
	old := examplesOf(lines, sentimentOf, func(l chatLine) bool { return !l.uzbek && heldOut(l) })
	m := adapted(t, base, corrections)
	before, after := Evaluate(base, own), Evaluate(m, own)
	if after.Accuracy < before.Accuracy+0.05 || after.MacroF1 < before.MacroF1+0.05 {
		t.Errorf("the company's texts: %.3f/%.3f before, %.3f/%.3f after", before.Accuracy, before.MacroF1, after.Accuracy, after.MacroF1)
	}
	was, is := Evaluate(base, old), Evaluate(m, old)
	if is.Accuracy < was.Accuracy-0.03 {
		t.Errorf("other texts: %.3f before, %.3f after", was.Accuracy, is.Accuracy)
	}
	if card := m.Card; card.Base == "" || card.Base == "00000000" || card.Date != "2026-03-01" || card.Kind != "sentiment" ||
		len(card.Evaluation) != 0 || card.Data[len(card.Data)-1] != (Source{"corrections", "the company's own", len(corrections)}) ||
		card.Examples != base.Card.Examples+len(corrections) {
		t.Errorf("card %+v", card)
	}
	t.Logf("own %.3f → %.3f, other %.3f → %.3f", before.Accuracy, after.Accuracy, was.Accuracy, is.Accuracy)
}

func TestAdaptLearnsANewLabelAsOneAmongOthers(t *testing.T) {
	t.Parallel()
	lines := chatLines(t)
	const added = "delivery"
	base := trainedBase(t, "topic", examplesOf(lines, topicOf, func(l chatLine) bool { return l.topic != added && !heldOut(l) }))
	corrections := examplesOf(lines, topicOf, func(l chatLine) bool { return l.topic == added && !heldOut(l) })
	m := adapted(t, base, append(corrections, Anchors()...))
	if !slices.Contains(m.Labels(), added) || slices.Contains(base.Labels(), added) {
		t.Fatalf("labels %v, of the base %v", m.Labels(), base.Labels())
	}
	own := Evaluate(m, examplesOf(lines, topicOf, func(l chatLine) bool { return l.topic == added && heldOut(l) }))
	if own.Accuracy < 0.3 {
		t.Errorf("%.3f of %d texts of the new label are found", own.Accuracy, own.Texts)
	}
	rest := examplesOf(lines, topicOf, func(l chatLine) bool { return l.topic != added && heldOut(l) })
	was, is := Evaluate(base, rest), Evaluate(m, rest)
	if is.Accuracy < was.Accuracy-0.05 {
		t.Errorf("texts of the other labels: %.3f before, %.3f after", was.Accuracy, is.Accuracy)
	}
	t.Logf("new %.3f, other %.3f → %.3f", own.Accuracy, was.Accuracy, is.Accuracy)
}

func TestAdaptGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	lines := chatLines(t)
	base := trainedBase(t, "sentiment", examplesOf(lines, sentimentOf, func(l chatLine) bool { return !l.uzbek }))
	corrections := examplesOf(lines, sentimentOf, func(l chatLine) bool { return l.uzbek && heldOut(l) })
	first, second := adapted(t, base, corrections), adapted(t, base, corrections)
	if !bytes.Equal(fileOf(t, first), fileOf(t, second)) {
		t.Error("the same input gave other bytes")
	}
	if first.Fingerprint() == 0 || first.Fingerprint() == base.Fingerprint() {
		t.Errorf("fingerprint %08x beside the base's %08x", first.Fingerprint(), base.Fingerprint())
	}
	if again := adapted(t, first, corrections); again.Card.Base == first.Card.Base {
		t.Error("two bases have one name")
	}
}

func TestAdaptOfWhatIsKnownChangesLittle(t *testing.T) {
	t.Parallel()
	lines := chatLines(t)
	all := examplesOf(lines, sentimentOf, func(chatLine) bool { return true })
	base := trainedBase(t, "sentiment", all)
	m := adapted(t, base, all[:40])
	if is := Evaluate(m, all); is.Accuracy < Evaluate(base, all).Accuracy-0.02 {
		t.Errorf("accuracy %.3f after confirming what was right", is.Accuracy)
	}
	one := adapted(t, base, []Example{{Label: "negative", Text: Text{Body: "zumradxon qani"}}})
	if got := one.Predict(Text{Body: "zumradxon qani"}); got.Label != "negative" {
		t.Errorf("a single correction is answered with %s", got.Label)
	}
}

func TestAdaptRefusesNonsense(t *testing.T) {
	t.Parallel()
	lines := chatLines(t)
	base := trainedBase(t, "sentiment", examplesOf(lines, sentimentOf, func(l chatLine) bool { return !l.uzbek && heldOut(l) }))
	for name, examples := range map[string][]Example{
		"none": nil, "auxiliary alone": Anchors(), "no label": {{Text: Text{Body: "salom"}}}, "negative weight": {{Label: "x", Weight: -1}},
	} {
		if _, err := Adapt(t.Context(), base, examples, AdaptOptions{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Adapt(ctx, base, []Example{{Label: "negative"}}, AdaptOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestAnchorsAreTextsWithoutALabel(t *testing.T) {
	t.Parallel()
	anchors := Anchors()
	if len(anchors) < 400 {
		t.Fatalf("%d anchors", len(anchors))
	}
	for _, a := range anchors {
		if a.Label != "" || !a.Auxiliary || strings.TrimSpace(a.Text.Body) == "" {
			t.Fatalf("anchor %+v", a)
		}
	}
}
