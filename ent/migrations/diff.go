//go:build ignore

// Command diff writes the migration that leads from the files of this folder to ent/gen, by replaying them on a private,
// empty Postgres. It prints nothing and writes nothing when there is no difference.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"

	gen "github.com/fincokpi/finco/ent/gen/migrate"
	"github.com/fincokpi/finco/ent/postgres"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run diff.go NAME")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(name string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	temp, err := os.MkdirTemp("", "finco-diff-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	// The server's own user must be able to enter.
	if err := os.Chmod(temp, 0o711); err != nil {
		return err
	}
	server, err := postgres.Start(ctx, postgres.Options{Dir: temp + "/postgres", NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(ctx)) }()
	dir, err := sqltool.NewGooseDir(".")
	if err != nil {
		return err
	}
	// The checksum file is made for the run only: git already says what changed.
	defer os.Remove(migrate.HashFileName)
	sum, err := dir.Checksum()
	if err != nil {
		return err
	}
	if err := migrate.WriteSumFile(dir, sum); err != nil {
		return err
	}
	err = schema.Diff(ctx, server.OwnerDSN(), name, gen.Tables,
		schema.WithDir(dir), schema.WithFormatter(sqltool.GooseFormatter), schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(dialect.Postgres), schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		return fmt.Errorf("writing the migration: %w", err)
	}
	return nil
}
