package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain/response"
	"github.com/fincokpi/finco/domain/schedule"
)

// waitsSQL names messages by their Telegram ids, so that two chats with the same talk have the same waits.
const waitsSQL = `
SELECT COALESCE(string_agg(concat_ws(' ', w.thread, f.telegram_id, o.telegram_id, c.telegram_id, w.responder_id, w.first, w.opened_at, w.closed_at,
  w.wall_seconds, w.business_seconds, w.state, w.needs_reply, w.team_id, w.assignee_id, w.breaches_at,
  (SELECT array_agg(m.telegram_id ORDER BY m.telegram_id) FROM messages m WHERE m.wait_id = w.id)), E'\n' ORDER BY w.thread, w.opened_at, f.telegram_id), '')
FROM waits w JOIN messages f ON f.id = w.first_message_id JOIN messages o ON o.id = w.opens_with_id LEFT JOIN messages c ON c.id = w.closes_with_id
JOIN chats h ON h.id = w.chat_id WHERE h.telegram_id = $1 AND w.state <> 'DISSOLVED'`

func waitsOfChat(w *apptest.World, chat int64) string {
	var out string
	w.One(waitsSQL, []any{chat}, &out)
	return out
}

// drawTalk is a talk in one chat with two threads: customers, two of the staff of two teams, an anonymous admin and a bot.
func drawTalk(t *rapid.T) []app.MessageInput {
	at := apptest.At("2026-09-03 08:30")
	var talk []app.MessageInput
	for i := range rapid.IntRange(1, 12).Draw(t, "messages") {
		at = at.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 7 * time.Minute, 20 * time.Minute, 5 * time.Hour, 8 * time.Hour, 9 * time.Hour}).Draw(t, "pause"))
		m := app.MessageInput{
			TelegramID: int64(i + 1), Thread: rapid.SampledFrom([]int64{0, 0, 7}).Draw(t, "thread"), Kind: "TEXT", SentAt: at, Text: fmt.Sprint("text ", i),
			Sender: app.SenderInput{Kind: app.FromUser, Name: "Somebody"},
		}
		m.Sender.TelegramID = rapid.SampledFrom([]int64{501, 501, 502, apptest.JasurTelegram, apptest.DilyaTelegram, 0, -1}).Draw(t, "sender")
		switch m.Sender.TelegramID {
		case 0:
			m.Sender.Kind = app.FromChat
		case -1:
			m.Sender.Kind = app.FromNobody
		}
		talk = append(talk, m)
	}
	return talk
}

func inChat(chat int64, talk []app.MessageInput) []app.MessageInput {
	out := slices.Clone(talk)
	for i := range out {
		out[i].Chat = app.ChatInput{TelegramID: chat, Kind: "SUPERGROUP", Title: "Chat"}
	}
	return out
}

