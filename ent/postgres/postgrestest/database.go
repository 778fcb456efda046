package postgrestest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/fincokpi/finco/ent/postgres"
)

// patience is how long a server may take to start and be migrated on a busy machine.
const patience = 2 * time.Minute

// Database is one test's own.
type Database struct {
	// Name is the database's name on the server.
	Name string
	// DSN connects as the role of the application, which owns nothing.
	DSN string
	// OwnerDSN connects as the owner of the tables.
	OwnerDSN string
}

// New clones the migrated template and drops the clone when the test ends.
func New(t testing.TB) *Database {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := serving(ctx)
	if err != nil {
		t.Fatalf("no test database: %v", err)
	}
	name := cloneName()
	if err := s.clone(ctx, name); err != nil {
		t.Fatalf("no test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := s.admin.ExecContext(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("dropping the test database: %v", err)
		}
	})
	return &Database{Name: name, DSN: s.dsn(name, postgres.AppRole), OwnerDSN: s.dsn(name, "")}
}

// Empty is New without the migrations, for tests of the migrations.
func Empty(t testing.TB) *Database {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d := New(t)
	s, err := serving(ctx)
	if err == nil {
		_, err = s.admin.ExecContext(ctx, `DROP DATABASE `+d.Name+` WITH (FORCE)`)
	}
	if err == nil {
		_, err = s.admin.ExecContext(ctx, `CREATE DATABASE `+d.Name)
	}
	if err != nil {
		t.Fatalf("no empty test database: %v", err)
	}
	return d
}

// Pool opens a pool as the role of the application; it is closed when the test ends.
func (d *Database) Pool(t testing.TB, options ...postgres.PoolOption) *sql.DB {
	t.Helper()
	return open(t, d.DSN, options...)
}

// OwnerPool opens a pool as the owner of the tables; it is closed when the test ends.
func (d *Database) OwnerPool(t testing.TB, options ...postgres.PoolOption) *sql.DB {
	t.Helper()
	return open(t, d.OwnerDSN, options...)
}

func open(t testing.TB, dsn string, options ...postgres.PoolOption) *sql.DB {
	t.Helper()
	// A test needs few connections, and many tests share the server.
	db, err := postgres.Open(dsn, append([]postgres.PoolOption{postgres.WithConnections(8)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the pool: %v", err)
		}
	})
	return db
}

// cloneName holds the process, so that one can see whose a left clone is.
func cloneName() string {
	var random [6]byte
	rand.Read(random[:])
	return fmt.Sprintf("finco_test_%d_%s", os.Getpid(), hex.EncodeToString(random[:]))
}
