package bot_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fincokpi/finco/app/apptest"
	"github.com/fincokpi/finco/bot"
)

// foreignToken is of the bot that telegram-test-api says it is.
const foreignToken = "666:AAforeign-abcdefghijklmnopqrstuv"

// foreign is telegram-test-api, a Bot API server that nobody here wrote, behind a proxy that makes up for what it lacks: it reads no
// multipart bodies, answers polls at once, and knows texts and buttons only.
type foreign struct {
	t     *testing.T
	url   string // its own
	proxy *httptest.Server

	mu      sync.Mutex
	changed chan struct{}
	answers map[string]int // how often a method was answered
	voice   []byte
}

// startForeign installs the server as make does, and runs it until the test ends.
func startForeign(t *testing.T) *foreign {
	t.Helper()
	if out, err := exec.Command("make", "-C", "..", "bot/bottest/foreign/node_modules/.package-lock.json").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, stop := context.WithCancel(context.Background())
	node := exec.CommandContext(ctx, "node", "serve.js")
	node.Dir = "bottest/foreign"
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	node.Stderr = &errs
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		stop()
		_ = node.Wait()
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("telegram-test-api did not start: %v\n%s", err, errs.String())
	}
	f := &foreign{t: t, url: "http://127.0.0.1:" + strings.TrimSpace(port), changed: make(chan struct{}), answers: map[string]int{}}
	f.proxy = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.proxy.Close)
	return f
}

// known are the methods that it answers; all others the proxy says yes to.
var known = []string{"getMe", "getUpdates", "sendMessage", "editMessageText", "editMessageReplyMarkup", "deleteMessage", "answerCallbackQuery", "deleteWebhook"}

func (f *foreign) serve(w http.ResponseWriter, r *http.Request) {
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case strings.HasPrefix(r.URL.Path, "/file/"):
		_, _ = w.Write(f.voice)
		return
	case method == "getFile":
		_, _ = io.WriteString(w, `{"ok":true,"result":{"file_id":"voice1","file_unique_id":"voice1u","file_path":"voice/file_1.oga"}}`)
		return
	case method == "getWebhookInfo":
		_, _ = io.WriteString(w, `{"ok":true,"result":{"url":""}}`)
		return
	case !strings.Contains(" "+strings.Join(known, " ")+" ", " "+method+" "):
		_, _ = io.WriteString(w, `{"ok":true,"result":true}`)
		return
	}
	_ = r.ParseMultipartForm(1 << 20) // what is no such form is read as one of the other sort
	body := r.Form.Encode()
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(strings.NewReader(body)), int64(len(body)), nil
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	target, _ := url.Parse(f.url)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	if method == "getUpdates" {
		f.poll(w, r, proxy)
		return
	}
	proxy.ServeHTTP(w, r)
	f.mu.Lock()
	f.answers[method]++
	f.wake()
	f.mu.Unlock()
}

func (f *foreign) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// poll answers when there is something, as Telegram does.
func (f *foreign) poll(w http.ResponseWriter, r *http.Request, proxy http.Handler) {
	body, _ := io.ReadAll(r.Body)
	for {
		f.mu.Lock()
		changed := f.changed
		f.mu.Unlock()
		again := r.Clone(r.Context())
		again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, again)
		if !strings.Contains(answer.Body.String(), `"result":[]`) {
			_, _ = w.Write(answer.Body.Bytes())
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// client asks the server as its own client does: on its other face, which is people's.
func (f *foreign) client(path string, in map[string]any, out any) {
	f.t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		f.t.Fatal(err)
	}
	response, err := http.Post(f.url+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		f.t.Fatalf("%s: %s", path, response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		f.t.Fatal(err)
	}
}

// write sends something in somebody's name; path is /sendMessage or /sendCommand.
func (f *foreign) write(path string, from int64, content map[string]any) {
	f.t.Helper()
	message := map[string]any{
		"botToken": foreignToken, "date": time.Now().Unix(), "from": map[string]any{"id": from, "is_bot": false, "first_name": "Jasur", "language_code": "ru"},
		"chat": map[string]any{"id": from, "type": "private", "first_name": "Jasur"},
	}
	for key, value := range content {
		message[key] = value
	}
	f.client(path, message, &struct{}{})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wake()
}

// heard waits for what the bot says to somebody.
func (f *foreign) heard(chat int64) string {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	for {
		f.mu.Lock()
		changed := f.changed
		f.mu.Unlock()
		var got struct {
			Result []struct {
				Message struct {
					Text string `json:"text"`
				} `json:"message"`
			} `json:"result"`
		}
		f.client("/getUpdates", map[string]any{"token": foreignToken, "chatId": chat}, &got)
		if len(got.Result) > 0 {
			return got.Result[0].Message.Text
		}
		select {
		case <-changed:
		case <-ctx.Done():
			f.t.Fatal("the bot said nothing")
		}
	}
}

// A bot that runs takes a text, a command and a voice note from a server that nobody here wrote, and its answers arrive there.
func TestForeignServer(t *testing.T) {
	t.Parallel()
	f := startForeign(t)
	w := apptest.Example(t)
	b, err := bot.New(bot.Config{App: w.App, Log: slog.New(slog.DiscardHandler), Token: foreignToken, URL: f.proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	defer func() {
		stop()
		<-ended
	}()

	f.write("/sendCommand", apptest.JasurTelegram, map[string]any{"text": "/help", "entities": []any{map[string]any{"type": "bot_command", "offset": 0, "length": 5}}})
	if got := f.heard(apptest.JasurTelegram); !strings.Contains(got, "/today") {
		t.Errorf("the help says %q", got)
	}
	f.write("/sendMessage", 7000, map[string]any{"text": "Где мой заказ?"})
	if got := f.heard(7000); got == "" {
		t.Error("a stranger got no answer")
	}
	f.voice = []byte("OggS")
	f.write("/sendMessage", 7000, map[string]any{"chat": map[string]any{"id": -1007000, "type": "supergroup", "title": "Buyers"}, "voice": map[string]any{"file_id": "voice1", "file_unique_id": "voice1u", "duration": 2, "mime_type": "audio/ogg", "file_size": 4}})
	f.write("/sendMessage", 7001, map[string]any{"text": "Алло?"})
	f.heard(7001)
	var source string
	for deadline := time.Now().Add(time.Minute); source == ""; time.Sleep(20 * time.Millisecond) { // another chat's message may be recorded before
		w.One(`SELECT COALESCE(max(a.source), '') FROM attachments a JOIN message_contents c ON c.id = a.content_id JOIN messages m ON m.id = c.message_id AND m.kind = 'VOICE'`,
			nil, &source)
		if source == "" && time.Now().After(deadline) {
			t.Fatal("the voice note was not recorded")
		}
	}
	downloads, err := bot.NewDownloader(bot.DownloadConfig{Log: slog.New(slog.DiscardHandler), Token: foreignToken, URL: f.proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	file, err := downloads.Download(t.Context(), source, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if note, err := io.ReadAll(file); err != nil || string(note) != "OggS" {
		t.Errorf("the voice note: %q, %v", note, err)
	}
}
