package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// The steps of a mood, from −1 to 1.
var moods = []string{"very_negative", "negative", "neutral", "positive", "very_positive"}

var (
	sures     = []string{"low", "medium", "high"}
	yesNo     = []string{"yes", "no"}
	cardMarks = []string{"0", "1", "2", notApplicable}
	relMarks  = []string{"0", "1", "2", "3", "4", notApplicable}
)

const notApplicable = "n/a"

// ask is what one call asks of the model.
type ask struct {
	sentiment bool
	topics    []string // the allowed labels; none: not asked
	relevance bool
	criteria  []string // keys of the scorecard; none: not asked
}

// field is one property of a schema; the order is the one in which a model writes, so evidence comes before the verdict.
type field struct {
	key    string
	schema json.RawMessage
}

// object is the schema of an object that has exactly these fields, as strict mode wants it.
func object(fields ...field) json.RawMessage {
	var properties bytes.Buffer
	required := make([]string, len(fields))
	for i, f := range fields {
		if i > 0 {
			properties.WriteByte(',')
		}
		properties.Write(encoded(f.key))
		properties.WriteByte(':')
		properties.Write(f.schema)
		required[i] = f.key
	}
	return slices.Concat([]byte(`{"type":"object","properties":{`), properties.Bytes(), []byte(`},"required":`), encoded(required),
		[]byte(`,"additionalProperties":false}`))
}

func enum(values []string) json.RawMessage {
	return slices.Concat([]byte(`{"type":"string","enum":`), encoded(values), []byte(`}`))
}

// encoded is for strings and lists of them, which always have a JSON form.
func encoded(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return raw
}

func verdictSchema(key string, values []string) json.RawMessage {
	return object(field{"evidence", json.RawMessage(`{"type":"string"}`)}, field{key, enum(values)}, field{"confidence", enum(sures)})
}

// schema is the JSON schema of the answer: words of lists, and quotes.
func (a ask) schema() json.RawMessage {
	var fields []field
	if a.sentiment {
		fields = append(fields, field{"sentiment", verdictSchema("label", moods)})
	}
	if len(a.topics) > 0 {
		fields = append(fields, field{"topic", verdictSchema("label", a.topics)})
	}
	if a.relevance {
		fields = append(fields, field{"relevance", verdictSchema("rating", relMarks)})
	}
	for _, key := range a.criteria {
		fields = append(fields, field{key, verdictSchema("rating", cardMarks)})
	}
	return object(append(fields, field{"addresses_judge", enum(yesNo)})...)
}

// verdict is one part of the answer, checked against its list.
type verdict struct {
	value, evidence, confidence string
}

// answer is a model's answer that kept to the schema.
type answer struct {
	sentiment, topic, relevance verdict
	criteria                    map[string]verdict
	addressesJudge              bool
}

var errNonsense = errors.New("the answer does not fit the schema")

// parse reads an answer and believes nothing: servers differ in how strictly they hold a model to the schema. The
// error is errNonsense.
func (a ask) parse(content string) (answer, error) {
	parts := map[string]json.RawMessage{}
	if err := strictly([]byte(content), &parts); err != nil {
		return answer{}, errNonsense
	}
	out := answer{criteria: map[string]verdict{}}
	sound, asked := true, 1
	take := func(part, key string, allowed []string) verdict {
		asked++
		v, ok := readVerdict(parts[part], key, allowed)
		sound = sound && ok
		return v
	}
	if a.sentiment {
		out.sentiment = take("sentiment", "label", moods)
	}
	if len(a.topics) > 0 {
		out.topic = take("topic", "label", a.topics)
	}
	if a.relevance {
		out.relevance = take("relevance", "rating", relMarks)
	}
	for _, key := range a.criteria {
		out.criteria[key] = take(key, "rating", cardMarks)
	}
	var addresses string
	if json.Unmarshal(parts["addresses_judge"], &addresses) != nil || !slices.Contains(yesNo, addresses) {
		sound = false
	}
	out.addressesJudge = addresses == "yes"
	if !sound || len(parts) != asked {
		return answer{}, errNonsense
	}
	return out, nil
}

func readVerdict(raw json.RawMessage, key string, allowed []string) (verdict, bool) {
	parts := map[string]*string{}
	if len(raw) == 0 || json.Unmarshal(raw, &parts) != nil || len(parts) != 3 {
		return verdict{}, false
	}
	value, evidence, confidence := parts[key], parts["evidence"], parts["confidence"]
	if value == nil || evidence == nil || confidence == nil || !slices.Contains(allowed, *value) || !slices.Contains(sures, *confidence) {
		return verdict{}, false
	}
	return verdict{value: *value, evidence: *evidence, confidence: *confidence}, true
}

// strictly decodes exactly one JSON value.
func strictly(raw []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errNonsense
	}
	return nil
}
