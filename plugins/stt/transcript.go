package main

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/fincokpi/finco/plugins/analyzer"
)

const (
	maxText     = 1 << 20                    // bytes of a transcript; the contract's limit
	maxSegments = analyzer.MaxDetails - 4096 // bytes of the segments in the details

	// untold is the confidence in a transcript of which the engine told none.
	untold = 0.5

	// Whisper's own rule for silence, with its own thresholds: --no_speech_threshold and --logprob_threshold.
	noSpeech   = 0.6
	noSpeechLP = -1.0
)

// transcript is what an engine said.
type transcript struct {
	engine, model string
	text          string
	language      string   // as the engine has it: "uz", "uzbek", "ru-RU"; empty: not told
	duration      *float64 // seconds
	confidence    *float64 // 0 to 1; nil: the segments tell it, if any does
	segments      []segment
}

// segment is a stretch of speech, in the spellings of several engines.
type segment struct {
	Text         string   `json:"text"`
	Start        *number  `json:"start"`
	StartTime    *number  `json:"start_time"`
	End          *number  `json:"end"`
	EndTime      *number  `json:"end_time"`
	Timestamp    []number `json:"timestamp"`
	AvgLogprob   *number  `json:"avg_logprob"`
	NoSpeechProb *number  `json:"no_speech_prob"`
	Confidence   *number  `json:"confidence"`
}

// shown is a segment in the details of an outcome; times are seconds from the beginning.
type shown struct {
	Start *float64 `json:"start,omitempty"`
	End   *float64 `json:"end,omitempty"`
	Text  string   `json:"text"`
}

// details of a transcript.
type details struct {
	Engine      string   `json:"engine"`
	Model       string   `json:"model,omitempty"`
	Duration    *float64 `json:"duration,omitempty"`
	Segments    []shown  `json:"segments,omitempty"`
	SegmentsCut bool     `json:"segments_cut,omitempty"` // there were more than fit
	TextCut     bool     `json:"text_cut,omitempty"`     // there was more than a mebibyte
}

// annotation is what engines write where nobody speaks: [BLANK_AUDIO], (music), *sighs*, ♪.
var annotation = regexp.MustCompile(`\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|[♪♫\s.…]+`)

func wordless(text string) bool {
	return strings.TrimSpace(annotation.ReplaceAllString(text, "")) == ""
}

// silent is Whisper's rule.
func (s segment) silent() bool {
	return s.NoSpeechProb != nil && s.AvgLogprob != nil && *s.NoSpeechProb > noSpeech && *s.AvgLogprob < noSpeechLP
}

func (s segment) shown() shown {
	first := func(candidates ...*number) *float64 {
		for _, c := range candidates {
			if v := c.value(); v != nil && !math.IsNaN(*v) && !math.IsInf(*v, 0) {
				return v
			}
		}
		return nil
	}
	out := shown{Start: first(s.Start, s.StartTime), End: first(s.End, s.EndTime), Text: plain(s.Text)}
	if len(s.Timestamp) == 2 && out.Start == nil && out.End == nil {
		out.Start, out.End = s.Timestamp[0].value(), s.Timestamp[1].value()
	}
	return out
}

// probability is the mean probability of what was heard in it.
func (s segment) probability() (float64, bool) {
	p := math.NaN()
	switch {
	case s.Confidence != nil:
		p = float64(*s.Confidence)
	case s.AvgLogprob != nil:
		p = math.Exp(float64(*s.AvgLogprob))
	}
	return min(max(p, 0), 1), !math.IsNaN(p)
}

// plain makes one line of a text; whisper.cpp breaks lines at segments.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
}

func joined(segments []segment) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString(s.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// outcomes are the judgement: none where there was no speech.
func (t transcript) outcomes(s settings) []analyzer.Outcome {
	spoken := make([]segment, 0, len(t.segments))
	for _, segment := range t.segments {
		if !segment.silent() && !wordless(segment.Text) {
			spoken = append(spoken, segment)
		}
	}
	if len(t.segments) > 0 && len(spoken) == 0 || wordless(t.text) {
		return nil
	}
	if len(spoken) < len(t.segments) {
		t.text = joined(spoken)
	}
	text := plain(t.text)
	told := details{Engine: t.engine, Model: t.model, Duration: t.duration}
	if len(text) > maxText {
		cut := maxText
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text, told.TextCut = text[:cut], true
	}
	told.Segments, told.SegmentsCut = fitting(spoken)
	raw, err := json.Marshal(told)
	if err != nil { // a number that JSON does not have
		raw = nil
	}
	return []analyzer.Outcome{{
		Kind: analyzer.Transcript, Text: text, Language: tongue(t.language, s.Language, text), Confidence: t.sure(spoken), Details: raw,
	}}
}

// fitting are the segments that the details have room for.
func fitting(segments []segment) (list []shown, cut bool) {
	size := 0
	for _, s := range segments {
		raw, err := json.Marshal(s.shown())
		if err != nil {
			continue
		}
		if size += len(raw) + 1; size > maxSegments {
			return list, true
		}
		list = append(list, s.shown())
	}
	return list, false
}

// sure is the confidence: what the engine told of the whole, else the mean of the segments weighed by their length.
func (t transcript) sure(spoken []segment) float64 {
	if t.confidence != nil && !math.IsNaN(*t.confidence) {
		return min(max(*t.confidence, 0), 1)
	}
	sum, weight := 0.0, 0.0
	for _, s := range spoken {
		if p, ok := s.probability(); ok {
			length := float64(utf8.RuneCountInString(s.Text))
			sum, weight = sum+p*length, weight+length
		}
	}
	if weight == 0 {
		return untold
	}
	return sum / weight
}
