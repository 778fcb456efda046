package app

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/employment"
)

// Languages are those that the bot speaks.
func Languages() []string { return []string{"uz", "ru", "en"} }

// PreferencesInput is what somebody wishes of the bot; nil is as it was.
type PreferencesInput struct {
	// Language is one of Languages.
	Language *string
	// Mute are hours without notices as ParseMute gives them; empty: none.
	Mute *string
}

// SetPreferences keeps what the actor wishes of the bot.
func (a *App) SetPreferences(ctx context.Context, in PreferencesInput) error {
	actor, err := permit(ctx, "employment", "prefer")
	if err != nil {
		return err
	}
	if in.Language != nil && !slices.Contains(Languages(), *in.Language) {
		return domain.Errorf(domain.KindInvalid, "the bot speaks uz, ru and en")
	}
	if in.Mute != nil && *in.Mute != "" {
		if hours, ok := ParseMute(*in.Mute); !ok || hours != *in.Mute {
			return domain.Errorf(domain.KindInvalid, "hours without notices are written 22:00-08:00")
		}
	}
	return a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		_, err := t.sql.ExecContext(ctx, `
UPDATE employments SET language = COALESCE($2::text, language), mute = COALESCE($3::text, mute) WHERE user_id = $1`, actor.UserID, in.Language, in.Mute)
		if err == nil {
			t.emit(SessionsChanged, actor.UserID) // the menu is in their language
		}
		return err
	})
}

var muteForm = regexp.MustCompile(`^\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*[-–—]\s*([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*$`)

// ParseMute reads hours of the day as people write them (22:00-08:00, 22-8, 22.30 – 7) and writes them as 22:00-08:00. It is false
// for what are none, and for an end at the beginning.
func ParseMute(text string) (hours string, ok bool) {
	m := muteForm.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	from, ok1 := clockOf(m[1], m[2])
	to, ok2 := clockOf(m[3], m[4])
	if !ok1 || !ok2 || from == to {
		return "", false
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", from/60, from%60, to/60, to%60), true
}

// clockOf are the minutes after midnight; 24:00 is 0.
func clockOf(hour, minute string) (int, bool) {
	h, err := strconv.Atoi(hour)
	if err != nil {
		return 0, false
	}
	m := 0
	if minute != "" {
		if m, err = strconv.Atoi(minute); err != nil {
			return 0, false
		}
	}
	if h == 24 && m == 0 {
		h = 0
	}
	return h*60 + m, h < 24 && m < 60
}

// AdminNames are those of the active admins, for whoever asks the bot whom to ask. For the bot.
func (a *App) AdminNames(ctx context.Context) ([]string, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return nil, err
	}
	rows, err := a.client.Employment.Query().Where(employment.RoleEQ(employment.RoleAdmin), employment.StatusEQ(employment.StatusActive)).
		WithUser().Order(employment.ByID()).All(as(ctx, "telegram"))
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = row.Edges.User.Name
	}
	return names, err
}

// MenuPerson is somebody whose menu of commands Telegram shows, or should.
type MenuPerson struct {
	UserID int
	// TelegramID is theirs; 0 if they are not to use the bot: no account, blocked, or gone.
	TelegramID int64
	Role       string
	Language   string
	// Menu is what KeepMenu kept last.
	Menu string
}

// MenuPeople are those with a Telegram account, and those who had one. For the bot.
func (a *App) MenuPeople(ctx context.Context) ([]MenuPerson, error) {
	if _, err := permit(ctx, "telegram", "read"); err != nil {
		return nil, err
	}
	var out []MenuPerson
	err := a.inTx(as(ctx, "telegram"), func(ctx context.Context, t *tx) error {
		out = nil
		today, err := t.today(ctx)
		if err != nil {
			return err
		}
		return t.each(ctx, menuPeopleSQL, []any{today.String()}, func(scan scanner) error {
			var p MenuPerson
			err := scan(&p.UserID, &p.TelegramID, &p.Role, &p.Language, &p.Menu)
			out = append(out, p)
			return err
		})
	})
	return out, err
}

const menuPeopleSQL = `
SELECT e.user_id, CASE WHEN e.status = 'ACTIVE' AND COALESCE(e."left", $1) >= $1 THEN COALESCE(e.telegram_id, 0) ELSE 0 END,
  lower(e.role), COALESCE(NULLIF(e.language, ''), lower(c.language)), COALESCE(e.menu, '')
FROM employments e CROSS JOIN companies c WHERE e.telegram_id IS NOT NULL OR COALESCE(e.menu, '') <> '' ORDER BY e.user_id`

// KeepMenu keeps which menu Telegram was told to show a person: anything of at most 64 bytes; empty: none. For the bot.
func (a *App) KeepMenu(ctx context.Context, userID int, menu string) error {
	if _, err := permit(ctx, "employment", "write"); err != nil {
		return err
	}
	_, err := a.client.Employment.Update().Where(employment.UserID(userID)).SetMenu(menu).Save(auth.With(ctx, auth.System("telegram")))
	return err
}
