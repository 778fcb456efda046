package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/bot"
	"github.com/fincokpi/finco/domain"
)

// webhookPath is where Telegram brings updates.
const webhookPath = "/webhooks/telegram"

// webhookPorts are those that Telegram brings updates to.
var webhookPorts = []string{"", "443", "80", "88", "8443"}

func (c *Config) checkTelegram(faults *domain.Faults) {
	if c.TelegramToken != "" {
		faults.AddErr("FINCO_TELEGRAM_TOKEN", bot.CheckToken(c.TelegramToken))
	}
	if c.TelegramURL != "" && !isService(c.TelegramURL, "http", "https") {
		faults.Add("FINCO_TELEGRAM_URL", "must be http:// or https:// with a host, without user, ? or #")
	}
	if c.TelegramWebhookURL == "" {
		return
	}
	schemes := []string{"https"}
	if u, err := url.Parse(c.TelegramWebhookURL); err == nil && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) {
		schemes = append(schemes, "http") // to a Bot API server of one's own on this machine
	}
	switch u, err := url.Parse(c.TelegramWebhookURL); {
	case err != nil || !isService(c.TelegramWebhookURL, schemes...):
		faults.Add("FINCO_TELEGRAM_WEBHOOK_URL", "must be https:// with a host, such as https://finco.example.com")
	case c.TelegramURL == "" && !slices.Contains(webhookPorts, u.Port()):
		faults.Add("FINCO_TELEGRAM_WEBHOOK_URL", "Telegram only knows the ports 443, 80, 88 and 8443")
	case strings.Trim(u.Path, "/") != "" && !strings.HasSuffix(strings.TrimRight(u.Path, "/"), webhookPath):
		faults.Add("FINCO_TELEGRAM_WEBHOOK_URL", "must end with the host, or with %s", webhookPath)
	}
}

// webhookURL is the setting with the path, which it may leave out.
func (c *Config) webhookURL() string {
	if c.TelegramWebhookURL == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimRight(c.TelegramWebhookURL, "/"), webhookPath) + webhookPath
}

// newBot makes the bot, which does nothing yet; none without a token. Every process has it: to take webhooks, to fetch files, or to lead.
func (p *Parts) newBot(downloads app.Downloads) error {
	if p.cfg.TelegramToken == "" {
		return nil
	}
	// The same in every process that shares the secret, another one for each token, and no way back to either.
	mac := hmac.New(sha256.New, p.secret)
	_, _ = mac.Write([]byte("telegram webhook " + p.cfg.TelegramToken))
	shared, _ := downloads.(*bot.Downloader)
	var err error
	p.bot, err = bot.New(bot.Config{
		App: p.App, Log: p.Log, Token: p.cfg.TelegramToken, URL: p.cfg.TelegramURL,
		Downloads: shared, WebhookURL: p.cfg.webhookURL(), WebhookSecret: hex.EncodeToString(mac.Sum(nil)),
	})
	return err
}

// stopBot is how long what the bot is at may take to end.
const stopBot = 10 * time.Second

// startBot has the bot read and send in this process while it leads, and returns what stops it.
func (s *serving) startBot(ctx context.Context, failed chan<- error) (stop func()) {
	if s.bot == nil {
		if s.opts.Bot {
			s.Log.Info("there is no bot: FINCO_TELEGRAM_TOKEN is not set", "room", "server")
		}
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	obeyed, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(obeyed)
		s.bot.Obey(ctx)
	}()
	go func() {
		defer close(ended)
		if !s.opts.Bot {
			return
		}
		if err := s.bot.Run(ctx); err != nil {
			failed <- err
		}
	}()
	return func() {
		cancel()
		<-obeyed
		select {
		case <-ended:
		case <-time.After(stopBot): // what it has not finished is done by whoever leads next
		}
	}
}

// telegramState is what /readyz says of the bot. Telegram being away does not make a process unready: everything else goes on.
func (s *serving) telegramState() string {
	switch {
	case s.bot == nil:
		return bot.StateOff
	case !s.opts.Bot:
		return "in other processes"
	}
	state := s.bot.State()
	if state.Fault != "" {
		return state.Name + ": " + state.Fault
	}
	return state.Name
}

