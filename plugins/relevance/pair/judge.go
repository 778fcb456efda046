package pair

import (
	"slices"
	"strings"
	"unicode"

	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/textmodel"
)

// The labels of the model.
const (
	Bears   = "bears"
	Strange = "strange"
)

// Verdict is the judgement of one reply.
type Verdict struct {
	// Asked is false where no words of a customer came before: there is nothing to bear on.
	Asked      bool
	Score      *float64 // 0 to 100, a hundred times the probability that it bears on the question; nil: not applicable
	Confidence float64  // the probability that it is on the right side of 50; 0 for N/A
	Reason     string
	Evidence   string // the sentence that speaks most for the verdict, a substring of the reply; "" = none
}

// Judge weighs replies by a model of pairs. It never changes and is safe for concurrent use.
type Judge struct {
	Reader
	Model *textmodel.Model
}

// SureEnough is the confidence below which a reply is N/A: its words tell too little.
const SureEnough = 0.6

// Judge judges a reply with the turns before it, oldest first.
func (j Judge) Judge(reply string, context []scorecard.Turn) (Verdict, error) {
	e := scorecard.NewExchange(reply, context)
	if textmodel.Blank(e.Question) {
		return Verdict{}, nil
	}
	v := Verdict{Asked: true}
	if v.Reason = notApplicable(e); v.Reason != "" {
		return v, nil
	}
	q, err := j.Ask(e)
	if err != nil {
		return v, err
	}
	p, chance, err := j.Chance(q, e.Reply)
	if err != nil {
		return v, err
	}
	sure := max(chance, 1-chance)
	if sure < SureEnough {
		v.Reason = "Whether it bears on what was asked cannot be told from its words."
		return v, nil
	}
	score := 100 * chance
	v.Score, v.Confidence, v.Reason = &score, sure, p.reason(chance)
	v.Evidence, err = j.evidence(q, e.Reply, chance >= 0.5)
	return v, err
}

// Chance is the probability that a reply bears on a question.
func (j Judge) Chance(q Question, reply string) (Pair, float64, error) {
	p, err := q.Reply(reply)
	if err != nil {
		return p, 0, err
	}
	return p, j.Model.Predict(p.Text()).Probabilities[slices.Index(j.Model.Labels(), Bears)], nil
}

// notApplicable says why a reply to something cannot be judged; "" if it can.
func notApplicable(e scorecard.Exchange) string {
	list := words(e.Reply)
	hasLetter := strings.ContainsFunc(e.Reply, unicode.IsLetter)
	switch {
	case scorecard.OwedNothing(e.Question):
		return "Nothing was asked."
	case len(list) == 0, !hasLetter && !strings.ContainsAny(e.Reply, "0123456789"):
		return "The reply has no words to judge."
	case onlyCourtesy(list):
		return "The reply is a mere courtesy."
	}
	return ""
}

// onlyCourtesy tells whether all words greet or thank.
func onlyCourtesy(list []string) bool {
	for _, w := range list {
		kinds := map[string]bool{}
		givenWords.find([]string{w}, kinds)
		if !kinds["greet"] && !kinds["thanks"] && w != "va" && w != "den" && w != "kun" && w != "day" {
			return false
		}
	}
	return true
}

// maxEvidence is the longest quote, in bytes.
const maxEvidence = 240

// evidence is the sentence that speaks most for the verdict.
func (j Judge) evidence(q Question, reply string, bears bool) (string, error) {
	parts := scorecard.Sentences(reply)
	best, bestValue := "", -1.0
	for i, s := range parts {
		s = strings.TrimSpace(s)
		if i >= 8 || textmodel.Blank(s) {
			continue
		}
		if len(parts) == 1 {
			best = s
			break
		}
		_, value, err := j.Chance(q, s)
		if err != nil {
			return "", err
		}
		if !bears {
			value = 1 - value
		}
		if value > bestValue {
			best, bestValue = s, value
		}
	}
	return scorecard.Quote(best, maxEvidence), nil
}

// reason says in words what speaks for the verdict.
func (p Pair) reason(chance float64) string {
	verdict := "Bears on what was asked."
	switch {
	case chance < 0.25:
		verdict = "Has little to do with what was asked."
	case chance < 0.5:
		verdict = "Hardly bears on what was asked."
	case chance < 0.75:
		verdict = "Bears on what was asked in part."
	}
	facts := p.facts(chance >= 0.5)
	if len(facts) == 0 {
		return verdict
	}
	return verdict + " " + strings.Join(facts, " ")
}

// natural says what a kind of question asks for, and what else it could be given.
var natural = []struct{ kind, gives, lacks string }{
	{"price", "A price was asked, it names a sum or a figure.", "A price was asked, it names none."},
	{"when", "A time was asked, it names one or a figure.", "A time was asked, it names none."},
	{"where", "A place was asked, it names one.", "A place was asked, it names none."},
	{"how", "The way was asked, it gives a step.", ""},
	{"is", "It says yes or no.", ""},
}

// facts are the things seen that speak for bearing on the question, or against it; three at most.
func (p Pair) facts(bears bool) []string {
	var out []string
	add := func(holds bool, fact string) {
		if holds && fact != "" && len(out) < 3 {
			out = append(out, fact)
		}
	}
	has := func(kind string) bool { return slices.Contains(p.gives, kind) }
	if bears {
		add(len(p.numbers) > 0, "It takes up a number of the conversation.")
		add(p.toQuestion.Stems >= 0.08, "It takes up words of the question.")
		add(p.toQuestion.Matter >= 0.2, "It speaks of the same matter.")
	} else {
		add(p.strange(), "It shares no words and no matter with the conversation.")
		add(has("sent"), "It sends the customer elsewhere.")
	}
	for _, n := range natural {
		gives, _ := p.answers(n.kind)
		if !p.question.kinds[n.kind] || gives != bears {
			continue
		}
		fact := n.lacks
		if bears {
			fact = n.gives
		}
		add(true, fact)
	}
	if bears {
		add(has("done"), "It says that it is done.")
		add(has("promise"), "It promises to find out.")
		add(has("asks"), "It asks back.")
		add(p.toEarlier.Stems >= 0.15, "It goes on with what was said before.")
	}
	return out
}
