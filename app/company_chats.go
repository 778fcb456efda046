package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// chatRow is whose a chat is as it is stored: 0 where the rules decide.
type chatRow struct{ id, team, assignee int }

const chatOwnersSQL = `
SELECT id, mailbox, telegram_id, CASE WHEN team_set THEN COALESCE(team_id, 0) ELSE 0 END, CASE WHEN assignee_set THEN COALESCE(assignee_id, 0) ELSE 0 END
FROM chats WHERE telegram_id = ANY($1)`

func (p *applying) applyChats(ctx context.Context) error {
	if len(p.in.Chats) == 0 {
		return nil
	}
	chats, err := p.movedOwners(ctx, p.in.Chats)
	if err != nil {
		return err
	}
	var ids []int
	for _, c := range chats {
		ids = append(ids, int(c.TelegramID))
	}
	stored := map[chatKey]chatRow{}
	err = p.each(ctx, chatOwnersSQL, []any{idArray(ids)}, func(scan scanner) error {
		var key chatKey
		var row chatRow
		err := scan(&row.id, &key.mailbox, &key.telegramID, &row.team, &row.assignee)
		stored[key] = row
		return err
	})
	if err != nil {
		return err
	}
	for _, want := range chats {
		if err := p.applyChat(ctx, want, stored[chatKey{want.Mailbox, want.TelegramID}]); err != nil {
			return err
		}
	}
	return nil
}

// movedOwners are the chats that the file means: it may name groups as they were before they became supergroups.
func (p *applying) movedOwners(ctx context.Context, in []ChatOwnerInput) ([]ChatOwnerInput, error) {
	keys := make([]chatKey, len(in))
	for i, c := range in {
		keys[i] = chatKey{c.Mailbox, c.TelegramID}
	}
	to, err := p.migrations(ctx, keys)
	out := slices.Clone(in)
	for i, key := range keys {
		if newID, ok := to[key]; ok {
			out[i].Mailbox, out[i].TelegramID = "", newID
		}
	}
	return out, err
}

func (p *applying) applyChat(ctx context.Context, want ChatOwnerInput, was chatRow) error {
	team, err := p.teamID(want.Team)
	if err != nil {
		return err
	}
	assignee := 0
	if want.Assignee != "" {
		found := p.people[want.Assignee]
		if found == nil {
			return domain.Errorf(domain.KindInvalid, "chat %d: there is no person %s", want.TelegramID, want.Assignee)
		}
		assignee = found.ID
	}
	if !p.prune { // what the file does not say stays
		team, assignee = cmp.Or(team, was.team), cmp.Or(assignee, was.assignee)
	}
	what := fmt.Sprintf("chat %d", want.TelegramID)
	if want.Mailbox != "" {
		what = fmt.Sprintf("chat %d of %s", want.TelegramID, want.Mailbox)
	}
	if was.id == 0 {
		p.note("chat", "%s: added", what)
	}
	changed := p.noteText("chat", what+": team", p.teamName(was.team), p.teamName(team))
	if p.noteText("chat", what+": assignee", p.emailOf(was.assignee), p.emailOf(assignee)) {
		changed = true
	}
	if was.id != 0 && !changed {
		return nil
	}
	if was.id != 0 {
		p.reowned = append(p.reowned, was.id)
	}
	_, err = p.sql.ExecContext(ctx, `
INSERT INTO chats (mailbox, telegram_id, kind, title, team_id, team_set, assignee_id, assignee_set) VALUES ($1, $2, $3, '', $4, $5, $6, $7)
ON CONFLICT (mailbox, telegram_id) DO UPDATE SET
  team_set = EXCLUDED.team_set, team_id = CASE WHEN EXCLUDED.team_set OR chats.team_set THEN EXCLUDED.team_id ELSE chats.team_id END,
  assignee_set = EXCLUDED.assignee_set,
  assignee_id = CASE WHEN EXCLUDED.assignee_set OR chats.assignee_set THEN EXCLUDED.assignee_id ELSE chats.assignee_id END`,
		want.Mailbox, want.TelegramID, chatKindOf(want.TelegramID), optional(team), team != 0, optional(assignee), assignee != 0)
	return err
}

// chatKindOf tells a chat's kind from its id as the Bot API counts, until a message says it.
func chatKindOf(telegramID int64) string {
	switch {
	case telegramID > 0:
		return "PRIVATE"
	case strings.HasPrefix(fmt.Sprint(telegramID), "-100"):
		return "SUPERGROUP"
	}
	return "GROUP"
}
