package analyzer

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

var kindToWire = map[Kind]analyzerv1.Kind{
	Sentiment: analyzerv1.Kind_KIND_SENTIMENT, Quality: analyzerv1.Kind_KIND_QUALITY, Topic: analyzerv1.Kind_KIND_TOPIC,
	Relevance: analyzerv1.Kind_KIND_RELEVANCE, Question: analyzerv1.Kind_KIND_QUESTION,
	NeedsReply: analyzerv1.Kind_KIND_NEEDS_REPLY, Language: analyzerv1.Kind_KIND_LANGUAGE,
	Politeness: analyzerv1.Kind_KIND_POLITENESS, Transcript: analyzerv1.Kind_KIND_TRANSCRIPT,
}

var sideToWire = map[Side]analyzerv1.Side{
	Customer: analyzerv1.Side_SIDE_CUSTOMER, Staff: analyzerv1.Side_SIDE_STAFF,
}

var settingTypeToWire = map[SettingType]analyzerv1.SettingType{
	String: analyzerv1.SettingType_SETTING_TYPE_STRING, Bool: analyzerv1.SettingType_SETTING_TYPE_BOOL,
	Integer: analyzerv1.SettingType_SETTING_TYPE_INTEGER, Number: analyzerv1.SettingType_SETTING_TYPE_NUMBER,
	Strings: analyzerv1.SettingType_SETTING_TYPE_STRINGS, Object: analyzerv1.SettingType_SETTING_TYPE_OBJECT,
}

var errorKindToWire = map[ErrorKind]analyzerv1.ErrorKind{
	Invalid: analyzerv1.ErrorKind_ERROR_KIND_INVALID, Unavailable: analyzerv1.ErrorKind_ERROR_KIND_UNAVAILABLE,
	Internal: analyzerv1.ErrorKind_ERROR_KIND_INTERNAL,
}

var (
	kindFromWire        = inverse(kindToWire)
	sideFromWire        = inverse(sideToWire)
	settingTypeFromWire = inverse(settingTypeToWire)
	errorKindFromWire   = inverse(errorKindToWire)
)

func inverse[K, V comparable](m map[K]V) map[V]K {
	out := make(map[V]K, len(m))
	for k, v := range m {
		out[v] = k
	}
	return out
}

// kindOf keeps a kind of a newer contract readable instead of dropping it, so that the host can name it in its error.
func kindOf(wire analyzerv1.Kind) Kind {
	if kind, ok := kindFromWire[wire]; ok {
		return kind
	}
	return Kind("unknown kind " + wire.String())
}

func sideOf(wire analyzerv1.Side) Side {
	if side, ok := sideFromWire[wire]; ok {
		return side
	}
	return None
}

