package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/invite"
	"github.com/fincokpi/finco/ent/gen/signinfailure"
)

const (
	// InviteLasts is how long an invite is good for.
	InviteLasts = 72 * time.Hour
	// inviteBytes are the random bytes of an invite: too many to guess one.
	inviteBytes = 24
)

// What may be said about a Telegram account that is not connected, to be told apart with errors.Is.
var (
	// ErrInviteWrong is the one answer to an invite that does not exist, was used, was replaced or has expired.
	ErrInviteWrong = domain.Errorf(domain.KindNotFound, "this invite is not valid: ask for a new one")
	// ErrTooManyTries says that an account gave so many wrong invites that it has to wait.
	ErrTooManyTries = domain.Errorf(domain.KindDenied, "too many wrong invites: wait some minutes")
	// ErrTelegramTaken says that the account is connected to another person.
	ErrTelegramTaken = domain.Errorf(domain.KindConflict, "this Telegram account is connected to another person: disconnect that one first")
	// ErrPersonConnected says that the person has another account already.
	ErrPersonConnected = domain.Errorf(domain.KindConflict, "this person has a Telegram account already: disconnect it first (finco user disconnect EMAIL)")
	// ErrPhoneUnknown says that nobody who may use the bot has the phone number.
	ErrPhoneUnknown = domain.Errorf(domain.KindNotFound, "nobody of the company has this phone number")
)

// InviteUserInput says whom to invite: by e-mail or by id, one of them.
type InviteUserInput struct {
	Email  string
	UserID int
}

// Invite is a link that connects the Telegram account of whoever follows it to a person, once.
type Invite struct {
	UserID int
	// Name is the person's.
	Name      string
	Link      string
	ExpiresAt time.Time
}

// InviteUser makes an invite for a person without a Telegram account, and ends those made for them before. Only its hash is
// kept, so the link is shown once. For admins and the command line.
func (a *App) InviteUser(ctx context.Context, in InviteUserInput) (Invite, error) {
	actor, err := permit(ctx, "person", "invite")
	if err != nil {
		return Invite{}, err
	}
	if (in.Email == "") == (in.UserID == 0) {
		return Invite{}, domain.Errorf(domain.KindInvalid, "say whom to invite: by e-mail or by id")
	}
	username, err := a.BotUsername(auth.With(ctx, auth.System("telegram")))
	if err != nil {
		return Invite{}, err
	}
	if username == "" {
		return Invite{}, domain.Errorf(domain.KindConflict, "there is no bot yet: set FINCO_TELEGRAM_TOKEN and start finco serve once")
	}
	token, hash := newInvite()
	var out Invite
	err = a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		person, err := t.toInvite(ctx, in)
		if err != nil {
			return err
		}
		out = Invite{
			UserID: person.UserID, Name: person.Edges.User.Name, ExpiresAt: t.at.Add(InviteLasts),
			Link: "https://t.me/" + username + "?start=" + token,
		}
		if _, err := t.Invite.Delete().Where(invite.UserID(person.UserID), invite.UsedAtIsNil()).Exec(ctx); err != nil {
			return err
		}
		made := t.Invite.Create().SetUserID(person.UserID).SetTokenHash(hash).SetCreatedAt(t.at).SetExpiresAt(out.ExpiresAt)
		if actor.UserID != 0 {
			made.SetAuthorID(actor.UserID)
		}
		if err := made.Exec(ctx); err != nil {
			return err
		}
		return t.audit(ctx, "invite_to_telegram", "person", person.UserID, nil)
	})
	return out, err
}

func newInvite() (token string, hash []byte) {
	raw := make([]byte, inviteBytes)
	_, _ = rand.Read(raw) // it never fails: without randomness the process ends
	token = base64.RawURLEncoding.EncodeToString(raw)
	return token, hashInvite(token)
}

