package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/broadcast"
)

// Audience is whom a broadcast is for: everybody if neither is given; if both are, whoever is in one of the teams, or
// supervises it, and has one of the roles.
type Audience struct {
	Teams []int    `json:"teams,omitempty"`
	Roles []string `json:"roles,omitempty"` // as auth.Roles writes them
}

// BroadcastInput is one text for many.
type BroadcastInput struct {
	Audience
	// Text is plain: at most 4096 UTF-16 units, 1024 below a file, where it may be empty.
	Text string
	// File is one that was kept before; nil: none. With a FileName it is sent as a document, without one as a photo.
	File     *StoredFile
	FileName string
}

func (in *BroadcastInput) validate() error {
	in.Text = strings.TrimSpace(cleanText(in.Text))
	most := maxSaid
	if in.File != nil {
		most = maxCaption
	}
	var list []string
	switch n := utf16Units(in.Text); {
	case n == 0 && in.File == nil:
		list = append(list, "a broadcast needs a text or a file")
	case n > most && in.File != nil:
		list = append(list, "below a file the text has at most 1024 characters")
	case n > most:
		list = append(list, "the text has at most 4096 characters")
	}
	for i, role := range in.Roles {
		in.Roles[i] = strings.ToLower(role)
		if !isRole(in.Roles[i]) {
			list = append(list, clip(role, 40)+" is no role: "+strings.Join(auth.Roles(), ", "))
		}
	}
	slices.Sort(in.Roles)
	slices.Sort(in.Teams)
	in.Roles, in.Teams = slices.Compact(in.Roles), slices.Compact(in.Teams)
	return faults(list)
}

// PreparedBroadcast is a draft, and whom it would reach now.
type PreparedBroadcast struct {
	*gen.Broadcast
	// Recipients would get it. Unlinked have no Telegram account here yet, Unreachable have blocked the bot: they would not.
	Recipients, Unlinked, Unreachable int
}

// PrepareBroadcast makes a draft and counts whom it would reach; nothing is sent yet. The same again is the same draft.
func (a *App) PrepareBroadcast(ctx context.Context, in BroadcastInput) (PreparedBroadcast, error) {
	actor, err := permit(ctx, "broadcast", "send")
	if err != nil {
		return PreparedBroadcast{}, err
	}
	if err := in.validate(); err != nil {
		return PreparedBroadcast{}, err
	}
	var out PreparedBroadcast
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		if err := t.checkTeams(ctx, in.Teams); err != nil {
			return err
		}
		if out.Broadcast, err = t.draft(ctx, actor, in); err != nil {
			return err
		}
		out.Recipients, out.Unlinked, out.Unreachable, err = t.countAudience(ctx, in.Audience)
		return err
	})
	return out, err
}

// KeepSent keeps a file that an admin sent to the bot for a broadcast: source is Telegram's file id, bytes its size as far as known.
func (a *App) KeepSent(ctx context.Context, source string, bytes int64) (StoredFile, error) {
	if _, err := permit(ctx, "broadcast", "send"); err != nil {
		return StoredFile{}, err
	}
	return a.download(ctx, source, bytes)
}

func (t *tx) checkTeams(ctx context.Context, teams []int) error {
	known, err := t.ids(ctx, `SELECT id FROM teams WHERE id = ANY($1)`, idArray(teams))
	if err == nil && len(known) < len(teams) {
		err = domain.Errorf(domain.KindNotFound, "there is no such team")
	}
	return err
}

// draft is the author's own with the same content, else a new one.
func (t *tx) draft(ctx context.Context, author auth.Actor, in BroadcastInput) (*gen.Broadcast, error) {
	audience, err := json.Marshal(in.Audience)
	if err != nil {
		return nil, err
	}
	file := ""
	if in.File != nil {
		file = in.File.SHA256
	}
	name := clip(in.FileName, 200)
	same, err := t.ids(ctx, `
SELECT id FROM broadcasts WHERE state = 'DRAFT' AND author_id = $1 AND text = $2 AND COALESCE(file, '') = $3 AND COALESCE(file_name, '') = $4 AND audience = $5
ORDER BY id LIMIT 1`, author.UserID, in.Text, file, name, string(audience))
	if err != nil {
		return nil, err
	}
	if len(same) > 0 {
		return t.Broadcast.Get(ctx, same[0])
	}
	made, err := t.Broadcast.Create().SetNillableAuthorID(optional(author.UserID)).SetAudience(audience).SetText(in.Text).SetFile(file).SetFileName(name).
		SetCreatedAt(t.at).Save(ctx)
	if err != nil {
		return nil, err
	}
	return made, t.audit(ctx, "prepare_broadcast", "broadcast", made.ID, nil)
}

