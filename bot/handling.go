package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	telegram "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// recorder is the role that records what was written.
var recorder = auth.System("intake")

// handleWithin is how long one update may take, so that none holds up a talker for ever.
const handleWithin = 2 * time.Minute

// maxTries is how often an update that fails for no known reason is tried.
const maxTries = 3

// doing is what is done with an update.
type doing struct {
	observe   func(context.Context, *models.Update) (done bool, err error)
	message   func(context.Context, *models.Update) (in app.MessageInput, ok bool, err error)
	record    func(context.Context, []app.MessageInput, []int) (app.Recorded, error)
	converse  func(ctx context.Context, row int, u *models.Update) error
	apologize func(ctx context.Context, row int, u *models.Update) error
}

// decode reads an update; invalid, without any of its words, if it cannot be read.
func decode(body []byte) (u *models.Update, err error) {
	u = &models.Update{}
	err = guarded(func() error { return json.Unmarshal(body, u) })
	var syntax *json.SyntaxError
	var field *json.UnmarshalTypeError
	switch {
	case err == nil:
		return u, nil
	case errors.As(err, &syntax):
		return nil, domain.Errorf(domain.KindInvalid, "it is not JSON, from byte %d on", syntax.Offset)
	case errors.As(err, &field):
		return nil, domain.Errorf(domain.KindInvalid, "its field %s is not what the Bot API says", field.Field)
	}
	return nil, domain.Errorf(domain.KindInvalid, "it is of a sort that this version of FinCo cannot read")
}

// plainMessage tells whether an update only brings or edits a message: nothing is answered, nothing else changes by it, and nobody
// has to be asked about it.
func plainMessage(u *models.Update) bool {
	for _, m := range []*models.Message{u.Message, u.EditedMessage, u.ChannelPost, u.EditedChannelPost, u.BusinessMessage, u.EditedBusinessMessage} {
		if m != nil {
			foreign := m.SenderChat != nil && m.SenderChat.ID != m.Chat.ID
			return !foreign && m.MigrateToChatID == 0 && m.MigrateFromChatID == 0 && len(m.NewChatMembers) == 0 && m.LeftChatMember == nil && !talks(u)
		}
	}
	return false
}

// recordAll records plain messages together, and one by one if that does not do. After a failure the rest of a lane is left
// alone, and after a message that is in it already: each version of a message needs a turn of its own.
func (b *Bot) recordAll(ctx context.Context, batch []*entry) []result {
	var out []result
	var good []*entry
	var in []app.MessageInput
	var ids []int
	messages := map[*entry][]app.MessageInput{}
	closed, versions := map[int64]bool{}, map[string]bool{}
	for _, e := range batch {
		if closed[e.lane] {
			continue
		}
		m, ok, err := b.translate(ctx, e)
		version := fmt.Sprint(m.Chat.Mailbox, "/", m.Chat.TelegramID, "/", m.TelegramID)
		switch {
		case err != nil:
			closed[e.lane] = true
			out = append(out, result{e, b.fail(ctx, e, err)})
			continue
		case ok && versions[version]:
			closed[e.lane] = true
			continue
		case ok:
			versions[version] = true
			in = append(in, m)
			messages[e] = []app.MessageInput{m}
		}
		good, ids = append(good, e), append(ids, e.row.ID)
	}
	if len(good) == 0 {
		return out
	}
	err := b.recordLive(ctx, in, ids)
	if err != nil && (len(good) == 1 || ctx.Err() != nil || app.Unavailable(err)) {
		return append(out, b.failAll(ctx, good, err)...)
	}
	failed := map[int64]bool{}
	for _, e := range good {
		if failed[e.lane] {
			continue
		}
		if err == nil {
			b.handled.Add(1)
			out = append(out, result{e, true})
			continue
		}
		alone := b.record(ctx, messages[e], e)
		failed[e.lane] = !alone
		out = append(out, result{e, alone})
	}
	return out
}

// record records the messages of an update and marks it; false if it is to be tried again.
func (b *Bot) record(ctx context.Context, in []app.MessageInput, e *entry) bool {
	if err := b.recordLive(ctx, in, []int{e.row.ID}); err != nil {
		return b.fail(ctx, e, err)
	}
	b.handled.Add(1)
	return true
}

// recordLive records messages and marks their updates; a panic in it is an error, as it is everywhere else.
func (b *Bot) recordLive(ctx context.Context, in []app.MessageInput, updates []int) error {
	return guarded(func() error {
		_, err := b.does.record(auth.With(ctx, recorder), in, updates)
		return err
	})
}

// failAll fails the first of each lane; the others of it were not come to.
func (b *Bot) failAll(ctx context.Context, entries []*entry, err error) []result {
	var out []result
	seen := map[int64]bool{}
	for _, e := range entries {
		if !seen[e.lane] {
			seen[e.lane] = true
			out = append(out, result{e, b.fail(ctx, e, err)})
		}
	}
	return out
}

