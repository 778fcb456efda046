package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/bot"
	"github.com/fincokpi/finco/ent/postgres"
	"github.com/fincokpi/finco/plugins/host"
)

// Parts are what every command stands on: the database, migrated, the use cases, and the host of the analyzers.
type Parts struct {
	App *app.App
	Log *slog.Logger

	cfg     Config
	secret  []byte
	dsn     string
	owner   string
	db      *sql.DB
	private *postgres.Server
	files   placedStore
	bot     *bot.Bot // nil without a token
	host    *host.Host
	metrics *metrics
	slots   *slots
	specs   map[string]string // what the host runs or was told to, by slot; of whoever follows the registry
}

// poolSize leaves room for the workers' pool and for people with psql in the private server's connections.
const poolSize = 24

// Open brings the database up and to this release's shape. The caller ends it with Close.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Parts, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	warnUnknown(os.Environ(), log)
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("the data directory cannot be made: %w", err)
	}
	p := &Parts{cfg: cfg, Log: log, metrics: newMetrics()}
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.Close(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func (p *Parts) open(ctx context.Context) error {
	if err := p.database(ctx); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, p.owner, p.Log); err != nil {
		return err
	}
	if one, err := postgres.OneRole(ctx, p.dsn); err == nil && one {
		p.Log.Warn("the server connects as the owner of its tables; frozen records are safer with FINCO_MIGRATE_URL naming the owner and DATABASE_URL another role")
	}
	var err error
	if p.db, err = postgres.Open(p.dsn, postgres.WithConnections(poolSize), postgres.WithIdleTransactionTimeout(time.Minute)); err != nil {
		return err
	}
	if p.secret, err = p.cfg.secret(); err != nil {
		return err
	}
	p.host = host.New(host.Config{Log: p.Log, OnCall: p.metrics.pluginCall})
	p.slots = newSlots(p.host)
	if p.files, err = p.cfg.files(); err != nil {
		return err
	}
	downloads, err := p.downloads()
	if err != nil {
		return err
	}
	p.App, err = app.New(app.Config{DB: p.db, Log: p.Log, Analyzers: p.slots, Files: p.files, Downloads: downloads, KeepFiles: p.cfg.keepFiles(),
		Secret: p.secret, TelegramToken: p.cfg.TelegramToken, CheckSettings: p.checkSettings})
	if err != nil {
		return err
	}
	return p.newBot(downloads)
}

func (p *Parts) database(ctx context.Context) error {
	if p.dsn = p.cfg.DatabaseURL; p.dsn != "" {
		if p.owner = p.cfg.MigrateURL; p.owner == "" {
			p.owner = p.dsn
		}
		return nil
	}
	var err error
	p.private, err = postgres.Start(ctx, postgres.Options{Dir: filepath.Join(p.cfg.DataDir, "postgres"), Log: p.Log})
	if err != nil {
		return err
	}
	p.dsn, p.owner = p.private.AppDSN(), p.private.OwnerDSN()
	return nil
}

// Close ends what Open began, the database last.
func (p *Parts) Close(ctx context.Context) error {
	if p.host != nil {
		p.host.Close(ctx)
	}
	var errs []error
	if p.db != nil {
		errs = append(errs, p.db.Close())
	}
	if p.private != nil {
		errs = append(errs, p.private.Stop(ctx))
	}
	return errors.Join(errs...)
}
