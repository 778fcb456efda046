package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/intake/telegramexport"
)

// A link out of the folder, a pipe, a folder or a missing file costs its own message nothing, and the import neither ends nor
// waits.
func TestOddFilesOfAnExportAreLeftOut(t *testing.T) {
	t.Parallel()
	folder, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	for _, path := range []string{filepath.Join(folder, "result.json"), secret} {
		if err := os.WriteFile(path, []byte(`{"type":"personal_chat","id":1,"messages":[]}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, make := range map[string]func(string) error{
		"link.ogg":   func(path string) error { return os.Symlink(secret, path) },
		"pipe.ogg":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"folder.ogg": func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		if err := make(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	export, err := telegramexport.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = export.Close() }()
	var batch []telegramexport.Message
	var in []app.MessageInput
	odd := []string{"link.ogg", "pipe.ogg", "folder.ogg", "../" + filepath.Base(secret)}
	for i := range notesShown + len(odd) {
		path := "gone.ogg"
		if i < len(odd) {
			path = odd[i]
		}
		batch = append(batch, telegramexport.Message{ID: int64(i), Media: &telegramexport.Media{Kind: "voice", Path: path}})
		in = append(in, app.MessageInput{TelegramID: int64(i)})
	}
	b := &importer{export: export, result: &ImportResult{}}
	if err := b.keepFiles(t.Context(), batch, in); err != nil {
		t.Fatal(err)
	}
	if !b.result.Damaged || b.leftOut != len(batch) || len(b.result.Notes) != notesShown {
		t.Errorf("%d left out of %d, told: %d", b.leftOut, len(batch), len(b.result.Notes))
	}
	for i := range odd {
		if want := fmt.Sprintf("the voice of message %d is left out", i); len(in[i].Files) > 0 || !strings.HasPrefix(b.result.Notes[i], want) {
			t.Errorf("%s: %v, %q", odd[i], in[i].Files, b.result.Notes[i])
		}
	}
}
