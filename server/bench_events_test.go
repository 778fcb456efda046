package server_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/postgres"
)

// analysesOfCustomer is what the built-in analyzers say of a customer's message.
const analysesOfCustomer = 6

// measureEvents records messages at a steady rate in this process and returns, of each, the time until a subscriber of the
// server had its last analysis.
func measureEvents(b *testing.B, m *machine, s *served) []time.Duration {
	boss := newAdmin(b, m, s)
	intake := openIntake(b, m)
	events := boss.subscribe(`subscription { analysisCompleted { kind message { telegramID } } }`)
	ctx := auth.With(b.Context(), auth.System("intake"))
	sent := make(chan map[string]time.Time, 1)
	go func() {
		times := map[string]time.Time{}
		tick := time.NewTicker(time.Second / eventRate)
		defer tick.Stop()
		for i := range eventMessages {
			<-tick.C
			id := int64(i + 1)
			times[fmt.Sprint(id)] = time.Now()
			_, err := intake.RecordMessage(ctx, app.MessageInput{
				Chat: app.ChatInput{TelegramID: -1000000000 - id%50, Kind: "SUPERGROUP", Title: "Bench"}, TelegramID: id, Kind: "TEXT",
				Sender: app.SenderInput{Kind: app.FromUser, TelegramID: 9000 + id%50, Name: "Customer"}, SentAt: time.Now(), Text: fmt.Sprintf("Где мой заказ %d?", id),
			})
			if err != nil {
				b.Error(err)
			}
		}
		sent <- times
	}()
	arrived := map[string]time.Time{}
	seen := map[string]int{}
	for range eventMessages * analysesOfCustomer {
		var next struct {
			Data struct {
				AnalysisCompleted struct{ Message struct{ TelegramID string } }
			}
		}
		select {
		case event, open := <-events:
			if !open {
				b.Fatal("the subscription ended")
			}
			if err := json.Unmarshal(event, &next); err != nil {
				b.Fatal(err)
			}
		case <-time.After(30 * time.Second):
			b.Fatal("analyses are missing")
		}
		id := next.Data.AnalysisCompleted.Message.TelegramID
		if seen[id]++; seen[id] == analysesOfCustomer {
			arrived[id] = time.Now()
		}
	}
	var out []time.Duration
	for id, at := range <-sent {
		out = append(out, arrived[id].Sub(at))
	}
	return out
}

func newAdmin(b *testing.B, m *machine, s *served) *person {
	m.must("user", "add", "boss@killed.example", "--role", "admin")
	cmd := m.command("user", "password", "boss@killed.example")
	cmd.Stdin = strings.NewReader("a-long-enough-secret\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatal(err, string(out))
	}
	return s.signIn(b, "boss@killed.example", "a-long-enough-secret")
}

// openIntake is a second process's use cases on the machine's database, as the bot's process would have them.
func openIntake(b *testing.B, m *machine) *app.App {
	private, err := postgres.Start(b.Context(), postgres.Options{Dir: filepath.Join(m.dir, "postgres")})
	if err != nil {
		b.Fatal(err)
	}
	db, err := postgres.Open(private.AppDSN())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = db.Close()
		_ = private.Stop(b.Context())
	})
	a, err := app.New(app.Config{DB: db, Log: slog.New(slog.DiscardHandler), Secret: []byte(strings.Repeat("s", 32))})
	if err != nil {
		b.Fatal(err)
	}
	return a
}
