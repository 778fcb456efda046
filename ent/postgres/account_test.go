package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fincokpi/finco/domain"
)

func TestReachNamesTheFolderThatCannotBeEntered(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.MkdirAll(filepath.Join(closed, "open"), 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := account{name: "postgres", uid: 1 << 30, gid: 1 << 30, switched: true}
	err := stranger.reach(filepath.Join(closed, "open", "data"))
	if domain.KindOf(err) != domain.KindUnavailable || !strings.Contains(err.Error(), "chmod o+x "+closed) {
		t.Errorf("err = %v, want one that says how to open %s", err, closed)
	}
}