// audienceSQL are the people of an audience ($2 teams, $3 roles) who are in the company on a day ($1).
const audienceSQL = `
FROM employments e JOIN users u ON u.id = e.user_id
WHERE e.status = 'ACTIVE' AND (e."left" IS NULL OR e."left" >= $1)
  AND (cardinality($2::bigint[]) = 0 OR u.team_id = ANY($2) OR EXISTS (SELECT FROM teams s WHERE s.id = ANY($2) AND s.supervisor_id = u.id))
  AND (cardinality($3::text[]) = 0 OR e.role = ANY($3))`

// audienceArgs are the first three arguments of audienceSQL.
func (t *tx) audienceArgs(ctx context.Context, who Audience) ([]any, error) {
	today, err := t.today(ctx)
	roles := pq.StringArray{}
	for _, role := range who.Roles {
		roles = append(roles, strings.ToUpper(role))
	}
	return []any{today.String(), idArray(who.Teams), roles}, err
}

func (t *tx) countAudience(ctx context.Context, who Audience) (recipients, unlinked, unreachable int, err error) {
	args, err := t.audienceArgs(ctx, who)
	if err != nil {
		return 0, 0, 0, err
	}
	const q = `
SELECT count(*) FILTER (WHERE e.telegram_id IS NOT NULL AND e.unreachable_at IS NULL), count(*) FILTER (WHERE e.telegram_id IS NULL),
  count(*) FILTER (WHERE e.telegram_id IS NOT NULL AND e.unreachable_at IS NOT NULL)` + audienceSQL
	err = t.each(ctx, q, args, func(scan scanner) error { return scan(&recipients, &unlinked, &unreachable) })
	return recipients, unlinked, unreachable, err
}

// startSQL makes the messages of a broadcast ($4) for its audience as it is now.
const startSQL = `
INSERT INTO outgoings (key, chat, user_id, broadcast_id, priority, method, params, file, file_field, file_name, state, attempts, not_before, fault, created_at)
SELECT 'broadcast:' || $4::bigint || ':' || e.user_id, e.telegram_id, e.user_id, $4, 2, $5, $6::jsonb, $7, $8, $9, 'QUEUED', 0, $10::timestamptz, '', $10` + audienceSQL + `
  AND e.telegram_id IS NOT NULL AND e.unreachable_at IS NULL
ORDER BY e.user_id ON CONFLICT (key) DO NOTHING`

// StartBroadcast puts a draft into the outbox for its audience as it is now. One that has been started is left as it is.
func (a *App) StartBroadcast(ctx context.Context, id int) (*gen.Broadcast, error) {
	return a.turnBroadcast(ctx, id, "start_broadcast", func(ctx context.Context, t *tx, b *gen.Broadcast) (bool, error) {
		switch b.State {
		case broadcast.StateCancelled:
			return false, domain.Errorf(domain.KindConflict, "the broadcast was cancelled: prepare another one")
		case broadcast.StateDraft:
		default:
			return false, nil
		}
		return true, t.startBroadcast(ctx, b)
	})
}

func (t *tx) startBroadcast(ctx context.Context, b *gen.Broadcast) error {
	who, err := AudienceOf(b)
	if err != nil {
		return err
	}
	args, err := t.audienceArgs(ctx, who)
	if err != nil {
		return err
	}
	method, field, params := "sendMessage", "", map[string]any{"text": b.Text, "link_preview_options": map[string]any{"is_disabled": true}}
	if b.File != "" {
		method, field, params = "sendPhoto", "photo", map[string]any{"caption": b.Text}
		if b.FileName != "" {
			method, field = "sendDocument", "document"
		}
	}
	args = append(args, b.ID, method, string(rawOf(params)), b.File, field, b.FileName, t.at)
	done, err := t.sql.ExecContext(ctx, startSQL, args...)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return domain.Errorf(domain.KindConflict, "nobody of this audience can be reached in Telegram: invite them first")
	}
	t.emit(OutboxChanged, b.ID)
	return b.Update().SetState(broadcast.StateRunning).SetStartedAt(t.at).Exec(ctx)
}

