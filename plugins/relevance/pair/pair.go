package pair

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/fincokpi/finco/plugins/quality/scorecard"
	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/topic/likeness"
)

// Reader reads pairs. It never changes and is safe for concurrent use.
type Reader struct {
	Topics *textmodel.Model // what a text is about; nil: that is left out
}

// Question is what a reply is set against. It never changes and is safe for concurrent use.
type Question struct {
	reader Reader

	Text      string // the customer's last run of messages; "" = none is known
	continues bool   // staff have answered before

	kinds            map[string]bool // what is asked for
	words, earlier   likeness.Reading
	matters          []string
	topic            textmodel.Prediction
	known            string // the question and the turns before it, for figures
	earlierHasMatter bool
}

// Ask reads what an exchange's reply replies to.
func (r Reader) Ask(e scorecard.Exchange) (Question, error) {
	q := Question{reader: r, Text: e.Question, continues: e.Before != "", kinds: map[string]bool{}, matters: matters(e.Question),
		known: e.Question + "\n" + e.Earlier, earlierHasMatter: e.Before != "" || e.Earlier != ""}
	var err error
	if q.words, err = likeness.Read(e.Question); err != nil {
		return q, err
	}
	if q.earlier, err = likeness.Read(e.Before + "\n" + e.Earlier); err != nil {
		return q, err
	}
	q.topic = r.topicOf(e.Question)
	askedWords.find(words(e.Question), q.kinds)
	return q, nil
}

func (r Reader) topicOf(text string) textmodel.Prediction {
	if r.Topics == nil {
		return textmodel.Prediction{}
	}
	return r.Topics.Predict(textmodel.Text{Body: text})
}

// Pair is a reply beside its question.
type Pair struct {
	question              Question
	gives                 []string // kinds of things, in order
	toQuestion, toEarlier likeness.Alike
	topics                float64 // Bhattacharyya coefficient of the two topics' probabilities
	topic                 string  // the reply's likeliest
	numbers               []string
	matters               []string
	size                  int // class of the reply's number of words
}

// Reply sets a reply, or a part of it, against the question.
func (q Question) Reply(text string) (Pair, error) {
	p := Pair{question: q, matters: matters(text), numbers: sharedNumbers(q.known, text)}
	read, err := likeness.Read(text)
	if err != nil {
		return p, err
	}
	p.toQuestion, p.toEarlier = q.words.Compare(read), q.earlier.Compare(read)
	topic := q.reader.topicOf(text)
	p.topic = topic.Label
	for i, v := range topic.Probabilities {
		p.topics += math.Sqrt(v * q.topic.Probabilities[i])
	}
	list, gives := words(text), map[string]bool{}
	givenWords.find(list, gives)
	p.size = scorecard.LengthClass(len(list))
	if strings.ContainsAny(text, "0123456789") {
		gives["figures"] = true
	}
	if strings.Contains(text, "?") {
		gives["asks"] = true
	}
	p.gives = keys(gives)
	return p, nil
}

// matters are the categories of lexicon/matter.txt that a text has words of, in order.
func matters(text string) []string {
	lexicon, err := textmodel.LoadLexicon("matter")
	if err != nil {
		return nil
	}
	var out []string
	for category := range lexicon.Count(text) {
		out = append(out, category)
	}
	slices.Sort(out)
	return out
}

// sharedNumbers are the runs of digits that both texts have: an order, a size, an hour.
func sharedNumbers(a, b string) []string {
	notDigit := func(r rune) bool { return !unicode.IsDigit(r) }
	known := strings.FieldsFunc(a, notDigit)
	var out []string
	for _, n := range strings.FieldsFunc(b, notDigit) {
		if slices.Contains(known, n) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// wants is what answers a kind of question by nature.
var wants = map[string][]string{
	"price": {"money", "figures"}, "when": {"moment", "figures"}, "where": {"place"}, "how": {"steps"}, "is": {"yes", "no"},
}

// answers tells whether the reply gives what answers a kind of question by nature; known is false for kinds that nothing does.
func (p Pair) answers(kind string) (gives, known bool) {
	natural, known := wants[kind]
	return slices.ContainsFunc(natural, func(g string) bool { return slices.Contains(p.gives, g) }), known
}

// strange tells whether the reply shares nothing with what was said.
func (p Pair) strange() bool {
	return p.toQuestion.Stems == 0 && p.toQuestion.Matter == 0 && p.toEarlier.Stems == 0 && len(p.numbers) == 0
}

// Text is what the model reads.
func (p Pair) Text() textmodel.Text { return textmodel.Text{Marks: p.marks()} }

func (p Pair) marks() []string {
	length := ",length=" + strconv.Itoa(p.size)
	m := []string{length}
	for _, a := range append(keys(p.question.kinds), "any") {
		for _, g := range p.gives {
			m = append(m, a+">"+g)
		}
		if gives, known := p.answers(a); known && !gives {
			m = append(m, a+" unanswered", a+" unanswered"+length)
		}
	}
	for _, q := range p.question.matters {
		for _, a := range p.matters {
			m = append(m, q+"|"+a)
		}
		if slices.Contains(p.matters, q) {
			m = append(m, "same matter")
		}
	}
	if p.topic != "" {
		m = append(m, "topic "+p.question.topic.Label+">"+p.topic)
		if p.question.topic.Label == p.topic {
			m = append(m, "same topic")
		}
	}
	m = appendSteps(m, "topics", p.topics, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
	m = appendSteps(m, "stems", p.toQuestion.Stems, 0.001, 0.08, 0.15, 0.25, 0.4, 0.6)
	m = appendSteps(m, "chars", p.toQuestion.Chars, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25)
	m = appendSteps(m, "matter", p.toQuestion.Matter, 0.001, 0.2, 0.4, 0.6, 0.8)
	m = appendSteps(m, "topic words", p.toQuestion.Topic, 0.001, 0.2, 0.4, 0.6, 0.8)
	if p.question.earlierHasMatter {
		m = appendSteps(m, "earlier stems", p.toEarlier.Stems, 0.001, 0.08, 0.15, 0.25, 0.4)
		m = appendSteps(m, "earlier chars", p.toEarlier.Chars, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25)
		m = appendSteps(m, "earlier matter", p.toEarlier.Matter, 0.001, 0.3, 0.6)
	}
	if p.question.continues {
		m = append(m, "continues")
	}
	if len(p.numbers) > 0 {
		m = append(m, "number")
	}
	if p.strange() {
		m = append(m, "nothing shared", "nothing shared"+length)
	}
	return m
}

func keys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// appendSteps adds a mark for every step that a value reaches.
func appendSteps(m []string, name string, value float64, steps ...float64) []string {
	for i, s := range steps {
		if value >= s {
			m = append(m, name+strconv.Itoa(i))
		}
	}
	return m
}
