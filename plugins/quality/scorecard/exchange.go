package scorecard

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fincokpi/finco/plugins/textmodel"
	"github.com/fincokpi/finco/plugins/textmodel/language"
)

// Turn is an earlier message of the conversation.
type Turn struct {
	Staff bool
	Text  string
	At    time.Time // zero: unknown
}

// Exchange is a reply with what it replies to, sentences to a judge taken out.
type Exchange struct {
	Earlier  string // the turns before the question, the last few
	Question string // the customer's last run of messages; "" = none is known
	Before   string // what staff have already answered to it
	Reply    string
	Greeted  bool // staff have spoken before the question
	Promised bool // staff promised something before the question
	Turns    int  // turns before the question

	languageMatch Rating
	languageSure  float64
	due           *promise // whose time is up with the reply; nil: none is known
}

// maxTurns bounds the turns that are read: what was said before them is no part
// of this exchange.
const maxTurns = 32

// earlierTurns is how many turns before the question are kept in words.
const earlierTurns = 6

// NewExchange reads a reply and the turns before it, oldest first.
func NewExchange(reply string, context []Turn) Exchange {
	context = context[max(0, len(context)-maxTurns):]
	e := Exchange{Reply: stripInstructions(textmodel.Clip(reply))}
	end := len(context)
	for end > 0 && context[end-1].Staff {
		end--
	}
	e.Before = joinTurns(context[end:])
	start := end
	for start > 0 && !context[start-1].Staff {
		start--
	}
	e.Question = joinTurns(context[start:end])
	e.Earlier = joinTurns(context[max(0, start-earlierTurns):start])
	e.Turns = start
	for _, t := range context[:start] {
		if t.Staff {
			e.Greeted = true
			e.Promised = counts(replyWords, t.Text)["promise"] > 0
		}
	}
	e.languageMatch, e.languageSure = matchLanguage(e.Question, e.Reply)
	return e
}

func joinTurns(turns []Turn) string {
	parts := make([]string, 0, len(turns))
	for _, t := range turns {
		parts = append(parts, stripInstructions(textmodel.Clip(t.Text)))
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}

// Text is what the model of a criterion reads.
func (e Exchange) Text() textmodel.Text {
	return textmodel.Text{Body: e.Reply, Marks: e.marks()}
}

var (
	replyWords = "reply"
	toneWords  = "tone"
	topicWords = "topic"
)

// counts is Lexicon.Count of an embedded list.
func counts(name, text string) map[string]int {
	l, err := textmodel.LoadLexicon(name)
	if err != nil {
		return nil
	}
	return l.Count(text)
}

// faults names what is missing in a reply that is not rated good; "" if nothing that can be seen.
func (e Exchange) faults(key string, rating Rating) string {
	if rating == NotApplicable || rating == Good {
		return ""
	}
	joined := strings.TrimSpace(e.Before + "\n" + e.Reply)
	reply, question := counts(replyWords, joined), counts(replyWords, e.Question)
	figures := strings.ContainsAny(joined, "0123456789")
	var out []string
	see := func(of string, holds bool, fault string) {
		if key == of && holds {
			out = append(out, fault)
		}
	}
	see(Answers, counts(topicWords, e.Question)["price"] > 0 && !figures, "Money was spoken of, no figure is given.")
	see(Answers, question["asktime"] > 0 && !figures && reply["deadline"] == 0, "A time was asked, none is given.")
	see(Answers, reply["deflect"] > 0, "The customer is sent elsewhere.")
	see(Process, question["greet"] > 0 && !e.Greeted && reply["greet"] == 0, "The customer's greeting is not returned.")
	see(Process, counts(toneWords, e.Question)["neg"] > 0 && reply["apology"] == 0, "The customer is upset and there is no apology.")
	see(Process, reply["promise"] > 0 && !figures && reply["deadline"] == 0, "Something is promised without a time.")
	return strings.Join(out, " ")
}

// marks are the features that join the reply with its question.
func (e Exchange) marks() []string {
	joined := strings.TrimSpace(e.Before + "\n" + e.Reply)
	reply, question := counts(replyWords, joined), counts(replyWords, e.Question)
	asked, tone := counts(topicWords, e.Question), counts(toneWords, e.Question)
	figures := strings.ContainsAny(joined, "0123456789")
	first := !e.Greeted
	length := LengthClass(len(strings.Fields(joined)))
	m := []string{
		"length=" + strconv.Itoa(length),
		"first=" + flag(first) + ",greets=" + flag(reply["greet"] > 0),
		"price=" + flag(asked["price"] > 0) + ",figures=" + flag(figures),
		"time=" + flag(question["asktime"] > 0) + ",when=" + flag(figures || reply["deadline"] > 0),
		"upset=" + flag(tone["neg"] > 0) + ",sorry=" + flag(reply["apology"] > 0),
		"parts=" + strconv.Itoa(min(strings.Count(e.Question, "?")+strings.Count(e.Question, ","), 3)) + ",length=" + strconv.Itoa(length),
		"overlap=" + strconv.Itoa(min(overlap(e.Question, joined), 4)),
		"tongue=" + e.languageMatch.String(),
		"asks=" + flag(strings.HasSuffix(strings.TrimSpace(e.Reply), "?")),
		"turns=" + strconv.Itoa(min(e.Turns, 4)),
		"capital=" + flag(startsUpper(e.Reply)),
		"continues=" + flag(e.Before != ""),
	}
	if e.Promised {
		m = append(m, "promised,done="+flag(reply["done"] > 0)+",again="+flag(reply["promise"] > 0)+",figures="+flag(figures))
	}
	for _, k := range [...]string{"deflect", "dismiss", "rude"} {
		if reply[k] > 0 {
			m = append(m, k+",length="+strconv.Itoa(length), k+",figures="+flag(figures))
		}
	}
	return m
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// LengthClass puts a number of words into classes: 0, 1, 2, 3–4, 5–8, 9–16, 17 and more.
func LengthClass(words int) int {
	for class, limit := range [...]int{0, 1, 2, 4, 8, 16} {
		if words <= limit {
			return class
		}
	}
	return 6
}

// overlap counts words of the question, by their first four letters in Latin
// spelling, that the reply takes up.
func overlap(question, reply string) int {
	stems := map[string]bool{}
	for _, w := range strings.Fields(string(textmodel.AppendRoman(nil, question))) {
		if len(w) >= 4 {
			stems[w[:4]] = true
		}
	}
	n := 0
	for _, w := range strings.Fields(string(textmodel.AppendRoman(nil, reply))) {
		if len(w) >= 4 && stems[w[:4]] {
			n++
			delete(stems, w[:4])
		}
	}
	return n
}

func startsUpper(s string) bool {
	r, _ := utf8.DecodeRuneInString(strings.TrimSpace(s))
	return unicode.IsUpper(r)
}

// matchLanguage rates whether the reply keeps the customer's language: 2 the
// same, 1 the same in the other script, 0 another. Too few letters are N/A.
func matchLanguage(question, reply string) (Rating, float64) {
	asked, sureAsked := language.Detect(question)
	given, sureGiven := language.Detect(reply)
	if letters(question) < 3 || letters(reply) < 3 || asked == "" || given == "" {
		return NotApplicable, 0
	}
	sure := sureAsked * sureGiven
	uzbek := func(tag string) bool { return tag == language.UzbekLatin || tag == language.UzbekCyrillic }
	switch {
	case asked == given:
		return Good, sure
	case uzbek(asked) && uzbek(given):
		return Fair, sure
	case sure < 0.5:
		return NotApplicable, 0
	}
	return Poor, sure
}

func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