func millis(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// valid keeps a string within what the wire can carry; without it one stray byte would fail the whole batch.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// InputsToWire turns inputs into a request. Invalid UTF-8 becomes U+FFFD.
func InputsToWire(inputs []Input) *analyzerv1.AnalyzeRequest {
	request := &analyzerv1.AnalyzeRequest{Inputs: make([]*analyzerv1.Input, len(inputs))}
	for i, in := range inputs {
		request.Inputs[i] = inputToWire(in)
	}
	return request
}

func inputToWire(in Input) *analyzerv1.Input {
	out := &analyzerv1.Input{
		Id: valid(in.ID), Content: &analyzerv1.Input_Text{Text: valid(in.Text)}, Language: valid(in.Language),
		Side: sideToWire[in.Side], AtUnixMs: millis(in.At), Context: make([]*analyzerv1.Turn, len(in.Context)),
	}
	for j, turn := range in.Context {
		out.Context[j] = &analyzerv1.Turn{Side: sideToWire[turn.Side], Text: valid(turn.Text), AtUnixMs: millis(turn.At)}
	}
	return out
}

func inputsFromWire(request *analyzerv1.AnalyzeRequest) []Input {
	inputs := make([]Input, len(request.GetInputs()))
	for i, in := range request.GetInputs() {
		inputs[i] = inputFromWire(in)
	}
	return inputs
}

func inputFromWire(in *analyzerv1.Input) Input {
	out := Input{
		ID: in.GetId(), Text: in.GetText(), Language: in.GetLanguage(), Side: sideOf(in.GetSide()), At: timeOf(in.GetAtUnixMs()),
	}
	if turns := in.GetContext(); len(turns) > 0 {
		out.Context = make([]Turn, len(turns))
		for j, turn := range turns {
			out.Context[j] = Turn{Side: sideOf(turn.GetSide()), Text: turn.GetText(), At: timeOf(turn.GetAtUnixMs())}
		}
	}
	return out
}

func resultsToWire(results []Result) []*analyzerv1.Result {
	wire := make([]*analyzerv1.Result, len(results))
	for i, result := range results {
		out := &analyzerv1.Result{Id: valid(result.ID), Error: errorToWire(result.Err)}
		for _, o := range result.Outcomes {
			out.Outcomes = append(out.Outcomes, &analyzerv1.Outcome{
				Kind: kindToWire[o.Kind], Label: valid(o.Label), Score: o.Score, Confidence: o.Confidence,
				Language: valid(o.Language), DetailsJson: valid(string(o.Details)), Text: valid(o.Text),
			})
		}
		wire[i] = out
	}
	return wire
}

// ResultsFromWire turns a response's results into Go; it checks nothing, see CheckResult.
func ResultsFromWire(wire []*analyzerv1.Result) []Result {
	results := make([]Result, len(wire))
	for i, in := range wire {
		out := Result{ID: in.GetId(), Err: ErrorFromWire(in.GetError())}
		for _, o := range in.GetOutcomes() {
			outcome := Outcome{
				Kind: kindOf(o.GetKind()), Label: o.GetLabel(), Confidence: o.GetConfidence(), Language: o.GetLanguage(), Text: o.GetText(),
			}
			if o != nil && o.Score != nil {
				outcome.Score = ScoreOf(o.GetScore())
			}
			if details := o.GetDetailsJson(); details != "" {
				outcome.Details = json.RawMessage(details)
			}
			out.Outcomes = append(out.Outcomes, outcome)
		}
		results[i] = out
	}
	return results
}

func errorToWire(err *Error) *analyzerv1.Error {
	if err == nil {
		return nil
	}
	fault := analyzerv1.Fault_FAULT_PLUGIN
	if err.Fault == FaultDownstream {
		fault = analyzerv1.Fault_FAULT_DOWNSTREAM
	}
	return &analyzerv1.Error{Fault: fault, Kind: errorKindToWire[err.Kind], Message: valid(err.Message)}
}

// ErrorFromWire returns nil for nil. What is unspecified is read as the plugin's internal error.
func ErrorFromWire(wire *analyzerv1.Error) *Error {
	if wire == nil {
		return nil
	}
	err := &Error{Fault: FaultPlugin, Kind: Internal, Message: wire.GetMessage()}
	if wire.GetFault() == analyzerv1.Fault_FAULT_DOWNSTREAM {
		err.Fault = FaultDownstream
	}
	if kind, ok := errorKindFromWire[wire.GetKind()]; ok {
		err.Kind = kind
	}
	return err
}

func descriptionToWire(d Description) (*analyzerv1.DescribeResponse, error) {
	wire := &analyzerv1.DescribeResponse{
		Name: valid(d.Name), Version: valid(d.Version), Languages: d.Languages, MaxBatch: int32(min(max(d.MaxBatch, 0), 1<<20)),
		Audio: d.Audio,
	}
	for _, kind := range d.Kinds {
		info := &analyzerv1.KindInfo{Kind: kindToWire[kind], Labels: d.Labels[kind]}
		for _, side := range d.Sides[kind] {
			info.Sides = append(info.Sides, sideToWire[side])
		}
		wire.Kinds = append(wire.Kinds, info)
	}
	for _, s := range d.Settings {
		setting := &analyzerv1.Setting{
			Key: valid(s.Key), Type: settingTypeToWire[s.Type], Doc: valid(s.Doc), Required: s.Required, Secret: s.Secret,
		}
		if s.Default != nil {
			raw, err := json.Marshal(s.Default)
			if err != nil {
				return nil, Errorf(Internal, "default of setting %s: %v", s.Key, err)
			}
			setting.DefaultJson = string(raw)
		}
		wire.Settings = append(wire.Settings, setting)
	}
	return wire, nil
}

// DescriptionFromWire turns a description into Go; it checks nothing but that defaults are JSON, see Description.Check.
func DescriptionFromWire(wire *analyzerv1.DescribeResponse) (Description, error) {
	d := Description{
		Name: wire.GetName(), Version: wire.GetVersion(), Languages: slices.Clone(wire.GetLanguages()), MaxBatch: int(wire.GetMaxBatch()),
		Audio: wire.GetAudio(), Sides: map[Kind][]Side{}, Labels: map[Kind][]string{},
	}
	for _, info := range wire.GetKinds() {
		kind := kindOf(info.GetKind())
		d.Kinds = append(d.Kinds, kind)
		for _, side := range info.GetSides() {
			d.Sides[kind] = append(d.Sides[kind], sideOf(side))
		}
		if labels := info.GetLabels(); len(labels) > 0 {
			d.Labels[kind] = slices.Clone(labels)
		}
	}
	for _, s := range wire.GetSettings() {
		setting := Setting{
			Key: s.GetKey(), Type: settingTypeFromWire[s.GetType()], Doc: s.GetDoc(), Required: s.GetRequired(), Secret: s.GetSecret(),
		}
		if raw := s.GetDefaultJson(); raw != "" {
			decoder := json.NewDecoder(strings.NewReader(raw))
			decoder.UseNumber()
			if err := decoder.Decode(&setting.Default); err != nil {
				return Description{}, Errorf(Internal, "default of setting %q is not JSON", setting.Key)
			}
		}
		d.Settings = append(d.Settings, setting)
	}
	return d, nil
}
