package scorecard

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// promise is what staff said they would write, and by when. Hours of the clock ("by 18:00") are no promise here: the time zone
// is not known.
type promise struct {
	within time.Duration
	taken  time.Duration // from the promise to the reply that is judged
	fulfil bool          // the reply gives something, not just another promise
	sorry  bool
}

// promised matches a sentence in which somebody says that they themselves will write, answer, check or send.
var promised = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`yoza(?:man|miz)|javob ?(?:beram|yozam|qaytaram)|ayta(?:man|miz)|yubora(?:man|miz)|tashlay(?:man|miz)|tekshira(?:man|miz)|aniqlay(?:man|miz)|bilib beram|xabar ?(?:beram|qilam)|qo.?ng.?iroq qilam|chiqa(?:man|miz)`,
	`ёза(?:ман|миз)|жавоб ?(?:берам|ёзам|қайтарам|кайтарам)|айта(?:ман|миз)|юбора(?:ман|миз)|ташлай(?:ман|миз)|текшира(?:ман|миз)|ани[қк]лай(?:ман|миз)|билиб берам|хабар ?(?:берам|[қк]илам)|[қк]ўнғиро[қк] [қк]илам|кунгирок килам`,
	`напиш(?:у|ем)|отпиш(?:у|ем|усь)|отвеч(?:у|аем)|ответ(?:им|ит)|сообщ(?:у|им)|уточн(?:ю|им)|провер(?:ю|им)|узна(?:ю|ем)|перезвон(?:ю|им)|позвон(?:ю|им)|пришл(?:ю|ём|ем)|скин(?:у|ем)|вернусь|верн[её]мся|свяж(?:усь|емся)`,
	`(?:i|we)(?:'|’)?(?:ll| will| shall) |let me check|get back to you|give (?:me|us) \d`,
}, "|"))

// The spans of time, a number before the unit. Before a number, "в", "до", "к", "с" and "после" make it an hour of the clock,
// and so does "soat" in Uzbek.
var (
	span = regexp.MustCompile(`(?i)(?:^|[^\p{L}\d:.])((?:в|до|к|с|после|at|by|soat|соат)\s+)?(\d{1,3})(?:\s*[-–—]\s*(\d{1,3}))?\s*-?\s*(?:та\s+|ta\s+)?` +
		`(?:(мин|min|daq|дақ|дак)|(час|soat|соат|hour|hr|ч(?:[^\p{L}]|$)))`)
	halfHour = regexp.MustCompile(`(?i)полчаса|пол часа|yarim soat|ярим соат|half an hour`)
	oneHour  = regexp.MustCompile(`(?i)(?:через|в течени[ие]|в пределах)\s+(?:одного\s+)?часа?(?:[^\p{L}]|$)|bir soat|бир соат|an hour`)
	moment   = regexp.MustCompile(`(?i)минут(?:у|очку|ку)(?:[^\p{L}]|$)|пару минут|bir (?:necha )?(?:daqiqa|minut)|бир (?:неча )?(?:да[қк]и[қк]а|минут)|a (?:minute|moment|few minutes)`)
)

// A moment is a figure of speech; nobody counts sixty seconds.
const momentMeans = 5 * time.Minute

// spanOf is the longest time that a sentence names, 0 if it names none.
func spanOf(sentence string) time.Duration {
	var longest time.Duration
	for _, m := range span.FindAllStringSubmatch(sentence, -1) {
		n, _ := strconv.Atoi(m[2])
		if m[3] != "" {
			n, _ = strconv.Atoi(m[3])
		}
		switch {
		case m[4] != "":
			longest = max(longest, time.Duration(n)*time.Minute)
		case m[1] == "": // else an hour of the clock
			longest = max(longest, time.Duration(n)*time.Hour)
		}
	}
	switch {
	case longest > 0:
		return longest
	case halfHour.MatchString(sentence):
		return 30 * time.Minute
	case oneHour.MatchString(sentence):
		return time.Hour
	case moment.MatchString(sentence):
		return momentMeans
	}
	return 0
}

// promiseIn is the time within which a message promises to write, 0 if it does not.
func promiseIn(text string) time.Duration {
	var longest time.Duration
	for _, s := range Sentences(textmodel.Clip(text)) {
		if d := spanOf(s); d > longest && promised.MatchString(s) {
			longest = d
		}
	}
	return longest
}

// burst is how soon after one another messages of one side are one utterance.
const burst = time.Minute

// duePromise finds the promise that a reply is the first to come after, by the times of the turns; nil if there is none, if the
// times are not known, or if it is not due yet and the reply does not fulfil it.
func duePromise(reply string, at time.Time, context []Turn) *promise {
	if at.IsZero() {
		return nil
	}
	last, customers := at, false // the turn after the one looked at; whether a customer spoke since
	for i := len(context) - 1; i >= max(0, len(context)-maxTurns); i-- {
		t := context[i]
		if t.At.IsZero() || t.At.After(last) {
			return nil
		}
		if !t.Staff {
			last, customers = t.At, true
			continue
		}
		oneBreath := !customers && last.Sub(t.At) <= burst
		within := promiseIn(t.Text)
		switch {
		case within > 0 && oneBreath && last.Equal(at):
			return nil // the reply goes on with the promise
		case within > 0:
			return measured(reply, within, at.Sub(t.At))
		case !oneBreath:
			return nil // what came before this turn was answered by it
		}
		last = t.At
	}
	return nil
}

// measured tells whether a reply fulfils a promise.
func measured(reply string, within, taken time.Duration) *promise {
	n := counts(replyWords, reply)
	p := &promise{within: within, taken: taken, sorry: n["apology"] > 0}
	again := n["promise"] > 0 || n["dismiss"] > 0 || promised.MatchString(reply)
	p.fulfil = n["done"] > 0 || strings.ContainsAny(reply, "0123456789") && promiseIn(reply) == 0 || !again && len(strings.Fields(reply)) > 2
	if !p.fulfil && !p.late() {
		return nil
	}
	return p
}

// late tells whether the reply came after its time, a tenth or a minute allowed.
func (p promise) late() bool { return p.taken > p.within+max(p.within/10, time.Minute) }

// sureOfPromise is the confidence of what the times tell.
const sureOfPromise = 0.85

// rate lays what the times tell of a promise over what the model says of the process.
func (p promise) rate(c *Criterion) {
	said := fmt.Sprintf("Promised to write within %s; it took %s", minutes(p.within), minutes(p.taken))
	switch {
	case !p.late():
		if c.Rating != Good {
			c.Rating = max(c.Rating, Fair)
			if c.Confidence < sureOfPromise {
				c.Rating = Good
			}
		}
		c.Reason = said + ": the promise was kept."
	case p.fulfil && (p.sorry || c.Rating != Poor):
		c.Rating, c.Reason = Fair, said+": the promise was late."
	default:
		c.Rating, c.Reason = Poor, said+": the promise was broken."
	}
	c.Confidence = max(c.Confidence, sureOfPromise)
}

// minutes writes a time in whole minutes, or in hours where it is longer.
func minutes(d time.Duration) string {
	if d < 2*time.Hour {
		return fmt.Sprintf("%.0f min", math.Round(d.Minutes()))
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
