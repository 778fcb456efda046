package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/domain"
)

// updatesIdle is after how long without an update its ids are of a new series: Telegram counts anew after a week.
const updatesIdle = 6 * 24 * time.Hour

// StoredUpdate is an update as it waits to be handled.
type StoredUpdate struct {
	// ID is the row, which grows in the order of arrival.
	ID int
	// Lane is the chat, else the person, whose updates are handled in order; 0: it belongs to nobody.
	Lane     int64
	Body     []byte
	Attempts int
}

// KnowBot keeps what a bot is called. For the bot.
func (a *App) KnowBot(ctx context.Context, botID int64, username string) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `
INSERT INTO telegram_bots (bot_id, username, series, created_at) VALUES ($1, $2, 1, $3)
ON CONFLICT (bot_id) DO UPDATE SET username = EXCLUDED.username WHERE telegram_bots.username <> EXCLUDED.username`,
			botID, clip(username, 64), t.at)
		return err
	})
}

// PauseTelegram keeps that Telegram asked for silence, by the database's clock, and tells the other processes. For the bot.
func (a *App) PauseTelegram(ctx context.Context, botID int64, d time.Duration) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		ids, err := t.ids(ctx, `
INSERT INTO telegram_bots (bot_id, username, series, created_at, paused_until) VALUES ($1, '', 1, $3, clock_timestamp() + $2 * interval '1 second')
ON CONFLICT (bot_id) DO UPDATE SET paused_until = GREATEST(telegram_bots.paused_until, EXCLUDED.paused_until) RETURNING id`,
			botID, d.Seconds(), t.at)
		t.emit(TelegramSilent, ids...)
		return err
	})
}

// KnownBot is what is kept of a bot; empty of one that never worked here.
type KnownBot struct {
	Username string
	// Silence is how much longer Telegram wants none of our calls.
	Silence time.Duration
}

// KnownBot reads what is kept of a bot. For the bot.
func (a *App) KnownBot(ctx context.Context, botID int64) (KnownBot, error) {
	var out KnownBot
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return out, err
	}
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		return t.each(ctx, `
SELECT username, COALESCE(GREATEST(EXTRACT(EPOCH FROM paused_until - clock_timestamp()), 0), 0)::float8 FROM telegram_bots WHERE bot_id = $1`,
			[]any{botID}, func(scan scanner) error {
				var seconds float64
				err := scan(&out.Username, &seconds)
				out.Silence = time.Duration(seconds * float64(time.Second))
				return err
			})
	})
	return out, err
}

// storeUpdatesSQL runs while the bot's row is held, so that rows become visible in the order of their ids.
const storeUpdatesSQL = `
INSERT INTO telegram_updates (bot_id, series, update_id, lane, body, state, attempts, fault, received_at)
SELECT $1, $2, update_id, lane, body, CASE WHEN fault = '' THEN 'NEW' ELSE 'ASIDE' END, 0, fault, $7
FROM unnest($3::bigint[], $4::bigint[], $5::bytea[], $6::text[]) WITH ORDINALITY AS x(update_id, lane, body, fault, n)
ORDER BY n ON CONFLICT (bot_id, series, update_id) DO NOTHING RETURNING id`

// StoreUpdates keeps updates as they came, in their order, in one transaction, and returns how many were new; Telegram may forget
// them then. What is known already is left as it is. What has no id that could be read is put aside at once. For the bot.
func (a *App) StoreUpdates(ctx context.Context, botID int64, raw []json.RawMessage) (int, error) {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return 0, err
	}
	var ids, lanes pq.Int64Array
	var bodies pq.ByteaArray
	var reasons pq.StringArray
	for _, body := range raw {
		id, known := UpdateID(body)
		fault := ""
		if !known {
			id, fault = hashID(body), "it has no update_id"
		}
		ids, lanes, bodies, reasons = append(ids, id), append(lanes, laneOf(body)), append(bodies, body), append(reasons, fault)
	}
	stored := 0
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		bot, series, err := t.holdBot(ctx, botID)
		if err != nil {
			return err
		}
		rows, err := t.ids(ctx, storeUpdatesSQL, bot, series, ids, lanes, bodies, reasons, t.at)
		stored = len(rows)
		t.emit(UpdatesStored, rows...)
		return err
	})
	return stored, err
}

// holdBot makes the bot's row if need be, holds it, and begins a new series after an idle week.
func (t *tx) holdBot(ctx context.Context, botID int64) (id, series int, err error) {
	err = t.each(ctx, `
INSERT INTO telegram_bots (bot_id, username, series, created_at, last_update_at) VALUES ($1, '', 1, $2, $2)
ON CONFLICT (bot_id) DO UPDATE SET
  series = telegram_bots.series + CASE WHEN telegram_bots.last_update_at < $3 THEN 1 ELSE 0 END,
  last_update_at = GREATEST(telegram_bots.last_update_at, $2)
RETURNING id, series`, []any{botID, t.at, t.at.Add(-updatesIdle)}, func(scan scanner) error { return scan(&id, &series) })
	return id, series, err
}

// maxUpdateID is far above what Telegram counts to; what is larger is no id.
const maxUpdateID = 1 << 53

var updateIDForm = regexp.MustCompile(`"update_id"\s*:\s*([0-9]{1,17})\b`)

// UpdateID is the id in an update, also in one that is not JSON; false if there is none.
func UpdateID(body []byte) (int64, bool) {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) == nil {
		id, err := strconv.ParseInt(string(top["update_id"]), 10, 64)
		return id, err == nil && id >= 0 && id < maxUpdateID
	}
	found := updateIDForm.FindSubmatch(body)
	if found == nil {
		return 0, false
	}
	id, err := strconv.ParseInt(string(found[1]), 10, 64)
	return id, err == nil && id < maxUpdateID
}

