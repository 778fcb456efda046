package app

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

type scanner func(dest ...any) error

// each runs a query and hands over its rows one by one.
func (t *tx) each(ctx context.Context, query string, args []any, row func(scanner) error) error {
	rows, err := t.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// asJSON is the argument of jsonb_to_recordset: a whole batch in one parameter, whatever its size.
func asJSON[T any](rows []T) driver.Valuer { return jsonRows[T](rows) }

// jsonRows is marshalled when the statement runs, so that a value that has no JSON (a score that is no number) fails the
// statement instead of losing the batch.
type jsonRows[T any] []T

// Value implements driver.Valuer.
func (rows jsonRows[T]) Value() (driver.Value, error) {
	if len(rows) == 0 {
		return "[]", nil
	}
	raw, err := json.Marshal([]T(rows))
	return string(raw), err
}

func idArray(ids []int) any {
	out := make(pq.Int64Array, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

// cleanText drops what Postgres cannot hold in text: NUL, and bytes that are not UTF-8.
func cleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// clip shortens s to at most n runes.
func clip(s string, n int) string {
	s = cleanText(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}

func faults(list []string) error {
	if len(list) == 0 {
		return nil
	}
	return domain.Errorf(domain.KindInvalid, "%s", strings.Join(list, "; "))
}

// cleanJSON drops what jsonb refuses and JSON allows: NUL, halves of surrogate pairs and bytes that are not UTF-8 in strings,
// numbers beyond all measure; and a document that is none.
func cleanJSON(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return raw
	}
	var doc any
	if json.Unmarshal(raw, &doc) != nil {
		return nil
	}
	out, err := json.Marshal(withoutNUL(doc))
	if err != nil {
		return nil
	}
	return out
}

func withoutNUL(v any) any {
	switch v := v.(type) {
	case string:
		return cleanText(v)
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[cleanText(k)] = withoutNUL(item)
		}
		return out
	}
	return v
}

func isNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }
