package analyzer

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"
)

// Limits of what a plugin may say.
const (
	MaxDetails  = 64 << 10 // bytes of Outcome.Details
	maxLabel    = 200      // bytes of a label or topic key
	maxTag      = 35       // bytes of a language tag, as RFC 5646 recommends for buffers
	maxOutcomes = 64       // outcomes of one input
	maxText     = 1 << 20  // bytes of a transcript
	maxVersion  = 64
)

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Check returns an error that names every fault of a description, nil if it has none.
func (d Description) Check() error {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if !pluginName.MatchString(d.Name) {
		fault("name %.80q must be lower case letters, digits and dashes", d.Name)
	}
	if d.Version == "" || len(d.Version) > maxVersion {
		fault("version must have 1 to %d bytes", maxVersion)
	}
	if len(d.Kinds) == 0 {
		fault("no kinds")
	}
	seen := map[Kind]bool{}
	for _, kind := range d.Kinds {
		if !kind.Known() {
			fault("%.80s is not a kind", kind)
		} else if seen[kind] {
			fault("kind %s is listed twice", kind)
		}
		seen[kind] = true
	}
	keys := map[string]bool{}
	for _, setting := range d.Settings {
		switch {
		case setting.Key == "" || keys[setting.Key]:
			fault("setting %.80q is empty or listed twice", setting.Key)
		case !setting.Type.Valid():
			fault("setting %.80s has no valid type", setting.Key)
		case setting.Default != nil && !defaultHolds(setting):
			fault("the default of setting %.80s is not of type %s", setting.Key, setting.Type)
		case setting.Secret && !SecretName(setting.Key):
			fault("the name of secret setting %.80s must have token, key, secret, password or credential in it", setting.Key)
		}
		keys[setting.Key] = true
	}
	if seen[Transcript] && !d.Audio {
		fault("kind %s needs audio", Transcript)
	}
	if d.MaxBatch < 0 {
		fault("max batch is negative")
	}
	if len(faults) > 0 {
		return Errorf(Internal, "description: %s", strings.Join(faults, "; "))
	}
	return nil
}

// defaultHolds goes through JSON, because an author may write an int or []string where a decoder gives a Number or []any.
func defaultHolds(setting Setting) bool {
	raw, err := json.Marshal(setting.Default)
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	var value any
	return decoder.Decode(&value) == nil && setting.Type.holds(value)
}

// CheckResult returns the plugin's error if a result breaks the contract: an outcome of a kind that the description
// does not list, a kind twice, a score out of range or not a number, a confidence outside 0 to 1, details that are no JSON
// object. It returns nil for a sound result.
func CheckResult(d Description, result Result) *Error {
	if result.Err != nil {
		if len(result.Outcomes) > 0 {
			return Errorf(Internal, "gave both outcomes and an error")
		}
		return nil
	}
	if len(result.Outcomes) > maxOutcomes {
		return Errorf(Internal, "gave %d outcomes for one input", len(result.Outcomes))
	}
	seen := map[Kind]bool{}
	for _, o := range result.Outcomes {
		if err := d.checkOutcome(o); err != nil {
			return err
		}
		if seen[o.Kind] {
			return Errorf(Internal, "gave %s twice for one input", o.Kind)
		}
		seen[o.Kind] = true
	}
	return nil
}

func (d Description) checkOutcome(o Outcome) *Error {
	declared := false
	for _, kind := range d.Kinds {
		declared = declared || kind == o.Kind
	}
	least, greatest := o.Kind.ScoreRange()
	switch {
	case !declared:
		return Errorf(Internal, "gave an outcome of kind %.80s, which its description does not list", o.Kind)
	case o.Score != nil && !(*o.Score >= least && *o.Score <= greatest): // so written, NaN fails too
		return Errorf(Internal, "gave %s a score of %v, outside %v to %v", o.Kind, *o.Score, least, greatest)
	case math.IsNaN(o.Confidence) || o.Confidence < 0 || o.Confidence > 1:
		return Errorf(Internal, "gave %s a confidence of %v, outside 0 to 1", o.Kind, o.Confidence)
	case len(o.Label) > maxLabel:
		return Errorf(Internal, "gave %s a label of %d bytes", o.Kind, len(o.Label))
	case len(o.Language) > maxTag:
		return Errorf(Internal, "gave %s a language of %d bytes", o.Kind, len(o.Language))
	case len(o.Details) > MaxDetails:
		return Errorf(Internal, "gave %s details of %d bytes", o.Kind, len(o.Details))
	case len(o.Details) > 0 && !isObject(o.Details):
		return Errorf(Internal, "gave %s details that are no JSON object", o.Kind)
	case o.Text != "" && o.Kind != Transcript:
		return Errorf(Internal, "gave %s a text", o.Kind)
	case len(o.Text) > maxText:
		return Errorf(Internal, "gave %s a text of %d bytes", o.Kind, len(o.Text))
	}
	return nil
}

func isObject(raw json.RawMessage) bool {
	return json.Valid(raw) && strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "{")
}
