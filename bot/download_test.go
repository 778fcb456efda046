package bot

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/bot/bottest"
	"github.com/fincokpi/finco/domain"
)

func newDownloader(t *testing.T, url, token, dir string) *Downloader {
	t.Helper()
	d, err := NewDownloader(DownloadConfig{Log: slog.New(slog.DiscardHandler), Token: token, URL: url, FilesDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fetch is what a download yields, and no secret in what it says.
func fetch(t *testing.T, d *Downloader, source string) (string, error) {
	t.Helper()
	body, err := d.Download(t.Context(), source, 0)
	var content []byte
	if err == nil {
		content, err = io.ReadAll(body)
		if closing := body.Close(); closing != nil {
			t.Error(closing)
		}
	}
	if err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err.Error()), d.calls.secret) {
		t.Errorf("the token is in the error %v", err)
	}
	return string(content), err
}

func TestDownloads(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	customer := s.User(7000, "Ann", "", "", "en")
	voice := customer.SendsVoice(customer.Chat(), []byte("a voice note"), 3).Voice.FileID
	large := customer.SendsVoice(customer.Chat(), []byte("x"), 3, bottest.Sized(30<<20)).Voice.FileID
	d := newDownloader(t, s.URL+"/", s.Token, "")
	unavailable := func(err error) bool { return domain.KindOf(err) == domain.KindUnavailable }
	for _, c := range []struct {
		name, source string
		fault        bottest.Fault
		want         func(error) bool
	}{
		{"whole", voice, bottest.Fault{Times: 0, Method: "none"}, func(err error) bool { return err == nil }},
		{"wrong id", "wrong", bottest.Fault{Method: "none"}, func(err error) bool { return domain.KindOf(err) == domain.KindNotFound }},
		{"too big", large, bottest.Fault{Method: "none"}, func(err error) bool { return errors.Is(err, app.ErrFileTooBig) }},
		{"500 at getFile", voice, bottest.Fault{Method: "getFile", Code: 500, Description: "Internal Server Error"}, unavailable},
		{"cut before", voice, bottest.Fault{Method: "getFile", CutBefore: true}, unavailable},
		{"502 at the file", voice, bottest.Fault{Method: "file", Code: 502}, unavailable},
		{"a link that ended", voice, bottest.Fault{Method: "file", Code: 404, Description: "Not Found"}, unavailable},
		{"half a file", voice, bottest.Fault{Method: "file", CutAfter: true}, unavailable},
		{"no JSON", voice, bottest.Fault{Method: "getFile", Code: 200, Body: "<html>"}, unavailable},
		{"unknown token", voice, bottest.Fault{Method: "getFile", Code: 401, Description: "Unauthorized"}, unavailable},
		{"whole again", voice, bottest.Fault{Method: "none"}, func(err error) bool { return err == nil }},
	} {
		undo := s.Fail(c.fault)
		content, err := fetch(t, d, c.source)
		undo()
		if !c.want(err) || err == nil && content != "a voice note" {
			t.Errorf("%s: %q, %v", c.name, content, err)
		}
	}
}

func TestSilenceIsKept(t *testing.T) {
	t.Parallel()
	s := bottest.Start(t)
	customer := s.User(7000, "Ann", "", "", "en")
	voice := customer.SendsVoice(customer.Chat(), []byte("a voice note"), 3).Voice.FileID
	d := newDownloader(t, s.URL, s.Token, "")
	s.Fail(bottest.Fault{Method: "getFile", Code: 429, Description: "Too Many Requests: retry after 77", RetryAfter: 77})
	for i := range 2 {
		_, err := fetch(t, d, voice)
		var later *app.Later
		if !errors.As(err, &later) || later.After < 70*time.Second || domain.KindOf(err) != domain.KindUnavailable {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

// No file of a size that only Telegram's own server refuses is asked for there.
func TestTelegramsOwnLimit(t *testing.T) {
	t.Parallel()
	d := newDownloader(t, "", bottest.Token, "")
	if _, err := d.Download(t.Context(), "x", mostFileBytes+1); !errors.Is(err, app.ErrFileTooBig) {
		t.Error(err)
	}
}

func TestALocalServersFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := bottest.Start(t, bottest.WithLocalFiles(dir))
	customer := s.User(7000, "Ann", "", "", "en")
	voice := customer.SendsVoice(customer.Chat(), []byte("a voice note"), 3).Voice.FileID
	if content, err := fetch(t, newDownloader(t, s.URL, s.Token, dir), voice); content != "a voice note" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	for name, where := range map[string]string{"unset": "", "elsewhere": t.TempDir(), "not there": filepath.Join(dir, "none")} {
		if content, err := fetch(t, newDownloader(t, s.URL, s.Token, where), voice); domain.KindOf(err) != domain.KindUnavailable {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
}

// Whatever a server answers, nothing outside its folder is read, on this machine or by a link.
func TestPathsStayInside(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		outside, dir + "/../" + filepath.Base(filepath.Dir(outside)) + "/secret", dir + "/link", dir, "../getMe", "voice/../../bot/getMe", "voice//x", ".", "a/%2e%2e/b?c#d",
	} {
		asked := ""
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/getFile") {
				_, _ = fmt.Fprintf(w, `{"ok":true,"result":{"file_id":"x","file_path":%q}}`, path)
				return
			}
			asked = r.URL.EscapedPath()
			http.Error(w, "no", http.StatusInternalServerError)
		}))
		content, err := fetch(t, newDownloader(t, s.URL, bottest.Token, dir), "x")
		s.Close()
		if err == nil || content != "" {
			t.Errorf("%s: %q, %v", path, content, err)
		}
		if want := "/file/bot" + bottest.Token + "/a/%252e%252e/b%3Fc%23d"; asked != "" && asked != want {
			t.Errorf("%s: asked for %s", path, asked)
		}
	}
}

func TestALongerFileThanSaidIsNone(t *testing.T) {
	t.Parallel()
	for said, want := range map[int]bool{3: true, 2: false, 4: false, 0: true} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/getFile") {
				_, _ = fmt.Fprintf(w, `{"ok":true,"result":{"file_id":"x","file_path":"voice/1.oga","file_size":%d}}`, said)
				return
			}
			_, _ = io.WriteString(w, "abc")
		}))
		content, err := fetch(t, newDownloader(t, s.URL, bottest.Token, ""), "x")
		s.Close()
		if want != (err == nil) || want && content != "abc" {
			t.Errorf("%d said: %q, %v", said, content, err)
		}
	}
}
