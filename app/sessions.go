package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
	"github.com/fincokpi/finco/ent/gen/session"
	"github.com/fincokpi/finco/ent/gen/signinfailure"
	"github.com/fincokpi/finco/ent/gen/spenttoken"
	entteam "github.com/fincokpi/finco/ent/gen/team"
)

// SignInInput is what a person signs in with.
type SignInInput struct {
	Email, Password string
	// Address is the client's, for the growing delay; empty where there is none.
	Address string
}

// Signed is a session's pair of tokens.
type Signed struct {
	UserID       int
	AccessToken  string
	ExpiresAt    time.Time
	RefreshToken string
}

// wrongCredentials is the one answer to an unknown person, a wrong password and a person who may not sign in.
func wrongCredentials() error {
	return domain.Errorf(domain.KindUnauthenticated, "e-mail and password do not match")
}

// SignIn begins a session. Anybody may call it. Known and unknown people get the same answer in the same time; after five
// failures of an account or an address each further try has to wait longer, but nobody is locked out.
func (a *App) SignIn(ctx context.Context, in SignInInput) (Signed, error) {
	ctx = auth.With(ctx, auth.System("signin"))
	email := strings.ToLower(strings.TrimSpace(in.Email))
	subjects := []string{subjectOf("account", email)}
	if in.Address != "" {
		subjects = append(subjects, subjectOf("address", in.Address))
	}
	if err := a.mayTry(ctx, subjects); err != nil {
		return Signed{}, err
	}
	who, stored, err := a.credentialOf(ctx, email)
	if err != nil {
		return Signed{}, err
	}
	if stored == "" {
		if err := a.hasher.VerifyDummy(ctx, in.Password); err != nil {
			return Signed{}, err
		}
		return Signed{}, a.failed(ctx, subjects)
	}
	ok, err := a.hasher.Verify(ctx, stored, in.Password)
	if err != nil {
		return Signed{}, err
	}
	if !ok {
		return Signed{}, a.failed(ctx, subjects)
	}
	return a.begin(ctx, who, subjects)
}

func subjectOf(kind, value string) string {
	sum := sha256.Sum256([]byte(kind + ":" + value))
	return hex.EncodeToString(sum[:])
}

// credentialOf is an active person's stored password hash; empty for anybody else. It fails if that cannot be read.
func (a *App) credentialOf(ctx context.Context, email string) (userID int, hash string, err error) {
	found, err := a.client.Employment.Query().Where(employment.Email(email), employment.StatusEQ(employment.StatusActive)).
		WithUser(func(q *gen.UserQuery) { q.WithCredential() }).Only(ctx)
	if gen.IsNotFound(err) || err == nil && (found.Edges.User == nil || found.Edges.User.Edges.Credential == nil) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", domain.Errorf(domain.KindUnavailable, "the database does not answer: %w", err)
	}
	return found.UserID, found.Edges.User.Edges.Credential.PasswordHash, nil
}

func (a *App) mayTry(ctx context.Context, subjects []string) error {
	rows, err := a.client.SignInFailure.Query().Where(signinfailure.SubjectIn(subjects...)).All(ctx)
	if err != nil {
		return err
	}
	return refuseBlocked(rows, a.now())
}

func refuseBlocked(rows []*gen.SignInFailure, now time.Time) error {
	for _, row := range rows {
		if row.BlockedUntil != nil && now.Before(*row.BlockedUntil) {
			wait := int64(math.Ceil(row.BlockedUntil.Sub(now).Seconds()))
			return domain.Errorf(domain.KindUnavailable, "too many failed sign-ins, try again in %d seconds", wait)
		}
	}
	return nil
}

