package bot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/auth"
)

// botID is the account of the desk's bot.
const botID = 700700

// BotirTelegram is the admin's account at the desk; nobody gave him one in the example.
const botirTelegram int64 = 100007

// desk is a bot without a network: what people write and press goes in, what is put into the outbox for it comes out.
type desk struct {
	*apptest.World
	bot *Bot
	// toast is what the last press was acknowledged with.
	toast string

	t    testing.TB
	next int
}

// said is one message that the bot is to send.
type said struct {
	ID     int
	Key    string
	Chat   int64
	UserID int
	Method string
	// Text is the message's or the caption, as HTML.
	Text string
	// Buttons are those below it, row after row in one list.
	Buttons []button
	// Params are all of the method's.
	Params map[string]any
	// File is the SHA-256 of what is uploaded with it.
	File string
}

// newDesk is a desk at the example company, in which the admin has a Telegram account too.
func newDesk(t testing.TB) *desk {
	t.Helper()
	return newDeskAt(t, "http://127.0.0.1:1")
}

// newDeskAt is a desk whose bot calls a Bot API server.
func newDeskAt(t testing.TB, url string) *desk {
	t.Helper()
	d := &desk{World: apptest.New(t), t: t, next: 1000}
	company := apptest.ExampleCompany()
	for i := range company.People {
		if company.People[i].Email == apptest.Botir {
			company.People[i].TelegramID = botirTelegram
		}
	}
	d.Apply(company)
	made, err := New(Config{
		App: d.App, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Token: fmt.Sprintf("%d:%s", botID, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		URL: url,
	})
	d.must(err)
	d.bot = made
	_, err = d.DB.Exec(`INSERT INTO telegram_bots (bot_id, username, series, created_at) VALUES ($1, 'finco_demo_bot', 1, now())`, botID)
	d.must(err)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// user is a Telegram account as updates describe it.
func user(id int64) models.User {
	return models.User{ID: id, FirstName: fmt.Sprintf("Account %d", id), LanguageCode: "en"}
}

// write has somebody write to the bot in private.
func (d *desk) write(from int64, text string) []said {
	d.t.Helper()
	return d.send(from, func(m *models.Message) { m.Text = text })
}

// send has somebody send the bot a message in private, or elsewhere if change says so.
func (d *desk) send(from int64, change func(*models.Message)) []said {
	d.t.Helper()
	d.next++
	sender := user(from)
	m := &models.Message{
		ID: d.next, From: &sender, Date: int(d.Clock.Now().Unix()), Chat: models.Chat{ID: from, Type: models.ChatTypePrivate, FirstName: sender.FirstName},
	}
	change(m)
	return d.take(&models.Update{Message: m})
}

// press has somebody press a button of a message in their private chat.
func (d *desk) press(from int64, data string, message int) []said {
	d.t.Helper()
	chat := models.Chat{ID: from, Type: models.ChatTypePrivate}
	return d.take(&models.Update{CallbackQuery: &models.CallbackQuery{
		ID: fmt.Sprintf("query-%d", d.next), From: user(from), Data: data, ChatInstance: "1",
		Message: models.MaybeInaccessibleMessage{Message: &models.Message{ID: message, Chat: chat, Date: int(d.Clock.Now().Unix()), Text: "what was said"}},
	}})
}

// take stores an update, has the bot converse, and returns what was put into the outbox meanwhile.
func (d *desk) take(u *models.Update) []said {
	d.t.Helper()
	row, decoded := d.store(u)
	return d.handle(row, decoded)
}

// handle has the bot converse about a stored update, be it for the first time or again.
func (d *desk) handle(row int, u *models.Update) []said {
	d.t.Helper()
	before := d.last()
	t, err := d.bot.take(context.Background(), row, u)
	d.must(err)
	d.toast = ""
	if t != nil {
		d.toast = t.toast
	}
	var state string
	d.One(`SELECT state FROM telegram_updates WHERE id = $1`, []any{row}, &state)
	if state != "HANDLED" {
		d.t.Fatalf("the update is %s", state)
	}
	return d.since(before)
}

// store keeps an update as the intake does and returns its row, and the update as it is read from there.
func (d *desk) store(u *models.Update) (int, *models.Update) {
	d.t.Helper()
	d.next++
	u.ID = int64(d.next)
	body, err := json.Marshal(u)
	d.must(err)
	var row int
	d.One(`INSERT INTO telegram_updates (bot_id, series, update_id, lane, body, state, attempts, fault, received_at)
SELECT id, 1, $1, 0, $2, 'NEW', 0, '', now() FROM telegram_bots RETURNING id`, []any{u.ID, body}, &row)
	var read models.Update
	d.must(json.Unmarshal(body, &read))
	return row, &read
}

func (d *desk) last() int {
	var id sql.NullInt64
	d.One(`SELECT max(id) FROM outgoings`, nil, &id)
	return int(id.Int64)
}

// since is what was put into the outbox after a row.
func (d *desk) since(id int) []said {
	d.t.Helper()
	rows, err := d.DB.Query(`
SELECT id, key, chat, COALESCE(user_id, 0), method, params, COALESCE(file, '') FROM outgoings WHERE id > $1 AND state = 'QUEUED' ORDER BY id`, id)
	d.must(err)
	defer func() { _ = rows.Close() }()
	var out []said
	for rows.Next() {
		var s said
		var params []byte
		d.must(rows.Scan(&s.ID, &s.Key, &s.Chat, &s.UserID, &s.Method, &params, &s.File))
		d.must(s.read(params))
		out = append(out, s)
	}
	d.must(rows.Err())
	return out
}

func (s *said) read(params []byte) error {
	var known struct {
		Text    string `json:"text"`
		Caption string `json:"caption"`
		Markup  struct {
			Rows [][]struct {
				Text string `json:"text"`
				Data string `json:"callback_data"`
				URL  string `json:"url"`
			} `json:"inline_keyboard"`
		} `json:"reply_markup"`
	}
	if err := errors.Join(json.Unmarshal(params, &known), json.Unmarshal(params, &s.Params)); err != nil {
		return err
	}
	s.Text = known.Text + known.Caption
	for _, row := range known.Markup.Rows {
		for _, b := range row {
			s.Buttons = append(s.Buttons, button(b))
		}
	}
	return nil
}

// one is the only message of several; more or fewer end the test.
func one(t testing.TB, all []said) said {
	t.Helper()
	if len(all) != 1 {
		t.Fatalf("%d messages, want one: %+v", len(all), all)
	}
	return all[0]
}

// as is the context of a person by their Telegram account.
func (d *desk) as(telegramID int64) context.Context {
	d.t.Helper()
	person, err := d.App.PersonByTelegram(auth.With(context.Background(), system), telegramID)
	d.must(err)
	return auth.With(context.Background(), person.Actor)
}

// asText is a value as JSON, to look for something in.
func asText(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
