package analyzer

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

func TestCompleteSettings(t *testing.T) {
	t.Parallel()
	schema := []Setting{
		{Key: "url", Type: String, Required: true, Doc: "where"},
		{Key: "token", Type: String, Secret: true},
		{Key: "turns", Type: Integer, Default: 5},
		{Key: "threshold", Type: Number, Default: 0.5},
		{Key: "words", Type: Strings, Default: []string{"a", "b"}},
		{Key: "topics", Type: Object},
		{Key: "strict", Type: Bool, Default: false},
	}
	for _, test := range []struct{ given, want, says string }{
		{given: `{"url":"u"}`, want: `{"strict":false,"threshold":0.5,"turns":5,"url":"u","words":["a","b"]}`},
		{given: `{"url":"u","turns":7.0,"threshold":1,"words":[],"topics":{"a":[1]},"strict":true}`,
			want: `{"strict":true,"threshold":1,"topics":{"a":[1]},"turns":7.0,"url":"u","words":[]}`},
		{given: ``, says: "url is required"},
		{given: `{"url":1,"turns":1.5,"words":["a",1],"topics":[],"strict":"yes","colour":"red"}`,
			says: `settings: url must be of type string; turns must be of type integer; words must be of type strings; ` +
				`topics must be of type object; strict must be of type bool; "colour" is not a setting`},
		{given: `{"url":null}`, says: "url must be of type string"},
		{given: `{"url":"u","threshold":1e999}`, says: "threshold"},
		{given: `{"token":"hunter2","turns":"hunter2"}`, says: "turns"},
		{given: `[]`, says: "one JSON object"},
		{given: `null`, says: "one JSON object"},
		{given: `{} {}`, says: "one JSON object"},
	} {
		got, err := CompleteSettings(schema, json.RawMessage(test.given))
		if test.says == "" && (err != nil || string(got) != test.want) {
			t.Errorf("%s: got %s, %v", test.given, got, err)
		}
		if test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: got %v", test.given, err)
		}
	}
}

func TestCheckResult(t *testing.T) {
	t.Parallel()
	d := Description{Kinds: []Kind{Sentiment, Quality, Topic, Transcript}}
	sound := []Outcome{
		{Kind: Sentiment, Label: Negative, Score: ScoreOf(-1), Confidence: 1},
		{Kind: Quality, Score: ScoreOf(100), Details: Details{Reason: "r", Criteria: []Criterion{{Key: "tone"}}}.JSON()},
		{Kind: Topic, Label: Other}, {Kind: Transcript, Text: "hello"},
	}
	if err := CheckResult(d, Result{Outcomes: sound}); err != nil {
		t.Errorf("a sound result: %v", err)
	}
	if err := CheckResult(d, Result{}); err != nil {
		t.Errorf("nothing to say: %v", err)
	}
	for name, outcome := range map[string]Outcome{
		"score below":       {Kind: Sentiment, Score: ScoreOf(-1.001)},
		"score above":       {Kind: Quality, Score: ScoreOf(100.5)},
		"score NaN":         {Kind: Quality, Score: ScoreOf(math.NaN())},
		"score infinite":    {Kind: Topic, Score: ScoreOf(math.Inf(-1))},
		"confidence":        {Kind: Topic, Confidence: 1.1},
		"confidence NaN":    {Kind: Topic, Confidence: math.NaN()},
		"undeclared kind":   {Kind: Politeness},
		"no kind":           {},
		"label too long":    {Kind: Topic, Label: strings.Repeat("x", 201)},
		"language":          {Kind: Topic, Language: strings.Repeat("x", 36)},
		"details no JSON":   {Kind: Topic, Details: json.RawMessage("{")},
		"details no object": {Kind: Topic, Details: json.RawMessage("[]")},
		"details too long":  {Kind: Topic, Details: json.RawMessage(`{"a":"` + strings.Repeat("x", MaxDetails) + `"}`)},
		"text":              {Kind: Topic, Text: "what was said"},
		"text too long":     {Kind: Transcript, Text: strings.Repeat("x", maxText+1)},
	} {
		if err := CheckResult(d, Result{Outcomes: []Outcome{outcome}}); err == nil || err.Fault != FaultPlugin || err.Kind != Internal {
			t.Errorf("%s: got %v", name, err)
		}
	}
	twice := []Outcome{{Kind: Topic}, {Kind: Topic}}
	if CheckResult(d, Result{Outcomes: twice}) == nil {
		t.Error("a kind twice passed")
	}
	if CheckResult(d, Result{Outcomes: sound, Err: Errorf(Internal, "x")}) == nil {
		t.Error("outcomes and an error passed")
	}
}

