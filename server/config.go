package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/fincokpi/finco/domain"
)

// Config is the settings. Each is a flag, an environment variable and a key of finco.yml.
type Config struct {
	DatabaseURL    string   `name:"database-url" env:"DATABASE_URL" help:"Postgres to use. Empty: a private one under the data directory."`
	MigrateURL     string   `name:"migrate-url" env:"FINCO_MIGRATE_URL" help:"Connects as the owner of the tables, for migrations. Empty: the database URL."`
	Addr           string   `name:"addr" env:"FINCO_ADDR" default:"127.0.0.1:8080" help:"Address to serve HTTP on."`
	DataDir        string   `name:"data-dir" env:"FINCO_DATA_DIR" default:".finco" help:"Directory of everything FinCo keeps on disk." type:"path"`
	Secret         string   `name:"secret" env:"FINCO_SECRET" help:"Signs access tokens, at least 32 characters. Empty: made once and kept in the data directory."`
	LogLevel       string   `name:"log" env:"FINCO_LOG" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
	AnalyzersDir   string   `name:"analyzers-dir" env:"FINCO_ANALYZERS_DIR" help:"Directory of the built-in analyzers. Empty: analyzers, beside the program." type:"path"`
	LearnAfter     int      `name:"learn-after" env:"FINCO_LEARN_AFTER" default:"50" help:"New corrections after which an analyzer learns from them, once a week at the most. 0: never by itself."`
	TrustedProxies []string `name:"trusted-proxies" env:"FINCO_TRUSTED_PROXIES" help:"Addresses or networks of proxies whose X-Forwarded-For is believed."`

	PublicURL           string `name:"public-url" env:"FINCO_PUBLIC_URL" help:"This server's address as browsers know it, such as https://finco.example.com. Needed for the sign-in by Telegram."`
	TelegramToken       string `name:"telegram-token" env:"FINCO_TELEGRAM_TOKEN" help:"Token of the company's bot, from BotFather. Empty: no bot. It is never stored or logged."`
	TelegramURL         string `name:"telegram-url" env:"FINCO_TELEGRAM_URL" help:"Bot API server. Empty: Telegram's own, https://api.telegram.org."`
	TelegramWebhookURL  string `name:"telegram-webhook-url" env:"FINCO_TELEGRAM_WEBHOOK_URL" help:"This server's address as Telegram reaches it, such as https://finco.example.com, to which updates are brought. Empty: they are polled for."`
	TelegramLoginID     string `name:"telegram-login-id" env:"FINCO_TELEGRAM_LOGIN_ID" help:"Client ID that BotFather shows for Log In With Telegram. Empty: people sign in without it."`
	TelegramLoginSecret string `name:"telegram-login-secret" env:"FINCO_TELEGRAM_LOGIN_SECRET" help:"Client secret that BotFather shows beside it. It is never stored."`
	TelegramLoginURL    string `name:"telegram-login-url" env:"FINCO_TELEGRAM_LOGIN_URL" default:"https://oauth.telegram.org" help:"OpenID Connect server of Log In With Telegram."`

	TelegramFilesDir string `name:"telegram-files-dir" env:"FINCO_TELEGRAM_FILES_DIR" help:"Folder of a Bot API server on this machine that runs with --local, such as /var/lib/telegram-bot-api. Empty: files are fetched by HTTP." type:"path"`
	FilesKeep        string `name:"files-keep" env:"FINCO_FILES_KEEP" default:"0" help:"How long voice and video notes are kept, such as 90d or 2160h, at least a day; their transcripts stay. 0: for ever."`
	S3Endpoint       string `name:"s3-endpoint" env:"FINCO_S3_ENDPOINT" help:"S3-compatible server that keeps files, such as https://s3.example.com. Empty: they are kept in the data directory."`
	S3Bucket         string `name:"s3-bucket" env:"FINCO_S3_BUCKET" help:"Bucket for files, of FinCo alone."`
	S3AccessKey      string `name:"s3-access-key" env:"FINCO_S3_ACCESS_KEY" help:"Access key of that server."`
	S3SecretKey      string `name:"s3-secret-key" env:"FINCO_S3_SECRET_KEY" help:"Its secret key. It is never stored or logged."`
	S3Region         string `name:"s3-region" env:"FINCO_S3_REGION" default:"us-east-1" help:"The bucket's region."`

	LLMURL    string `name:"llm-url" env:"FINCO_LLM_URL" help:"Language model server to judge messages with, such as http://localhost:11434; messages are sent there. Empty: none; one that was set stays until finco analyzer disable llm."`
	LLMModel  string `name:"llm-model" env:"FINCO_LLM_MODEL" help:"Name of the model on that server, such as qwen3:8b."`
	LLMAPI    string `name:"llm-api" env:"FINCO_LLM_API" default:"ollama" enum:"ollama,openai" help:"What that server speaks: ollama, or openai (/v1/chat/completions)."`
	LLMToken  string `name:"llm-token" env:"FINCO_LLM_TOKEN" help:"Bearer token for that server, if it wants one. It is never stored."`
	STTURL    string `name:"stt-url" env:"FINCO_STT_URL" help:"Speech server to recognise voice notes with; they are sent there. Empty: none; one that was set stays until another engine is."`
	STTEngine string `name:"stt-engine" env:"FINCO_STT_ENGINE" default:"auto" enum:"auto,openai,whisper_cpp,transcribe,vosk,pocketsphinx,off" help:"What recognises speech: openai, whisper_cpp, transcribe, vosk, pocketsphinx or off; auto is openai with a speech server, else pocketsphinx (English, on this machine)."`
	STTModel  string `name:"stt-model" env:"FINCO_STT_MODEL" help:"Name of the model on the speech server. Empty: whisper-1."`
	STTToken  string `name:"stt-token" env:"FINCO_STT_TOKEN" help:"Bearer token for the speech server, if it wants one. It is never stored."`
}

// Validate refuses what could only fail later, naming the setting.
func (c *Config) Validate() error {
	var faults domain.Faults
	if c.Secret != "" && len(c.Secret) < 32 {
		faults.Add("FINCO_SECRET", "has fewer than 32 characters")
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		faults.Add("FINCO_ADDR", "%q is no address such as 127.0.0.1:8080", c.Addr)
	}
	for _, p := range c.TrustedProxies {
		if _, err := proxyPrefix(p); err != nil {
			faults.Add("FINCO_TRUSTED_PROXIES", "%q is neither an address nor a network", p)
		}
	}
	c.checkServices(&faults)
	c.checkLogin(&faults)
	c.checkTelegram(&faults)
	c.checkFiles(&faults)
	return faults.Err()
}

func proxyPrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(s)
}

// Logger writes structured lines to standard error.
func (c *Config) Logger() *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(strings.ToUpper(c.LogLevel))) != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// secret is the setting's, else the one kept in the data directory, made at the first start.
func (c *Config) secret() ([]byte, error) {
	if c.Secret != "" {
		return []byte(c.Secret), nil
	}
	path := filepath.Join(c.DataDir, "secret")
	kept, err := os.ReadFile(path)
	if err == nil && len(kept) >= 32 {
		return kept, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, domain.Errorf(domain.KindInternal, "the secret cannot be read: %w", err)
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	secret := []byte(hex.EncodeToString(raw))
	if err := os.WriteFile(path, secret, 0o600); err != nil {
		return nil, domain.Errorf(domain.KindInternal, "the secret cannot be kept: %w", err)
	}
	return secret, nil
}

func (c *Config) analyzersDir() (string, error) {
	if c.AnalyzersDir != "" {
		return c.AnalyzersDir, nil
	}
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return "", err
	}
	return filepath.Join(filepath.Dir(program), "analyzers"), nil
}