// TelegramStatus is what is to be known of the bot.
type TelegramStatus struct {
	// Bot is its name, empty without a token. ReadsGroups is false in privacy mode.
	Bot         string `json:"bot"`
	ReadsGroups bool   `json:"reads_groups"`
	// Mode is how updates come in as Telegram has it: webhook where one is set, else polling; unknown if it does not answer; off
	// without a token.
	Mode    string          `json:"mode"`
	Webhook bot.WebhookInfo `json:"webhook"`
	// Led tells whether a process reads and sends.
	Led bool `json:"led"`
	// Differs says in what the settings of this process are not those by which updates come in.
	Differs string `json:"differs,omitempty"`
	// Fault is why Telegram was not asked or did not answer.
	Fault string `json:"fault,omitempty"`
}

// TelegramStatus asks Telegram and the database, not this process's settings. That Telegram does not answer is part of what is
// told, and the error too: invalid if it does not know the token, unavailable if it is away.
func (p *Parts) TelegramStatus(ctx context.Context) (TelegramStatus, error) {
	if p.bot == nil {
		return TelegramStatus{Mode: "off", Fault: "FINCO_TELEGRAM_TOKEN is not set"}, nil
	}
	out := TelegramStatus{Mode: "unknown"}
	var dbErr error
	if out.Led, dbErr = p.App.Led(ctx, bot.Leading); dbErr != nil {
		return out, dbErr
	}
	who, err := p.bot.Identity(ctx)
	if err != nil {
		out.Fault = err.Error()
		return out, err
	}
	out.Bot, out.ReadsGroups, out.Webhook = who.Username, who.ReadsGroups, who.Webhook
	out.Mode = "polling"
	if out.Webhook.URL != "" {
		out.Mode = "webhook"
	}
	switch here := p.cfg.webhookURL(); {
	case here == "" && out.Mode == "webhook":
		out.Differs = "FINCO_TELEGRAM_WEBHOOK_URL is not set for this command, yet Telegram has a webhook"
	case here != "" && out.Mode == "polling":
		out.Differs = "FINCO_TELEGRAM_WEBHOOK_URL is set for this command, yet Telegram has no webhook"
	case here != out.Webhook.URL:
		out.Differs = "FINCO_TELEGRAM_WEBHOOK_URL is another address for this command than Telegram has"
	}
	return out, nil
}

var (
	updatesWaiting = prometheus.NewDesc("finco_telegram_updates", "Updates of Telegram that are not handled, by whether they wait or were put aside.", []string{"state"}, nil)
	updatesAge     = prometheus.NewDesc("finco_telegram_updates_oldest_seconds", "Age of the update that waits longest.", nil, nil)
	updatesHandled = prometheus.NewDesc("finco_telegram_updates_handled_total", "Updates that this process handled.", nil, nil)
)

// telegramGauges are what Prometheus reads of the bot; nothing without one.
func (g gauges) telegramGauges(ctx context.Context, ch chan<- prometheus.Metric) {
	if g.parts.bot == nil {
		return
	}
	ch <- prometheus.MustNewConstMetric(updatesHandled, prometheus.CounterValue, float64(g.parts.bot.Handled()))
	counts, err := g.parts.App.UpdateCounts(auth.With(ctx, auth.System("telegram")))
	if err != nil {
		g.parts.Log.Warn("metrics without the updates", "room", "server", "error", err)
		return
	}
	ch <- prometheus.MustNewConstMetric(updatesWaiting, prometheus.GaugeValue, float64(counts.Waiting), "waiting")
	ch <- prometheus.MustNewConstMetric(updatesWaiting, prometheus.GaugeValue, float64(counts.Aside), "aside")
	age := 0.0
	if counts.Oldest != nil {
		age = g.parts.App.Now().Sub(*counts.Oldest).Seconds()
	}
	ch <- prometheus.MustNewConstMetric(updatesAge, prometheus.GaugeValue, age)
}
