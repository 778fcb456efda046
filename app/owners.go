package app

import (
	"context"
	"time"

	"github.com/fincokpi/finco/domain/response"
)

// owner is a chat's team and assignee as they are set, and who of the staff wrote first.
type owner struct {
	team, assignee       int
	teamSet, assigneeSet bool
	private              bool
	// firstSender wrote first; firstTeamed is the first who is in a team.
	firstSender, firstTeamed int
}

func (t *tx) readOwners(ctx context.Context, chats []int) (map[int]owner, error) {
	out := map[int]owner{}
	const q = `
SELECT c.id, COALESCE(c.team_id, 0), COALESCE(c.assignee_id, 0), c.team_set, c.assignee_set, c.kind = 'PRIVATE', COALESCE(f.sender_id, 0), COALESCE(g.sender_id, 0)
FROM chats c LEFT JOIN LATERAL (SELECT m.sender_id FROM messages m WHERE m.chat_id = c.id AND m.side = 'STAFF' AND m.sender_id IS NOT NULL
  ORDER BY m.sent_at, m.telegram_id LIMIT 1) f ON true
LEFT JOIN LATERAL (SELECT m.sender_id FROM messages m JOIN users u ON u.id = m.sender_id
  WHERE m.chat_id = c.id AND m.side = 'STAFF' AND u.team_id IS NOT NULL ORDER BY m.sent_at, m.telegram_id LIMIT 1) g ON true
WHERE c.id = ANY($1)`
	err := t.each(ctx, q, []any{idArray(chats)}, func(scan scanner) error {
		var id int
		var o owner
		if err := scan(&id, &o.team, &o.assignee, &o.teamSet, &o.assigneeSet, &o.private, &o.firstSender, &o.firstTeamed); err != nil {
			return err
		}
		out[id] = o
		return nil
	})
	return out, err
}

// teamed is by whom a chat's team is known where nobody set it: the first of the staff who wrote, and in a private chat before that whom
// it is assigned to, because nobody else can be the first.
func (o owner) teamed() int {
	if o.firstTeamed == 0 && o.private && o.assigneeSet {
		return o.assignee
	}
	return o.firstTeamed
}

// widenSQL finds the waits that may have another owner now that messages were touched: those opened after one of them and
// before the next of the staff wrote, in any thread; and all of a chat's, if who of the staff wrote first may be another.
const widenSQL = `
WITH spans AS (
  SELECT chat, min(lo_at) AS lo_at, max(hi_at) AS hi_at
  FROM jsonb_to_recordset($1) AS x(chat bigint, lo_at timestamptz, hi_at timestamptz) GROUP BY chat),
ranges AS MATERIALIZED (
  SELECT s.chat, CASE WHEN first.sent_at >= s.lo_at THEN '-infinity' ELSE s.lo_at END AS lo_at,
    CASE WHEN first.sent_at >= s.lo_at THEN 'infinity' ELSE COALESCE(next.sent_at, 'infinity') END AS hi_at
  FROM spans s
  CROSS JOIN LATERAL (SELECT max(sent_at) AS sent_at FROM (
    (SELECT m.sent_at FROM messages m WHERE m.chat_id = s.chat AND m.side = 'STAFF' AND m.sender_id IS NOT NULL ORDER BY m.sent_at, m.telegram_id LIMIT 1)
    UNION ALL
    (SELECT m.sent_at FROM messages m JOIN users u ON u.id = m.sender_id
     WHERE m.chat_id = s.chat AND m.side = 'STAFF' AND u.team_id IS NOT NULL ORDER BY m.sent_at, m.telegram_id LIMIT 1)) f) first
  LEFT JOIN LATERAL (SELECT m.sent_at FROM messages m WHERE m.chat_id = s.chat AND m.side = 'STAFF' AND m.sender_id IS NOT NULL
    AND m.sent_at > s.hi_at ORDER BY m.sent_at, m.telegram_id LIMIT 1) next ON true)
SELECT w.chat_id, w.thread, m.sent_at, m.telegram_id
FROM ranges r CROSS JOIN LATERAL (SELECT * FROM waits w WHERE w.chat_id = r.chat AND w.opened_at >= r.lo_at AND w.opened_at <= r.hi_at
  AND w.state <> 'DISSOLVED' OFFSET 0) w
JOIN messages m ON m.id = w.opens_with_id`

// widen adds the waits of touched chats whose owner may be another now.
func (t *tx) widen(ctx context.Context, places touched) (touched, error) {
	out := places
	err := t.each(ctx, widenSQL, []any{asJSON(places.spans())}, func(scan scanner) error {
		var p place
		err := scan(&p.chat, &p.thread, &p.at, &p.telegramID)
		out = append(out, p)
		return err
	})
	return out, err
}

// opened is when and with what a wait opens.
type opened struct {
	Chat    int       `json:"chat"`
	At      time.Time `json:"at"`
	Message int64     `json:"message"`
}

// lastSendersSQL finds who of the staff had written last in a chat, in any thread, when a wait opened.
const lastSendersSQL = `
SELECT o.chat, o.message, l.sender_id
FROM jsonb_to_recordset($1) AS o(chat bigint, at timestamptz, message bigint)
CROSS JOIN LATERAL (SELECT m.sender_id FROM messages m WHERE m.chat_id = o.chat AND m.side = 'STAFF' AND m.sender_id IS NOT NULL
  AND (m.sent_at, m.telegram_id) < (o.at, o.message) ORDER BY m.sent_at DESC, m.telegram_id DESC LIMIT 1) l`

type openedKey struct {
	chat    int
	message int64
}

// lastSenders are those who had written last when the waits of the talks opened.
func (t *tx) lastSenders(ctx context.Context, talks []talk, waits [][]response.Wait) (map[openedKey]int, error) {
	var list []opened
	for i, talk := range talks {
		for _, w := range waits[i] {
			list = append(list, opened{talk.chat, w.OpenedAt, w.OpensID})
		}
	}
	out := map[openedKey]int{}
	if len(list) == 0 {
		return out, nil
	}
	err := t.each(ctx, lastSendersSQL, []any{asJSON(list)}, func(scan scanner) error {
		var key openedKey
		var sender int
		err := scan(&key.chat, &key.message, &sender)
		out[key] = sender
		return err
	})
	return out, err
}

// ownersOf says whose a wait is: as it was when it opened. What somebody set stays with the waits that had it; else it hangs on
// the messages alone, whatever the order in which they came in. Before anybody of the staff had written, nobody could own a
// wait; then it is theirs who wrote first (docs/adr).
func ownersOf(w *response.Wait, r *roster, o owner, lastSender int, known waitRow) (team, assignee *int) {
	switch {
	case o.teamSet && known.Team != nil:
		team = known.Team
	case o.teamSet:
		team = optional(o.team)
	default:
		team = r.firstTeam()
		if p := r.people[o.teamed()]; p != nil {
			if id := p.teamAt(r.day(w.OpenedAt)); id != 0 {
				team = &id
			}
		}
	}
	switch {
	case o.assigneeSet && known.Assignee != nil:
		assignee = known.Assignee
	case o.assigneeSet:
		assignee = optional(o.assignee)
	case lastSender != 0:
		assignee = &lastSender
	default:
		assignee = optional(o.firstSender)
	}
	return team, assignee
}
