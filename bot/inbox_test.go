package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
	"github.com/fincokpi/finco/domain"
)

// groupMessage is an update with a text of a customer in a supergroup.
func groupMessage(update, chat, id int, text string) string {
	return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":%d,"date":%d,"chat":{"id":-100%d,"type":"supergroup","title":"Group"},"from":{"id":9000,"first_name":"Customer"},"text":%q}}`,
		update, id, apptest.Now.Unix(), chat, text)
}

func groupEdit(update, chat, id, seconds int, text string) string {
	return fmt.Sprintf(`{"update_id":%d,"edited_message":{"message_id":%d,"date":%d,"edit_date":%d,"chat":{"id":-100%d,"type":"supergroup","title":"Group"},"from":{"id":9000,"first_name":"Customer"},"text":%q}}`,
		update, id, apptest.Now.Unix(), apptest.Now.Unix()+int64(seconds), chat, text)
}

// press is an update with a pressed button.
func pressed(update, chat int, data string) string {
	return fmt.Sprintf(`{"update_id":%d,"callback_query":{"id":"%d","from":{"id":9000,"first_name":"Customer"},"chat_instance":"1","data":%q,"message":{"message_id":1,"date":%d,"chat":{"id":%d,"type":"private"}}}}`,
		update, update, data, apptest.Now.Unix(), chat)
}

// reads has only the inbox run, not Telegram.
func (w *world) reads() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { w.bot.keep(ctx, "inbox", w.bot.readInbox) })
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); all.Wait() }) }
	w.t.Cleanup(stop)
	return stop
}

// answers has pressed buttons handled by do, which gets the data and after which the update is handled.
func (w *world) answers(do func(data string) error) {
	w.bot.does.converse = func(ctx context.Context, row int, u *models.Update) error {
		if err := do(u.CallbackQuery.Data); err != nil {
			return err
		}
		return w.bot.app.HandleUpdates(ctx, row)
	}
	w.bot.does.apologize = func(context.Context, int, *models.Update) error { return nil }
}

func TestEachEditIsAVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(groupMessage(1, 1, 1, "one"), groupEdit(2, 1, 1, 5, "two"), groupMessage(3, 1, 2, "other"), groupEdit(4, 1, 1, 9, "three"))
	w.reads()
	w.settled()
	if got := w.texts(-1001); !slices.Equal(got, []string{"three", "other"}) {
		t.Errorf("%q", got)
	}
	if n := w.count(`SELECT count(*) FROM message_contents`); n != 4 {
		t.Errorf("%d versions, want 4", n)
	}
}

func TestALaneKeepsItsOrderAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := make(chan struct{})
	var mu sync.Mutex
	got := map[string][]string{}
	w.answers(func(data string) error {
		lane, what, _ := strings.Cut(data, ":")
		if lane == "slow" && what == "0" {
			<-release
		}
		mu.Lock()
		defer mu.Unlock()
		got[lane] = append(got[lane], what)
		return nil
	})
	var bodies []string
	for i := range 20 {
		bodies = append(bodies, pressed(3*i+1, 1, fmt.Sprintf("slow:%d", i)), pressed(3*i+2, 2, fmt.Sprintf("fast:%d", i)), groupMessage(3*i+3, 5, i+1, fmt.Sprint(i)))
	}
	w.store(bodies...)
	w.reads()
	w.until("all but the slow talk is handled", func() bool { return w.updates("HANDLED") == 40 })
	close(release)
	w.settled()
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint(i))
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(got["slow"], want) || !slices.Equal(got["fast"], want) || !slices.Equal(w.texts(-1005), want) {
		t.Errorf("%v, %v", got, w.texts(-1005))
	}
}

func TestAPanicIsOneUpdatePutAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	var got []string
	w.answers(func(data string) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, data)
		if data == "bad" {
			panic("secret words")
		}
		return nil
	})
	w.store(pressed(1, 1, "before"), pressed(2, 1, "bad"), pressed(3, 1, "after"))
	w.reads()
	w.settled()
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"before", "bad", "bad", "bad", "after"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if n := w.logs.count("could not be handled", "aside=true", "TestAPanicIsOneUpdatePutAside"); n != 1 {
		t.Errorf("%d lines about the panic:\n%s", n, w.logs)
	}
	if strings.Contains(w.logs.String(), "secret words") {
		t.Error("the log has what the handler panicked with")
	}
	aside := w.aside()
	if len(aside) != 1 || aside[0].Attempts != 3 || !strings.Contains(aside[0].Fault, "panicked") || strings.Contains(aside[0].Fault, "secret") {
		t.Errorf("%+v", aside)
	}
}

