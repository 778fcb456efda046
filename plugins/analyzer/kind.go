package analyzer

import "slices"

// Kind is a question that an analyzer answers about a message.
type Kind string

// The kinds. Scores outside the range that ScoreRange gives are the plugin's error.
const (
	Sentiment  Kind = "SENTIMENT"   // Label Positive, Neutral or Negative; Score −1 to 1
	Quality    Kind = "QUALITY"     // Score 0 to 100 of a reply; Details with Criteria
	Topic      Kind = "TOPIC"       // Label is the topic's key, Other when out of scope
	Relevance  Kind = "RELEVANCE"   // Score 0 to 100: does the reply bear on what was asked
	Question   Kind = "QUESTION"    // Label Yes or No
	NeedsReply Kind = "NEEDS_REPLY" // Label Yes or No
	Language   Kind = "LANGUAGE"    // Label is a BCP 47 tag such as uz-Latn, uz-Cyrl, ru, en
	Politeness Kind = "POLITENESS"  // Score 0 to 100
	Transcript Kind = "TRANSCRIPT"  // Text is what was said
)

// Labels that more than one analyzer gives.
const (
	Positive = "positive"
	Neutral  = "neutral"
	Negative = "negative"
	Yes      = "yes"
	No       = "no"
	Other    = "other"
)

// Kinds returns every kind, in the order of the contract.
func Kinds() []Kind {
	return []Kind{Sentiment, Quality, Topic, Relevance, Question, NeedsReply, Language, Politeness, Transcript}
}

// Known says whether k is a kind of this version of the contract.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// ScoreRange returns the least and greatest score of a kind: −1 to 1 for SENTIMENT, 0 to 100 for QUALITY, RELEVANCE and
// POLITENESS, and 0 to 1 (a probability) for the kinds whose answer is a label.
func (k Kind) ScoreRange() (least, greatest float64) {
	switch k {
	case Sentiment:
		return -1, 1
	case Quality, Relevance, Politeness:
		return 0, 100
	default:
		return 0, 1
	}
}

// Side says who wrote a message.
type Side string

// The sides. None is neither or unknown: a bot, a channel post.
const (
	None     Side = "none"
	Customer Side = "customer"
	Staff    Side = "staff"
)