// Live or in batches, in whatever order and however often: the waits come out the same, and as the rules of the domain say.
func TestWaitsAreTheSameInAnyOrderOfArrival(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	chat := int64(-1000)
	rapid.Check(t, func(t *rapid.T) {
		chat -= 3
		talk := drawTalk(t)
		w.Import(inChat(chat, talk)...)
		want := waitsOfChat(w, chat)

		shuffled := rapid.Permutation(talk).Draw(t, "order")
		w.Record(inChat(chat-1, shuffled)...)
		w.Record(inChat(chat-1, shuffled[:len(shuffled)/2])...)
		if got := waitsOfChat(w, chat-1); got != want {
			t.Fatalf("live in another order:\n%s\nin one batch:\n%s", got, want)
		}
		cut := rapid.IntRange(0, len(shuffled)).Draw(t, "cut")
		for _, batch := range [][]app.MessageInput{shuffled[:cut], shuffled[cut:], talk} {
			if len(batch) > 0 {
				w.Import(inChat(chat-2, batch)...)
			}
		}
		if got := waitsOfChat(w, chat-2); got != want {
			t.Fatalf("in two batches:\n%s\nin one:\n%s", got, want)
		}
		if got, want := storedWaits(w, chat), computedWaits(t, w, talk); !slices.Equal(got, want) {
			t.Fatalf("stored:\n%s\nas the domain says:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func storedWaits(w *apptest.World, chat int64) []string {
	var list string
	w.One(`
SELECT COALESCE(string_agg(concat_ws(' ', w.thread, f.telegram_id, o.telegram_id, COALESCE(c.telegram_id, 0), COALESCE(w.responder_id, 0), w.first,
  COALESCE(w.wall_seconds, 0), COALESCE(w.business_seconds, 0), lower(w.state)), E'\n'), '')
FROM waits w JOIN messages f ON f.id = w.first_message_id JOIN messages o ON o.id = w.opens_with_id LEFT JOIN messages c ON c.id = w.closes_with_id
JOIN chats h ON h.id = w.chat_id WHERE h.telegram_id = $1 AND w.state <> 'DISSOLVED'`, []any{chat}, &list)
	return sortedLines(list)
}

func sortedLines(list string) []string {
	if list == "" {
		return nil
	}
	lines := strings.Split(list, "\n")
	slices.Sort(lines)
	return lines
}

// computedWaits are the waits by the domain alone, from all messages at once.
func computedWaits(t *rapid.T, w *apptest.World, talk []app.MessageInput) []string {
	people := map[int64]int64{apptest.JasurTelegram: int64(w.ID(apptest.Jasur)), apptest.DilyaTelegram: int64(w.ID(apptest.Dilya))}
	hours := apptest.ExampleCompany().Schedules[0].Hours
	calendar, err := hours.Calendar(apptest.Zone, schedule.Shifts{})
	if err != nil {
		t.Fatal(err)
	}
	threads := map[int64][]response.Message{}
	for _, m := range talk {
		side := response.SideCustomer
		switch {
		case m.Sender.Kind == app.FromNobody:
			continue
		case m.Sender.Kind == app.FromChat || people[m.Sender.TelegramID] != 0:
			side = response.SideStaff
		}
		threads[m.Thread] = append(threads[m.Thread], response.Message{ID: m.TelegramID, Side: side, Person: people[m.Sender.TelegramID], At: m.SentAt})
	}
	target := 15 * time.Minute
	if first := slices.IndexFunc(talk, func(m app.MessageInput) bool { return people[m.Sender.TelegramID] != 0 }); first >= 0 && talk[first].Sender.TelegramID == apptest.DilyaTelegram {
		target = 30 * time.Minute // the team of who wrote first
	}
	var lines []string
	for thread, messages := range threads {
		for _, wait := range response.Compute(messages, response.Config{
			ConversationGap: 8 * time.Hour, ReplyTarget: target, At: w.App.Now(),
			Calendar: func(int64, time.Time) response.Business { return calendar },
		}) {
			first := "f"
			if wait.First {
				first = "t"
			}
			if !wait.Answered() {
				wait.Wall, wait.Business = 0, 0
			}
			lines = append(lines, fmt.Sprint(thread, " ", wait.FirstMessageID, " ", wait.OpensID, " ", wait.ClosesID, " ", wait.Responder, " ", first, " ",
				wait.Wall, " ", wait.Business, " ", wait.State))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestALateReplyBetweenDividesAWait(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Say(-1, 5, apptest.At("2026-09-15 10:00"), "Salom")
	w.Say(-1, 5, apptest.At("2026-09-15 10:10"), "Kim bor?")
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 10:20"), "Shu yerdaman")
	w.Say(-1, apptest.MalikaTelegram, apptest.At("2026-09-15 10:05"), "Salom!") // came in late
	var n, jasur int
	w.One(`SELECT count(*), count(*) FILTER (WHERE responder_id = $1 AND business_seconds = 600) FROM waits WHERE state <> 'DISSOLVED'`, []any{w.ID(apptest.Jasur)}, &n, &jasur)
	if n != 2 || jasur != 1 {
		t.Errorf("%d waits, %d of Jasur's", n, jasur)
	}
}

func TestOpenWaitsBreachInTime(t *testing.T) {
	t.Parallel()
	w := apptest.Example(t)
	w.Clock.Set(apptest.At("2026-09-15 17:51"))
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-15 09:00"), "Xayrli tong")
	w.Say(-1, 5, apptest.At("2026-09-15 17:50"), "Salom")
	breached := func(at string, want int) {
		t.Helper()
		w.Clock.Set(apptest.At(at))
		if n, err := w.App.BreachWaits(w.System("scheduler")); n != want || err != nil {
			t.Errorf("at %s: %d, %v", at, n, err)
		}
	}
	breached("2026-09-15 23:00", 0) // ten minutes of the working day were left
	breached("2026-09-16 09:05:00", 0)
	breached("2026-09-16 09:05:01", 1)
	breached("2026-09-16 09:06", 0)
	w.Say(-1, apptest.JasurTelegram, apptest.At("2026-09-16 09:07"), "Keldim")
	var state string
	var business int
	w.One(`SELECT state, business_seconds FROM waits`, nil, &state, &business)
	if state != "BREACHED" || business != 17*60 {
		t.Errorf("got %s after %d s", state, business)
	}
}