// hashID stands for the id of an update that has none: below zero, where Telegram never counts, and the same for the same body.
func hashID(body []byte) int64 {
	sum := sha256.Sum256(body)
	return -1 - int64(binary.BigEndian.Uint64(sum[:8])>>2)
}

// lanes are read from whatever part of an update can be read.
type laned struct {
	Chat     lanedID `json:"chat"`
	From     lanedID `json:"from"`
	User     lanedID `json:"user"`
	UserChat int64   `json:"user_chat_id"`
	Message  *struct {
		Chat lanedID `json:"chat"`
	} `json:"message"`
}

type lanedID struct {
	ID int64 `json:"id"`
}

// laneOf is the chat of an update, else its person, else 0.
func laneOf(body []byte) int64 {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return 0
	}
	for name, raw := range top {
		var l laned
		if name == "update_id" || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
			continue
		}
		_ = json.Unmarshal(raw, &l) // what could be read of it is enough
		if l.Message != nil && l.Message.Chat.ID != 0 {
			return l.Message.Chat.ID
		}
		for _, id := range []int64{l.Chat.ID, l.From.ID, l.User.ID, l.UserChat} {
			if id != 0 {
				return id
			}
		}
	}
	return 0
}

// WaitingUpdates are the next that wait to be handled, in order of arrival, without those known to the caller and without those of
// lanes that are stuck. For the bot.
func (a *App) WaitingUpdates(ctx context.Context, botID int64, known []int, stuck []int64, limit int) ([]StoredUpdate, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return nil, err
	}
	var out []StoredUpdate
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		out = nil
		return t.each(ctx, `
SELECT u.id, u.lane, u.body, u.attempts FROM telegram_updates u JOIN telegram_bots b ON b.id = u.bot_id
WHERE u.state = 'NEW' AND b.bot_id = $1 AND u.id <> ALL($2) AND u.lane <> ALL($3) ORDER BY u.id LIMIT $4`,
			[]any{botID, idArray(known), append(pq.Int64Array{}, stuck...), limit}, func(scan scanner) error {
				var u StoredUpdate
				err := scan(&u.ID, &u.Lane, &u.Body, &u.Attempts)
				out = append(out, u)
				return err
			})
	})
	return out, err
}

// RecordLive records messages as they come in and marks the updates that brought them as handled, in one transaction. No two of
// them may be versions of one message: the later would be all that is kept. For the bot.
func (a *App) RecordLive(ctx context.Context, in []MessageInput, updates []int) (Recorded, error) {
	if _, err := permit(ctx, "message", "write"); err != nil {
		return Recorded{}, err
	}
	for _, m := range in {
		if err := m.validate(); err != nil {
			return Recorded{}, err
		}
	}
	var out Recorded
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		r := recording{tx: t, how: live}
		if len(in) > 0 {
			if err := r.run(ctx, in); err != nil {
				return err
			}
		}
		out = r.done
		return t.handled(ctx, updates)
	})
	return out, err
}

// HandleUpdates marks updates as handled; those that are stay so. For the bot.
func (a *App) HandleUpdates(ctx context.Context, updates ...int) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil || len(updates) == 0 {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error { return t.handled(ctx, updates) })
}

// FailUpdate notes why an update could not be handled; aside: it is not tried again until somebody replays it. For the bot.
func (a *App) FailUpdate(ctx context.Context, id int, fault string, aside bool) error {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return err
	}
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `
UPDATE telegram_updates SET attempts = attempts + 1, fault = $2, state = CASE WHEN $3 THEN 'ASIDE' ELSE state END WHERE id = $1 AND state = 'NEW'`,
			id, clip(fault, 500), aside)
		return err
	})
}

// updatesKept is how long handled updates are kept: they hold words.
const updatesKept = 3 * 24 * time.Hour

// PruneUpdates forgets what was handled days ago, and returns how many that were. What was put aside stays. For the bot.
func (a *App) PruneUpdates(ctx context.Context) (int, error) {
	if _, err := permit(ctx, "telegram", "write"); err != nil {
		return 0, err
	}
	pruned := 0
	for {
		n := 0
		err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
			gone, err := t.ids(ctx, `
DELETE FROM telegram_updates WHERE id IN (SELECT id FROM telegram_updates WHERE handled_at < $1 AND state = 'HANDLED' LIMIT 1000) RETURNING id`, t.at.Add(-updatesKept))
			n = len(gone)
			return err
		})
		pruned += n
		if err != nil || n < 1000 {
			return pruned, err
		}
	}
}

// Unavailable tells whether an error is of something that is away and comes back, the database above all: what failed is to be
// tried again as it is.
func Unavailable(err error) bool {
	var ours *domain.Error
	if errors.As(err, &ours) && ours.Kind == domain.KindUnavailable {
		return true
	}
	var pqErr *pq.Error
	if errors.As(err, &pqErr) {
		switch pqErr.Code.Class() {
		case "08", "53", "57": // connection, resources, shutdown
			return true
		}
		return pqErr.Code == "40P01" || pqErr.Code == "40001"
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// FaultOf says what went wrong without any words of what it went wrong with: the database repeats values in its errors.
func FaultOf(err error) string {
	var pqErr *pq.Error
	if errors.As(err, &pqErr) {
		return fmt.Sprintf("the database refuses it: %s (%s)", pqErr.Code.Name(), pqErr.Code)
	}
	var ours *domain.Error
	if errors.As(err, &ours) {
		return ours.Error()
	}
	return fmt.Sprintf("%T", err)
}
