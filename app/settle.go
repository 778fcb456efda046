package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fincokpi/finco/domain/response"
)

// place is where and when a message stands.
type place struct {
	chat       int
	thread     int64
	at         time.Time
	telegramID int64
}

// touched are the messages whose waits may differ now.
type touched []place

func (t touched) chats() []int {
	ids := make([]int, len(t))
	for i, p := range t {
		ids[i] = p.chat
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

type talkKey struct {
	chat   int
	thread int64
}

// span is the stretch of one talk that was touched.
type span struct {
	Chat   int       `json:"chat"`
	Thread int64     `json:"thread"`
	LoAt   time.Time `json:"lo_at"`
	LoID   int64     `json:"lo_id"`
	HiAt   time.Time `json:"hi_at"`
	HiID   int64     `json:"hi_id"`
}

func (t touched) spans() []span {
	sorted := slices.Clone(t)
	slices.SortFunc(sorted, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.chat, b.chat), cmp.Compare(a.thread, b.thread), a.at.Compare(b.at), cmp.Compare(a.telegramID, b.telegramID))
	})
	var out []span
	for _, p := range sorted {
		last := len(out) - 1
		if last >= 0 && out[last].Chat == p.chat && out[last].Thread == p.thread {
			out[last].HiAt, out[last].HiID = p.at, p.telegramID
			continue
		}
		out = append(out, span{p.chat, p.thread, p.at, p.telegramID, p.at, p.telegramID})
	}
	return out
}

// windowSQL widens each span to its neighbouring staff messages. A staff message leaves no unclosed wait behind it, so what
// lies outside cannot change: before the lower one because time runs forward, after the upper one because it starts afresh.
// OFFSET 0 keeps the ranges apart, so that each is one walk along an index however large the chat.
const windowSQL = `
WITH spans AS (SELECT * FROM jsonb_to_recordset($1) AS x(chat bigint, thread bigint, lo_at timestamptz, lo_id bigint, hi_at timestamptz, hi_id bigint)),
windows AS MATERIALIZED (
  SELECT s.chat, s.thread, COALESCE(lo.sent_at, '-infinity') AS lo_at, COALESCE(lo.telegram_id, 0) AS lo_id,
    COALESCE(hi.sent_at, 'infinity') AS hi_at, COALESCE(hi.telegram_id, 0) AS hi_id
  FROM spans s
  LEFT JOIN LATERAL (SELECT sent_at, telegram_id FROM messages m WHERE m.chat_id = s.chat AND m.thread = s.thread AND m.side = 'STAFF'
    AND (m.sent_at, m.telegram_id) < (s.lo_at, s.lo_id) ORDER BY m.sent_at DESC, m.telegram_id DESC LIMIT 1) lo ON true
  LEFT JOIN LATERAL (SELECT sent_at, telegram_id FROM messages m WHERE m.chat_id = s.chat AND m.thread = s.thread AND m.side = 'STAFF'
    AND (m.sent_at, m.telegram_id) > (s.hi_at, s.hi_id) ORDER BY m.sent_at, m.telegram_id LIMIT 1) hi ON true)
SELECT m.chat_id, m.thread, m.id, m.telegram_id, m.side, COALESCE(m.sender_id, 0), m.sent_at, COALESCE(m.wait_id, 0),
  n.label, n.corrected, COALESCE(n.analyzer_id, 0), COALESCE(n.language, '')
FROM windows w
CROSS JOIN LATERAL (SELECT * FROM messages m WHERE m.chat_id = w.chat AND m.thread = w.thread AND m.side <> 'NONE'
  AND (m.sent_at, m.telegram_id) >= (w.lo_at, w.lo_id) AND (m.sent_at, m.telegram_id) <= (w.hi_at, w.hi_id) OFFSET 0) m
LEFT JOIN LATERAL (` + needsReplySQL + `) n ON m.side = 'CUSTOMER'
ORDER BY m.chat_id, m.thread, m.sent_at, m.telegram_id`

