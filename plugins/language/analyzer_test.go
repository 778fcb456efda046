package main

import (
	"context"
	"reflect"
	"slices"
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

func TestTagOfEachLanguage(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	for text, want := range map[string]string{
		"Assalomu alaykum, shu ko'ylakning narxi qancha?":     "uz-Latn",
		"Buyurtmam qachon yetib keladi, kutib qoldim":         "uz-Latn",
		"Ассалому алайкум, нархи қанча бўлади?":               "uz-Cyrl",
		"канча туради шу, размери борми":                      "uz-Cyrl",
		"Здравствуйте, где мой заказ? Третий день жду":        "ru",
		"можно оплатить картой при получении":                 "ru",
		"Hello, where is my order? It has not arrived yet":    "en",
		"I would like to return the shoes, they don't fit me": "en",
	} {
		outcomes, err := p.judge(context.Background(), analyzer.Input{Text: text, Side: analyzer.Customer})
		if err != nil || len(outcomes) != 1 {
			t.Fatalf("%q: %d outcomes, %v", text, len(outcomes), err)
		}
		o := outcomes[0]
		if o.Label != want || o.Language != want || *o.Score != o.Confidence {
			t.Errorf("%q: label %s, language %s, score %.2f, confidence %.2f, want %s", text, o.Label, o.Language, *o.Score, o.Confidence, want)
		}
		if !slices.Contains(p.Describe().Labels[analyzer.Language], o.Label) {
			t.Errorf("%s is not among the labels it describes", o.Label)
		}
	}
}

func TestHostileAndEmptyTexts(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	if err := p.Describe().Check(); err != nil {
		t.Fatal(err)
	}
	texts := map[string]int{
		"": 0, " \n\t": 0, "...": 0, "👍": 0, "12 500": 0, "\xff\xfe": 0, strings.Repeat("😀", 250000): 0, "\u202e\u200f": 0,
		strings.Repeat("a", 1<<20): 1, strings.Repeat("\xff", 1<<20): 0, "\u202eзаказ\u202c где мой \xff": 1,
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

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/language")
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
