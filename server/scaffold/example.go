package scaffold

import (
	"slices"
	"strings"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// example is a worked analyzer: it counts words of groups. Small and honest, it is to be replaced.
type example struct {
	Kind          string // such as NEEDS_REPLY
	GoKind        string // the constant's name in plugins/analyzer
	Shape         string // balance: the first group against the second; topic: the group with the most words; sign: is there any
	Labels        []string
	Scored        bool
	CustomersOnly bool
	Groups        []group
	Cases         []sample
}

type group struct {
	Name  string
	Words []string // lower case, with ' for every apostrophe
}

// sample is a case of the project's own test.
type sample struct {
	Text  string
	Word  string // a further word that the settings name; empty: none
	Label string
	Score string // a number; read only if the example is scored
}

// First and Second are the names of the first two groups.
func (e example) First() string { return e.Groups[0].Name }

// Second is the second group's name; only for the shape balance.
func (e example) Second() string { return e.Groups[1].Name }

// Measure says how the confidence can be measured: finco analyzer eval compares labels.
func (e example) Measure() string {
	if len(e.Labels) == 0 {
		return "compare it with what people say of it"
	}
	return "measure it with finco analyzer eval"
}

// GroupNames are in the order of the groups.
func (e example) GroupNames() (names []string) {
	for _, g := range e.Groups {
		names = append(names, g.Name)
	}
	return names
}

// Kinds are those there is a worked example of.
func Kinds() (kinds []string) {
	for _, e := range examples() {
		kinds = append(kinds, strings.ToLower(e.Kind))
	}
	return kinds
}

func exampleOf(kind string) (example, error) {
	if kind == "" {
		kind = string(analyzer.Politeness)
	}
	wanted := strings.ToUpper(strings.ReplaceAll(kind, "-", "_"))
	for _, e := range examples() {
		if e.Kind == wanted {
			return e, nil
		}
	}
	if analyzer.Kind(wanted).Known() {
		return example{}, domain.Errorf(domain.KindInvalid,
			"there is no worked example of %s, which words alone cannot tell: begin with one of %s and change what it describes", strings.ToLower(wanted), strings.Join(Kinds(), ", "))
	}
	return example{}, domain.Errorf(domain.KindInvalid, "%.80q is no kind: take one of %s", kind, strings.Join(Kinds(), ", "))
}

var asking = []string{"qachon", "qayerda", "qancha", "nima", "nega", "kim", "қачон", "қаерда", "қанча", "нима", "нега", "ким",
	"когда", "где", "сколько", "почему", "кто", "как", "when", "where", "how", "what", "why", "who"}

var requesting = []string{"iltimos", "yordam", "kerak", "илтимос", "ёрдам", "керак", "пожалуйста", "помогите", "нужно", "please", "help", "need"}

func examples() []example {
	return []example{politeness(), sentiment(), topic(), question(), needsReply()}
}

func sentiment() example {
	return example{
		Kind: "SENTIMENT", GoKind: "Sentiment", Shape: "balance", Scored: true,
		Labels: []string{analyzer.Positive, analyzer.Neutral, analyzer.Negative},
		Groups: []group{
			{"positive", []string{"rahmat", "zo'r", "ajoyib", "yaxshi", "раҳмат", "зўр", "ажойиб", "яхши", "спасибо", "отлично", "хорошо", "супер", "thanks", "great", "good", "excellent"}},
			{"negative", []string{"yomon", "kechikdi", "xafa", "ёмон", "кечикди", "хафа", "плохо", "ужасно", "опоздал", "сломан", "bad", "terrible", "late", "broken"}},
		},
		Cases: []sample{
			{Text: "Rahmat, hammasi zo‘r!", Label: "positive", Score: "1.0"},
			{Text: "Курьер опоздал. Ужасно", Label: "negative", Score: "-1.0"},
			{Text: "Buyurtma raqami 15", Label: "neutral", Score: "0.0"},
			{Text: "Super!", Word: "SUPER", Label: "positive", Score: "1.0"},
		},
	}
}

func topic() example {
	return example{
		Kind: "TOPIC", GoKind: "Topic", Shape: "topic",
		Labels: []string{"delivery", "price", "return", analyzer.Other},
		Groups: []group{
			{"delivery", []string{"kuryer", "yetkazib", "yetkazish", "курьер", "етказиб", "етказиш", "доставка", "доставку", "courier", "delivery", "parcel"}},
			{"price", []string{"narxi", "qancha", "chegirma", "нархи", "қанча", "чегирма", "цена", "сколько", "скидка", "price", "cost", "discount"}},
			{"return", []string{"qaytarish", "almashtirish", "қайтариш", "алмаштириш", "возврат", "вернуть", "обмен", "return", "refund", "exchange"}},
		},
		Cases: []sample{
			{Text: "Когда приедет курьер?", Label: "delivery"},
			{Text: "Narxi qancha?", Label: "price"},
			{Text: "Rahmat", Label: "other"},
			{Text: "Pochta keldimi", Word: "pochta", Label: "delivery"},
		},
	}
}

func question() example {
	return example{
		Kind: "QUESTION", GoKind: "Question", Shape: "sign", Labels: []string{analyzer.Yes, analyzer.No},
		Groups: []group{{"asking", asking}},
		Cases: []sample{
			{Text: "Narxi qancha", Label: "yes"}, {Text: "Курьер где-то рядом?", Label: "yes"}, {Text: "Rahmat", Label: "no"},
			{Text: "Bormi", Word: "bormi", Label: "yes"},
		},
	}
}

func needsReply() example {
	return example{
		Kind: "NEEDS_REPLY", GoKind: "NeedsReply", Shape: "sign", Labels: []string{analyzer.Yes, analyzer.No}, CustomersOnly: true,
		Groups: []group{{"asking", slices.Concat(asking, requesting)}},
		Cases: []sample{
			{Text: "Iltimos, yordam bering", Label: "yes"}, {Text: "Где мой заказ?", Label: "yes"}, {Text: "Спасибо", Label: "no"},
			{Text: "Kutaman", Word: "kutaman", Label: "yes"},
		},
	}
}

func politeness() example {
	return example{
		Kind: "POLITENESS", GoKind: "Politeness", Shape: "balance", Scored: true,
		Groups: []group{
			{"courteous", []string{"assalomu", "salom", "iltimos", "rahmat", "marhamat", "uzr", "ассалому", "салом", "илтимос", "раҳмат", "марҳамат", "узр",
				"здравствуйте", "пожалуйста", "спасибо", "извините", "hello", "please", "thanks", "sorry"}},
			{"rude", []string{"ahmoq", "tentak", "аҳмоқ", "тентак", "дурак", "идиот", "заткнись", "stupid", "idiot", "fool"}},
		},
		Cases: []sample{
			{Text: "Assalomu alaykum, rahmat", Score: "100.0"}, {Text: "Заткнись!", Score: "0.0"}, {Text: "Narxi 15", Score: "50.0"},
			{Text: "Hurmat bilan", Word: "hurmat", Score: "100.0"},
		},
	}
}
