package graph

import (
	"encoding/json"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// hidden stands where a secret is set, so that an admin sees that it is.
const hidden = "•••"

// withoutSecrets replaces the secrets in settings: whatever has a secret's name, and texts that have one however deep. Numbers,
// such as max_tokens, stay. What is no JSON object is nothing.
func withoutSecrets(settings json.RawMessage) json.RawMessage {
	values := map[string]any{}
	if json.Unmarshal(settings, &values) != nil {
		return nil
	}
	for name, value := range values {
		switch v := value.(type) {
		case map[string]any:
			if len(v) > 0 && analyzer.SecretName(name) {
				values[name] = hidden
			}
		case []any:
			if len(v) > 0 && analyzer.SecretName(name) {
				values[name] = hidden
			}
		}
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
			if text, ok := inner.(string); ok && text != "" && analyzer.SecretName(name) {
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
