package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/outgoing"
)

const (
	// callTime is how long Telegram has to answer, uploadTime with a file.
	callTime   = 30 * time.Second
	uploadTime = 2 * time.Minute
	// editTries is how often an edit is made of which nobody can tell whether it was: twice is the same as once.
	editTries = 5
	// storeRest is how long a chat waits whose next file cannot be read.
	storeRest = 10 * time.Second
	// badTokenRest is how long nothing is sent when Telegram does not know the token.
	badTokenRest = time.Minute
)

// fate is what becomes of a message after a call, and of those after it.
type fate struct {
	end app.OutgoingEnd
	// unanswered: Telegram did not answer.
	unanswered bool
	// silence is how long nothing may be sent to anybody, rest to this chat.
	silence, rest time.Duration
	// moved is the supergroup that the chat has become.
	moved int64
}

// deliver makes the call for a claimed message and keeps what became of it. After a panic nobody can tell.
func (s *sender) deliver(ctx context.Context, o app.Outgoing) (f fate) {
	err := guarded(func() error { f = s.attempt(ctx, o); return nil })
	if err != nil {
		f = fate{end: app.OutgoingEnd{ID: o.ID, State: outgoing.StateUnknown, Fault: "an error of ours"}}
		s.log.Error("sending a message panicked", "outgoing", o.ID, "method", o.Method, slog.Any("error", err))
		s.keep(ctx, o, f, nil)
	}
	return f
}

// attempt makes the call for a claimed message and keeps what became of it.
func (s *sender) attempt(ctx context.Context, o app.Outgoing) fate {
	if held := s.calls.held(); held > 0 {
		// Telegram asked for silence after this one was claimed. Calls that wait for its end would all go at once then.
		f := fate{end: app.OutgoingEnd{ID: o.ID, State: outgoing.StateQueued}, silence: held}
		s.keep(ctx, o, f, nil)
		return f
	}
	limit := callTime
	if o.File != "" {
		limit = uploadTime
	}
	timed, cancel := context.WithTimeout(ctx, limit)
	sent, err := s.make(timed, o)
	cancel()
	f := fateOf(o, err)
	if held := s.calls.held(); unsent(err) && held > 0 {
		f.unanswered, f.silence = false, held // it was waiting for the end of a silence
	}
	if err == nil && sent != nil {
		f.end.TelegramID = int64(sent.ID)
	}
	if f.end.State == outgoing.StateFailed || f.end.State == outgoing.StateUnknown {
		level := slog.LevelWarn
		if o.BroadcastID != 0 {
			level = slog.LevelDebug // the broadcast's report counts them
		}
		s.log.Log(ctx, level, "a message was not sent", "outgoing", o.ID, "method", o.Method, "state", f.end.State, "reason", f.end.Fault)
	}
	s.keep(ctx, o, f, sent)
	return f
}

// fateOf reads what an error of a call means for the message.
func fateOf(o app.Outgoing, err error) fate {
	f := fate{end: app.OutgoingEnd{ID: o.ID, State: outgoing.StateQueued}}
	edit := strings.HasPrefix(o.Method, "edit")
	if err != nil {
		f.end.Fault = reasonOf(err)
	}
	if to, ok := migrateTo(err); ok {
		f.moved = to
		return f
	}
	if silence, ok := retryAfter(err); ok {
		f.silence = silence
		return f
	}
	switch said := strings.ToLower(description(err)); {
	case err == nil, edit && strings.Contains(said, "message is not modified"):
		f.end.State, f.end.Fault = outgoing.StateSent, ""
	case unauthorized(err):
		f.silence = badTokenRest
	case errors.As(err, new(unread)):
		f.rest = storeRest
	case unsent(err):
		f.unanswered = true
	case ambiguous(err) && edit && o.Attempts < editTries:
		f.unanswered, f.rest = true, time.Duration(o.Attempts)*time.Second
	case ambiguous(err):
		f.unanswered, f.end.State = true, outgoing.StateUnknown
	default:
		f.end.State = outgoing.StateFailed
		f.end.Unreachable = o.Chat > 0 && (forbidden(err) || strings.Contains(said, "chat not found"))
	}
	return f
}

// reasonOf is why a call failed, as Telegram says it, without the token. What it quotes of a message is not kept.
func reasonOf(err error) string {
	said := description(err)
	switch {
	case said == "":
		if errors.As(err, new(unread)) {
			return "the file cannot be read"
		}
		return "Telegram did not answer"
	case strings.Contains(strings.ToLower(said), "can't parse entities"):
		return "Bad Request: can't parse entities"
	}
	return said
}

// keep writes down what became of a message, until it is written or the sender ends: then the next one finds it half-way.
func (s *sender) keep(ctx context.Context, o app.Outgoing, f fate, sent *models.Message) {
	do := func(what string, write func(context.Context) error) {
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
			timed, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			err := write(timed)
			cancel()
			if err == nil {
				return
			}
			s.log.Warn("what became of a message is not written down yet", "outgoing", o.ID, "step", what, slog.Any("error", err))
			if kind := domain.KindOf(err); kind == domain.KindInvalid || kind == domain.KindDenied || kind == domain.KindNotFound {
				return // it will never be
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}
	// What people of the company are told in private is theirs alone; what customers read is kept beside what they wrote.
	if sent != nil && f.end.State == outgoing.StateSent && (o.UserID == 0 || o.Chat < 0) && !strings.HasPrefix(o.Method, "edit") {
		do("record", func(ctx context.Context) error { return s.logOwn(ctx, sent) })
	}
	do("end", func(ctx context.Context) error { return s.app.EndOutgoing(ctx, f.end) })
	if f.moved != 0 {
		do("move", func(ctx context.Context) error { return s.app.MoveOutgoing(ctx, o.Chat, f.moved) })
		do("migrate", func(ctx context.Context) error {
			return s.app.MigrateChat(ctx, strconv.FormatInt(s.id(), 10), o.Chat, f.moved)
		})
	}
}

// make makes the call. The message is nil where Telegram says no more than that it did it.
func (s *sender) make(ctx context.Context, o app.Outgoing) (*models.Message, error) {
	if o.File != "" {
		return s.upload(ctx, o)
	}
	params := map[string]json.RawMessage{}
	if err := json.Unmarshal(o.Params, &params); err != nil {
		return nil, &refusal{method: o.Method, code: 400, description: "the parameters cannot be read"}
	}
	chat, err := json.Marshal(o.Chat)
	if err != nil {
		return nil, err
	}
	params["chat_id"] = chat
	var result json.RawMessage
	if err := s.call(ctx, o.Method, params, &result); err != nil {
		return nil, err
	}
	var sent models.Message
	if json.Unmarshal(result, &sent) != nil || sent.ID == 0 {
		return nil, nil
	}
	return &sent, nil
}
