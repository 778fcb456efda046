package main

import (
	"context"
	"encoding/json"
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

func TestSentimentOfEachLanguage(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	for _, c := range []struct{ text, label, language string }{
		{"Rahmat, hammasi zo'r bo'ldi, juda mamnunman 😊", "positive", "uz-Latn"},
		{"Zakazim qani, uch kundan beri kutyapman, yolg'on gapirasizlar!", "negative", "uz-Latn"},
		{"Bu telefonning narxi qancha?", "neutral", "uz-Latn"},
		{"Раҳмат, ҳаммаси жуда зўр, хурсандмиз!", "positive", "uz-Cyrl"},
		{"Буюртмам қани??? Уч кундан бери алдайсизлар, уят!", "negative", "uz-Cyrl"},
		{"Нархи қанча бўлади?", "neutral", "uz-Cyrl"},
		{"Спасибо огромное, всё отлично, очень довольны!", "positive", "ru"},
		{"Это безобразие, третий день обманываете, верните деньги!", "negative", "ru"},
		{"Сколько стоит доставка?", "neutral", "ru"},
		{"Thank you so much, excellent service, I love it!", "positive", "en"},
		{"This is terrible, the worst service ever, I hate it.", "negative", "en"},
	} {
		outcomes, err := p.judge(context.Background(), analyzer.Input{Text: c.text, Side: analyzer.Customer})
		if err != nil || len(outcomes) != 1 {
			t.Fatalf("%q: %d outcomes, %v", c.text, len(outcomes), err)
		}
		o := outcomes[0]
		if o.Label != c.label || o.Language != c.language {
			t.Errorf("%q: %s in %s (%.2f), want %s in %s", c.text, o.Label, o.Language, o.Confidence, c.label, c.language)
		}
		if o.Label == "positive" && *o.Score <= 0 || o.Label == "negative" && *o.Score >= 0 {
			t.Errorf("%q: score %.2f does not fit %s", c.text, *o.Score, o.Label)
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

func TestModelCard(t *testing.T) {
	t.Parallel()
	card := newTestPlugin(t).model.Card
	if card.Kind != "sentiment" || card.Date == "" || len(card.Data) == 0 || len(card.Evaluation) == 0 || len(card.Languages) != 4 {
		t.Fatalf("incomplete card %+v", card)
	}
	for _, source := range card.Data {
		if source.Licence == "" || source.Examples == 0 {
			t.Errorf("source %+v lacks its licence or size", source)
		}
	}
	if r := card.Evaluation[0].Report; r.MacroF1 < 0.75 || r.ECE > 0.05 {
		t.Errorf("macro-F1 %.3f and calibration error %.3f miss 0.75 and 0.05", r.MacroF1, r.ECE)
	}
	if len(modelFile) > 1500000 {
		t.Errorf("model of %d bytes", len(modelFile))
	}
}

func TestConfigureTakesNothing(t *testing.T) {
	t.Parallel()
	if err := newTestPlugin(t).Configure(json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/sentiment")
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