func hashInvite(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// toInvite finds whom an invite is for and holds them until commit.
func (t *tx) toInvite(ctx context.Context, in InviteUserInput) (*gen.Employment, error) {
	who := employment.Email(strings.ToLower(strings.TrimSpace(in.Email)))
	if in.UserID != 0 {
		who = employment.UserID(in.UserID)
	}
	person, err := t.Employment.Query().Where(who).WithUser().ForUpdate().Only(ctx)
	if err != nil {
		return nil, notFound(err, "there is no such person")
	}
	if !t.isHere(ctx, person) {
		return nil, domain.Errorf(domain.KindConflict, "this person is blocked or has left")
	}
	if person.TelegramID != nil {
		return nil, ErrPersonConnected
	}
	return person, nil
}

// isHere tells whether a person may use the bot today: active, and not past their last day.
func (t *tx) isHere(ctx context.Context, person *gen.Employment) bool {
	if person.Status != employment.StatusActive {
		return false
	}
	if person.Left == nil {
		return true
	}
	today, err := t.today(ctx)
	return err == nil && *person.Left >= today.String() // days are written so that they sort
}

// AcceptInviteInput is what a Telegram account gives to be connected.
type AcceptInviteInput struct {
	Token      string
	TelegramID int64
	// Language is the account's (uz, ru or en), for a person who has none; empty: unknown.
	Language string
}

// AcceptInvite connects a Telegram account to the person whom an invite is for, and gives them the messages they wrote before. The
// same account may give the same invite again. After five wrong ones an account has to wait longer for each further try. For the bot.
func (a *App) AcceptInvite(ctx context.Context, in AcceptInviteInput) error {
	if _, err := permit(ctx, "invite", "write"); err != nil {
		return err
	}
	subject := subjectOf("invite", idText(in.TelegramID))
	if err := a.mayTryInvite(ctx, subject); err != nil {
		return err
	}
	err := a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		found, err := t.Invite.Query().Where(invite.TokenHash(hashInvite(in.Token))).ForUpdate().Only(ctx)
		if gen.IsNotFound(err) {
			return ErrInviteWrong
		}
		if err != nil {
			return err
		}
		if found.UsedAt != nil {
			return t.usedInvite(ctx, found, in.TelegramID)
		}
		if !t.at.Before(found.ExpiresAt) {
			return ErrInviteWrong
		}
		person, err := t.Employment.Query().Where(employment.UserID(found.UserID)).ForUpdate().Only(ctx)
		if err != nil {
			return err
		}
		if !t.isHere(ctx, person) {
			return ErrInviteWrong
		}
		if err := t.connect(ctx, person, in.TelegramID, in.Language); err != nil {
			return err
		}
		return found.Update().SetUsedAt(t.at).SetUsedBy(in.TelegramID).Exec(ctx)
	})
	if errors.Is(err, ErrInviteWrong) {
		if err := a.countWrongInvite(ctx, subject); err != nil {
			return err
		}
	}
	return err
}

// usedInvite is right once more for the account that it connected: an update may be handled again.
func (t *tx) usedInvite(ctx context.Context, found *gen.Invite, telegramID int64) error {
	same, err := t.Employment.Query().Where(employment.UserID(found.UserID), employment.TelegramID(telegramID)).Exist(ctx)
	if err == nil && !(same && found.UsedBy != nil && *found.UsedBy == telegramID) {
		return ErrInviteWrong
	}
	return err
}

// Inviter is who made the invite that connected an account.
type Inviter struct {
	TelegramPerson
	InviteID int
}

// InviterOf is who made the invite that connected a Telegram account last; not_found if that was nobody who can be told. For the bot.
func (a *App) InviterOf(ctx context.Context, telegramID int64) (Inviter, error) {
	if _, err := permit(ctx, "invite", "read"); err != nil {
		return Inviter{}, err
	}
	const q = `
SELECT i.id, e.telegram_id FROM invites i JOIN employments e ON e.user_id = i.author_id
WHERE i.used_by = $1 AND e.telegram_id IS NOT NULL ORDER BY i.used_at DESC, i.id DESC LIMIT 1`
	out, account := Inviter{}, int64(0)
	err := a.eachRow(ctx, q, []any{telegramID}, func(scan scanner) error { return scan(&out.InviteID, &account) })
	if err != nil {
		return Inviter{}, err
	}
	out.TelegramPerson, err = a.PersonByTelegram(ctx, account)
	return out, err
}

func (a *App) mayTryInvite(ctx context.Context, subject string) error {
	rows, err := a.client.SignInFailure.Query().Where(signinfailure.Subject(subject)).All(as(ctx, "signin"))
	if err == nil && refuseBlocked(rows, a.now()) != nil {
		return ErrTooManyTries
	}
	return err
}

func (a *App) countWrongInvite(ctx context.Context, subject string) error {
	if err := a.failed(as(ctx, "signin"), []string{subject}); domain.KindOf(err) != domain.KindUnauthenticated {
		if domain.KindOf(err) == domain.KindUnavailable && a.mayTryInvite(ctx, subject) != nil {
			return ErrTooManyTries
		}
		return err
	}
	return nil
}

// ConnectByPhoneInput is a contact that a Telegram account shared of itself; whoever calls has checked that it is its own.
type ConnectByPhoneInput struct {
	Phone      string
	TelegramID int64
	// Language is as in AcceptInviteInput.
	Language string
}

// ConnectByPhone connects a Telegram account to the person with its phone number, as AcceptInvite does. For the bot.
func (a *App) ConnectByPhone(ctx context.Context, in ConnectByPhoneInput) error {
	if _, err := permit(ctx, "invite", "write"); err != nil {
		return err
	}
	// Telegram's numbers are international, with a + or without: a short one of another country is none of Uzbekistan.
	phone, ok := domain.ParsePhone("+" + strings.TrimPrefix(strings.TrimSpace(in.Phone), "+"))
	if !ok {
		return ErrPhoneUnknown
	}
	return a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		person, err := t.Employment.Query().Where(employment.Phone(phone)).ForUpdate().Only(ctx)
		if gen.IsNotFound(err) || err == nil && !t.isHere(ctx, person) {
			return ErrPhoneUnknown
		}
		if err != nil {
			return err
		}
		return t.connect(ctx, person, in.TelegramID, in.Language)
	})
}

