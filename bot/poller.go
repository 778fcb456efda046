package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
)

// allowedUpdates are what we want to hear of. They are named: an empty list leaves some out, and none keeps what was said before.
var allowedUpdates = []string{
	models.AllowedUpdateMessage, models.AllowedUpdateEditedMessage, models.AllowedUpdateBusinessConnection,
	models.AllowedUpdateBusinessMessage, models.AllowedUpdateEditedBusinessMessage, models.AllowedUpdateDeletedBusinessMessages,
	models.AllowedUpdateMessageReaction, models.AllowedUpdateMyChatMember, models.AllowedUpdateChatMember, models.AllowedUpdateCallbackQuery,
}

const (
	pollLimit = 100
	// restart is how long without an update the offset is kept: Telegram counts anew after a week.
	restart = 6 * 24 * time.Hour

	firstPause, longestPause = time.Second, 30 * time.Second
)

// lead is what the leading process does until ctx ends.
func (b *Bot) lead(ctx context.Context) error {
	b.setState(StateStart, "")
	known, err := b.app.KnownBot(ctx, b.id())
	if err != nil {
		return err
	}
	if known.Silence > 0 {
		b.calls.hold(known.Silence)
	}
	if known.Username != "" {
		b.known.CompareAndSwap(nil, &models.User{ID: b.id(), IsBot: true, Username: known.Username})
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { b.keep(ctx, "intake", b.intake) })
	all.Go(func() { b.keep(ctx, "inbox", b.readInbox) })
	all.Go(func() { b.keep(ctx, "pruning", b.prune) })
	for name, loop := range b.loops() {
		all.Go(func() { b.keep(ctx, name, loop) })
	}
	<-ctx.Done()
	return nil
}

// keep runs something again when it ends before ctx does.
func (b *Bot) keep(ctx context.Context, name string, loop func(context.Context) error) {
	pause := newPause()
	for ctx.Err() == nil {
		began := time.Now()
		err := guarded(func() error { return loop(ctx) })
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > longestPause {
			pause = newPause()
		}
		b.log.Error("a part of the bot ended and is begun again", "part", name, "error", faultOf(err))
		pause.wait(ctx)
	}
}

// pause grows with each time it is waited, and is never quite the same: processes must not try in step.
type pause struct{ next time.Duration }

func newPause() *pause { return &pause{firstPause} }

func (p *pause) wait(ctx context.Context) {
	d := p.next/2 + rand.N(p.next/2+1)
	p.next = min(2*p.next, longestPause)
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// intake gets the updates in, by webhook or by polling, whichever is set; the other way is closed first, without dropping anything.
func (b *Bot) intake(ctx context.Context) error {
	failed := newPause()
	for ctx.Err() == nil {
		err := b.getMe(ctx)
		if err == nil {
			if b.cfg.WebhookURL != "" {
				err = b.openWebhook(ctx)
			} else {
				err = b.closeWebhook(ctx)
			}
		}
		if err == nil {
			break
		}
		b.trouble(ctx, err)
		failed.wait(ctx)
	}
	if b.cfg.WebhookURL != "" {
		return b.watchWebhook(ctx)
	}
	return b.poll(ctx)
}

// troubles are why updates did not come in lately.
type troubles struct {
	mu   sync.Mutex
	told map[string]bool // without the figures, which differ each time
	last time.Time
	name string
}

// contested is how long nobody else may take updates away before that counts as over: two programs that poll get them in turns.
const contested = 2 * maxPoll

var figures = regexp.MustCompile(`[0-9]+`)

// note tells whether a trouble is a new one.
func (t *troubles) note(name, fault string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told == nil {
		t.told = map[string]bool{}
	}
	t.last, t.name = time.Now(), name
	key := name + figures.ReplaceAllString(fault, "")
	known := t.told[key]
	t.told[key] = true
	return !known
}

// over tells whether there were troubles that have ended now.
func (t *troubles) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.told) == 0 || t.name == StateBusy && time.Since(t.last) < contested {
		return false
	}
	t.told = nil
	return true
}

// works notes that updates come in, and logs it where they did not.
func (b *Bot) works(name string) {
	b.setState(name, "")
	if b.troubles.over() {
		b.log.Info("updates come in again", "state", name)
	}
}

// trouble notes and logs why updates do not come in; once for each reason until they come in again.
func (b *Bot) trouble(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	name, fault := StateAway, err.Error()
	switch _, silent := retryAfter(err); {
	case silent:
		name = StateSilent
	case unauthorized(err):
		name, fault = StateRefused, "Telegram does not know the token: set FINCO_TELEGRAM_TOKEN to the one that BotFather shows"
	case conflict(err) && strings.Contains(description(err), "webhook"):
		name, fault = StateBusy, "a webhook was set for this bot by somebody else, who gets its updates: finco telegram status shows its address"
	case conflict(err):
		name, fault = StateBusy, "another program polls with this token and takes updates away: stop it, or give it a bot of its own"
	case app.Unavailable(err) && !isCall(err):
		fault = "the database does not answer, so nothing is taken from Telegram"
	}
	if b.troubles.note(name, fault) {
		b.log.Warn("updates do not come in", "state", name, "error", fault)
	}
	b.setState(name, fault)
}

// isCall tells an error of a call of ours from those of the database.
func isCall(err error) bool {
	var r *refusal
	var c *broken
	return errors.As(err, &r) || errors.As(err, &c)
}

