package postgres_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/postgres"
	"github.com/fincokpi/finco/ent/postgres/postgrestest"
)

func TestARestoredBackupIsWhole(t *testing.T) {
	t.Parallel()
	b := setupBooks(t)
	file := filepath.Join(t.TempDir(), "finco.backup")
	if err := postgres.Backup(t.Context(), b.ownerDSN, "", file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v (%v), want one for its owner only", info.Mode(), err)
	}
	empty := postgrestest.Empty(t)
	if err := postgres.Restore(t.Context(), empty.OwnerDSN, "", file, nil); err != nil {
		t.Fatal(err)
	}
	original, restored := b.owner, empty.OwnerPool(t)
	if got, want := catalogue(t, restored), catalogue(t, original); got != want {
		t.Errorf("restored\n%s\nwant\n%s", got, want)
	}
	var sum, entries int
	if err := empty.Pool(t).QueryRowContext(t.Context(), `SELECT sum(amount), count(*) FROM ledger_entries`).Scan(&sum, &entries); err != nil {
		t.Fatal(err)
	}
	if sum != 0 || entries != 2 {
		t.Errorf("restored %d entries that sum to %d, want 2 and 0", entries, sum)
	}
	b.app, b.owner = empty.Pool(t), restored
	b.expectRefusal(t, `DELETE FROM ledger_entries`)
	b.expectRefusal(t, `UPDATE payslips SET net = 1 WHERE id = $1`, b.approved.slip)
}

func TestRestoreOverwritesNothing(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	file := filepath.Join(t.TempDir(), "finco.backup")
	if err := postgres.Backup(t.Context(), d.OwnerDSN, "", file); err != nil {
		t.Fatal(err)
	}
	if err := postgres.Restore(t.Context(), d.OwnerDSN, "", file, nil); domain.KindOf(err) != domain.KindConflict {
		t.Errorf("err = %v, want a conflict", err)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	t.Parallel()
	d := postgrestest.New(t)
	file := filepath.Join(t.TempDir(), "finco.backup")
	if err := postgres.Backup(t.Context(), d.OwnerDSN, "", file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)*3/4], 0o600); err != nil {
		t.Fatal(err)
	}
	empty := postgrestest.Empty(t)
	if err := postgres.Restore(t.Context(), empty.OwnerDSN, "", file, nil); err == nil {
		t.Fatal("a damaged backup was restored")
	}
	var tables int
	if err := empty.OwnerPool(t).QueryRowContext(t.Context(), `SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables are left (%v), want none", tables, err)
	}
	if err := postgres.Restore(t.Context(), empty.OwnerDSN, "", file+".none", nil); domain.KindOf(err) != domain.KindNotFound || !strings.Contains(err.Error(), ".none") {
		t.Errorf("err = %v, want not found with the name", err)
	}
}
