package analyzer

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"
)

// Analyzer is what an author writes. Implementations are called from several goroutines at once.
type Analyzer interface {
	// Describe says what the plugin is. It is called before Configure and must not depend on it.
	Describe() Description
	// Configure takes the settings, a JSON object already checked against Description.Settings with defaults filled
	// in. It is called once, before the first Analyze. An error stops the start; it is shown to the admin.
	Configure(settings json.RawMessage) error
	// Analyze returns one result per input, with the input's ID, in any order. The error is for a batch that failed as
	// a whole: an *Error keeps its fault and kind, any other error counts as the plugin's own. ctx ends at the deadline.
	Analyze(ctx context.Context, inputs []Input) ([]Result, error)
}

// NoSettings is embedded by an Analyzer that has none: what it is configured with is checked to be empty before.
type NoSettings struct{}

// Configure implements Analyzer.
func (NoSettings) Configure(json.RawMessage) error { return nil }

// Listener is an Analyzer of voice notes: its Description has Audio set, Listen is called and Analyze never.
type Listener interface {
	Analyzer
	// Listen judges one voice note and is called from several goroutines at once. It may return before it has read
	// everything, for instance with an Invalid error about what is no sound. An *Error keeps its fault and kind, any other error
	// counts as the plugin's own. ctx ends at the deadline; the Reader then fails too.
	Listen(ctx context.Context, input Input, audio Audio) ([]Outcome, error)
}

// Audio is the sound of a voice note.
type Audio struct {
	// Reader gives the file as it was sent. It can be read once and is streamed: nobody holds it wholly in memory. In a plugin
	// it fails with io.ErrUnexpectedEOF if it ends before Bytes, and must not be read after Listen has returned.
	Reader   io.Reader
	MIME     string        // "audio/ogg"; empty: unknown
	Bytes    int64         // 0: unknown
	Duration time.Duration // 0: unknown
}

// Description is what a plugin says about itself.
type Description struct {
	Name      string // lower case letters, digits and dashes: "sentiment"
	Version   string // changes whenever the same input may give another outcome
	Kinds     []Kind
	Sides     map[Kind][]Side   // whose messages it judges, per kind; a kind without an entry: everyone's
	Labels    map[Kind][]string // the labels it may give, per kind; a kind without an entry: open
	Languages []string          // BCP 47; none: any
	Settings  []Setting
	MaxBatch  int  // inputs a call at most; 0: the host decides
	Audio     bool // it listens to voice notes, see Listener; TRANSCRIPT is for such plugins only
}

// Judges says whether the analyzer wants messages of this side for any of its kinds; a call may then still answer for
// fewer kinds than the description lists.
func (d Description) Judges(side Side) bool {
	return slices.ContainsFunc(d.Kinds, func(k Kind) bool { return d.JudgesKind(k, side) })
}

// JudgesKind says whether the analyzer judges this kind on messages of this side.
func (d Description) JudgesKind(kind Kind, side Side) bool {
	if !slices.Contains(d.Kinds, kind) {
		return false
	}
	sides := d.Sides[kind]
	return len(sides) == 0 || slices.Contains(sides, side)
}

// Turn is an earlier message of the same conversation.
type Turn struct {
	Side Side
	Text string
	At   time.Time // zero: unknown
}

// Input is a message to judge.
type Input struct {
	ID       string // unique in its batch; opaque to the plugin
	Text     string // valid UTF-8, may be empty, may be a megabyte
	Language string // a hint, BCP 47; empty: unknown
	Side     Side
	At       time.Time // when it was sent; zero: unknown
	Context  []Turn    // earlier turns, oldest first
}

// Outcome is one judgement.
type Outcome struct {
	Kind       Kind
	Label      string
	Score      *float64        // in Kind.ScoreRange; nil: no score (not 0)
	Confidence float64         // 0 to 1, calibrated: of those at 0.8, four of five are right
	Language   string          // what the plugin took the message to be in, BCP 47; empty: not determined
	Details    json.RawMessage // a JSON object of at most 64 KiB, usually of Details; nil: none
	Text       string          // only for TRANSCRIPT: what was said, at most 1 MiB
}

// Result is what a plugin says about one input: outcomes (none is allowed: nothing to say) or an error.
type Result struct {
	ID       string
	Outcomes []Outcome
	Err      *Error
}

// Details is the shape that the dashboard knows how to show. Further keys are kept and shown as they are.
type Details struct {
	Criteria []Criterion `json:"criteria,omitempty"`
	Reason   string      `json:"reason,omitempty"`
	Evidence []string    `json:"evidence,omitempty"` // each a substring of the message
	Segments []Segment   `json:"segments,omitempty"` // of a TRANSCRIPT
}

// Segment is a part of a transcript.
type Segment struct {
	Start float64 `json:"start"` // seconds from the beginning of the sound
	End   float64 `json:"end"`
	Text  string  `json:"text"`
}

// Criterion is one line of a scorecard.
type Criterion struct {
	Key      string   `json:"key"`
	Score    *float64 `json:"score"` // 0 to 100; null: N/A
	Weight   float64  `json:"weight"`
	Critical bool     `json:"critical,omitempty"` // below 50, the whole review is 0
	Reason   string   `json:"reason,omitempty"`
	Evidence string   `json:"evidence,omitempty"` // a substring of the message
}

// JSON returns details as the raw message that Outcome.Details takes.
func (d Details) JSON() json.RawMessage {
	raw, err := json.Marshal(d)
	if err != nil { // only a NaN or infinite score can do this; better no details than a broken batch
		return nil
	}
	return raw
}

// ScoreOf returns a pointer to v, for Outcome.Score and Criterion.Score.
func ScoreOf(v float64) *float64 { return &v }

// Each judges inputs one by one with judge and gathers the results: what most plugins' Analyze consists of. An error
// of judge becomes that input's error. When ctx ends, the batch ends with ctx's error.
func Each(ctx context.Context, inputs []Input, judge func(context.Context, Input) ([]Outcome, error)) ([]Result, error) {
	results := make([]Result, 0, len(inputs))
	for _, input := range inputs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		outcomes, err := judge(ctx, input)
		result := Result{ID: input.ID, Outcomes: outcomes}
		if err != nil {
			result.Outcomes, result.Err = nil, AsError(err)
		}
		results = append(results, result)
	}
	return results, nil
}
