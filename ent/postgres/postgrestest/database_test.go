package postgrestest_test

import (
	"testing"

	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t).Pool(t)
			if _, err := db.ExecContext(t.Context(), `INSERT INTO teams (name) VALUES ('sales')`); err != nil {
				t.Fatal(err)
			}
			var teams int
			if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM teams`).Scan(&teams); err != nil {
				t.Fatal(err)
			}
			if teams != 1 {
				t.Errorf("teams = %d, want 1: a database is shared", teams)
			}
		})
	}
}

func TestTheApplicationOwnsNothing(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	if _, err := d.Pool(t).ExecContext(t.Context(), `DROP TABLE teams`); err == nil {
		t.Error("the role of the application dropped a table")
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		postgrestest.New(b)
	}
}