// lockFailures holds the subjects' counts until commit and looks again whether they are to wait: while a password was being
// verified, others may have failed beside it. The time is under the lock.
func (t *tx) lockFailures(ctx context.Context, subjects []string) ([]*gen.SignInFailure, error) {
	var rows []*gen.SignInFailure
	for _, subject := range subjects {
		if err := t.SignInFailure.Create().SetSubject(subject).OnConflictColumns(signinfailure.FieldSubject).DoNothing().Exec(ctx); err != nil && !isNoRows(err) {
			return nil, err
		}
		row, err := t.SignInFailure.Query().Where(signinfailure.Subject(subject)).ForUpdate().Only(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	t.at = t.app.now()
	return rows, refuseBlocked(rows, t.at)
}

// failed counts a failure of each subject and returns what the person is told.
func (a *App) failed(ctx context.Context, subjects []string) error {
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		rows, err := t.lockFailures(ctx, subjects)
		if err != nil {
			return err
		}
		for _, row := range rows {
			count, until := auth.AfterFailure(row.Failures, row.UpdatedAt, t.at)
			if err := row.Update().SetFailures(count).SetUpdatedAt(t.at).SetBlockedUntil(until).Exec(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return wrongCredentials()
}

// begin makes the session's first tokens and forgets the failures of the account, the first of the subjects. Even the right
// password is refused while one of them is to wait.
func (a *App) begin(ctx context.Context, userID int, subjects []string) (Signed, error) {
	var out Signed
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		if _, err := t.lockFailures(ctx, subjects); err != nil {
			return err
		}
		if _, err := t.SignInFailure.Delete().Where(signinfailure.Subject(subjects[0])).Exec(ctx); err != nil {
			return err
		}
		token, hash := auth.NewRefreshToken()
		made, err := t.Session.Create().SetUserID(userID).SetTokenHash(hash).SetCreatedAt(t.at).SetRotatedAt(t.at).
			SetExpiresAt(auth.RefreshExpiry(t.at, t.at)).Save(ctx)
		if err != nil {
			return err
		}
		out, err = a.signed(userID, made.ID, token)
		return err
	})
	return out, err
}

func (a *App) signed(userID, sessionID int, refresh string) (Signed, error) {
	access, expires, err := a.tokens.Issue(userID, sessionID)
	return Signed{UserID: userID, AccessToken: access, ExpiresAt: expires, RefreshToken: refresh}, err
}

// RefreshSession trades a refresh token for a new pair. A spent token is a stolen one: its session ends, except that the one
// traded last is taken again for ten seconds, when two tabs may have raced.
func (a *App) RefreshSession(ctx context.Context, token string) (Signed, error) {
	ctx = auth.With(ctx, auth.System("signin"))
	hash := auth.HashRefreshToken(token)
	var out Signed
	var stolen bool
	err := a.inTx(ctx, func(ctx context.Context, t *tx) error {
		s, err := t.sessionOf(ctx, hash)
		if gen.IsNotFound(err) || err == nil && (s.RevokedAt != nil || !t.at.Before(s.ExpiresAt)) {
			return domain.Errorf(domain.KindUnauthenticated, "the session has ended, sign in again")
		}
		if err != nil {
			return err
		}
		current := bytes.Equal(s.TokenHash, hash)
		late := !bytes.Equal(s.PreviousHash, hash) || t.at.Sub(s.RotatedAt) > auth.RefreshGrace
		if stolen = !current && late; stolen {
			t.emit(SessionsChanged, s.UserID)
			return s.Update().SetRevokedAt(t.at).Exec(ctx)
		}
		next, err := t.rotate(ctx, s, current)
		if err != nil {
			return err
		}
		out, err = a.signed(s.UserID, s.ID, next)
		return err
	})
	if err == nil && stolen {
		return Signed{}, domain.Errorf(domain.KindUnauthenticated, "the session has ended, sign in again")
	}
	return out, err
}

// sessionOf finds the session that a refresh token is or was of, and holds it. What the session itself keeps comes first: it
// is looked at again after waiting for another tab.
func (t *tx) sessionOf(ctx context.Context, hash []byte) (*gen.Session, error) {
	s, err := t.Session.Query().Where(session.Or(session.TokenHash(hash), session.PreviousHash(hash))).ForUpdate().Only(ctx)
	if !gen.IsNotFound(err) {
		return s, err
	}
	spent, err := t.SpentToken.Query().Where(spenttoken.Hash(hash)).Only(ctx)
	if err != nil {
		return nil, err
	}
	return t.Session.Query().Where(session.ID(spent.SessionID)).ForUpdate().Only(ctx)
}

// rotate gives a session its next token. One that another tab traded before leaves the grace as it runs.
func (t *tx) rotate(ctx context.Context, s *gen.Session, current bool) (string, error) {
	if err := t.SpentToken.Create().SetSessionID(s.ID).SetHash(s.TokenHash).SetSpentAt(t.at).Exec(ctx); err != nil {
		return "", err
	}
	next, hash := auth.NewRefreshToken()
	set := s.Update().SetTokenHash(hash).SetExpiresAt(auth.RefreshExpiry(s.CreatedAt, t.at))
	if current {
		set.SetPreviousHash(s.TokenHash).SetRotatedAt(t.at)
	}
	return next, set.Exec(ctx)
}

// SignOut ends the actor's session, or every session of theirs.
func (a *App) SignOut(ctx context.Context, everywhere bool) error {
	actor, ok := auth.From(ctx)
	if !ok || actor.UserID == 0 {
		return domain.Errorf(domain.KindUnauthenticated, "sign in first")
	}
	ctx = as(ctx, "signin")
	return a.inTx(ctx, func(ctx context.Context, t *tx) error {
		end := t.Session.Update().Where(session.UserID(actor.UserID), session.RevokedAtIsNil())
		if !everywhere {
			end = end.Where(session.ID(actor.SessionID))
		}
		t.emit(SessionsChanged, actor.UserID)
		return end.SetRevokedAt(t.at).Exec(ctx)
	})
}

// Authenticate tells who an access token stands for, as they are now: a person who was blocked or left, or a session that
// ended, is nobody. The time is when the token ends.
func (a *App) Authenticate(ctx context.Context, token string) (auth.Actor, time.Time, error) {
	access, err := a.tokens.Verify(token)
	if err != nil {
		return auth.Actor{}, time.Time{}, err
	}
	ctx = auth.With(ctx, auth.System("signin"))
	alive, err := a.client.Session.Query().Where(session.ID(access.SessionID), session.UserID(access.UserID), session.RevokedAtIsNil(),
		session.ExpiresAtGT(a.now())).Exist(ctx)
	if err != nil {
		return auth.Actor{}, time.Time{}, domain.Errorf(domain.KindUnavailable, "the database does not answer: %w", err)
	}
	if !alive {
		return auth.Actor{}, time.Time{}, domain.Errorf(domain.KindUnauthenticated, "the session has ended, sign in again")
	}
	actor, err := a.actor(ctx, employment.UserID(access.UserID))
	actor.SessionID = access.SessionID
	return actor, access.ExpiresAt, err
}

// ActorByEmail is a person as an actor, for the command line.
func (a *App) ActorByEmail(ctx context.Context, email string) (auth.Actor, error) {
	if _, err := permit(ctx, "session", "impersonate"); err != nil {
		return auth.Actor{}, err
	}
	return a.actor(as(ctx, "signin"), employment.Email(strings.ToLower(email)))
}

func (a *App) actor(ctx context.Context, who func(*entsql.Selector)) (auth.Actor, error) {
	found, err := a.client.Employment.Query().Where(who, employment.StatusEQ(employment.StatusActive)).WithUser().Only(ctx)
	if gen.IsNotFound(err) {
		return auth.Actor{}, domain.Errorf(domain.KindUnauthenticated, "there is no such active person")
	}
	if err != nil {
		return auth.Actor{}, err
	}
	teams, err := a.client.Team.Query().Where(entteam.SupervisorID(found.UserID)).IDs(ctx)
	return auth.Actor{
		UserID: found.UserID, Role: strings.ToLower(string(found.Role)), Email: found.Email, TeamIDs: teams, TeamID: deref(found.Edges.User.TeamID),
	}, err
}

// EnsurePassword sets a person's password unless they have one.
func (a *App) EnsurePassword(ctx context.Context, email, password string) error {
	_, hash, err := a.credentialOf(as(ctx, "signin"), strings.ToLower(email))
	if err != nil || hash != "" {
		return err
	}
	return a.SetPassword(ctx, email, password)
}