func TestDescriptionCheck(t *testing.T) {
	t.Parallel()
	good := Description{
		Name: "a-1", Version: "1", Kinds: Kinds(), Audio: true, Settings: []Setting{{Key: "a", Type: Integer, Default: 1}, {Key: "b", Type: Strings, Default: []string{"x"}},
			{Key: "API_KEYS", Type: Strings, Secret: true}, {Key: "token", Type: String, Secret: true}},
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	bad := Description{
		Name: "Not A Name", Kinds: []Kind{Topic, Topic, "MOOD", Transcript}, MaxBatch: -1,
		Settings: []Setting{{Key: "a", Type: "colour"}, {Key: "b", Type: Bool, Default: "yes"}, {Key: "b", Type: Bool}, {Key: "keywords", Type: Strings, Secret: true}},
	}
	err := bad.Check()
	for _, fault := range []string{"name", "version", "TOPIC is listed twice", "MOOD is not a kind", "setting a", "default of setting b", `setting "b"`, "max batch", "TRANSCRIPT needs audio", "secret setting keywords"} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not told in %v", fault, err)
		}
	}
}

func TestJudges(t *testing.T) {
	t.Parallel()
	d := Description{Kinds: []Kind{Quality, Sentiment}, Sides: map[Kind][]Side{Quality: {Staff}, Sentiment: {Customer}}}
	if !d.Judges(Staff) || !d.Judges(Customer) || d.Judges(None) || d.JudgesKind(Quality, Customer) || d.JudgesKind(Topic, Staff) {
		t.Error("sides are not honoured")
	}
	if !(Description{Kinds: []Kind{Topic}}).Judges(None) {
		t.Error("without sides everyone's messages are judged")
	}
}

// TestWireRoundTrip sends every field through bytes and back.
func TestWireRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1_790_000_000_123).UTC()
	inputs := []Input{
		{ID: "1", Text: "Салом 👋", Language: "uz-Cyrl", Side: Customer, At: at, Context: []Turn{{Side: Staff, Text: "hi", At: at}, {Side: None, Text: "x"}}},
		{ID: "2", Side: None},
	}
	var request analyzerv1.AnalyzeRequest
	through(t, InputsToWire(inputs), &request)
	if got := inputsFromWire(&request); !reflect.DeepEqual(got, inputs) {
		t.Errorf("inputs: got %+v", got)
	}
	results := []Result{
		{ID: "1", Outcomes: []Outcome{{Kind: Quality, Label: "l", Score: ScoreOf(0), Confidence: 0.5, Language: "ru", Details: json.RawMessage(`{"a":1}`)}, {Kind: Transcript, Text: "t"}}},
		{ID: "2", Err: Downstreamf(Unavailable, "away")}, {ID: "3", Err: Errorf(Invalid, "no")},
	}
	var response analyzerv1.AnalyzeResponse
	through(t, &analyzerv1.AnalyzeResponse{Results: resultsToWire(results)}, &response)
	if got := ResultsFromWire(response.GetResults()); !reflect.DeepEqual(got, results) {
		t.Errorf("results: got %+v", got)
	}
	d := Description{
		Name: "n", Version: "v", Kinds: []Kind{Topic, Quality}, Sides: map[Kind][]Side{Quality: {Staff}}, Labels: map[Kind][]string{Topic: {"a", Other}},
		Languages: []string{"uz-Latn"}, Settings: []Setting{{Key: "key", Type: String, Default: "d", Doc: "doc", Required: true, Secret: true}}, MaxBatch: 3,
		Audio: true,
	}
	wire, err := descriptionToWire(d)
	if err != nil {
		t.Fatal(err)
	}
	var described analyzerv1.DescribeResponse
	through(t, wire, &described)
	if got, err := DescriptionFromWire(&described); err != nil || !reflect.DeepEqual(got, d) {
		t.Errorf("description: got %+v, %v", got, err)
	}
}

func through(t *testing.T, from, to proto.Message) {
	t.Helper()
	bytes, err := proto.Marshal(from)
	if err == nil {
		err = proto.Unmarshal(bytes, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestWireOfANewerPlugin(t *testing.T) {
	t.Parallel()
	got := ResultsFromWire([]*analyzerv1.Result{{Id: "1", Outcomes: []*analyzerv1.Outcome{{Kind: 99}, nil}, Error: &analyzerv1.Error{Kind: 77, Fault: 66}}, nil})
	if got[0].Outcomes[0].Kind.Known() || got[0].Err.Kind != Internal || got[0].Err.Fault != FaultPlugin {
		t.Errorf("got %+v", got)
	}
	if bad := InputsToWire([]Input{{ID: "1", Text: "a\xffb"}}); bad.GetInputs()[0].GetText() != "a\uFFFDb" {
		t.Errorf("got %q", bad.GetInputs()[0].GetText())
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	inputs := []Input{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	results, err := Each(t.Context(), inputs, func(_ context.Context, in Input) ([]Outcome, error) {
		switch in.ID {
		case "a":
			return nil, errors.New("odd")
		case "b":
			return nil, Errorf(Invalid, "never")
		default:
			return []Outcome{{Kind: Topic}}, nil
		}
	})
	if err != nil || results[0].Err.Kind != Internal || results[1].Err.Kind != Invalid || results[2].Outcomes[0].Kind != Topic {
		t.Errorf("got %+v, %v", results, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Each(ctx, inputs, nil); AsError(err).Kind != Unavailable {
		t.Errorf("got %v", err)
	}
}
