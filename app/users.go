package app

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/ent/gen/employment"
)

// isRole tells whether a person may have the role.
func isRole(role string) bool { return slices.Contains(auth.Roles(), role) }

// AddUserInput is somebody who may sign in.
type AddUserInput struct {
	Email, Name, Role string
}

func (in *AddUserInput) validate() error {
	in.Email = strings.ToLower(strings.TrimSpace(in.Email))
	in.Role = strings.ToLower(in.Role)
	in.Name = strings.TrimSpace(cleanText(in.Name))
	var list []string
	if parsed, err := mail.ParseAddress(in.Email); err != nil || parsed.Address != in.Email || len(in.Email) > 254 {
		list = append(list, clip(in.Email, 80)+" is no e-mail address")
	}
	if !isRole(in.Role) {
		list = append(list, clip(in.Role, 40)+" is no role: "+strings.Join(auth.Roles(), ", "))
	}
	if in.Name == "" {
		in.Name, _, _ = strings.Cut(in.Email, "@")
	}
	if len(in.Name) > 200 {
		list = append(list, "a name has at most 200 bytes")
	}
	return faults(list)
}

// AddUser makes a person who joins today, without a password: they sign in once somebody set one. A known address is a
// conflict. It returns the person's id.
func (a *App) AddUser(ctx context.Context, in AddUserInput) (int, error) {
	if _, err := permit(ctx, "person", "invite"); err != nil {
		return 0, err
	}
	if err := in.validate(); err != nil {
		return 0, err
	}
	var id int
	err := a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		known, err := t.Employment.Query().Where(employment.Email(in.Email)).Exist(ctx)
		if err != nil {
			return err
		}
		if known {
			return domain.Errorf(domain.KindConflict, "there is a person %s already", in.Email)
		}
		today, err := t.today(ctx)
		if err != nil {
			return err
		}
		row := personRow{Email: in.Email, Name: in.Name, Role: strings.ToUpper(in.Role), Status: "ACTIVE", Joined: today}
		if err := t.insertPerson(ctx, &row); err != nil {
			return err
		}
		id = row.ID
		if err := t.revise(ctx); err != nil {
			return err
		}
		return t.audit(ctx, "invite", "person", id, map[string]string{"role": in.Role})
	})
	return id, err
}

// today is the day in the company's zone, in UTC before there is a company.
func (t *tx) today(ctx context.Context) (domain.Date, error) {
	day := domain.DateOf(t.at)
	err := t.each(ctx, `SELECT timezone FROM companies`, nil, func(scan scanner) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		zone, err := time.LoadLocation(name)
		if err == nil {
			day = domain.DateOf(t.at.In(zone))
		}
		return err
	})
	return day, err
}

// HasAdmin tells whether anybody can sign in as an admin: an active one with a password.
func (a *App) HasAdmin(ctx context.Context) (bool, error) {
	ctx = auth.With(ctx, auth.System("signin"))
	admins, err := a.client.Employment.Query().Where(employment.RoleEQ(employment.RoleAdmin), employment.StatusEQ(employment.StatusActive)).
		WithUser(func(q *gen.UserQuery) { q.WithCredential() }).All(ctx)
	return slices.ContainsFunc(admins, func(e *gen.Employment) bool {
		return e.Edges.User != nil && e.Edges.User.Edges.Credential != nil
	}), err
}

// SetPassword gives a person a password. Their sessions end, except the one in which they do it themselves. For admins and the
// command line, and for everybody about themselves.
func (a *App) SetPassword(ctx context.Context, email, password string) error {
	actor, ok := auth.From(ctx)
	email = strings.ToLower(strings.TrimSpace(email))
	if !ok || actor.Email != email || actor.UserID == 0 {
		if _, err := permit(ctx, "person", "invite"); err != nil {
			return err
		}
	}
	if err := auth.CheckPassword(password); err != nil {
		return err
	}
	hash, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		row, err := t.personByEmail(ctx, email)
		if err != nil {
			return err
		}
		_, err = t.sql.ExecContext(ctx, `
INSERT INTO credentials (user_id, password_hash, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE SET password_hash = EXCLUDED.password_hash, changed_at = EXCLUDED.changed_at`, row.UserID, hash, t.at)
		if err != nil {
			return err
		}
		keep := 0
		if actor.UserID == row.UserID {
			keep = actor.SessionID
		}
		if err := t.endSessions(ctx, row.UserID, keep); err != nil {
			return err
		}
		return t.audit(ctx, "set_password", "person", row.UserID, nil)
	})
}

