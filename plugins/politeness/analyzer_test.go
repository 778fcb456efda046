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

func TestPoliteAboveImpolite(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	for _, c := range []struct{ polite, impolite string }{
		{"Здравствуйте! Спасибо, сейчас проверю и напишу вам", "на сайте всё написано, читать умеете?"},
		{"Va alaykum assalom! Albatta yordam beramiz, marhamat", "Ko'zingizni oching, yozilgan-ku"},
		{"Ва алайкум ассалом! Албатта ёрдам берамиз, марҳамат", "Ёзилган-ку, кўзингизни очинг"},
		{"Could you please help me with this? Thank you!", "Why did you delete it? Stop it right now."},
	} {
		for _, side := range []analyzer.Side{analyzer.Staff, analyzer.Customer} {
			high, low := score(t, p, c.polite, side), score(t, p, c.impolite, side)
			if high.Label != polite || low.Label != impolite || *high.Score < 50 || *low.Score > 50 {
				t.Errorf("%q is %s with %.0f, %q is %s with %.0f", c.polite, high.Label, *high.Score, c.impolite, low.Label, *low.Score)
			}
		}
	}
}

func score(t *testing.T, p *plugin, text string, side analyzer.Side) analyzer.Outcome {
	t.Helper()
	outcomes, err := p.judge(context.Background(), analyzer.Input{Text: text, Side: side})
	if err != nil || len(outcomes) != 1 || outcomes[0].Score == nil {
		t.Fatalf("%q: %+v, %v", text, outcomes, err)
	}
	return outcomes[0]
}

func TestHostileAndEmptyTexts(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	if err := p.Describe().Check(); err != nil {
		t.Fatal(err)
	}
	texts := map[string]int{
		"": 0, " \n\t": 0, "...": 0, "👍": 0, "12 500": 0, "?!": 0, "????": 1, "\xff\xfe": 0, strings.Repeat("😀", 250000): 0, "\u202e\u200f": 0,
		strings.Repeat("a", 1<<20): 1, strings.Repeat("\xff", 1<<20): 0, "\u202eспасибо\u202c вам \xff": 1,
	}
	for text, want := range texts {
		results, err := p.Analyze(context.Background(), []analyzer.Input{{ID: "1", Text: text}})
		if err != nil || len(results) != 1 || results[0].ID != "1" || len(results[0].Outcomes) != want {
			t.Errorf("text of %d bytes: %+v, error %v, want %d outcomes", len(text), results, err, want)
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

func TestModelCard(t *testing.T) {
	t.Parallel()
	card := newTestPlugin(t).model.Card
	if card.Kind != "politeness" || card.Date == "" || len(card.Data) == 0 || len(card.Evaluation) == 0 {
		t.Fatalf("incomplete card %+v", card)
	}
	for _, source := range card.Data {
		if source.Licence == "" || source.Examples == 0 {
			t.Errorf("source %+v lacks its licence or size", source)
		}
	}
	if r := card.Evaluation[0].Report; r.MacroF1 < 0.80 || r.ECE > 0.05 {
		t.Errorf("macro-F1 %.3f and calibration error %.3f miss 0.80 and 0.05", r.MacroF1, r.ECE)
	}
	if len(modelFile) > 1500000 {
		t.Errorf("model of %d bytes", len(modelFile))
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/politeness")
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
