package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzertest"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/topic/likeness"
)

func newTestPlugin(t testing.TB) *plugin {
	t.Helper()
	p, err := newPlugin()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTopicOfEachLanguage(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	for _, c := range []struct{ text, label string }{
		{"Bu ko'ylakning narxi qancha, chegirma bormi?", "price"},
		{"Kuryer qachon keladi, zakazim hali yetkazilmadi", "delivery"},
		{"Parolimni unutdim, kabinetga kirolmayapman", "account"},
		{"Нархи қанча, арзонроқ бўлмайдими?", "price"},
		{"Интернет ишламаяпти, роутер қизил ёниб турибди", "technical"},
		{"Где курьер? Доставка должна была быть утром", "delivery"},
		{"Запишите меня к врачу на завтра", "booking"},
		{"Верните деньги за возврат товара", "refund"},
		{"Нужен договор и счет-фактура за май", "documents"},
		{"I forgot my password and cannot log in to my account", "account"},
		{"I want a refund please", "refund"},
		{"Hello", "smalltalk"},
	} {
		outcomes, err := p.judge(context.Background(), analyzer.Input{Text: c.text, Side: analyzer.Customer})
		if err != nil || len(outcomes) != 1 {
			t.Fatalf("%q: %d outcomes, %v", c.text, len(outcomes), err)
		}
		if o := outcomes[0]; o.Label != c.label {
			t.Errorf("%q: %s (%.2f), want %s", c.text, o.Label, o.Confidence, c.label)
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

// shop is a made-up company with three topics that are not shipped.
const shop = `{"topics": {
	"instalments": ["rassrochka", "muddatli to'lov", "bo'lib to'lasam bo'ladimi", "рассрочка на 12 месяцев", "nasiyaga bormi"],
	"warranty": ["kafolat bormi", "гарантия на товар", "kafolat muddati qancha", "гарантийный ремонт", "usta chaqirish"],
	"vacancy": ["ish bormi", "вакансии есть?", "ishga kirmoqchi edim", "ищу работу", "vakansiya"]}}`

// lines are what people wrote, with the own topic that is meant; "" = none of them.
var lines = []struct{ text, own string }{
	{"Assalomu alaykum rassrochkaga olsam bo'ladimi 6 oyga", "instalments"},
	{"рассрочка есть у вас на 12 мес без первоначалки", "instalments"},
	{"Бўлиб тўлашга берасизларми? 6 ойга қанчадан тушади", "instalments"},
	{"Муддатли тўловга берасизларми", "instalments"},
	{"насияга олсам буладими", "instalments"},
	{"bolib tolashga berasizlami", "instalments"},
	{"кафолати неча йил", "warranty"},
	{"kafolati necha oy", "warranty"},
	{"гарантия сколько лет на холодильник", "warranty"},
	{"kafolati bormi shuni", "warranty"},
	{"иш борми сизларда", "vacancy"},
	{"здравствуйте, вам продавцы не нужны? ищу работу", "vacancy"},
	{"вакансии монтажника есть у вас", "vacancy"},
	{"Sizlarga sotuvchi kerak emasmi, ishga kirmoqchiman", "vacancy"},
	{"Narxi qancha", ""}, {"Yetkazib berish bormi", ""}, {"zakaz qachon keladi", ""}, {"42 razmer bormi", ""},
	{"Где мой заказ", ""}, {"спасибо большое", ""}, {"Ilova ishlamayapti", ""}, {"карта не проходит", ""},
	{"на 12 число запишите", ""}, {"Пулимни қайтаринг", ""}, {"I forgot my password", ""}, {"ok rahmat", ""},
}

func configured(t *testing.T, settings string) *plugin {
	t.Helper()
	p := newTestPlugin(t)
	complete, err := analyzer.CompleteSettings(p.Describe().Settings, json.RawMessage(settings))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Configure(complete); err != nil {
		t.Fatal(err)
	}
	return p
}

func labelOf(t *testing.T, p *plugin, text string) (string, float64) {
	t.Helper()
	outcomes, err := p.judge(context.Background(), analyzer.Input{Text: text})
	if err != nil || len(outcomes) != 1 {
		t.Fatalf("%q: %+v, %v", text, outcomes, err)
	}
	return outcomes[0].Label, outcomes[0].Confidence
}

func TestOwnTopicsBesideTheShippedOnes(t *testing.T) {
	t.Parallel()
	plain, p := newTestPlugin(t), configured(t, shop)
	for _, l := range lines {
		want := l.own
		if want == "" {
			want, _ = labelOf(t, plain, l.text)
		}
		if got, sure := labelOf(t, p, l.text); got != want || sure < 0 || sure > 1 {
			t.Errorf("%q: %s (%.2f), want %s", l.text, got, sure, want)
		}
	}
}

func TestOnlyOwnTopics(t *testing.T) {
	t.Parallel()
	p := configured(t, strings.TrimSuffix(shop, "}")+`, "only": true}`)
	wrong := 0
	for _, l := range lines {
		want := cmp.Or(l.own, analyzer.Other)
		got, sure := labelOf(t, p, l.text)
		if sure < 0.5 {
			t.Errorf("%q: %s with confidence %.2f", l.text, got, sure)
		}
		if got != want {
			t.Logf("%q: %s (%.2f), want %s", l.text, got, sure, want)
			wrong++
		}
	}
	if wrong > 1 {
		t.Errorf("%d of %d texts are wrong", wrong, len(lines))
	}
}

func TestShippedTopicGetsPhrases(t *testing.T) {
	t.Parallel()
	const text = "Farg'onaga yuborasizlarmi"
	p := configured(t, `{"topics": {"delivery": ["Farg'onaga yuborasizlarmi", "viloyatga jo'natish"]}}`)
	if got, sure := labelOf(t, p, text); got != "delivery" || sure < 0.8 {
		t.Errorf("%s (%.2f), want delivery", got, sure)
	}
}

func TestOtherSpellingsOfAPhraseMeetIt(t *testing.T) {
	t.Parallel()
	p := configured(t, `{"topics": {"shop": ["do'koningiz qayerda joylashgan", "мўлжал қаер"]}, "only": true}`)
	for _, text := range []string{"Дўконингиз қаерда жойлашган", "дуконингиз каерда жойлашган?", "DOʻKONINGIZ QAYERDA JOYLASHGAN", "mo'ljal qayer", "moljal qayer"} {
		if got, sure := labelOf(t, p, text); got != "shop" {
			t.Errorf("%q: %s (%.2f)", text, got, sure)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	p := configured(t, shop)
	w := *p.wanted.Load()
	w.labels = map[string]int{"warranty": 1} // as if corrections had taught the model
	const far, near = "где курьер", "рассрочка на 12 месяцев"
	for name, c := range map[string]struct {
		text       string
		label      string
		confidence float64 // of the label
		warranty   float64 // what the model gives for it
		only       bool
		want       string
	}{
		"the model's":                     {far, "delivery", 0.9, 0.05, false, "delivery"},
		"the phrases'":                    {near, "payment", 0.9, 0.05, false, "instalments"},
		"learned":                         {far, "warranty", 0.9, 0.9, false, "warranty"},
		"learned, but less sure":          {far, "delivery", 0.6, 0.3, false, "delivery"},
		"learned, the only ones":          {far, "warranty", 0.9, 0.9, true, "warranty"},
		"nothing of it, the only ones":    {far, "delivery", 0.9, 0.05, true, "other"},
		"the phrases', the only ones":     {near, "payment", 0.9, 0.05, true, "instalments"},
		"the phrases' above what learned": {near, "warranty", 0.5, 0.5, false, "instalments"},
	} {
		w.only = c.only
		got, sure := w.choose(c.text, textmodel.Prediction{Label: c.label, Confidence: c.confidence, Probabilities: []float64{0, c.warranty}})
		if got != c.want || sure < 0.4 || sure > 1 {
			t.Errorf("%s: %s (%.2f), want %s", name, got, sure, c.want)
		}
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	p := newTestPlugin(t)
	many := map[string][]string{}
	for i := range likeness.MaxTopics + 1 {
		many[fmt.Sprintf("topic %d", i)] = []string{"phrase"}
	}
	long, _ := json.Marshal(map[string]any{"topics": many})
	for settings, says := range map[string]string{
		`[]`: "settings", `{"topics": {"a": "b"}}`: "lists of phrases", `{"topics": {"": ["b"]}}`: "name", `{"topics": {"a": []}}`: "at least one",
		`{"topics": {"a": ["..."]}}`: "with a word", `{"topics": {"other": ["b"]}}`: "other", `{"only": true}`: "only needs topics",
		`{"topics": {"a": ["` + strings.Repeat("x", 400) + `"]}}`: "phrase 1", string(long): "more than 50",
		`{"topics": {"` + strings.Repeat("k", 65) + `": ["b"]}}`: "64",
	} {
		err := p.Configure(json.RawMessage(settings))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.60s: %v, want %q", settings, err, says)
		}
	}
	if label, _ := labelOf(t, p, "Где курьер? Доставка должна была быть утром"); label != "delivery" {
		t.Errorf("after wrong settings: %s", label)
	}
}

func TestHostileTextsBesideOwnTopics(t *testing.T) {
	t.Parallel()
	p := configured(t, shop)
	for _, text := range []string{strings.Repeat("😀", 250000), strings.Repeat("a", 1<<20), strings.Repeat("ab ", 1<<18), strings.Repeat("\u202e\u0301я", 1<<17), "рассрочка\xff\xfe"} {
		results, err := p.Analyze(context.Background(), []analyzer.Input{{ID: "1", Text: text}})
		if err != nil || len(results) != 1 {
			t.Fatalf("text of %d bytes: %v", len(text), err)
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
	if card.Kind != "topic" || card.Date == "" || len(card.Data) == 0 || len(card.Evaluation) == 0 || len(card.Languages) != 4 {
		t.Fatalf("incomplete card %+v", card)
	}
	for _, source := range card.Data {
		if source.Licence == "" || source.Examples == 0 {
			t.Errorf("source %+v lacks its licence or size", source)
		}
	}
	if r := card.Evaluation[0].Report; r.MacroF1 < 0.50 || r.ECE > 0.05 {
		t.Errorf("macro-F1 %.3f and calibration error %.3f miss 0.50 and 0.05", r.MacroF1, r.ECE)
	}
	if len(modelFile) > 1500000 {
		t.Errorf("model of %d bytes", len(modelFile))
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	path, err := analyzertest.Build(t.Context(), t.TempDir(), "github.com/fincokpi/finco/plugins/topic")
	if err != nil {
		t.Fatal(err)
	}
	analyzertest.Check(t, path)
}

func BenchmarkAnalyze(b *testing.B) { benchmark(b, newTestPlugin(b)) }

func BenchmarkAnalyzeWithOwnTopics(b *testing.B) {
	p := newTestPlugin(b)
	if err := p.Configure(json.RawMessage(shop)); err != nil {
		b.Fatal(err)
	}
	benchmark(b, p)
}

func benchmark(b *testing.B, p *plugin) {
	b.Helper()
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
