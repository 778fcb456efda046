package language

import "testing"

func TestDetect(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Assalomu alaykum, narxi qancha?": UzbekLatin,
		"nechpul":                         UzbekLatin,
		"zakazim qachon keladi":           UzbekLatin,
		"Ассалому алайкум, нархи қанча?":      UzbekCyrillic,
		"алло ким борми нега жавоб бермисила": UzbekCyrillic,
		"канча туради шу":                     UzbekCyrillic,
		"рахмат катта":                        UzbekCyrillic,
		"Здравствуйте, сколько стоит?":        Russian,
		"где мой заказ":                       Russian,
		"How much is the delivery?":           English,
		"where is my order":                   English,
		"":                                    "", "12 500": "", "👍👍": "", "\xff\xfe": "",
	} {
		tag, confidence := Detect(text)
		if tag != want {
			t.Errorf("%q: %s (%.2f), want %s", text, tag, confidence, want)
		}
		if (tag == "") != (confidence == 0) || confidence < 0 || confidence > 1 {
			t.Errorf("%q: %q with confidence %v", text, tag, confidence)
		}
	}
}

func TestTellOtherLanguages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Кітапты маған беріп жіберіңіз":              Other,
		"Китобро ба ӯ медиҳам":                       Other,
		"Китепти ага өзүм берем":                     Other,
		"Kitabı ona kendim vereceğim":                Other,
		"Kitabı ona özüm verəcəyəm":                  Other,
		"Kitobni unga o'zim beraman":                 UzbekLatin,
		"Китобни унга ўзим бераман":                  UzbekCyrillic,
		"Я сам отдам ему книгу":                      Russian,
		"I shall give him the book":                  English,
		"kredit olmoqchiman, shartlari qanaqa ekan?": UzbekLatin,
	} {
		label, confidence := Tell(text)
		if label != want || confidence <= 0 || confidence > 1 {
			t.Errorf("%q: %s (%.2f), want %s", text, label, confidence, want)
		}
		if tag, sure := Detect(text); want == Other && (tag != "" || sure != 0) || want != Other && tag != want {
			t.Errorf("%q has the tag %q (%.2f)", text, tag, sure)
		}
	}
}

func TestModelCard(t *testing.T) {
	t.Parallel()
	if sum, err := Load(); err != nil || sum == 0 {
		t.Fatal(sum, err)
	}
	m, err := model()
	if err != nil {
		t.Fatal(err)
	}
	if m.Card.Kind != "language" || m.Card.Date == "" || len(m.Card.Data) == 0 || len(m.Card.Evaluation) != 2 || m.Card.Evaluation[1].Report.MacroF1 < 0.995 {
		t.Errorf("incomplete card %+v", m.Card)
	}
}

func BenchmarkDetect(b *testing.B) {
	for b.Loop() {
		Detect("Ассалому алайкум, нархи канча булади?")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}
