package bot

import (
	"context"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	telegram "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
)

// system is the role of what the bot does for nobody in particular.
var system = auth.System("telegram")

// Config is what a Bot stands on.
type Config struct {
	App *app.App
	Log *slog.Logger
	// Token is BotFather's; it is in no log, error or address that is printed.
	Token string
	// URL is the Bot API server; empty: Telegram's own.
	URL string
	// WebhookURL is the public address of /webhooks/telegram; empty: updates are polled for.
	WebhookURL string
	// WebhookSecret is what Telegram says with each webhook: [A-Za-z0-9_-]{1,256}; empty: no webhook is believed.
	WebhookSecret string
	// Downloads, if not nil, is the process's downloader, for which the same silence holds.
	Downloads *Downloader
	// PollTimeout is how long Telegram may wait for an update before it answers a poll; 0: 50 seconds, which is also the most.
	PollTimeout time.Duration
}

// Bot is one bot of one company.
type Bot struct {
	app   *app.App
	log   *slog.Logger
	cfg   Config
	texts *texts

	calls  *caller
	client *telegram.Bot
	known  atomic.Pointer[models.User]
	seen   seen

	does     doing
	state    atomic.Pointer[State]
	troubles troubles
	wake     chan struct{}
	handled  atomic.Int64
}

const (
	telegramURL = "https://api.telegram.org"
	maxPoll     = 50 * time.Second
)

var (
	tokenForm  = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{20,}$`)
	secretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{0,256}$`)
)

// CheckToken tells what is wrong with a token (invalid), without repeating it.
func CheckToken(token string) error {
	if !tokenForm.MatchString(token) {
		return domain.Errorf(domain.KindInvalid, "it is no bot token: BotFather gives one such as 123456789:AbC…")
	}
	return nil
}

// New makes a bot that does nothing yet; see Run.
func New(cfg Config) (*Bot, error) {
	if err := CheckToken(cfg.Token); err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_TELEGRAM_TOKEN: %w", err)
	}
	if !secretForm.MatchString(cfg.WebhookSecret) {
		return nil, domain.Errorf(domain.KindInvalid, "the secret of the webhook has other characters than A-Z a-z 0-9 _ -")
	}
	if cfg.URL == "" {
		cfg.URL = telegramURL
	}
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	if _, err := url.Parse(cfg.URL); err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_TELEGRAM_URL is no address such as http://localhost:8081")
	}
	if cfg.PollTimeout <= 0 || cfg.PollTimeout > maxPoll {
		cfg.PollTimeout = maxPoll
	}
	texts, err := loadTexts(textFiles)
	if err != nil {
		return nil, err
	}
	b := &Bot{app: cfg.App, log: cfg.Log.With("room", "bot"), cfg: cfg, texts: texts, wake: make(chan struct{}, 1)}
	b.does = doing{observe: b.observe, message: b.message, record: b.app.RecordLive, converse: b.converse, apologize: b.apologize}
	b.calls = newCaller(cfg.URL, cfg.Token, b.silence)
	if cfg.Downloads != nil {
		b.calls = cfg.Downloads.calls
		b.calls.silent = b.silence
	}
	b.client, err = b.newClient()
	b.setState(StateWaiting, "")
	return b, err
}

// What a Bot is at.
const (
	StateWaiting = "waiting"   // another process reads and sends
	StateStart   = "starting"  // this process leads and has not reached Telegram yet
	StatePolling = "polling"   // this process leads and polls
	StateWebhook = "webhook"   // this process leads; Telegram brings the updates
	StateRefused = "refused"   // Telegram does not know the token
	StateBusy    = "conflict"  // somebody else polls with this token, or has a webhook set
	StateAway    = "no answer" // Telegram cannot be reached
	StateSilent  = "silence"   // Telegram asked for it
	StateOff     = "off"       // this process has no bot
	StateStopped = "not running"
)

// State is what a bot is at, and what is the matter if something is.
type State struct {
	Name  string
	Fault string
}

// State tells what this process's bot is at.
func (b *Bot) State() State { return *b.state.Load() }

func (b *Bot) setState(name, fault string) { b.state.Store(&State{Name: name, Fault: fault}) }

// Handled is how many updates this process handled since it started.
func (b *Bot) Handled() int64 { return b.handled.Load() }

// Leading is the name under which the process that reads and sends leads; see app.Lead.
const Leading = "telegram"

// Run reads, handles and sends while this process leads, until ctx ends. It fails only when it never could work.
func (b *Bot) Run(ctx context.Context) error {
	defer b.setState(StateStopped, "")
	return b.app.Lead(auth.With(ctx, system), Leading, func(ctx context.Context) error {
		defer b.setState(StateWaiting, "")
		b.log.Info("this process reads and sends for the bot now")
		return b.lead(ctx)
	})
}