// needsReplySQL is the newest judgement that counts of whether message m wants an answer, those of analyzers that work before
// all others, and the newest correction of what that analyzer, in whichever version, said of the same words.
const needsReplySQL = `
  SELECT a.label, a.analyzer_id, a.language, (SELECT f.label FROM analyses s JOIN analyzers o ON o.id = s.analyzer_id AND o.name = y.name
    JOIN feedbacks f ON f.analysis_id = s.id WHERE s.content_id = a.content_id AND s.kind = a.kind ORDER BY f.created_at DESC, f.id DESC LIMIT 1) AS corrected
  FROM analyses a JOIN analyzers y ON y.id = a.analyzer_id
  WHERE a.message_id = m.id AND a.kind = 'NEEDS_REPLY' AND NOT a.shadow
  ORDER BY a.content_id DESC, EXISTS (SELECT 1 FROM analyzers v WHERE v.name = y.name AND ` + worksSQL + `) DESC, a.created_at DESC, a.id DESC LIMIT 1`

// talk is the settled stretch of one chat and thread.
type talk struct {
	talkKey
	messages []talkMessage
}

type talkMessage struct {
	id         int
	telegramID int64
	side       string
	sender     int
	at         time.Time
	wait       int
	needsReply *bool
}

// settle makes the waits around the touched messages anew from the messages, and marks the people concerned for fresh KPIs.
// Whatever the order in which messages and judgements came in, the waits come out the same.
func settle(ctx context.Context, t *tx, r *roster, places touched) error {
	if len(places) == 0 {
		return nil
	}
	if _, err := t.sql.ExecContext(ctx, `SELECT id FROM chats WHERE id = ANY($1) ORDER BY id FOR UPDATE`, idArray(places.chats())); err != nil {
		return err
	}
	places, err := t.widen(ctx, places)
	if err != nil {
		return err
	}
	talks, err := t.readTalks(ctx, r, places.spans())
	if err != nil {
		return err
	}
	owners, err := t.readOwners(ctx, places.chats())
	if err != nil {
		return err
	}
	known, err := t.readWaits(ctx, talks)
	if err != nil {
		return err
	}
	waits := make([][]response.Wait, len(talks))
	for i, talk := range talks {
		waits[i] = talk.segment(r, t.at)
	}
	senders, err := t.lastSenders(ctx, talks, waits)
	if err != nil {
		return err
	}
	var changed []waitRow
	var links []waitLink
	for i, talk := range talks {
		rows := talk.rows(waits[i], r, owners[talk.chat], senders, known[talk.talkKey], t.at)
		changed = append(changed, differing(rows, known[talk.talkKey])...)
		links = append(links, linksOf(talk, rows)...)
	}
	return t.putWaits(ctx, r, changed, links)
}

func (t *tx) readTalks(ctx context.Context, r *roster, spans []span) ([]talk, error) {
	var talks []talk
	err := t.each(ctx, windowSQL, []any{asJSON(spans)}, func(scan scanner) error {
		var key talkKey
		var m talkMessage
		var label, corrected *string
		var analyzer int
		var language string
		if err := scan(&key.chat, &key.thread, &m.id, &m.telegramID, &m.side, &m.sender, &m.at, &m.wait, &label, &corrected, &analyzer, &language); err != nil {
			return err
		}
		m.needsReply = r.needsReply(label, corrected, analyzer, language)
		if n := len(talks); n == 0 || talks[n-1].talkKey != key {
			talks = append(talks, talk{talkKey: key})
		}
		last := &talks[len(talks)-1]
		last.messages = append(last.messages, m)
		return nil
	})
	return talks, err
}

// needsReply is what counts: a person's word, else the machine's if it passed the pay gate, else nothing.
func (r *roster) needsReply(label, corrected *string, analyzer int, language string) *bool {
	if corrected == nil && (label == nil || !r.gateOpen(analyzer, language)) {
		return nil
	}
	if corrected != nil {
		label = corrected
	}
	yes := *label != "no"
	return &yes
}