func TestWhatIsInvalidIsPutAsideAtOnceAndReplayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store(
		groupMessage(1, 1, 1, "first"), `{"update_id":2,"message":{"message_id":"two"}}`, "{\"update_id\":3,\xff", groupMessage(4, 1, 0, "no id"),
		groupMessage(5, 1, 2, "second"), groupMessage(6, 2, 1, "elsewhere"),
		`{"update_id":7,"message":{"message_id":9,"date":1,"chat":{"id":-1001,"type":"supergroup"},"from":{"id":9000},"text":"in 1970"}}`,
	)
	w.reads()
	w.settled()
	if got := w.texts(-1001); !slices.Equal(got, []string{"first", "second"}) || len(w.texts(-1002)) != 1 {
		t.Errorf("%q, %q", got, w.texts(-1002))
	}
	aside := w.aside()
	if len(aside) != 4 || aside[0].Attempts != 1 {
		t.Fatalf("%+v", aside)
	}
	for _, fault := range []string{aside[0].Fault, aside[1].Fault, aside[2].Fault, aside[3].Fault} {
		if fault == "" || strings.Contains(fault, "two") || strings.Contains(fault, "1970") {
			t.Errorf("fault %q", fault)
		}
	}
	w.replay()
	w.until("they were tried again", func() bool {
		return w.updates("NEW") == 0 && w.count(`SELECT sum(attempts) FROM telegram_updates`) == 4
	})
}

func TestWhatIsUnavailableWaitsInItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	var got []string
	failures := 5
	w.answers(func(data string) error {
		mu.Lock()
		defer mu.Unlock()
		if data == "first" && failures > 0 {
			failures--
			return domain.Errorf(domain.KindUnavailable, "not now")
		}
		got = append(got, data)
		return nil
	})
	w.store(pressed(1, 1, "first"), pressed(2, 1, "second"), pressed(3, 2, "elsewhere"))
	w.reads()
	w.settled()
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"elsewhere", "first", "second"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if n := w.count(`SELECT max(attempts) FROM telegram_updates`); n != 0 {
		t.Errorf("%d attempts were counted", n)
	}
}

// What comes before there is a company waits for it, rather than being put aside for somebody to replay.
func TestUpdatesWaitForTheCompany(t *testing.T) {
	t.Parallel()
	w := &world{World: apptest.New(t), logs: &logs{}, t: t}
	w.telegram = bottest.Start(t, bottest.WithClock(w.Clock.Now))
	w.bot = w.another(nil)
	w.store(groupMessage(1, 1, 1, "first"), groupMessage(2, 1, 2, "second"))
	w.reads()
	w.until("it is said", func() bool { return w.logs.count("there is no company yet") == 1 })
	if n := w.updates("NEW"); n != 2 {
		t.Errorf("%d wait", n)
	}
	w.Apply(apptest.ExampleCompany())
	w.settled()
	if got := w.texts(-1001); !slices.Equal(got, []string{"first", "second"}) || len(w.aside()) != 0 {
		t.Errorf("%q, %+v", got, w.aside())
	}
}

// However much waits behind an update that fails, in however many chats, all others are handled.
func TestChatsThatAreStuckHoldUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var open atomic.Bool
	translate := w.bot.does.message
	w.bot.does.message = func(ctx context.Context, u *models.Update) (app.MessageInput, bool, error) {
		if m, _ := messageOf(u); m.Chat.ID != -1009 && !open.Load() {
			return app.MessageInput{}, false, domain.Errorf(domain.KindUnavailable, "not now")
		}
		return translate(ctx, u)
	}
	var bodies []string
	for i := range 2 * inboxRows {
		bodies = append(bodies, groupMessage(i+1, i%3+1, i+1, fmt.Sprint(i)))
	}
	w.store(append(bodies, groupMessage(len(bodies)+1, 9, 1, "elsewhere"))...)
	w.reads()
	w.until("the other chat is handled", func() bool { return slices.Equal(w.texts(-1009), []string{"elsewhere"}) })
	if n := w.updates("HANDLED"); n != 1 {
		t.Errorf("%d handled", n)
	}
	open.Store(true)
	w.settled()
	if n := w.count(`SELECT count(*) FROM messages`); n != len(bodies)+1 || len(w.aside()) != 0 {
		t.Errorf("%d messages of %d", n, len(bodies)+1)
	}
	// They were recorded in their order.
	if n := w.count(`SELECT count(*) FROM messages a JOIN messages b ON b.chat_id = a.chat_id AND b.telegram_id > a.telegram_id AND b.id < a.id`); n != 0 {
		t.Errorf("%d pairs are in disorder", n)
	}
}

func TestWhatFailsForNoKnownReasonIsTriedSomeTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tries, told := 0, 0
	w.answers(func(data string) error {
		tries++
		return errors.New("secret words")
	})
	w.bot.does.apologize = func(context.Context, int, *models.Update) error { told++; return nil }
	w.store(pressed(1, 1, "x"))
	stop := w.reads()
	w.settled()
	stop()
	if tries != maxTries || told != 1 || len(w.aside()) != 1 || strings.Contains(w.logs.String()+w.aside()[0].Fault, "secret") {
		t.Errorf("%d tries, told %d times, %+v\n%s", tries, told, w.aside(), w.logs)
	}
}