// DisconnectInput says whose Telegram account is taken away.
type DisconnectInput struct {
	Email string
	// NeverTheirs: it was connected by mistake, and what it wrote was never this person's.
	NeverTheirs bool
}

// Disconnected counts the account's messages of until now: those that stay the person's, and those that were never theirs.
type Disconnected struct {
	Kept, Moved int
}

// DisconnectTelegram takes a person's Telegram account from them: it is a stranger's at once. What it wrote before stays the person's,
// with its waits and scores; only an account that was never theirs takes its messages along, and the waits of this month and the last
// are settled anew. Their sessions end, because the account may have begun them. For admins and the command line.
func (a *App) DisconnectTelegram(ctx context.Context, in DisconnectInput) (Disconnected, error) {
	if _, err := permit(ctx, "person", "block"); err != nil {
		return Disconnected{}, err
	}
	var out Disconnected
	err := a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		person, err := t.personByEmail(ctx, strings.ToLower(strings.TrimSpace(in.Email)))
		if err != nil {
			return err
		}
		if person.TelegramID == nil {
			return domain.Errorf(domain.KindConflict, "this person has no Telegram account")
		}
		if err := t.endSessions(ctx, person.UserID, 0); err != nil {
			return err
		}
		if err := t.cutOff(ctx, person.UserID); err != nil {
			return err
		}
		if _, err := t.sql.ExecContext(ctx, `UPDATE employments SET telegram_id = NULL, unreachable_at = NULL WHERE id = $1`, person.ID); err != nil {
			return err
		}
		if out, err = t.partFrom(ctx, handover{*person.TelegramID, person.UserID}, in.NeverTheirs); err != nil {
			return err
		}
		return t.audit(ctx, "disconnect_telegram", "person", person.UserID, map[string]bool{"never_theirs": in.NeverTheirs})
	})
	return out, err
}

// partFrom decides whose an account's messages of until now are, once it is no longer the person's.
func (t *tx) partFrom(ctx context.Context, account handover, neverTheirs bool) (Disconnected, error) {
	if neverTheirs {
		n, err := t.relinkPerson(ctx, account)
		return Disconnected{Moved: n}, err
	}
	var out Disconnected
	const q = `SELECT count(*) FROM messages WHERE sender_telegram_id = $1 AND sender_id = $2`
	if err := t.sql.QueryRowContext(ctx, q, account.TelegramID, account.User).Scan(&out.Kept); err != nil {
		return out, err
	}
	return out, t.revise(ctx)
}

// connect makes a Telegram account a person's.
func (t *tx) connect(ctx context.Context, person *gen.Employment, telegramID int64, language string) error {
	switch {
	case person.TelegramID != nil && *person.TelegramID == telegramID:
		return nil
	case person.TelegramID != nil:
		return ErrPersonConnected
	}
	// Two people cannot get one account: whoever comes second finds it taken, now or when the first has committed.
	const q = `
UPDATE employments SET telegram_id = $2, language = COALESCE(NULLIF(language, ''), $3), unreachable_at = NULL, menu = ''
WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM employments WHERE telegram_id = $2)`
	done, err := t.sql.ExecContext(ctx, q, person.ID, telegramID, language)
	if isUniqueViolation(err) {
		return ErrTelegramTaken
	}
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrTelegramTaken
	}
	if _, err := t.relinkPerson(ctx, handover{telegramID, person.UserID}); err != nil {
		return err
	}
	t.emit(SessionsChanged, person.UserID)
	return t.audit(ctx, "connect_telegram", "person", person.UserID, nil)
}

// isUniqueViolation tells whether a statement would have made something twice that there is once.
func isUniqueViolation(err error) bool {
	var pqErr *pq.Error
	return errors.As(err, &pqErr) && pqErr.Code == "23505"
}

// cutOff is for people who lose their Telegram account or the company: what is queued for them is not sent, what the bot asked them is
// off, and links made for them are void.
func (t *tx) cutOff(ctx context.Context, people ...int) error {
	_, err := t.sql.ExecContext(ctx, `
WITH unsent AS (
  UPDATE outgoings SET state = 'CANCELLED', ended_at = $2, fault = 'this person is not to be written to any more'
  WHERE user_id = ANY($1) AND state = 'QUEUED'),
unasked AS (DELETE FROM dialogs WHERE telegram_id IN (SELECT telegram_id FROM employments WHERE user_id = ANY($1)))
DELETE FROM invites WHERE user_id = ANY($1) AND used_at IS NULL`, idArray(people), t.at)
	return err
}
