package postgres_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"

	gen "github.com/fincokpi/finco/ent/gen/migrate"
	"github.com/fincokpi/finco/ent/migrations"
	"github.com/fincokpi/finco/ent/postgres"
	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

// The migrations, replayed on an empty database, lead to ent/gen: if this fails, run "go run diff.go NAME" in ent/migrations.
func TestMigrationsAgreeWithTheSchema(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(folder, migrations.FS); err != nil {
		t.Fatal(err)
	}
	dir, err := sqltool.NewGooseDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := dir.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate.WriteSumFile(dir, sum); err != nil {
		t.Fatal(err)
	}
	err = schema.Diff(t.Context(), postgrestest.Empty(t).OwnerDSN, "missing", gen.Tables,
		schema.WithDir(dir), schema.WithFormatter(sqltool.GooseFormatter), schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(dialect.Postgres), schema.WithDropColumn(true), schema.WithDropIndex(true))
	if err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(folder, "*_missing.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range written {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("ent/migrations lack:\n%s", text)
	}
}

func TestMigrateTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	d := postgrestest.Empty(t)
	db := d.OwnerPool(t)
	if err := postgres.Migrate(t.Context(), d.OwnerDSN, nil); err != nil {
		t.Fatal(err)
	}
	before := catalogue(t, db)
	if err := postgres.Migrate(t.Context(), d.OwnerDSN, nil); err != nil {
		t.Fatal(err)
	}
	if after := catalogue(t, db); before != after {
		t.Errorf("the second time changed\n%s\ninto\n%s", before, after)
	}
}

func TestMigrateAtOnceFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	d := postgrestest.Empty(t)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := postgres.Migrate(context.Background(), d.OwnerDSN, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// catalogue is what there is and who may do what with it.
func catalogue(t *testing.T, db *sql.DB) string {
	t.Helper()
	var text string
	err := db.QueryRowContext(t.Context(), `SELECT
		(SELECT string_agg(relname || ' ' || relkind::text || coalesce(relacl::text, ''), E'\n' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace)
		|| (SELECT string_agg(version_id || ' ' || id::text, E'\n' ORDER BY id) FROM goose_db_version)
		|| (SELECT string_agg(version::text, E'\n' ORDER BY version) FROM river_migration)`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheApplicationWritesRecordsAndNotMigrations(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t).Pool(t)
	for _, statement := range []string{
		`INSERT INTO teams (name) VALUES ('sales')`, `UPDATE teams SET name = 'support'`, `DELETE FROM teams`,
		`INSERT INTO river_queue (name, updated_at) VALUES ('q', now())`, `SELECT count(*) FROM goose_db_version`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	for _, statement := range []string{
		`DELETE FROM goose_db_version`, `UPDATE river_migration SET version = 1`, `CREATE TABLE mine ()`,
		`ALTER TABLE ledger_entries DISABLE TRIGGER ALL`, `TRUNCATE teams`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s was allowed", statement)
		}
	}
}

func TestTablesOfLaterMigrationsAreGranted(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	if _, err := d.OwnerPool(t).ExecContext(t.Context(), `CREATE TABLE later (id serial)`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pool(t).ExecContext(t.Context(), `INSERT INTO later DEFAULT VALUES`); err != nil {
		t.Error(err)
	}
}

func TestOneRole(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	for dsn, want := range map[string]bool{d.DSN: false, d.OwnerDSN: true, postgrestest.Empty(t).OwnerDSN: false} {
		got, err := postgres.OneRole(t.Context(), dsn)
		if err != nil || got != want {
			t.Errorf("OneRole(%s) = %v, %v, want %v", dsn, got, err, want)
		}
	}
}

// With a database of the user's own, the role that migrates need not be a superuser.
func TestMigrateAsAnOrdinaryOwner(t *testing.T) {
	t.Parallel()
	// Its pool outlives the other database, whose owner the role is.
	admin := postgrestest.New(t).OwnerPool(t)
	d := postgrestest.Empty(t)
	name := d.Name + "_owner"
	for _, statement := range []string{`CREATE ROLE ` + name + ` LOGIN PASSWORD '` + name + `'`, `ALTER DATABASE ` + d.Name + ` OWNER TO ` + name} {
		if _, err := admin.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		db := open(t, d.OwnerDSN)
		for _, statement := range []string{`REASSIGN OWNED BY ` + name + ` TO CURRENT_USER`, `DROP OWNED BY ` + name, `DROP ROLE ` + name} {
			if _, err := db.ExecContext(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	})
	dsn, err := url.Parse(d.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.UserPassword(name, name)
	if err := postgres.Migrate(t.Context(), dsn.String(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pool(t).ExecContext(t.Context(), `INSERT INTO teams (name) VALUES ('sales')`); err != nil {
		t.Error(err)
	}
	if one, err := postgres.OneRole(t.Context(), dsn.String()); err != nil || !one {
		t.Errorf("OneRole = %v, %v, want true", one, err)
	}
}