// A message that the database refuses does not take the others of its batch along.
func TestABatchWithABadMessageIsRecordedOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	translate := w.bot.does.message
	w.bot.does.message = func(ctx context.Context, u *models.Update) (in app.MessageInput, ok bool, err error) {
		in, ok, err = translate(ctx, u)
		if in.Text == "bad" {
			in.Sender.TelegramID = 0
		}
		return in, ok, err
	}
	var bodies []string
	for i := range 30 {
		text := fmt.Sprint(i)
		if i == 13 {
			text = "bad"
		}
		bodies = append(bodies, groupMessage(i+1, i%3+1, i+1, text))
	}
	w.store(bodies...)
	w.reads()
	w.settled()
	if n := w.count(`SELECT count(*) FROM messages`); n != 29 {
		t.Errorf("%d messages, want 29", n)
	}
	if aside := w.aside(); len(aside) != 1 || aside[0].UpdateID != 14 {
		t.Errorf("%+v", aside)
	}
}

// A panic while a batch is recorded is one logged update, too, and ends neither the process nor the others of the batch.
func TestAPanicWhileRecordingIsOneUpdatePutAside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	record := w.bot.does.record
	w.bot.does.record = func(ctx context.Context, in []app.MessageInput, updates []int) (app.Recorded, error) {
		if slices.ContainsFunc(in, func(m app.MessageInput) bool { return m.Text == "bad" }) {
			panic("secret words")
		}
		return record(ctx, in, updates)
	}
	w.store(groupMessage(1, 1, 1, "before"), groupMessage(2, 1, 2, "bad"), groupMessage(3, 1, 3, "after"), groupMessage(4, 2, 1, "elsewhere"))
	w.reads()
	w.settled()
	if got := append(w.texts(-1001), w.texts(-1002)...); !slices.Equal(got, []string{"before", "after", "elsewhere"}) {
		t.Errorf("%q", got)
	}
	if aside := w.aside(); len(aside) != 1 || aside[0].UpdateID != 2 || aside[0].Attempts != 3 || strings.Contains(w.logs.String(), "secret words") {
		t.Errorf("%+v", aside)
	}
}

// While connections to the database break again and again nothing is lost, put aside, or done twice.
func TestALostDatabaseConnectionLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.telegram.User(9001, "Anna", "", "anna", "ru")
	var groups []*bottest.Chat
	for i := range 10 {
		groups = append(groups, w.telegram.Supergroup(-1000000000001-int64(i), fmt.Sprint("Group ", i), customer))
	}
	w.run()
	owner := w.Database.OwnerPool(t)
	for round := range 8 {
		for i := range 50 {
			customer.Says(groups[i%10], fmt.Sprint(round*50+i))
		}
		w.until("some are handled", func() bool {
			var n int
			return owner.QueryRow(`SELECT count(*) FROM telegram_updates WHERE state = 'HANDLED'`).Scan(&n) == nil && n > round*50
		})
		if _, err := owner.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
	}
	w.until("everything is handled", func() bool {
		var n int
		return owner.QueryRow(`SELECT count(*) FROM telegram_updates WHERE state = 'HANDLED'`).Scan(&n) == nil && n == 400
	})
	w.DB.SetMaxIdleConns(-1) // the test's own questions go by connections that were not broken
	if aside := w.aside(); len(aside) != 0 {
		t.Errorf("%+v", aside)
	}
	if n := w.count(`SELECT count(*) FROM message_contents`); n != 400 {
		t.Errorf("%d versions of 400 messages", n)
	}
	for i, g := range groups {
		if got := w.texts(g.ID); len(got) != 40 || got[0] != fmt.Sprint(i) {
			t.Errorf("the chat %d has %d messages: %v", g.ID, len(got), got)
		}
	}
}

// A connection explains the chats of what came after it, so it is handled before.
func TestBusinessConnectionsGoFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var mu sync.Mutex
	var got []string
	w.bot.does.observe = func(_ context.Context, u *models.Update) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if u.BusinessConnection != nil {
			got = append(got, "connection")
			return true, nil
		}
		got = append(got, "message")
		return true, nil
	}
	bodies := []string{groupMessage(1, 1, 1, "before"), `{"update_id":2,"business_connection":{"id":"c","user":{"id":100002},"user_chat_id":100002,"is_enabled":true}}`}
	for i := range 50 {
		bodies = append(bodies, groupMessage(i+3, i+1, 100, "after"))
	}
	w.store(bodies...)
	w.reads()
	w.settled()
	mu.Lock()
	defer mu.Unlock()
	if i := slices.Index(got, "connection"); i < 0 || i > 1 || len(got) != 52 {
		t.Errorf("the connection was number %d of %d", i, len(got))
	}
}
