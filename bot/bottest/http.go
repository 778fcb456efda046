package bottest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot/models"
)

// Call is a request that the bot made.
type Call struct {
	Method string
	// Chat is its chat_id, 0 if it has none.
	Chat   int64
	Params map[string]string
	// Files are what was uploaded, by field.
	Files map[string]Upload
	At    time.Time
	// Code is what was answered; 0 while it is not, or if the connection was cut.
	Code int
}

// Upload is a file that the bot sent.
type Upload struct {
	Name string
	Data []byte
}

// refusal is an answer with ok false.
type refusal struct {
	code       int
	text       string
	retryAfter int
	migrateTo  int64
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("%d %s", r.code, r.text) }

func bad(format string, args ...any) error {
	return &refusal{code: http.StatusBadRequest, text: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(text string) error {
	return &refusal{code: http.StatusForbidden, text: "Forbidden: " + text}
}

// Telegram takes 50 MiB a request.
const maxBody = 50 << 20

// request is one call while it is answered.
type request struct {
	*Call
	http *http.Request
}

// ServeHTTP answers /bot<token>/<method> and /file/bot<token>/<path>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/file/bot"); ok {
		s.serveFile(w, path)
		return
	}
	token, method, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	if !ok || !strings.HasPrefix(r.URL.Path, "/bot") {
		answer(w, nil, &refusal{code: http.StatusNotFound, text: "Not Found"})
		return
	}
	if token != s.Token {
		answer(w, nil, &refusal{code: http.StatusUnauthorized, text: "Unauthorized"})
		return
	}
	call := &Call{Method: canonical(method), Params: map[string]string{}, Files: map[string]Upload{}, At: s.now()}
	if err := readParams(r, call); err != nil {
		answer(w, nil, err)
		return
	}
	call.Chat, _ = strconv.ParseInt(call.Params["chat_id"], 10, 64)
	s.serveCall(w, &request{call, r})
}

// canonical is a method's published name: Telegram takes any case.
func canonical(method string) string {
	for name := range methods() {
		if strings.EqualFold(name, method) {
			return name
		}
	}
	return method
}

func (s *Server) serveCall(w http.ResponseWriter, r *request) {
	s.mu.Lock()
	n := len(s.calls)
	s.calls = append(s.calls, *r.Call)
	s.wake()
	f := s.faultFor(r.Method, r.Chat)
	stormy := r.Method != "getUpdates" && s.now().Before(s.storm)
	retry := int(s.storm.Sub(s.now()).Seconds()) + 1
	s.mu.Unlock()

	if stormy && f == nil {
		f = &Fault{Code: http.StatusTooManyRequests, RetryAfter: retry}
	}
	if f != nil && f.CutBefore {
		cut(w)
		return
	}
	var result any
	var err error
	if f != nil && f.Code != 0 {
		err = f.refusal()
	} else if f == nil || f.Body == "" {
		result, err = s.do(r)
	}
	if f != nil && f.Hold != nil {
		select {
		case <-f.Hold:
		case <-r.http.Context().Done():
		case <-s.closing:
		}
	}
	if f != nil && f.CutAfter {
		cut(w)
		return
	}
	s.mu.Lock()
	s.calls[n].Code = codeOf(err)
	s.wake()
	s.mu.Unlock()
	if f != nil && f.Body != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(codeOf(err))
		_, _ = io.WriteString(w, f.Body)
		return
	}
	answer(w, result, err)
}

func (f *Fault) refusal() error {
	text := f.Description
	switch {
	case text != "":
	case f.RetryAfter > 0:
		text = fmt.Sprintf("Too Many Requests: retry after %d", f.RetryAfter)
	default:
		text = http.StatusText(f.Code)
	}
	return &refusal{code: f.Code, text: text, retryAfter: f.RetryAfter, migrateTo: f.MigrateTo}
}

// do does a call.
func (s *Server) do(r *request) (any, error) {
	if r.Method == "getUpdates" {
		return s.getUpdates(r) // waits, so it locks by itself
	}
	method, ok := methods()[r.Method]
	if !ok {
		return nil, &refusal{code: http.StatusNotFound, text: "Not Found: method not found"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	return method(s, r)
}

func codeOf(err error) int {
	var r *refusal
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &r):
		return r.code
	}
	return http.StatusInternalServerError
}

type parameters struct {
	RetryAfter int   `json:"retry_after,omitempty"`
	MigrateTo  int64 `json:"migrate_to_chat_id,omitempty"`
}