func (t *tx) personByEmail(ctx context.Context, email string) (*gen.Employment, error) {
	row, err := t.Employment.Query().Where(employment.Email(email)).ForUpdate().Only(ctx)
	if err != nil {
		return nil, notFound(err, "there is no such person")
	}
	return row, nil
}

// endSessions ends a person's sessions but one; 0 spares none.
func (t *tx) endSessions(ctx context.Context, userID, keep int) error {
	t.emit(SessionsChanged, userID)
	_, err := t.sql.ExecContext(ctx, `UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND id <> $3 AND revoked_at IS NULL`, userID, t.at, keep)
	return err
}

// BlockUser keeps a person out at once: their sessions end and they cannot sign in. Nobody blocks themselves.
func (a *App) BlockUser(ctx context.Context, email string) error {
	return a.setStatus(ctx, email, "block", employment.StatusActive, employment.StatusBlocked)
}

// UnblockUser lets a person sign in again.
func (a *App) UnblockUser(ctx context.Context, email string) error {
	return a.setStatus(ctx, email, "unblock", employment.StatusBlocked, employment.StatusActive)
}

func (a *App) setStatus(ctx context.Context, email, verb string, from, to employment.Status) error {
	actor, err := permit(ctx, "person", "block")
	if err != nil {
		return err
	}
	return a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		row, err := t.personByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
		if err != nil {
			return err
		}
		if row.UserID == actor.UserID {
			return domain.Errorf(domain.KindDenied, "nobody blocks themselves")
		}
		switch row.Status {
		case to:
			return nil
		case from:
		default:
			return domain.Errorf(domain.KindConflict, "this person has left")
		}
		if err := row.Update().SetStatus(to).Exec(ctx); err != nil {
			return err
		}
		if err := t.endSessions(ctx, row.UserID, 0); err != nil {
			return err
		}
		if to != employment.StatusActive {
			if err := t.cutOff(ctx, row.UserID); err != nil {
				return err
			}
		}
		if err := t.revise(ctx); err != nil {
			return err
		}
		return t.audit(ctx, verb, "person", row.UserID, nil)
	})
}

// teamsOfTodaySQL writes down in which team people are on a day: of the last membership begun, before the first one the first.
const teamsOfTodaySQL = `
UPDATE users u SET team_id = m.team_id
FROM (SELECT DISTINCT ON (user_id) user_id, team_id FROM team_memberships
  ORDER BY user_id, "from" > $1, CASE WHEN "from" <= $1 THEN "from" END DESC, "from") m
WHERE m.user_id = u.id AND u.team_id IS DISTINCT FROM m.team_id`

// BeginDay does what only a new day brings about: who had their last day leaves, and who changes teams is in the new one. It
// returns how many people that were; twice a day is once. For the scheduler and admins.
func (a *App) BeginDay(ctx context.Context) (int, error) {
	if _, err := permit(ctx, "person", "block"); err != nil {
		return 0, err
	}
	n := 0
	err := a.inTx(as(ctx, "operator"), func(ctx context.Context, t *tx) error {
		n = 0
		today, err := t.today(ctx)
		if err != nil {
			return err
		}
		var left []int
		const q = `UPDATE employments SET status = 'LEFT' WHERE status = 'ACTIVE' AND "left" < $1 RETURNING user_id`
		err = t.each(ctx, q, []any{today.String()}, func(scan scanner) error {
			var id int
			err := scan(&id)
			left = append(left, id)
			return err
		})
		if err != nil {
			return err
		}
		for _, id := range left {
			if err := t.endSessions(ctx, id, 0); err != nil {
				return err
			}
		}
		if err := t.cutOff(ctx, left...); err != nil {
			return err
		}
		n = len(left)
		err = t.each(ctx, teamsOfTodaySQL+` RETURNING u.id`, []any{today.String()}, func(scan scanner) error {
			var id int
			n++
			err := scan(&id)
			t.emit(SessionsChanged, id)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		return t.revise(ctx)
	})
	return n, err
}
