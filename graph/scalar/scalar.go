// Package scalar writes and reads the graph's own scalars. It is apart from graph because the generated code needs it.
package scalar

import (
	"encoding/json"
	"io"
	"strconv"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"

	"github.com/fincokpi/finco/domain"
)

// MarshalID writes a record's id as text, as Relay has it.
func MarshalID(id int) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var room [24]byte
		_, _ = w.Write(append(strconv.AppendInt(append(room[:0], '"'), int64(id), 10), '"'))
	})
}

// UnmarshalID reads a record's id from text or a number.
func UnmarshalID(v any) (int, error) {
	switch v := v.(type) {
	case string:
		if id, err := strconv.Atoi(v); err == nil {
			return id, nil
		}
	case json.Number:
		if id, err := strconv.Atoi(v.String()); err == nil {
			return id, nil
		}
	case int64:
		return int(v), nil
	case int:
		return v, nil
	}
	return 0, domain.Errorf(domain.KindInvalid, "an id is a whole number as text")
}

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
	return "", domain.Errorf(domain.KindInvalid, "a number is expected")
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
		return "", domain.Errorf(domain.KindInvalid, "a period is text such as 2026-09, 2026-W36 or 2026-09-02")
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
		return wholeNumber(v)
	case json.Number:
		return wholeNumber(v.String())
	case int64:
		return v, nil
	case int:
		return int64(v), nil
	}
	return wholeNumber("")
}

func wholeNumber(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, domain.Errorf(domain.KindInvalid, "a Telegram id is a whole number, best as text")
	}
	return id, nil
}

// MarshalTime writes a moment in UTC.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var room [40]byte
		out := append(room[:0], '"')
		out = t.UTC().AppendFormat(out, time.RFC3339Nano)
		_, _ = w.Write(append(out, '"'))
	})
}

// UnmarshalTime reads a moment with its offset.
func UnmarshalTime(v any) (time.Time, error) {
	if s, ok := v.(string); ok {
		if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, domain.Errorf(domain.KindInvalid, "a time is text such as 2026-09-02T09:00:00+05:00")
}

// MarshalCursor writes a place in a list.
func MarshalCursor(c entgql.Cursor[int]) graphql.Marshaler { return c }

// UnmarshalCursor reads a place that an earlier answer named.
func UnmarshalCursor(v any) (entgql.Cursor[int], error) {
	var c entgql.Cursor[int]
	if s, ok := v.(string); !ok || len(s) > 2048 || c.UnmarshalGQL(v) != nil {
		return c, domain.Errorf(domain.KindInvalid, "the cursor is not one of this server's")
	}
	return c, nil
}
