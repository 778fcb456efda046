package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

const (
	// menusEvery is how often menus are looked at without a reason: it finds what no event tells of.
	menusEvery = time.Minute
	// menuAgain is how long a menu that Telegram refused is left alone: people who never wrote to the bot have no chat to put it in.
	menuAgain = 10 * time.Minute
)

// menus keeps the commands that Telegram shows: those of a role in each person's chat with the bot, those of strangers in all other
// private chats, none in groups, where customers would read them.
func (b *Bot) menus(ctx context.Context) error {
	ctx = auth.With(ctx, system)
	changes := b.app.Subscribe(app.SessionsChanged)
	defer func() { changes.Close() }()
	tick := time.NewTicker(menusEvery)
	defer tick.Stop()
	m := menuKeeper{bot: b, refused: map[int]refusedMenu{}}
	for {
		if err := m.keep(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("menus could not be brought up to date", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case _, open := <-changes.C:
			if !open {
				changes = b.app.Subscribe(app.SessionsChanged)
			}
		}
	}
}

// menuKeeper remembers what the database need not: what is told once by each process that leads, and what Telegram refused.
type menuKeeper struct {
	bot     *Bot
	general bool
	refused map[int]refusedMenu
}

type refusedMenu struct {
	menu string
	at   time.Time
}

// keep brings the menus up to date that are not.
func (m *menuKeeper) keep(ctx context.Context) error {
	var general error
	if !m.general {
		general = m.keepGeneral(ctx)
		m.general = general == nil
	}
	people, err := m.bot.app.MenuPeople(ctx)
	if err != nil {
		return errors.Join(general, err)
	}
	for _, p := range people {
		if err := m.keepOne(ctx, p); err != nil {
			return errors.Join(general, err)
		}
	}
	return general
}

// keepGeneral sets what strangers see, in each language: the menu, and what the bot is. It takes away the menu that groups would show.
func (m *menuKeeper) keepGeneral(ctx context.Context) error {
	private := map[string]string{"type": "all_private_chats"}
	for _, code := range append([]string{""}, languages...) {
		for method, params := range map[string]map[string]any{
			"setMyCommands":         {"scope": private, "commands": m.bot.commandsOf("", code)},
			"setMyDescription":      {"description": plain(m.bot.texts.in(code, "people.description", nil))},
			"setMyShortDescription": {"short_description": plain(m.bot.texts.in(code, "people.short_description", nil))},
		} {
			if code != "" {
				params["language_code"] = code
			}
			if err := m.bot.call(ctx, method, params, nil); err != nil {
				return err
			}
		}
	}
	return m.bot.call(ctx, "deleteMyCommands", map[string]any{"scope": map[string]string{"type": "default"}}, nil)
}

// keepOne makes a person's menu that of their role and language, and takes it from an account that is theirs no more.
func (m *menuKeeper) keepOne(ctx context.Context, p app.MenuPerson) error {
	wanted, list := m.bot.menuFor(p)
	if wanted == p.Menu {
		return nil
	}
	if was, ok := m.refused[p.UserID]; ok && was.menu == wanted && m.bot.app.Now().Sub(was.at) < menuAgain {
		return nil
	}
	if old := menuChat(p.Menu); old != 0 && old != p.TelegramID {
		err := m.bot.call(ctx, "deleteMyCommands", map[string]any{"scope": chatScope(old)}, nil)
		if err != nil && !badRequest(err) && !forbidden(err) { // a chat that is gone shows nothing
			return err
		}
	}
	if wanted != "" {
		err := m.bot.call(ctx, "setMyCommands", map[string]any{"scope": chatScope(p.TelegramID), "commands": list}, nil)
		if badRequest(err) || forbidden(err) {
			m.refused[p.UserID] = refusedMenu{menu: wanted, at: m.bot.app.Now()}
			return nil
		}
		if err != nil {
			return err
		}
	}
	delete(m.refused, p.UserID)
	return m.bot.app.KeepMenu(ctx, p.UserID, wanted)
}

func chatScope(chat int64) map[string]any { return map[string]any{"type": "chat", "chat_id": chat} }

// menuFor is the menu a person should have, and what stands for it in the records: the chat and a hash, so that a new text, another role
// and another account all make it another one.
func (b *Bot) menuFor(p app.MenuPerson) (menu string, list []models.BotCommand) {
	if p.TelegramID == 0 {
		return "", nil
	}
	list = b.commandsOf(p.Role, p.Language)
	raw, err := json.Marshal(list)
	if err != nil {
		return p.Menu, nil // strings always marshal
	}
	sum := sha256.Sum256(raw)
	return fmt.Sprintf("%d:%s", p.TelegramID, hex.EncodeToString(sum[:8])), list
}

// menuChat is the chat that a kept menu is in; 0 for none.
func menuChat(menu string) int64 {
	chat, _, _ := strings.Cut(menu, ":")
	id, err := strconv.ParseInt(chat, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// commandsOf is a role's menu in a language, as the Bot API takes it.
func (b *Bot) commandsOf(role, code string) []models.BotCommand {
	out := []models.BotCommand{}
	for _, c := range menuOf(role) {
		out = append(out, models.BotCommand{Command: c.name, Description: plain(b.texts.in(code, "command."+c.name, nil))})
	}
	return out
}
