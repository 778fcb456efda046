package scorecard

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// Rating is the rating of one criterion.
type Rating int

// The ratings.
const (
	NotApplicable Rating = iota - 1
	Poor                 // 0
	Fair                 // 1
	Good                 // 2
)

// String is the label of the rating in the training data and the models.
func (r Rating) String() string {
	if r == NotApplicable {
		return "n/a"
	}
	return fmt.Sprint(int(r))
}

// The keys of the criteria.
const (
	Answers       = "answers"
	Tone          = "tone"
	Clarity       = "clarity"
	LanguageMatch = "language_match"
	Process       = "process"
)

// Keys lists the criteria in the order of the card.
func Keys() []string { return []string{Answers, Tone, Clarity, LanguageMatch, Process} }

// Modelled lists the criteria that a model rates; LanguageMatch is a rule.
func Modelled() []string { return []string{Answers, Tone, Clarity, Process} }

// Criterion is one line of the card.
type Criterion struct {
	Key        string
	Rating     Rating
	Weight     float64
	Critical   bool
	Confidence float64 // 0..1; 0 for N/A
	Reason     string
	Evidence   string // a substring of the reply; "" = none
}

// Card is the judgement of one reply.
type Card struct {
	Criteria   []Criterion
	Score      *float64 // 0..100; nil = nothing could be rated
	Confidence float64  // mean of the rated criteria's confidences by weight
	Failed     string   // the critical criterion that made the score 0, "" = none
}

// Judge rates replies; it never changes and is safe for concurrent use.
type Judge struct {
	Models   map[string]*textmodel.Model // by criterion; labels "0", "1", "2"
	Weights  map[string]float64          // by criterion, above 0
	Critical map[string]bool             // below half, the whole card is 0
}

// sureEnough is the confidence below which a criterion is N/A: three ratings
// leave a third to chance.
const sureEnough = 0.45

// sureToFail is what a 0 in a critical criterion needs, since it voids the card.
const sureToFail = 0.6

// Judge fills the card without knowing when the reply was sent.
func (j *Judge) Judge(reply string, context []Turn) Card {
	return j.JudgeAt(reply, time.Time{}, context)
}

// JudgeAt fills the card. reply is the text as it came; evidence is cut from it. With the time of the reply and of the turns it
// sees whether a promise to write was kept.
func (j *Judge) JudgeAt(reply string, at time.Time, context []Turn) Card {
	e := NewExchange(reply, context)
	e.due = duePromise(e.Reply, at, context)
	var card Card
	text := e.Text()
	for _, key := range Keys() {
		c := Criterion{Key: key, Weight: j.Weights[key], Critical: j.Critical[key]}
		j.rate(&c, e, text)
		card.Criteria = append(card.Criteria, c)
	}
	card.sum()
	return card
}

// rate fills rating, confidence, reason and evidence of one criterion.
func (j *Judge) rate(c *Criterion, e Exchange, text textmodel.Text) {
	c.Rating = NotApplicable
	switch {
	case textmodel.Blank(e.Reply):
		if c.Key == Answers && e.Question != "" && !OwedNothing(e.Question) && e.Before == "" {
			c.Rating, c.Confidence, c.Reason = Poor, 0.9, "The reply says nothing to the customer."
			return
		}
		c.Reason = "The reply has no words to judge."
		return
	case c.Key == LanguageMatch:
		c.Rating, c.Confidence = e.languageMatch, e.languageSure
	case c.Key == Answers && e.Question == "":
		c.Reason = "The question it answers is not known."
		return
	case c.Key == Answers && OwedNothing(e.Question):
		c.Reason = "Nothing was asked."
		return
	case c.Key == Process && e.Question == "" && e.due == nil:
		c.Reason = "The course of the conversation is not known."
		return
	default:
		j.model(c, text)
	}
	c.Reason = strings.TrimSpace(reasons[c.Key][c.Rating] + " " + e.faults(c.Key, c.Rating))
	if c.Key == Process && e.due != nil {
		e.due.rate(c)
	}
	if c.Rating != NotApplicable {
		c.Evidence = j.evidence(*c, e)
	}
}

