package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/fincokpi/finco/ent/migrations"
)

// riverSteps are the queue's migrations: the version they take in our order, and the version of River they lead to. An
// update of River that brings new ones adds a line.
var riverSteps = []struct {
	version int64
	target  int
}{
	{version: 20261121000000, target: 7},
}

// Migrate brings the database to this release's shape: the embedded migrations and the queue's, under a lock that keeps
// other processes waiting, then AppRole and its rights. The role of ownerDSN must own the tables. Doing it twice changes nothing.
func Migrate(ctx context.Context, ownerDSN string, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	db, err := Open(ownerDSN, WithConnections(4))
	if err != nil {
		return err
	}
	defer db.Close()
	// The lock is asked for once a second, for ten minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(riverMigrations(log)...))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	for _, result := range results {
		log.Info("migrated", "version", result.Source.Version, "took", result.Duration)
	}
	return grant(ctx, db, log)
}

func riverMigrations(log *slog.Logger) []*goose.Migration {
	var list []*goose.Migration
	for _, step := range riverSteps {
		up := func(ctx context.Context, db *sql.DB) error {
			migrator, err := rivermigrate.New(riverdatabasesql.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				return err
			}
			result, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: step.target})
			if err != nil {
				return err
			}
			log.Info("queue migrated", "steps", len(result.Versions), "version", step.target)
			return nil
		}
		// Outside a transaction: one of River's steps uses an enum value that an earlier one adds. River counts its own
		// steps, so that one that was cut short goes on where it stopped.
		list = append(list, goose.NewGoMigration(step.version, &goose.GoFunc{RunDB: up}, nil))
	}
	return list
}

// Fingerprint names what Migrate leads to: it changes when a migration or a right does.
func Fingerprint() string {
	sum := sha256.New()
	fmt.Fprintln(sum, riverSteps, createAppRole, grants)
	err := fs.WalkDir(migrations.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.FS, path)
		fmt.Fprintln(sum, path, len(text))
		sum.Write(text)
		return err
	})
	if err != nil {
		panic("ent/postgres: the embedded migrations cannot be read: " + err.Error())
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}
