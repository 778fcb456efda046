package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/quality/scorecard"
)

// What the model's own words for its confidence count, and by what doubts lower it.
var sureness = map[string]float64{"low": 0.4, "medium": 0.65, "high": 0.9}

const (
	withoutEvidence = 0.6 // no quote, or one that is no part of the message
	addressed       = 0.5 // the message speaks to whoever rates it
	cutShort        = 0.8 // the model saw only the beginning
	maxEvidence     = 240 // bytes of a quote
)

// criterion is the contract's with the rating on the scale people use.
type criterion struct {
	analyzer.Criterion
	Rating     *int    `json:"rating"` // 0, 1 or 2; null: N/A
	Confidence float64 `json:"confidence"`
}

// details is the contract's shape with such criteria and the model that answered, with its weights: the same name may stand
// for others tomorrow.
type details struct {
	Criteria       []criterion `json:"criteria,omitempty"`
	Reason         string      `json:"reason,omitempty"`
	Evidence       []string    `json:"evidence,omitempty"`
	Model          string      `json:"model"`
	Digest         string      `json:"digest,omitempty"` // of the model's weights, if the server tells
	AddressesJudge bool        `json:"addressesJudge,omitempty"`
}

// reading turns an answer into outcomes.
type reading struct {
	prompts  *prompts
	ask      ask
	answer   answer
	topics   map[string]string // keys by label
	model    string
	digest   string
	text     string // the message
	shown    string // what the model saw of it, at the same places
	language string
}

func (r *reading) outcomes(side analyzer.Side) []analyzer.Outcome {
	out := []analyzer.Outcome{r.sentiment(), r.topic()}
	if side == analyzer.Staff {
		out = append(out, r.quality(), r.relevance())
	}
	for i := range out {
		out[i].Language = r.language
	}
	return out
}

// weigh returns the quote as it stands in the message, "" if it does not, and how sure the verdict is.
func (r *reading) weigh(v verdict) (evidence string, confidence float64) {
	confidence = sureness[v.confidence]
	quote := strings.TrimSpace(clip(v.evidence, maxEvidence))
	if at := strings.Index(r.shown, quote); quote != "" && at >= 0 {
		evidence = r.text[at : at+len(quote)]
	} else {
		confidence *= withoutEvidence
	}
	if r.answer.addressesJudge {
		confidence *= addressed
	}
	if len(r.shown) < len(r.text) {
		confidence *= cutShort
	}
	return evidence, confidence
}

func (r *reading) details(reason string, evidence ...string) details {
	d := details{Reason: reason, Model: r.model, Digest: r.digest, AddressesJudge: r.answer.addressesJudge}
	for _, quote := range evidence {
		if quote != "" && !slices.Contains(d.Evidence, quote) {
			d.Evidence = append(d.Evidence, quote)
		}
	}
	return d
}

// raw is the JSON of details; they hold numbers that have one.
func (d details) raw() json.RawMessage {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil
	}
	return raw
}

func (r *reading) sentiment() analyzer.Outcome {
	step := slices.Index(moods, r.answer.sentiment.value)
	label := analyzer.Neutral
	switch {
	case step < 2:
		label = analyzer.Negative
	case step > 2:
		label = analyzer.Positive
	}
	evidence, confidence := r.weigh(r.answer.sentiment)
	return analyzer.Outcome{Kind: analyzer.Sentiment, Label: label, Score: analyzer.ScoreOf(float64(step-2) / 2),
		Confidence: confidence, Details: r.details("", evidence).raw()}
}

func (r *reading) topic() analyzer.Outcome {
	evidence, confidence := r.weigh(r.answer.topic)
	return analyzer.Outcome{Kind: analyzer.Topic, Label: r.topics[r.answer.topic.value], Confidence: confidence, Details: r.details("", evidence).raw()}
}

// relevance is the rating 0 to 4 on the scale 0 to 100; N/A has no score.
func (r *reading) relevance() analyzer.Outcome {
	out := analyzer.Outcome{Kind: analyzer.Relevance}
	if !r.ask.relevance {
		out.Details = r.details("What it answers is not known.").raw()
		return out
	}
	reason := r.prompts.rubric[relevanceKey].Ratings[r.answer.relevance.value]
	rating, err := strconv.Atoi(r.answer.relevance.value)
	if err != nil { // N/A
		out.Details = r.details(reason).raw()
		return out
	}
	evidence, confidence := r.weigh(r.answer.relevance)
	out.Score, out.Confidence, out.Details = analyzer.ScoreOf(float64(rating)*25), confidence, r.details(reason, evidence).raw()
	return out
}

// criterion is one line of the card.
func (r *reading) criterion(key string) criterion {
	c := criterion{Criterion: analyzer.Criterion{Key: key, Weight: scorecard.DefaultWeights()[key], Critical: scorecard.DefaultCritical()[key]}}
	v, asked := r.answer.criteria[key]
	if !asked {
		c.Reason = "What it answers is not known."
		return c
	}
	c.Reason = r.prompts.rubric[key].Ratings[v.value]
	rating, err := strconv.Atoi(v.value)
	if err != nil { // N/A
		return c
	}
	c.Rating, c.Score = &rating, analyzer.ScoreOf(scorecard.Rating(rating).Score())
	c.Evidence, c.Confidence = r.weigh(v)
	return c
}

// quality is the scorecard: Σ(score × weight) ÷ Σ weight over the rated criteria, 0 if a critical one is below 50, no
// score if none is rated. The confidence is the criteria's mean by the same weights.
func (r *reading) quality() analyzer.Outcome {
	d := r.details("")
	total, weights, sure := 0.0, 0.0, 0.0
	failed, worst, cost := "", criterion{}, 0.0
	for _, key := range scorecard.Keys() {
		c := r.criterion(key)
		d.Criteria = append(d.Criteria, c)
		if c.Score == nil {
			continue
		}
		total, weights, sure = total+*c.Score*c.Weight, weights+c.Weight, sure+c.Confidence*c.Weight
		if c.Critical && *c.Score < 50 && failed == "" {
			failed = key
		}
		if lost := (100 - *c.Score) * c.Weight; lost > cost {
			worst, cost = c, lost
		}
		if c.Evidence != "" && !slices.Contains(d.Evidence, c.Evidence) {
			d.Evidence = append(d.Evidence, c.Evidence)
		}
	}
	out := analyzer.Outcome{Kind: analyzer.Quality}
	switch {
	case weights == 0:
		d.Reason = "Nothing can be rated from the text."
	case failed != "":
		out.Score, d.Reason = analyzer.ScoreOf(0), fmt.Sprintf("The critical criterion %s failed.", failed)
	case cost == 0:
		out.Score, d.Reason = analyzer.ScoreOf(100), "Good in everything that could be rated."
	default:
		out.Score, d.Reason = analyzer.ScoreOf(total/weights), fmt.Sprintf("Most points were lost in %s. %s", worst.Key, worst.Reason)
	}
	if weights > 0 {
		out.Confidence = sure / weights
	}
	out.Details = d.raw()
	return out
}