// model asks the criterion's model; an unsure answer is N/A.
func (j *Judge) model(c *Criterion, text textmodel.Text) {
	m := j.Models[c.Key]
	if m == nil {
		return
	}
	p := m.Predict(text)
	rating := Rating(slices.Index([]string{"0", "1", "2"}, p.Label))
	if p.Confidence < sureEnough || rating < Poor {
		return
	}
	if c.Critical && rating == Poor && p.Confidence < sureToFail {
		rating = Fair
	}
	c.Rating, c.Confidence = rating, p.Confidence
}

// OwedNothing reports a message of thanks, farewell or assent that asks nothing.
func OwedNothing(question string) bool {
	if strings.Contains(question, "?") {
		return false
	}
	n := counts(toneWords, question)
	courtesy := n["thanks"] + n["bye"] + n["ack"]
	return courtesy > 0 && n["ask"] == 0 && n["neg"] == 0 && len(strings.Fields(question)) <= 4+2*courtesy
}

// sum joins the ratings: Σ(score × weight) ÷ Σ weight over the rated criteria,
// a rating of 0, 1, 2 being 0, 50, 100; a critical one below 50 makes it 0.
func (c *Card) sum() {
	total, weights, sure := 0.0, 0.0, 0.0
	for _, k := range c.Criteria {
		if k.Rating == NotApplicable || !(k.Weight > 0) {
			continue
		}
		total += k.Rating.Score() * k.Weight
		weights += k.Weight
		sure += k.Confidence * k.Weight
		if k.Critical && k.Rating.Score() < 50 && c.Failed == "" {
			c.Failed = k.Key
		}
	}
	if weights == 0 {
		return
	}
	score := total / weights
	if c.Failed != "" {
		score = 0
	}
	c.Score, c.Confidence = &score, sure/weights
}

// Score is the rating on the scale 0..100; of N/A it is 0 and means nothing.
func (r Rating) Score() float64 { return float64(max(r, 0)) * 50 }

// maxEvidence is the longest quote, in bytes.
const maxEvidence = 240

// evidence is the sentence of the reply that speaks most for the rating.
func (j *Judge) evidence(c Criterion, e Exchange) string {
	parts := Sentences(e.Reply)
	m := j.Models[c.Key]
	best, bestValue := "", -1.0
	for i, s := range parts {
		s = strings.TrimSpace(s)
		if i >= 12 || textmodel.Blank(s) {
			continue
		}
		value := float64(len(s)) / maxEvidence // for the rule: the longest
		if m != nil {
			if at := slices.Index(m.Labels(), c.Rating.String()); at >= 0 {
				value = m.Predict(textmodel.Text{Body: s}).Probabilities[at]
			}
		}
		if value > bestValue {
			best, bestValue = s, value
		}
	}
	return Quote(best, maxEvidence)
}

// Quote shortens a quote to at most so many bytes, at the end of a letter; it stays a substring.
func Quote(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimSpace(s[:n])
}

// reasons says in words what a rating means.
var reasons = map[string]map[Rating]string{
	Answers: {
		NotApplicable: "Whether it answers cannot be told from the text alone.",
		Poor:          "Does not give what was asked.",
		Fair:          "Gives a part of what was asked, or a promise to.",
		Good:          "Gives what was asked, or a clear next step.",
	},
	Tone: {
		NotApplicable: "The tone cannot be told from so little text.",
		Poor:          "Rude, mocking or blaming.",
		Fair:          "Dry or curt.",
		Good:          "Polite and attentive.",
	},
	Clarity: {
		NotApplicable: "The clarity cannot be told with enough certainty.",
		Poor:          "Hard to follow or contradictory.",
		Fair:          "Vague or too short.",
		Good:          "Clear and to the point.",
	},
	LanguageMatch: {
		NotApplicable: "Too few words to tell the languages of both.",
		Poor:          "Answers in another language than the customer's.",
		Fair:          "The customer's language in the other script.",
		Good:          "Answers in the customer's language and script.",
	},
	Process: {
		NotApplicable: "The process cannot be told from the text alone.",
		Poor:          "A promise is broken, or the customer is sent away.",
		Fair:          "A step is missing, such as a greeting, an apology or a time.",
		Good:          "Greeting, promises and next steps are as they should be.",
	},
}