// translate observes an update and makes a message of it, if it is to be recorded.
func (b *Bot) translate(ctx context.Context, e *entry) (in app.MessageInput, ok bool, err error) {
	err = guarded(func() error {
		if e.fault != nil {
			return e.fault
		}
		done, err := b.does.observe(ctx, e.update)
		if err != nil || done {
			return err
		}
		in, ok, err = b.does.message(ctx, e.update)
		return err
	})
	return in, ok && err == nil, err
}

// handle does all that an update asks for; false if it is to be tried again.
func (b *Bot) handle(ctx context.Context, e *entry) bool {
	limited, cancel := context.WithTimeout(auth.With(ctx, system), handleWithin)
	defer cancel()
	err := guarded(func() error { return b.handleOnce(limited, e) })
	if err != nil && limited.Err() != nil && b.calls.held() == 0 {
		err = domain.Errorf(domain.KindInternal, "it took longer than %v", handleWithin)
	}
	if err != nil {
		return b.fail(ctx, e, err)
	}
	b.handled.Add(1)
	return true
}

func (b *Bot) handleOnce(ctx context.Context, e *entry) error {
	if e.fault != nil {
		return e.fault
	}
	done, err := b.does.observe(ctx, e.update)
	if err != nil {
		return err
	}
	if done {
		return b.app.HandleUpdates(ctx, e.row.ID)
	}
	in, ok, err := b.does.message(ctx, e.update)
	if err != nil {
		return err
	}
	asks := talks(e.update)
	switch {
	case ok && asks: // handled only when it is answered, too
		err = b.recordLive(ctx, []app.MessageInput{in}, nil)
	case ok:
		err = b.recordLive(ctx, []app.MessageInput{in}, []int{e.row.ID})
	case !asks:
		err = b.app.HandleUpdates(ctx, e.row.ID)
	}
	if err != nil || !asks {
		return err
	}
	h := &handling{row: e.row.ID}
	b.client.ProcessUpdate(context.WithValue(ctx, handlingKey{}, h), e.update)
	return h.err
}

// handling takes a row through the library to process, and its error back.
type handling struct {
	row int
	err error
}

type handlingKey struct{}

// process is where the library hands updates to.
func (b *Bot) process(ctx context.Context, _ *telegram.Bot, u *models.Update) {
	if h, ok := ctx.Value(handlingKey{}).(*handling); ok {
		h.err = b.does.converse(ctx, h.row, u)
	}
}

// fail decides about an update that could not be handled: true if it was put aside, false if it is to be tried again. What is
// unavailable comes back, so that is waited for as long as it takes; what is invalid never gets better; all else is tried some times.
func (b *Bot) fail(ctx context.Context, e *entry, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	fault := faultOf(err)
	if app.Unavailable(err) || passing(err) {
		b.log.Warn("an update waits", slog.Int("update", e.row.ID), slog.String("error", fault))
		return false
	}
	aside := domain.KindOf(err) == domain.KindInvalid || e.row.Attempts+1 >= maxTries
	lines := []any{slog.Int("update", e.row.ID), slog.Int("attempt", e.row.Attempts+1), slog.Bool("aside", aside), slog.String("error", fault)}
	var p *panicked
	if errors.As(err, &p) {
		lines = append(lines, slog.String("stack", p.stack))
	}
	b.log.Error("an update could not be handled", lines...)
	if err := b.app.FailUpdate(auth.With(ctx, system), e.row.ID, fault, aside); err != nil {
		return false // not counted: the database is away
	}
	e.row.Attempts++
	if !aside {
		return false
	}
	if e.update != nil {
		if err := guarded(func() error { return b.does.apologize(ctx, e.row.ID, e.update) }); err != nil {
			b.log.Warn("nobody was told that it could not be done", slog.Int("update", e.row.ID), slog.String("error", faultOf(err)))
		}
	}
	return true
}

// passing tells whether a call of ours failed for a reason that goes away.
func passing(err error) bool {
	_, silent := retryAfter(err)
	return isCall(err) && (silent || unsent(err) || ambiguous(err) || unauthorized(err))
}

// panicked is a panic of a handler. What it panicked with may hold words, so only its type is kept, and of the runtime's own what it says.
type panicked struct{ what, stack string }

// Error implements error.
func (p *panicked) Error() string { return "a handler panicked: " + p.what }

// guarded runs do and makes an error of its panic.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p := &panicked{what: fmt.Sprintf("%T", r), stack: callers()}
			var own runtime.Error
			if e, ok := r.(error); ok && errors.As(e, &own) {
				p.what = own.Error()
			}
			err = p
		}
	}()
	return do()
}

// callers are the functions that led to a panic, innermost first, without what they were called with.
func callers() string {
	pcs := make([]uintptr, 24)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	var out []string
	for {
		f, more := frames.Next()
		out = append(out, fmt.Sprintf("%s:%d", f.Function, f.Line))
		if !more {
			return strings.Join(out, " < ")
		}
	}
}

// faultOf says what went wrong without words of a message and without the token.
func faultOf(err error) string {
	var p *panicked
	switch {
	case err == nil:
		return "it ended"
	case errors.As(err, &p):
		return p.Error() + " at " + strings.SplitN(p.stack, " < ", 2)[0]
	case isCall(err):
		return err.Error()
	}
	return app.FaultOf(err)
}