// PauseBroadcast lets what is left of a broadcast wait; what is on its way arrives.
func (a *App) PauseBroadcast(ctx context.Context, id int) (*gen.Broadcast, error) {
	return a.turnBroadcast(ctx, id, "pause_broadcast", func(ctx context.Context, _ *tx, b *gen.Broadcast) (bool, error) {
		return switchBroadcast(ctx, b, broadcast.StateRunning, broadcast.StatePaused)
	})
}

// ResumeBroadcast goes on with a paused one.
func (a *App) ResumeBroadcast(ctx context.Context, id int) (*gen.Broadcast, error) {
	return a.turnBroadcast(ctx, id, "resume_broadcast", func(ctx context.Context, t *tx, b *gen.Broadcast) (bool, error) {
		t.emit(OutboxChanged, b.ID)
		return switchBroadcast(ctx, b, broadcast.StatePaused, broadcast.StateRunning)
	})
}

func switchBroadcast(ctx context.Context, b *gen.Broadcast, from, to broadcast.State) (bool, error) {
	switch b.State {
	case to:
		return false, nil
	case from:
		return true, b.Update().SetState(to).Exec(ctx)
	}
	return false, domain.Errorf(domain.KindConflict, "the broadcast is %s", strings.ToLower(string(b.State)))
}

// CancelBroadcast ends a broadcast: what has not been sent yet will not be.
func (a *App) CancelBroadcast(ctx context.Context, id int) (*gen.Broadcast, error) {
	return a.turnBroadcast(ctx, id, "cancel_broadcast", func(ctx context.Context, t *tx, b *gen.Broadcast) (bool, error) {
		switch b.State {
		case broadcast.StateCancelled:
			return false, nil
		case broadcast.StateDone:
			return false, domain.Errorf(domain.KindConflict, "the broadcast has been sent already")
		}
		if err := b.Update().SetState(broadcast.StateCancelled).SetEndedAt(t.at).Exec(ctx); err != nil {
			return false, err
		}
		return true, t.cancelQueued(ctx)
	})
}

// turnBroadcast takes a broadcast one step further, if it is not there yet, and records who did.
func (a *App) turnBroadcast(ctx context.Context, id int, verb string, step func(context.Context, *tx, *gen.Broadcast) (bool, error)) (*gen.Broadcast, error) {
	if _, err := permit(ctx, "broadcast", "send"); err != nil {
		return nil, err
	}
	var out *gen.Broadcast
	err := a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		b, err := t.Broadcast.Query().Where(broadcast.ID(id)).ForUpdate().Only(ctx)
		if err != nil {
			return notFound(err, "there is no such broadcast")
		}
		changed, err := step(ctx, t, b)
		if err != nil {
			return err
		}
		if changed {
			if err := t.audit(ctx, verb, "broadcast", id, nil); err != nil {
				return err
			}
		}
		out, err = t.Broadcast.Get(ctx, id)
		return err
	})
	return out, err
}

// cancelQueued ends what waits for broadcasts that were cancelled lately; a message that came back unsent is found later.
func (t *tx) cancelQueued(ctx context.Context) error {
	_, err := t.sql.ExecContext(ctx, `
UPDATE outgoings SET state = 'CANCELLED', fault = 'the broadcast was cancelled', ended_at = $1
WHERE state = 'QUEUED' AND broadcast_id IN (SELECT id FROM broadcasts WHERE state = 'CANCELLED' AND ended_at > $2)`, t.at, t.at.Add(-reportWithin))
	return err
}

// reportWithin is how long after its end a broadcast is looked after.
const reportWithin = 7 * 24 * time.Hour

// AudienceOf is whom a broadcast is for.
func AudienceOf(b *gen.Broadcast) (Audience, error) {
	var who Audience
	if err := json.Unmarshal(b.Audience, &who); err != nil {
		return who, domain.Errorf(domain.KindInternal, "the audience of broadcast %d cannot be read: %w", b.ID, err)
	}
	return who, nil
}
