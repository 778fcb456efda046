package analyzer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// SettingType is the type of a setting's value.
type SettingType string

// The types of settings.
const (
	String  SettingType = "string"
	Bool    SettingType = "bool"
	Integer SettingType = "integer"
	Number  SettingType = "number"
	Strings SettingType = "strings" // a list of strings
	Object  SettingType = "object"  // any JSON object; the plugin checks the inside
)

// Setting is one thing that an admin can set.
type Setting struct {
	Key      string
	Type     SettingType
	Default  any // nil: none; otherwise of Type
	Doc      string
	Required bool
	Secret   bool // never shown again once set; the key is a SecretName
}

// SecretName says whether what is set under a name is never shown: the registry keeps settings without their schema, so names
// decide. A secret setting must have such a name.
func SecretName(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "keyword", "")
	return slices.ContainsFunc([]string{"token", "key", "secret", "password", "credential"}, func(word string) bool { return strings.Contains(name, word) })
}

// CompleteSettings checks settings (a JSON object; empty means {}) against the schema and returns them with defaults filled
// in. The error names every fault: unknown keys, wrong types, missing required ones. It never quotes values, which may
// be secret.
func CompleteSettings(schema []Setting, settings json.RawMessage) (json.RawMessage, error) {
	values := map[string]any{}
	if len(bytes.TrimSpace(settings)) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(settings))
		decoder.UseNumber()
		if err := decoder.Decode(&values); err != nil || values == nil || decoder.More() {
			return nil, Errorf(Invalid, "settings must be one JSON object")
		}
	}
	var faults []string
	known := map[string]bool{}
	for _, setting := range schema {
		known[setting.Key] = true
		value, given := values[setting.Key]
		switch {
		case given && !setting.Type.holds(value):
			faults = append(faults, fmt.Sprintf("%s must be of type %s", setting.Key, setting.Type))
		case !given && setting.Default != nil:
			values[setting.Key] = setting.Default
		case !given && setting.Required:
			faults = append(faults, setting.Key+" is required")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !known[key] {
			faults = append(faults, fmt.Sprintf("%q is not a setting", key))
		}
	}
	if len(faults) > 0 {
		return nil, Errorf(Invalid, "settings: %s", strings.Join(faults, "; "))
	}
	complete, err := json.Marshal(values)
	if err != nil {
		return nil, Errorf(Internal, "settings: %v", err)
	}
	return complete, nil
}

// Valid says whether t is a type of this version of the contract.
func (t SettingType) Valid() bool {
	return slices.Contains([]SettingType{String, Bool, Integer, Number, Strings, Object}, t)
}

// holds says whether a value decoded with UseNumber is of this type.
func (t SettingType) holds(value any) bool {
	switch v := value.(type) {
	case string:
		return t == String
	case bool:
		return t == Bool
	case json.Number:
		f, err := v.Float64()
		if err != nil || math.IsInf(f, 0) {
			return false
		}
		return t == Number || t == Integer && f == math.Trunc(f) && math.Abs(f) <= 1<<53
	case []any:
		isString := func(e any) bool { _, ok := e.(string); return ok }
		return t == Strings && !slices.ContainsFunc(v, func(e any) bool { return !isString(e) })
	case map[string]any:
		return t == Object
	default:
		return false
	}
}