// segment finds the waits of a stretch with the rules of domain/response.
func (t talk) segment(r *roster, now time.Time) []response.Wait {
	in := make([]response.Message, len(t.messages))
	for i, m := range t.messages {
		side := response.SideCustomer
		if m.side == sideStaff {
			side = response.SideStaff
		}
		in[i] = response.Message{ID: m.telegramID, Side: side, Person: int64(m.sender), At: m.at, NeedsReply: m.needsReply}
	}
	return response.Segment(in, r.gap, t.newest(now))
}

// newest is now, or the time of the newest message if its clock goes before ours.
func (t talk) newest(now time.Time) time.Time {
	for _, m := range t.messages {
		if m.at.After(now) {
			now = m.at
		}
	}
	return now
}

// rows are the stretch's waits as they are to be stored.
func (t talk) rows(waits []response.Wait, r *roster, o owner, senders map[openedKey]int, known map[int]waitRow, now time.Time) []waitRow {
	byID := make(map[int64]talkMessage, len(t.messages))
	for _, m := range t.messages {
		byID[m.telegramID] = m
	}
	rows := make([]waitRow, len(waits))
	newest := t.newest(now)
	for i := range waits {
		w := &waits[i]
		rows[i] = makeRow(t, w, byID)
		rows[i].Team, rows[i].Assignee = ownersOf(w, r, o, senders[openedKey{t.chat, w.OpensID}], known[rows[i].FirstMessage])
		rows[i].judge(w, r, newest)
	}
	return rows
}

// makeRow writes a wait down as the messages have it; whose it is and how it stands come after.
func makeRow(t talk, w *response.Wait, byID map[int64]talkMessage) waitRow {
	row := waitRow{
		Chat: t.chat, Thread: t.thread, FirstMessage: byID[w.FirstMessageID].id, OpensWith: byID[w.OpensID].id, First: w.First, OpenedAt: w.OpenedAt,
	}
	if w.Answered() {
		closes := byID[w.ClosesID].id
		row.ClosesWith, row.ClosedAt, row.Responder = &closes, &w.ClosedAt, optional(int(w.Responder))
	}
	for _, id := range w.MessageIDs {
		row.messages = append(row.messages, byID[id].id)
	}
	return row
}

// judge measures a wait against the target of its team.
func (row *waitRow) judge(w *response.Wait, r *roster, now time.Time) {
	end := now
	if w.Answered() {
		end = w.ClosedAt
	}
	calendar, version := r.calendar(int(w.Responder), deref(row.Team), end)
	target := r.target(deref(row.Team))
	response.Judge(w, calendar, target, now)
	row.State = stateNames[w.State]
	row.ScheduleVersion = optional(version)
	row.NeedsReply = &w.NeedsReply
	switch {
	case w.Answered():
		row.Wall, row.Business = &w.Wall, &w.Business
	case w.NeedsReply:
		row.BreachesAt = breachTime(calendar, w.OpenedAt, target)
	}
}

var stateNames = map[response.State]string{
	response.StateOpen: "OPEN", response.StateWithin: "WITHIN", response.StateBreached: "BREACHED", response.StateNoReplyNeeded: "NO_REPLY_NEEDED",
}

// breachTime is when an open wait passes its target: the first second whose business time is longer. Nil if the schedule has
// not that many hours within a year.
func breachTime(calendar response.Business, opened time.Time, target time.Duration) *time.Time {
	limit := int64(target / time.Second)
	lo, hi := int64(0), int64(366*24*3600)
	if calendar.BusinessSeconds(opened, opened.Add(time.Duration(hi)*time.Second)) <= limit {
		return nil
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if calendar.BusinessSeconds(opened, opened.Add(time.Duration(mid)*time.Second)) > limit {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	at := opened.Add(time.Duration(lo) * time.Second)
	return &at
}

func optional(id int) *int {
	if id == 0 {
		return nil
	}
	return &id
}

// deref is what p points to, the zero value if to nothing.
func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
