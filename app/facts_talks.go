package app

import (
	"cmp"
	"context"
	"database/sql"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

// talkWindow is the stretch of one chat and thread that a span of time depends on, both ends included, in Unix seconds.
type talkWindow struct {
	chat   int
	thread int64
	lo, hi int64
}

// windowsSQL finds the talks with messages in the span ($1, $2), as known at $3, in some chats ($4; null: all), with
// conversations parted by gaps of $5 seconds. Downwards a window goes to the last staff message before the span, behind which
// nothing is left open, and to the beginning of the conversation that reaches into it; upwards likewise. The lateral parts
// read an index and stop at once.
const windowsSQL = `
WITH near AS (
  SELECT m.chat_id, m.thread FROM messages m
  WHERE m.sent_at >= $1 AND m.sent_at < $2 AND m.side <> 'NONE' AND m.received_at <= $3 AND ($4::bigint[] IS NULL OR m.chat_id = ANY($4))
  GROUP BY m.chat_id, m.thread)
SELECT n.chat_id, n.thread,
  floor(date_part('epoch', CASE WHEN prev.side = 'CUSTOMER' AND staff.sent_at IS NULL THEN '1970-01-01'
    ELSE LEAST($1, CASE WHEN prev.side = 'STAFF' THEN prev.sent_at END, staff.sent_at, begun.sent_at) END))::bigint,
  floor(date_part('epoch', GREATEST($2, CASE WHEN next.side = 'STAFF' THEN next.sent_at END, answer.sent_at, ended.sent_at)))::bigint
FROM near n
LEFT JOIN LATERAL (SELECT b.sent_at, b.side FROM messages b
  WHERE b.chat_id = n.chat_id AND b.thread = n.thread AND b.sent_at < $1 AND b.side <> 'NONE' AND b.received_at <= $3
  ORDER BY b.sent_at DESC, b.telegram_id DESC LIMIT 1) prev ON true
LEFT JOIN LATERAL (SELECT b.sent_at FROM messages b
  WHERE prev.side = 'CUSTOMER' AND b.chat_id = n.chat_id AND b.thread = n.thread AND b.sent_at < $1 AND b.side = 'STAFF' AND b.received_at <= $3
  ORDER BY b.sent_at DESC, b.telegram_id DESC LIMIT 1) staff ON true
LEFT JOIN LATERAL (SELECT x.sent_at FROM (
    SELECT b.sent_at, b.sent_at - lead(b.sent_at) OVER (ORDER BY b.sent_at DESC, b.telegram_id DESC) AS silence FROM messages b
    WHERE prev.sent_at >= $1::timestamptz - make_interval(secs => $5) AND b.chat_id = n.chat_id AND b.thread = n.thread AND b.sent_at < $1
      AND b.side <> 'NONE' AND b.received_at <= $3) x
  WHERE x.silence IS NULL OR x.silence > make_interval(secs => $5) ORDER BY x.sent_at DESC LIMIT 1) begun ON true
LEFT JOIN LATERAL (SELECT a.sent_at, a.side FROM messages a
  WHERE a.chat_id = n.chat_id AND a.thread = n.thread AND a.sent_at >= $2 AND a.sent_at <= $3 AND a.side <> 'NONE' AND a.received_at <= $3
  ORDER BY a.sent_at, a.telegram_id LIMIT 1) next ON true
LEFT JOIN LATERAL (SELECT a.sent_at FROM messages a
  WHERE next.side = 'CUSTOMER' AND a.chat_id = n.chat_id AND a.thread = n.thread AND a.sent_at >= $2 AND a.sent_at <= $3 AND a.side = 'STAFF'
    AND a.received_at <= $3
  ORDER BY a.sent_at, a.telegram_id LIMIT 1) answer ON true
LEFT JOIN LATERAL (SELECT x.sent_at FROM (
    SELECT a.sent_at, lead(a.sent_at) OVER (ORDER BY a.sent_at, a.telegram_id) - a.sent_at AS silence FROM messages a
    WHERE next.sent_at <= $2::timestamptz + make_interval(secs => $5) AND a.chat_id = n.chat_id AND a.thread = n.thread AND a.sent_at >= $2
      AND a.sent_at <= $3 AND a.side <> 'NONE' AND a.received_at <= $3) x
  WHERE x.silence IS NULL OR x.silence > make_interval(secs => $5) ORDER BY x.sent_at LIMIT 1) ended ON true
ORDER BY n.chat_id, n.thread`

func (t *tx) readWindows(ctx context.Context, r *roster, q factQuery, chats []int) ([]talkWindow, error) {
	var out []talkWindow
	args := []any{q.from, q.to, q.at, nullableIDs(chats), r.gap.Seconds()}
	err := t.each(ctx, windowsSQL, args, func(scan scanner) error {
		var w talkWindow
		err := scan(&w.chat, &w.thread, &w.lo, &w.hi)
		out = append(out, w)
		return err
	})
	return out, err
}

// nullableIDs is the argument of a condition that null switches off.
func nullableIDs(ids []int) any {
	if ids == nil {
		return pq.Int64Array(nil)
	}
	return idArray(ids)
}

// windowArrays are the windows as four parallel arrays.
func windowArrays(windows []talkWindow) []any {
	var chat, thread, lo, hi pq.Int64Array
	for _, w := range windows {
		chat, thread = append(chat, int64(w.chat)), append(thread, w.thread)
		lo, hi = append(lo, w.lo), append(hi, w.hi)
	}
	return []any{chat, thread, lo, hi}
}

// talksPerStatement bounds how much the database gathers before it answers.
const talksPerStatement = 20000

// talksSQL reads each window's messages in one row of arrays: a million rows would cost more to hand over than to count.
const talksSQL = `
SELECT COALESCE(c.team_id, 0), COALESCE(c.assignee_id, 0), m.*, o.*
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS w(chat, thread, lo, hi)
JOIN chats c ON c.id = w.chat
CROSS JOIN LATERAL (
  SELECT array_agg(x.id), array_agg(x.telegram_id), array_agg(CASE x.side WHEN 'CUSTOMER' THEN -1 ELSE COALESCE(x.sender_id, 0) END),
    array_agg(floor(date_part('epoch', x.sent_at))::bigint)
  FROM messages x WHERE x.chat_id = w.chat AND x.thread = w.thread AND x.sent_at >= to_timestamp(w.lo) AND x.sent_at < to_timestamp(w.hi + 1)
    AND x.side <> 'NONE' AND x.sent_at <= $5 AND x.received_at <= $5) m
CROSS JOIN LATERAL (
  SELECT array_agg(y.first_message_id), array_agg(y.id), array_agg(COALESCE(y.team_id, 0)), array_agg(COALESCE(y.assignee_id, 0))
  FROM waits y WHERE y.chat_id = w.chat AND y.thread = w.thread AND y.opened_at >= to_timestamp(w.lo)) o`

// readTalkFacts hands over the talks one by one; a talk is valid until the next.
func (t *tx) readTalkFacts(ctx context.Context, q factQuery, windows []talkWindow, each func(*factTalk)) error {
	talk := factTalk{waits: map[int]waitOwner{}}
	var arrays [8]sql.RawBytes
	var numbers [8][]int64
	for start := 0; start < len(windows); start += talksPerStatement {
		some := windows[start:min(start+talksPerStatement, len(windows))]
		err := t.each(ctx, talksSQL, append(windowArrays(some), q.at), func(scan scanner) error {
			dest := []any{&talk.team, &talk.assignee}
			for i := range arrays {
				dest = append(dest, &arrays[i])
			}
			if err := scan(dest...); err != nil {
				return err
			}
			for i := range arrays {
				var err error
				if numbers[i], err = parseNumbers(numbers[i][:0], arrays[i]); err != nil {
					return err
				}
			}
			talk.fill(numbers)
			each(&talk)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *factTalk) fill(n [8][]int64) {
	f.messages = f.messages[:0]
	for i := range n[0] {
		f.messages = append(f.messages, factMessage{id: int(n[0][i]), telegramID: n[1][i], who: int(n[2][i]), at: n[3][i]})
	}
	clear(f.waits)
	for i := range n[4] {
		f.waits[int(n[4][i])] = waitOwner{int(n[5][i]), int(n[6][i]), int(n[7][i])}
	}
}

func (m factMessage) compare(o factMessage) int {
	return cmp.Or(cmp.Compare(m.at, o.at), cmp.Compare(m.telegramID, o.telegramID))
}

// noNumber stands for a null in an array.
const noNumber = -1 << 63

// parseNumbers appends the numbers of an array as Postgres writes it: {1,-2,NULL}. Nothing is an empty array.
func parseNumbers(out []int64, raw []byte) ([]int64, error) {
	if len(raw) <= 2 {
		return out, nil
	}
	number, negative, null := int64(0), false, false
	for _, c := range raw[1:] {
		switch {
		case c >= '0' && c <= '9':
			number = number*10 + int64(c-'0')
		case c == '-':
			negative = true
		case c == ',' || c == '}':
			if negative {
				number = -number
			}
			if null {
				number = noNumber
			}
			out = append(out, number)
			number, negative, null = 0, false, false
		case c == 'N' || c == 'U' || c == 'L':
			null = true
		default:
			return nil, domain.Errorf(domain.KindInternal, "an array of the database is not readable")
		}
	}
	return out, nil
}
