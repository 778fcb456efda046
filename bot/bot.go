package bot

import (
	"log/slog"
	"regexp"
	"strings"

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
	// WebhookSecret is what Telegram says with each webhook: [A-Za-z0-9_-]{1,256}.
	WebhookSecret string
}

// Bot is one bot of one company.
type Bot struct {
	app   *app.App
	log   *slog.Logger
	cfg   Config
	texts *texts
}

const telegramURL = "https://api.telegram.org"

var tokenForm = regexp.MustCompile(`^[0-9]{1,20}:[A-Za-z0-9_-]{20,}$`)

// New makes a bot that does nothing yet; see Run.
func New(cfg Config) (*Bot, error) {
	if !tokenForm.MatchString(cfg.Token) {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_TELEGRAM_TOKEN is no bot token: BotFather gives one such as 123456789:AbC…")
	}
	if cfg.URL == "" {
		cfg.URL = telegramURL
	}
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	texts, err := loadTexts(textFiles)
	if err != nil {
		return nil, err
	}
	return &Bot{app: cfg.App, log: cfg.Log.With("room", "bot"), cfg: cfg, texts: texts}, nil
}
