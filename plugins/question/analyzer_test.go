package main

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
)

func newTestPlugin(t testing.TB) *plugin {
	t.Helper()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestQuestionAndNeedsReplyOfEachLanguage(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	for _, c := range []struct{ text, question, needsReply string }{
		{"Narxi qancha, yetkazib berasizlarmi?", "yes", "yes"},
		{"42 razmer bormi", "yes", "yes"},
		{"Rahmat, katta rahmat!", "no", "no"},
		{"Қачон етказиб берасизлар", "yes", "yes"},
		{"Раҳмат, барака топинг", "no", "no"},
		{"Сколько стоит доставка", "yes", "yes"},
		{"спасибо", "no", "no"},
		{"Принесли сломанный чайник, верните деньги", "no", "yes"},
		{"When will my order arrive?", "yes", "yes"},
		{"thank you, bye", "no", "no"},
	} {
		outcomes, err := p.judge(context.Background(), analyzer.Input{Text: c.text, Side: analyzer.Customer})
		if err != nil || len(outcomes) != 2 {
			t.Fatalf("%q: %d outcomes, %v", c.text, len(outcomes), err)
		}
		if q, n := outcomes[0], outcomes[1]; q.Label != c.question || n.Label != c.needsReply {
			t.Errorf("%q: question %s (%.2f), needs reply %s (%.2f), want %s and %s",
				c.text, q.Label, q.Confidence, n.Label, n.Confidence, c.question, c.needsReply)
		}
	}
}

func TestStaffAreOwedNoReply(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	if p.Describe().JudgesKind(analyzer.NeedsReply, analyzer.Staff) || !p.Describe().JudgesKind(analyzer.Question, analyzer.Staff) {
		t.Error("the description's sides are wrong")
	}
	for _, side := range []analyzer.Side{analyzer.Staff, analyzer.None} {
		outcomes, err := p.judge(context.Background(), analyzer.Input{Text: "Qaysi razmer kerak?", Side: side})
		if err != nil || len(outcomes) != 1 || outcomes[0].Kind != analyzer.Question {
			t.Errorf("side %s: %+v, %v", side, outcomes, err)
		}
	}
}

func TestHostileAndEmptyTexts(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	if err := p.Describe().Check(); err != nil {
		t.Fatal(err)
	}
	texts := map[string]int{"": 0, " \n\t": 0, "...": 0, "👍": 1, "\xff\xfe": 0, strings.Repeat("😀", 250000): 1, "\u202e\u200f": 0, strings.Repeat("a", 1<<20): 1}
	for text, want := range texts {
		results, err := p.Analyze(context.Background(), []analyzer.Input{{ID: "1", Text: text}})
		if err != nil || len(results) != 1 || results[0].ID != "1" || len(results[0].Outcomes) != want {
			t.Errorf("text of %d bytes: %d results, error %v, want %d outcomes", len(text), len(results), err, want)
			continue
		}
		if fault := analyzer.CheckResult(p.Describe(), results[0]); fault != nil {
			t.Error(fault)
		}
	}
}

func TestSameTextSameOutcome(t *testing.T) {
	t.Parallel()
	a, b := newTestPlugin(t), newTestPlugin(t)
	inputs := []analyzer.Input{{ID: "1", Text: "Спасибо, но курьер опоздал"}, {ID: "2", Text: "zor ekan"}}
	first, _ := a.Analyze(context.Background(), inputs)
	second, _ := b.Analyze(context.Background(), inputs)
	if !reflect.DeepEqual(first, second) {
		t.Errorf("%+v differs from %+v", first, second)
	}
}

func TestModelCards(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	for _, c := range []struct {
		kind  string
		v     verdict
		floor float64
	}{{"question", p.question, 0.87}, {"needs_reply", p.needsReply, 0.78}} {
		card := c.v.model.Card
		if card.Kind != c.kind || card.Date == "" || len(card.Data) == 0 || len(card.Evaluation) == 0 || len(card.Languages) != 4 {
			t.Fatalf("incomplete card %+v", card)
		}
		if r := card.Evaluation[0].Report; r.MacroF1 < c.floor || r.ECE > 0.05 {
			t.Errorf("%s: macro-F1 %.3f and calibration error %.3f miss %.2f and 0.05", c.kind, r.MacroF1, r.ECE, c.floor)
		}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/question")
	if err != nil {
		t.Fatal(err)
	}
	analyzertest.Check(t, path)
}

func BenchmarkAnalyze(b *testing.B) {
	p := newTestPlugin(b)
	inputs := []analyzer.Input{
		{Text: "Assalomu alaykum, shu ko'ylakning narxi qancha, 46 razmeri bormi?"}, {Text: "Рахмат сизга, ҳаммаси зўр"},
		{Text: "где мой заказ? третий день жду"}, {Text: "ok rahmat"}, {Text: "I need help with my order, it has not arrived"},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Analyze(context.Background(), inputs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(inputs))/b.Elapsed().Seconds(), "texts/s")
}
