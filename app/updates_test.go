package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/domain"
)

const someBot int64 = 700700

// updates are the worlds' own steps with what Telegram sends.
type updates struct {
	*apptest.World
	t   *testing.T
	ctx context.Context
}

func newUpdates(t *testing.T) *updates {
	t.Helper()
	w := apptest.Example(t)
	return &updates{w, t, w.System("telegram")}
}

func (u *updates) store(bodies ...string) int {
	u.t.Helper()
	var raw []json.RawMessage
	for _, body := range bodies {
		raw = append(raw, json.RawMessage(body))
	}
	n, err := u.App.StoreUpdates(u.ctx, someBot, raw)
	if err != nil {
		u.t.Fatal(err)
	}
	return n
}

func (u *updates) waiting() []app.StoredUpdate {
	u.t.Helper()
	list, err := u.App.WaitingUpdates(u.ctx, someBot, nil, nil, 1000)
	if err != nil {
		u.t.Fatal(err)
	}
	return list
}

func (u *updates) bodies() []string {
	var out []string
	for _, row := range u.waiting() {
		out = append(out, string(row.Body))
	}
	return out
}

func TestUpdatesAreStoredOnceAndInOrder(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	first := []string{
		`{"update_id":11,"message":{"message_id":1,"chat":{"id":-1005,"type":"supergroup"},"from":{"id":9}}}`,
		`{"update_id":10,"callback_query":{"id":"1","from":{"id":9},"message":{"chat":{"id":-7}}}}`,
		`{"update_id":12,"business_connection":{"id":"x","user":{"id":8},"user_chat_id":8}}`,
		`{"update_id":13,"message_reaction":{"chat":{"id":-1006},"user":{"id":9}}}`,
		`{"update_id":14,"poll":{"id":"a"}}`,
		`{"update_id":15,"message":17}`,
	}
	if n := u.store(first...); n != len(first) {
		t.Errorf("%d stored, want %d", n, len(first))
	}
	if n := u.store(append(first, `{"update_id":16,"message":{}}`)...); n != 1 {
		t.Errorf("%d stored of what is known but for one", n)
	}
	var lanes []int64
	for _, row := range u.waiting() {
		lanes = append(lanes, row.Lane)
	}
	if want := []int64{-1005, -7, 8, -1006, 0, 0, 0}; !slices.Equal(lanes, want) {
		t.Errorf("lanes %v, want %v", lanes, want)
	}
	if got, want := u.bodies(), append(first, `{"update_id":16,"message":{}}`); !slices.Equal(got, want) {
		t.Errorf("in the order of\n%q", got)
	}
}

func TestTheSameUpdateAtOnceIsStoredOnce(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	var stored atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			n, err := u.App.StoreUpdates(u.ctx, someBot, []json.RawMessage{json.RawMessage(`{"update_id":5,"message":{"chat":{"id":1}}}`)})
			if err != nil {
				t.Error(err)
			}
			stored.Add(int64(n))
		})
	}
	all.Wait()
	if stored.Load() != 1 || len(u.waiting()) != 1 {
		t.Errorf("stored %d times, %d rows", stored.Load(), len(u.waiting()))
	}
}

func TestWhatHasNoUpdateIDIsPutAside(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	garbage := []string{`{"message":{"text":"secret words"}}`, `"text"`, `null`, "\xff\xfe\x00", `{"update_id":"7"}`, `{"update_id":1e300}`, `{"update_id":-4}`, `[1`, ``}
	if n := u.store(garbage...); n != len(garbage) {
		t.Errorf("%d stored, want %d", n, len(garbage))
	}
	if n := u.store(garbage...); n != 0 {
		t.Errorf("%d stored again", n)
	}
	if n := u.store("{\"update_id\": 21, \xff garbage"); n != 1 || len(u.waiting()) != 1 {
		t.Errorf("what has an id waits to be put aside: %d stored, %d wait", n, len(u.waiting()))
	}
	list, err := u.App.AsideUpdates(u.Operator(), 100)
	if err != nil || len(list) != len(garbage) {
		t.Fatalf("%d aside, %v", len(list), err)
	}
	for _, a := range list {
		if a.UpdateID >= 0 || a.Fault != "it has no update_id" {
			t.Errorf("%+v", a)
		}
	}
}

func TestUpdatesAreCountedAnewAfterAnIdleWeek(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	u.store(`{"update_id":900,"message":{"chat":{"id":1}}}`)
	u.Clock.Advance(5 * 24 * time.Hour)
	if n := u.store(`{"update_id":900,"message":{"chat":{"id":1}}}`); n != 0 {
		t.Error("the same update within a week was taken for another")
	}
	u.Clock.Advance(7 * 24 * time.Hour)
	if n := u.store(`{"update_id":900,"message":{"chat":{"id":1}}}`); n != 1 {
		t.Error("another update with an old number was taken for the old one")
	}
}

