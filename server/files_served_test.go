package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot/bottest"
	"github.com/fincokpi/finco/server"
)

// fetching is a server whose bot's files are at an emulator of the Bot API.
type fetching struct {
	*apptest.World
	t        *testing.T
	telegram *bottest.Server
	cfg      server.Config
	address  string
	logs     *logs
	api      *app.App // by the server's clock, for signing in
	key      string
}

func newFetching(t *testing.T, options ...bottest.Option) *fetching {
	t.Helper()
	f := &fetching{World: apptest.New(t), t: t, telegram: bottest.Start(t, options...), logs: &logs{}}
	f.Apply(apptest.ExampleCompany())
	f.cfg = server.Config{
		DatabaseURL: f.Database.DSN, MigrateURL: f.Database.OwnerDSN, Addr: "127.0.0.1:0", DataDir: t.TempDir(), Secret: strings.Repeat("s", 32),
		LogLevel: "debug", AnalyzersDir: t.TempDir(), TelegramToken: f.telegram.Token, TelegramURL: f.telegram.URL,
	}
	var err error
	f.api, err = app.New(app.Config{DB: f.DB, Log: slog.New(slog.DiscardHandler), Analyzers: f.Analyzers, Files: f.Files, Secret: []byte(f.cfg.Secret)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// serve starts the server, and ends it with the test or before.
func (f *fetching) serve() (stop func()) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- server.Serve(ctx, f.cfg, server.ServeOptions{API: true, Worker: true, Ready: func(address string) { ready <- address }},
			slog.New(slog.NewTextHandler(f.logs, &slog.HandlerOptions{Level: slog.LevelDebug})))
	}()
	select {
	case f.address = <-ready:
	case err := <-ended:
		f.t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				f.t.Error(err)
			}
		}
	}
	f.t.Cleanup(stop)
	return stop
}

// note records a voice note of Telegram's as the bot does.
func (f *fetching) note(at, source string, bytes int64) {
	m := f.Message(-1001, 501, apptest.At(at), "")
	m.Kind, m.Files = "VOICE", []app.FileInput{{StoredFile: app.StoredFile{Bytes: bytes}, Source: source, Kind: "VOICE", MIME: "audio/ogg", Seconds: 3}}
	f.Record(m)
}

