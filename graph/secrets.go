package graph

import (
	"encoding/json"
	"strings"
)

// hidden stands where a secret is set, so that an admin sees that it is.
const hidden = "•••"

// secretWords are in the names of settings that hold secrets. The registry keeps no schema of a version's settings, so names
// decide.
var secretWords = []string{"token", "key", "secret", "password", "credential"}

// withoutSecrets replaces the secrets in settings, however deep. What is no JSON object is nothing.
func withoutSecrets(settings json.RawMessage) json.RawMessage {
	values := map[string]any{}
	if json.Unmarshal(settings, &values) != nil {
		return nil
	}
	hideIn(values)
	raw, err := json.Marshal(values)
	if err != nil {
		return nil
	}
	return raw
}

func hideIn(value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			if text, ok := inner.(string); ok && text != "" && isSecret(name) {
				v[name] = hidden
				continue
			}
			hideIn(inner)
		}
	case []any:
		for _, inner := range v {
			hideIn(inner)
		}
	}
}

func isSecret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