func TestRecordingMarksTheUpdatesInTheSameTransaction(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	u.store(`{"update_id":1,"message":{}}`, `{"update_id":2,"message":{}}`, `{"update_id":3,"message":{}}`)
	rows := u.waiting()
	good := u.Message(-1001, 555, apptest.Now, "Where is my order?")
	done, err := u.App.RecordLive(u.System("intake"), []app.MessageInput{good}, []int{rows[0].ID})
	if err != nil || done.New != 1 || done.Analyses == 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if u.Jobs("", "live") == 0 {
		t.Error("live messages are judged at once")
	}
	bad := good
	bad.TelegramID = 0
	if _, err := u.App.RecordLive(u.System("intake"), []app.MessageInput{bad}, []int{rows[1].ID}); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("a message without an id: %v", err)
	}
	if got := len(u.waiting()); got != 2 {
		t.Errorf("%d wait, want 2", got)
	}
	if _, err := u.App.RecordLive(u.System("intake"), nil, []int{rows[1].ID}); err != nil || len(u.waiting()) != 1 {
		t.Errorf("without messages: %v, %d wait", err, len(u.waiting()))
	}
}

func TestFailedUpdatesAreReplayedOrDropped(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	u.store(`{"update_id":1,"message":{"chat":{"id":4}}}`, `{"update_id":2,"message":{}}`, `{"update_id":3,"message":{}}`)
	rows := u.waiting()
	for i, row := range rows {
		if err := u.App.FailUpdate(u.ctx, row.ID, "broken", i > 0); err != nil {
			t.Fatal(err)
		}
	}
	if left := u.waiting(); len(left) != 1 || left[0].Attempts != 1 {
		t.Errorf("%+v", left)
	}
	operator := u.Operator()
	if _, err := u.App.ReplayUpdates(operator, rows[0].ID); domain.KindOf(err) != domain.KindNotFound {
		t.Errorf("what waits was replayed: %v", err)
	}
	if n, err := u.App.DropUpdates(operator, rows[2].ID); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := u.App.ReplayUpdates(operator); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if left := u.waiting(); len(left) != 2 || left[1].Attempts != 0 {
		t.Errorf("%+v", left)
	}
	if _, err := u.App.DropUpdates(operator); domain.KindOf(err) != domain.KindInvalid {
		t.Errorf("dropping nothing in particular: %v", err)
	}
	if _, err := u.App.ReplayUpdates(u.As(apptest.Jasur)); domain.KindOf(err) != domain.KindDenied {
		t.Errorf("an employee replays: %v", err)
	}
}

func TestHandledUpdatesAreForgottenAfterSomeDays(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	u.store(`{"update_id":1,"message":{}}`, `{"update_id":2,"message":{}}`, `{"update_id":3,"message":{}}`)
	rows := u.waiting()
	if err := u.App.HandleUpdates(u.ctx, rows[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := u.App.FailUpdate(u.ctx, rows[1].ID, "broken", true); err != nil {
		t.Fatal(err)
	}
	for days, want := range []int{0, 0, 0, 0, 1} {
		u.Clock.Set(apptest.Now.Add(time.Duration(days) * 24 * time.Hour))
		if n, err := u.App.PruneUpdates(u.ctx); n != want || err != nil {
			t.Errorf("after %d days: %d, %v", days, n, err)
		}
	}
	counts, err := u.App.UpdateCounts(u.Operator())
	if err != nil || counts.Waiting != 1 || counts.Aside != 1 || counts.Oldest == nil || !counts.Oldest.Equal(apptest.Now) {
		t.Errorf("%+v, %v", counts, err)
	}
}

func TestSilenceOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	u := newUpdates(t)
	if err := u.App.KnowBot(u.ctx, someBot, "finco_bot"); err != nil {
		t.Fatal(err)
	}
	for _, d := range []time.Duration{time.Hour, time.Minute} {
		if err := u.App.PauseTelegram(u.ctx, someBot, d); err != nil {
			t.Fatal(err)
		}
	}
	known, err := u.Another().KnownBot(u.ctx, someBot)
	if err != nil || known.Username != "finco_bot" || known.Silence < 50*time.Minute || known.Silence > time.Hour {
		t.Errorf("%+v, %v", known, err)
	}
}

// One leads at a time, the next one as soon as the first ends or loses its connection.
func TestOneLeadsAtATime(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	ctx, stop := context.WithCancel(t.Context())
	var leading atomic.Int64
	if led, err := w.App.Led(ctx, "test"); led || err != nil {
		t.Errorf("nobody leads yet: %v, %v", led, err)
	}
	began := make(chan string)
	lost := make(chan struct{}, 1)
	var all sync.WaitGroup
	for i := range 3 {
		another := w.Another()
		all.Go(func() {
			_ = another.Lead(ctx, "test", func(ctx context.Context) error {
				leading.Add(1)
				defer leading.Add(-1)
				began <- fmt.Sprint(i)
				<-ctx.Done()
				select {
				case lost <- struct{}{}:
				default:
				}
				return nil
			})
		})
	}
	<-began
	if led, err := w.App.Led(ctx, "test"); !led || err != nil {
		t.Errorf("one leads: %v, %v", led, err)
	}
	const kill = `SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
	if n := leading.Load(); n != 1 {
		t.Errorf("%d lead", n)
	}
	var killed int
	owner := w.Database.OwnerPool(t)
	if err := owner.QueryRow(kill).Scan(&killed); err != nil || killed != 1 {
		t.Fatalf("%d killed, %v", killed, err)
	}
	<-began // another one, who may be sooner than
	<-lost  // the context of the first one ends
	stop()
	all.Wait()
}
