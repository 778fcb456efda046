package bot

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

const (
	// maxWebhook is far above any update.
	maxWebhook = 1 << 20
	// webhookEvery is how often it is looked whether the webhook is still ours.
	webhookEvery = time.Minute
)

// Webhook takes updates from Telegram, in every process that answers HTTP, whether or not it leads, and also while we poll: during
// a change from one to the other both bring updates. It answers 200 once an update is stored, so Telegram brings it again otherwise.
func (b *Bot) Webhook() http.Handler {
	want := sha256.Sum256([]byte(b.cfg.WebhookSecret))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := sha256.Sum256([]byte(r.Header.Get("X-Telegram-Bot-Api-Secret-Token")))
		if b.cfg.WebhookSecret == "" || subtle.ConstantTimeCompare(said[:], want[:]) != 1 {
			http.Error(w, "this is for Telegram alone", http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "send an update with POST", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxWebhook))
		var large *http.MaxBytesError
		switch {
		case errors.As(err, &large):
			http.Error(w, "an update has at most 1 MiB", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "the update did not come whole", http.StatusBadRequest)
			return
		}
		if err := b.store(r.Context(), []json.RawMessage{body}); err != nil {
			b.log.Warn("an update was not stored; telegram brings it again", "error", faultOf(err))
			http.Error(w, "not stored, bring it again", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
}

// WebhookInfo is what Telegram knows of the bot's webhook.
type WebhookInfo struct {
	// URL is where updates are brought; empty: nowhere, they are polled for.
	URL string `json:"url"`
	// Pending is how many updates Telegram still has.
	Pending          int    `json:"pending_update_count"`
	LastErrorDate    int64  `json:"last_error_date,omitempty"`
	LastErrorMessage string `json:"last_error_message,omitempty"`
}

// Identity is who Telegram says the bot is.
type Identity struct {
	Username string
	// ReadsGroups is false in privacy mode, in which a bot reads only groups that it administers.
	ReadsGroups bool
	Webhook     WebhookInfo
}

// Identity asks Telegram who the bot is and what webhook it has: unavailable if it cannot be reached, invalid if it refuses.
func (b *Bot) Identity(ctx context.Context) (Identity, error) {
	var out Identity
	err := b.getMe(auth.With(ctx, system))
	if err == nil {
		err = b.call(ctx, "getWebhookInfo", nil, &out.Webhook)
	}
	switch me := b.me(); {
	case err == nil:
		out.Username, out.ReadsGroups = me.Username, me.CanReadAllGroupMessages
		// Programs of others often have the token in the address of their webhook.
		out.Webhook.URL, out.Webhook.LastErrorMessage = b.calls.scrub(out.Webhook.URL), b.calls.scrub(out.Webhook.LastErrorMessage)
		return out, nil
	case unauthorized(err):
		return out, domain.Errorf(domain.KindInvalid, "Telegram does not know the token: set FINCO_TELEGRAM_TOKEN to the one that BotFather shows")
	default:
		return out, domain.Errorf(domain.KindUnavailable, "Telegram does not answer: %w", err)
	}
}

// openWebhook has Telegram bring the updates. Those that wait there are brought too.
func (b *Bot) openWebhook(ctx context.Context) error {
	if err := b.call(ctx, "setWebhook", map[string]any{
		"url": b.cfg.WebhookURL, "secret_token": b.cfg.WebhookSecret, "allowed_updates": allowedUpdates, "drop_pending_updates": false,
	}, nil); err != nil {
		return err
	}
	b.works(StateWebhook)
	return nil
}

// closeWebhook has Telegram keep the updates until they are polled for.
func (b *Bot) closeWebhook(ctx context.Context) error {
	var info WebhookInfo
	if err := b.call(ctx, "getWebhookInfo", nil, &info); err != nil {
		return err
	}
	if info.URL == "" {
		return nil
	}
	b.log.Warn("a webhook was set and is taken away, because FINCO_TELEGRAM_WEBHOOK_URL is not set; what waits there is polled for")
	return b.call(ctx, "deleteWebhook", map[string]any{"drop_pending_updates": false}, nil)
}

// watchWebhook sets the webhook again when somebody else changed it, and tells when Telegram cannot reach it.
func (b *Bot) watchWebhook(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(webhookEvery):
		}
		var info WebhookInfo
		err := b.call(ctx, "getWebhookInfo", nil, &info)
		if err == nil && info.URL != b.cfg.WebhookURL {
			b.log.Warn("somebody else changed the bot's webhook; it is set again")
			err = b.openWebhook(ctx)
		}
		switch {
		case err != nil:
			b.trouble(ctx, err)
		case info.Pending > 0 && time.Since(time.Unix(info.LastErrorDate, 0)) < 2*webhookEvery:
			b.trouble(ctx, domain.Errorf(domain.KindUnavailable, "Telegram cannot bring its updates to the webhook: %s", b.calls.scrub(info.LastErrorMessage)))
		default:
			b.works(StateWebhook)
		}
	}
}
