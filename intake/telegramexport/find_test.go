package telegramexport_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/intake/telegramexport"
)

func TestFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"one/result.json", "one/other.json", "many/b.json", "many/a.json", "many/note.txt", "many/ChatExport/result.json", "none/note.txt"} {
		write(name)
	}
	for name, want := range map[string][]string{
		"one": {"one"}, "one/other.json": {"one/other.json"}, "many": {"many/ChatExport", "many/a.json", "many/b.json"},
	} {
		got, err := telegramexport.Find(filepath.Join(dir, name))
		for i := range got {
			got[i], _ = filepath.Rel(dir, got[i])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v, want %v", name, got, err, want)
		}
	}
	for _, name := range []string{"none", "absent"} {
		if _, err := telegramexport.Find(filepath.Join(dir, name)); domain.KindOf(err) != domain.KindNotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}