// poll asks for updates and lets Telegram forget them only once they are stored: by the offset of the next poll. It begins with
// no offset, which gives whatever was never confirmed, also what a webhook did not take.
func (b *Bot) poll(ctx context.Context) error {
	var offset int64
	heard := time.Now()
	failed := newPause()
	for ctx.Err() == nil {
		if time.Since(heard) > restart {
			offset, heard = 0, time.Now()
		}
		timeout := b.cfg.PollTimeout
		if b.State().Name != StatePolling {
			timeout = 0 // to know soon whether it works
		}
		next, n, err := b.pollOnce(ctx, offset, timeout)
		if err != nil {
			b.trouble(ctx, err)
			failed.wait(ctx)
			continue
		}
		b.works(StatePolling)
		failed = newPause()
		if offset = next; n > 0 {
			heard = time.Now()
		}
	}
	return nil
}

// pollOnce gets the updates from offset on, stores them, and returns the offset after them and how many they were.
func (b *Bot) pollOnce(ctx context.Context, offset int64, timeout time.Duration) (int64, int, error) {
	body, err := b.getUpdates(ctx, offset, pollLimit, timeout)
	if err != nil {
		return offset, 0, err
	}
	updates, ok := elements(body)
	if !ok {
		return b.stepPast(ctx, offset)
	}
	if len(updates) == 0 {
		return offset, 0, nil
	}
	if err := b.store(ctx, updates); err != nil {
		return offset, 0, err
	}
	if next := after(offset, updates); next > offset {
		return next, len(updates), nil
	}
	return b.stepPast(ctx, offset) // nothing in it has an id
}

func (b *Bot) getUpdates(ctx context.Context, offset int64, limit int, timeout time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, b.calls.held()+timeout+15*time.Second)
	defer cancel()
	params := map[string]any{"limit": limit, "timeout": int(timeout.Seconds()), "allowed_updates": allowedUpdates}
	if offset > 0 {
		params["offset"] = offset
	}
	return b.calls.ask(ctx, b.cfg.Token, "getUpdates", params)
}

// elements are the updates of an answer as they came; false if it is not JSON of that form.
func elements(body []byte) ([]json.RawMessage, bool) {
	var said struct {
		OK     bool              `json:"ok"`
		Result []json.RawMessage `json:"result"`
	}
	return said.Result, json.Unmarshal(body, &said) == nil && said.OK
}

func (b *Bot) store(ctx context.Context, updates []json.RawMessage) error {
	if _, err := b.app.StoreUpdates(auth.With(ctx, system), b.id(), updates); err != nil {
		return err
	}
	b.rouse()
	return nil
}

// rouse has the inbox looked into.
func (b *Bot) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// after is the offset that confirms the updates.
func after(offset int64, updates []json.RawMessage) int64 {
	for _, u := range updates {
		if id, ok := app.UpdateID(u); ok {
			offset = max(offset, id+1)
		}
	}
	return offset
}

var anyUpdateID = regexp.MustCompile(`"update_id"\s*:\s*([0-9]{1,17})\b`)

var answerForm = regexp.MustCompile(`^\s*\{\s*"ok"\s*:\s*true\s*,\s*"result"\s*:\s*\[`)

// fromTelegram tells whether an answer that cannot be read holds updates all the same. What something between us and Telegram says in
// its place, a login page or a notice of works, holds none, and stepping past it would let Telegram forget an update that nobody saw.
func fromTelegram(body []byte) bool { return answerForm.Match(body) || anyUpdateID.Match(body) }

// stepPast takes the updates one by one, because something among them makes the whole answer unreadable. What cannot be read is
// kept as it came and put aside; the others are not lost with it.
func (b *Bot) stepPast(ctx context.Context, offset int64) (int64, int, error) {
	body, err := b.getUpdates(ctx, offset, 1, 0)
	if err != nil {
		return offset, 0, err
	}
	one, ok := elements(body)
	if ok && len(one) == 0 {
		return offset, 0, nil
	}
	if !ok && !fromTelegram(body) {
		return offset, 0, &broken{method: "getUpdates", sent: true, err: errors.New("what answers is not the Bot API")}
	}
	if !ok {
		one = []json.RawMessage{body}
		b.log.Warn("an update cannot be read and is put aside; finco telegram status shows it")
	}
	if err := b.store(ctx, one); err != nil {
		return offset, 0, err
	}
	if next := after(offset, one); next > offset {
		return next, 1, nil
	}
	if offset > 0 {
		return offset + 1, 1, nil
	}
	next, err := b.nextKnown(ctx)
	return next, 1, err
}

// nextKnown is the offset of the next update that has an id, when the first has none and none was confirmed yet.
func (b *Bot) nextKnown(ctx context.Context) (int64, error) {
	body, err := b.getUpdates(ctx, 0, pollLimit, 0)
	if err != nil {
		return 0, err
	}
	var next int64
	for _, found := range anyUpdateID.FindAllSubmatch(body, -1) {
		if id, err := strconv.ParseInt(string(found[1]), 10, 64); err == nil && (next == 0 || id < next) {
			next = id
		}
	}
	if next == 0 {
		return 0, fmt.Errorf("telegram's first update has no update_id: it goes away by itself within a day")
	}
	return next, nil
}

// prune forgets handled updates after some days.
func (b *Bot) prune(ctx context.Context) error {
	for {
		if _, err := b.app.PruneUpdates(auth.With(ctx, system)); err != nil && ctx.Err() == nil {
			b.log.Warn("handled updates were not forgotten", "error", faultOf(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Hour):
		}
	}
}