// until waits until the attachments' states are these.
func (f *fetching) until(want string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*time.Minute)
	defer cancel()
	for {
		var states string
		f.One(`SELECT COALESCE(string_agg(state, ' ' ORDER BY id), '') FROM attachments`, nil, &states)
		if states == want {
			return
		}
		select {
		case <-ctx.Done():
			f.t.Fatalf("the files are %s\n%s", states, f.logs)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// signIn makes the next requests a person's.
func (f *fetching) signIn(email string) {
	f.t.Helper()
	const password = "a long word for tests"
	if err := f.App.SetPassword(f.Operator(), email, password); err != nil {
		f.t.Fatal(err)
	}
	signed, err := f.api.SignIn(f.t.Context(), app.SignInInput{Email: email, Password: password})
	if err != nil {
		f.t.Fatal(err)
	}
	f.key = signed.AccessToken
}

// get asks for a file, with headers as name, value.
func (f *fetching) get(method, path string, headers ...string) (*http.Response, string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.address+path, http.NoBody)
	if err != nil {
		f.t.Fatal(err)
	}
	if f.key != "" {
		r.Header.Set("Authorization", "Bearer "+f.key)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response, string(body)
}

// A voice note comes after a 500 and half a file, is stored once and listened to; what is too big says so; and the server is
// restarted meanwhile. No token is in the log.
func TestAVoiceNoteIsFetched(t *testing.T) {
	t.Parallel()
	f := newFetching(t)
	f.RegisterAudio("stt", "1")
	ann := f.telegram.User(501, "Ann", "", "", "en")
	content := bytes.Repeat([]byte("OggS of a voice. "), 5000)
	voice := ann.SendsVoice(ann.Chat(), content, 3).Voice
	large := ann.SendsVoice(ann.Chat(), []byte("x"), 3, bottest.Sized(30<<20)).Voice
	f.telegram.Fail(bottest.Fault{Method: "getFile", Code: 500, Description: "Internal Server Error"})
	f.telegram.Fail(bottest.Fault{Method: "file", CutAfter: true})
	f.note("2026-09-15 10:00", voice.FileID, voice.FileSize)
	f.Say(-1001, apptest.JasurTelegram, apptest.At("2026-09-15 10:05"), "ok") // it is his chat
	f.until("PENDING")
	f.serve()()
	f.note("2026-09-15 10:01", large.FileID, large.FileSize)
	f.serve()
	f.until("STORED TOO_BIG")
	var heard, id int
	f.One(`SELECT count(*) FROM river_job WHERE kind = 'analyze_messages' AND queue = 'speech'`, nil, &heard)
	f.One(`SELECT min(id) FROM attachments`, nil, &id)
	if heard != 1 {
		t.Errorf("%d jobs listen", heard)
	}
	f.asked(id, string(content))
	if log := f.logs.String(); strings.Contains(log, strings.SplitN(f.telegram.Token, ":", 2)[1]) || strings.Contains(log, voice.FileID) {
		t.Errorf("a secret is in the log:\n%s", log)
	}
}

// asked tries /files/{id} as everybody.
func (f *fetching) asked(id int, content string) {
	path := "/files/" + strconv.Itoa(id)
	for who, status := range map[string]int{
		"": 401, apptest.Jasur: 200, apptest.Aziza: 200, apptest.Botir: 200, apptest.Malika: 404, apptest.Sardor: 404, apptest.Dilya: 404, apptest.Nodira: 404,
	} {
		f.key = ""
		if who != "" {
			f.signIn(who)
		}
		response, body := f.get(http.MethodGet, path)
		if response.StatusCode != status || (body == content) != (status == 200) {
			f.t.Errorf("%s: %d, %d bytes", who, response.StatusCode, len(body))
		}
	}
	f.signIn(apptest.Jasur)
	response, _ := f.get(http.MethodGet, path)
	for name, want := range map[string]string{
		"Content-Type": "audio/ogg", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Accept-Ranges": "bytes",
		"Content-Disposition": `inline; filename="voice-` + strconv.Itoa(id) + `.ogg"`, "Content-Length": strconv.Itoa(len(content)),
	} {
		if got := response.Header.Get(name); got != want {
			f.t.Errorf("%s: %s", name, got)
		}
	}
	if response, body := f.get(http.MethodGet, path, "Range", "bytes=5-9"); response.StatusCode != http.StatusPartialContent || body != content[5:10] {
		f.t.Errorf("a range: %d %q", response.StatusCode, body)
	}
	if response, body := f.get(http.MethodHead, path); response.StatusCode != http.StatusOK || body != "" || response.ContentLength != int64(len(content)) {
		f.t.Errorf("HEAD: %d, %d", response.StatusCode, response.ContentLength)
	}
	for _, wrong := range []string{"/files/0", "/files/x", "/files/999999999", "/files/..%2f..%2fsecret", "/files/" + strconv.Itoa(id+1)} {
		if response, _ := f.get(http.MethodGet, wrong); response.StatusCode != http.StatusNotFound {
			f.t.Errorf("%s: %d", wrong, response.StatusCode)
		}
	}
	f.change(path, `UPDATE attachments SET mime = 'text/html'`, 200, "Content-Type", "application/octet-stream")
	f.change(path, `UPDATE attachments SET state = 'REMOVED'`, 410, "Cache-Control", "private, no-store")
	f.change(path, `UPDATE attachments SET state = 'PENDING'`, 503, "Retry-After", "30")
	f.change(path, `UPDATE messages SET deleted_at = now()`, 404, "Retry-After", "")
}

// change asks again after the records changed.
func (f *fetching) change(path, sql string, status int, header, want string) {
	f.t.Helper()
	if _, err := f.Database.OwnerPool(f.t).Exec(sql); err != nil {
		f.t.Fatal(err)
	}
	if response, body := f.get(http.MethodGet, path); response.StatusCode != status || response.Header.Get(header) != want {
		f.t.Errorf("%s: %d, %s: %s\n%s", sql, response.StatusCode, header, response.Header.Get(header), body)
	}
}
