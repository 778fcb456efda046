// Package scalar writes and reads the graph's own scalars. It is apart from graph because the generated code needs it.
package scalar

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/fincokpi/finco/domain"
)

// MarshalDecimal writes an exact decimal as a JSON number with the digits it has.
func MarshalDecimal(s string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if _, err := strconv.ParseFloat(s, 64); err != nil {
			s = "null"
		}
		_, _ = io.WriteString(w, s)
	})
}

// UnmarshalDecimal reads a number without rounding it.
func UnmarshalDecimal(v any) (string, error) {
	switch v := v.(type) {
	case json.Number:
		return v.String(), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case int:
		return strconv.Itoa(v), nil
	}
	return "", fmt.Errorf("a number, please")
}

// MarshalJSON writes a document as it is.
func MarshalJSON(raw json.RawMessage) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		if len(raw) == 0 {
			raw = json.RawMessage("null")
		}
		_, _ = w.Write(raw)
	})
}

// UnmarshalJSON reads any value as a document.
func UnmarshalJSON(v any) (json.RawMessage, error) { return json.Marshal(v) }

// MarshalPeriod writes a period.
func MarshalPeriod(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalPeriod reads a month 2026-09, a week 2026-W36 or a day 2026-09-02.
func UnmarshalPeriod(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("a period is text such as 2026-09, 2026-W36 or 2026-09-02")
	}
	p, err := domain.ParsePeriod(s)
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

// MarshalTelegramID writes a 64-bit id as text: JavaScript would round it.
func MarshalTelegramID(id int64) graphql.Marshaler {
	return graphql.MarshalString(strconv.FormatInt(id, 10))
}

// UnmarshalTelegramID reads a 64-bit id from text or a number.
func UnmarshalTelegramID(v any) (int64, error) {
	switch v := v.(type) {
	case string:
		return strconv.ParseInt(v, 10, 64)
	case json.Number:
		return v.Int64()
	case int64:
		return v, nil
	case int:
		return int64(v), nil
	}
	return 0, fmt.Errorf("a Telegram id is a whole number, best as text")
}