func answer(w http.ResponseWriter, result any, err error) {
	body := map[string]any{"ok": err == nil}
	if err == nil {
		body["result"] = result
	} else {
		body["error_code"], body["description"] = codeOf(err), err.Error()
		var r *refusal
		if errors.As(err, &r) {
			body["description"] = r.text
			if r.retryAfter > 0 || r.migrateTo != 0 {
				body["parameters"] = parameters{r.retryAfter, r.migrateTo}
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(codeOf(err))
	if updates, ok := result.([]json.RawMessage); ok && err == nil { // as they were pushed, JSON or not
		_, _ = fmt.Fprintf(w, `{"ok":true,"result":[%s]}`, bytes.Join(bytesOf(updates), []byte(",")))
		return
	}
	_ = json.NewEncoder(w).Encode(body)
}

func bytesOf(updates []json.RawMessage) [][]byte {
	out := make([][]byte, len(updates))
	for i, u := range updates {
		out[i] = u
	}
	return out
}

// readParams takes a query, a form, a multipart form or a JSON object.
func readParams(r *http.Request, into *Call) error {
	for name, values := range r.URL.Query() {
		into.Params[name] = values[0]
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "multipart/form-data":
		return readMultipart(r, into)
	case "application/json":
		fields := map[string]json.RawMessage{}
		if err := json.NewDecoder(r.Body).Decode(&fields); err != nil && !errors.Is(err, io.EOF) {
			return bad("can't parse request JSON object")
		}
		for name, raw := range fields {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			into.Params[name] = text
		}
	case "application/x-www-form-urlencoded":
		if err := r.ParseForm(); err != nil {
			return bad("can't parse request form")
		}
		for name, values := range r.PostForm {
			into.Params[name] = values[0]
		}
	}
	return nil
}

func readMultipart(r *http.Request, into *Call) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return bad("can't parse multipart form")
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var data []byte
		if err == nil {
			data, err = io.ReadAll(part)
		}
		var tooBig *http.MaxBytesError
		switch {
		case errors.As(err, &tooBig):
			return &refusal{code: http.StatusRequestEntityTooLarge, text: "Request Entity Too Large"}
		case err != nil:
			return bad("can't parse multipart form")
		case part.FileName() != "":
			into.Files[part.FormName()] = Upload{part.FileName(), data}
		default:
			into.Params[part.FormName()] = string(data)
		}
	}
}

// Telegram gives files up to 20 MiB, by links that last an hour.
const (
	maxFile  = 20 << 20
	linkLife = time.Hour
)

func (s *Server) getFile(r *request) (any, error) {
	f, ok := s.files[r.Params["file_id"]]
	switch {
	case r.Params["file_id"] == "":
		return nil, bad("file_id not specified")
	case !ok:
		return nil, bad("wrong file_id or the file is temporarily unavailable")
	case s.local != "":
		path := filepath.Join(s.local, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, f.data, 0o600); err != nil {
			return nil, err
		}
		return models.File{FileID: f.id, FileUniqueID: f.id + "u", FileSize: f.size, FilePath: path}, nil
	case f.size > maxFile:
		return nil, bad("file is too big")
	}
	f.until = s.now().Add(linkLife)
	return models.File{FileID: f.id, FileUniqueID: f.id + "u", FileSize: f.size, FilePath: f.path}, nil
}

func (s *Server) serveFile(w http.ResponseWriter, path string) {
	token, path, _ := strings.Cut(path, "/")
	s.mu.Lock()
	s.calls = append(s.calls, Call{Method: "file", At: s.now(), Params: map[string]string{"path": path}})
	fault := s.faultFor("file", 0)
	var found *file
	for _, f := range s.files {
		if f.path == path && token == s.Token && s.now().Before(f.until) {
			found = f
		}
	}
	s.wake()
	s.mu.Unlock()
	switch {
	case fault != nil && fault.Code != 0:
		answer(w, nil, fault.refusal())
	case fault != nil && (fault.CutBefore || found == nil):
		cut(w)
	case found == nil:
		answer(w, nil, &refusal{code: http.StatusNotFound, text: "Not Found"})
	case fault != nil && fault.CutAfter: // half of it
		w.Header().Set("Content-Length", strconv.Itoa(len(found.data)))
		_, _ = w.Write(found.data[:len(found.data)/2])
		cut(w)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(found.data)
	}
}
