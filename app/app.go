package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"

	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/ent/gen"
	"github.com/fincokpi/finco/plugins/analyzer"
)

// Analyzers runs plugins. What is said is stored under the version asked, so another version must not answer: while another
// one runs the answer is unavailable. An error's kind tells whether to try again (unavailable) or to give up (invalid); a result's own
// error concerns that input alone.
type Analyzers interface {
	Analyze(ctx context.Context, name, version string, inputs []analyzer.Input) ([]analyzer.Result, error)
	// Listen hands a sound to an analyzer that hears.
	Listen(ctx context.Context, name, version string, input analyzer.Input, audio analyzer.Audio) (analyzer.Result, error)
}

// Config is what an App stands on. Every field but Now, TelegramToken and CheckSettings is required.
type Config struct {
	DB        *sql.DB
	Log       *slog.Logger
	Analyzers Analyzers
	Files     FileStore
	// Downloads fetches what came with messages; nil: another process does.
	Downloads Downloads
	// KeepFiles is how long the content of attachments is kept; 0: for ever.
	KeepFiles time.Duration
	// CheckSettings tells what a version of an analyzer has against settings (invalid), before they are stored, and returns them
	// with the defaults of what they leave out. It may start the plugin; nil: none are checked.
	CheckSettings func(context.Context, AnalyzerSpec) (json.RawMessage, error)
	// Secret signs access tokens; at least 32 bytes.
	Secret []byte
	// TelegramToken is the bot's, by which Telegram signs what a Mini App was opened with; empty: nobody signs in that way.
	TelegramToken string
	// Now is the clock, time.Now if nil.
	Now func() time.Time
}

// App holds the use cases. It is safe for use by many goroutines.
type App struct {
	db        *sql.DB
	client    *gen.Client
	log       *slog.Logger
	analyzers Analyzers
	files     FileStore
	downloads Downloads
	keepFiles time.Duration
	tokens    *auth.Tokens
	hasher    *auth.Hasher
	now       func() time.Time
	check     func(context.Context, AnalyzerSpec) (json.RawMessage, error)
	jobs      *river.Client[*sql.Tx]
	hub       *Hub

	telegramToken string

	rosters atomic.Pointer[roster]
}

// New makes an App on a migrated database.
func New(cfg Config) (*App, error) {
	// The cooldown is also how often an insert may wake the workers; the default of 100 ms would make live messages wait.
	jobs, err := river.NewClient(riverdatabasesql.New(nil), &river.Config{FetchCooldown: time.Millisecond})
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	clock := func() time.Time { return cfg.Now().UTC().Truncate(time.Microsecond) }
	tokens, err := auth.NewTokens(cfg.Secret, clock)
	if err != nil {
		return nil, err
	}
	return &App{
		db:        cfg.DB,
		client:    gen.NewClient(gen.Driver(entsql.OpenDB(dialect.Postgres, cfg.DB))),
		log:       cfg.Log,
		analyzers: cfg.Analyzers,
		files:     cfg.Files,
		downloads: cfg.Downloads,
		keepFiles: cfg.KeepFiles,
		tokens:    tokens,
		hasher:    auth.NewHasher(2),
		now:       clock,
		check:     cfg.CheckSettings,
		jobs:      jobs,
		hub:       newHub(),

		telegramToken: cfg.TelegramToken,
	}, nil
}

// Client reads the records as the actor in the context. Its writes go through the verbs.
func (a *App) Client() *gen.Client { return a.client }

// Now is the clock's time in UTC, to the microsecond as the database keeps it.
func (a *App) Now() time.Time { return a.now() }
