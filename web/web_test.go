package web

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func get(t *testing.T, target string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	Handler(Options{TelegramLogin: true}).ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	for target, status := range map[string]int{
		"/": 200, "/graphiql": 200, "/assets/index.js": 200, "/assets/graphiql.js": 200, "/assets/nothing.js": 404,
		"/assets/../doc.go": 307, "/elsewhere": 404,
	} {
		r := get(t, target, nil)
		if r.StatusCode != status {
			t.Errorf("%s: %d", target, r.StatusCode)
		}
		policy := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy %q lacks %s", target, policy, want)
			}
		}
		if inline := strings.Contains(policy, "unsafe-inline"); inline != (target == "/graphiql") {
			t.Errorf("%s: inline styles allowed: %v", target, inline)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", target, r.Header)
		}
	}
}

func TestOnlyReading(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	Handler(Options{TelegramLogin: true}).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("email=a")))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /: %d", w.Code)
	}
}

func TestPagesSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		target, cookie, accept, want string
	}{
		{"/", "", "", "en"},
		{"/", "", "fr-FR, ru-RU;q=0.8, en;q=0.5", "ru"},
		{"/", "uz", "ru", "uz"},
		{"/?lang=en", "uz", "ru", "en"},
		{"/?lang=xx", "", "uz", "uz"},
		{"/graphiql", "ru", "", "ru"},
	} {
		h := http.Header{"Accept-Language": {c.accept}}
		if c.cookie != "" {
			h.Set("Cookie", "lang="+c.cookie)
		}
		r := get(t, c.target, h)
		if body := text(t, r); !strings.Contains(body, `<html lang="`+c.want+`">`) || r.Header.Get("Content-Language") != c.want {
			t.Errorf("%+v: %s", c, r.Header.Get("Content-Language"))
		}
		if kept := len(r.Cookies()) == 1; kept != (c.target == "/?lang=en") {
			t.Errorf("%+v: cookies %v", c, r.Cookies())
		}
	}
}

var (
	address = regexp.MustCompile(`(?:src|href)="([^"]*)"`)
	inline  = regexp.MustCompile(`(?i)<script>|\son[a-z]+=|javascript:|\sstyle=|<style`)
)

// Pages work under their own policy: no inline script or style, nothing from another host, no dead address.
func TestPagesKeepTheirPolicy(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"/", "/graphiql"} {
		body := text(t, get(t, page, nil))
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s has %q", page, found)
		}
		for _, m := range address.FindAllStringSubmatch(body, -1) {
			target := m[1]
			if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
				t.Errorf("%s asks for %s", page, target)
			}
			if slices.Contains([]string{"/readyz", "/healthz", "/metrics", "/auth/telegram"}, target) {
				continue // the server's
			}
			if r := get(t, target, nil); r.StatusCode != http.StatusOK {
				t.Errorf("%s links to %s: %d", page, target, r.StatusCode)
			}
		}
	}
}

func TestAssetsAreKeptByTheBrowser(t *testing.T) {
	t.Parallel()
	first := get(t, "/assets/graphiql.js", nil)
	if ct := first.Header.Get("Content-Type"); ct != "text/javascript; charset=utf-8" {
		t.Error(ct)
	}
	again := get(t, "/assets/graphiql.js", http.Header{"If-None-Match": {first.Header.Get("ETag")}})
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("the same file again: %d", again.StatusCode)
	}
}

func TestPageShowsTheReadyQueriesOfEveryRole(t *testing.T) {
	t.Parallel()
	s, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	body := text(t, get(t, "/", nil))
	for _, r := range s.byRole("en") {
		if len(r.Queries) == 0 {
			t.Errorf("%s has none", r.Role)
		}
		for _, q := range r.Queries {
			if !strings.Contains(body, `href="/graphiql?ready=`+q.Name+`"`) {
				t.Errorf("no link to %s", q.Name)
			}
		}
	}
}

func TestBrokenFilesAreNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]fstest.MapFS{
		`texts/uz.json has no`:              {"texts/uz.json": {Data: []byte(`{"title": "FinCo"}`)}},
		`texts/ru.json: invalid`:            {"texts/ru.json": {Data: []byte(`title`)}},
		`queries/boss-all.graphql`:          {"queries/boss-all.graphql": {Data: []byte(`{ viewer { id } }`)}},
		`employee-payslip.json is not JSON`: {"queries/employee-payslip.json": {Data: []byte(`{`)}},
	} {
		if _, err := load(overlay{change, files}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// overlay puts some files over others.
type overlay struct {
	over  fstest.MapFS
	under fs.FS
}

func (o overlay) Open(name string) (fs.File, error) {
	if _, ok := o.over[name]; ok {
		return o.over.Open(name)
	}
	return o.under.Open(name)
}

func (o overlay) Glob(pattern string) ([]string, error) {
	a, err := fs.Glob(o.over, pattern)
	if err != nil {
		return nil, err
	}
	b, err := fs.Glob(o.under, pattern)
	return append(a, b...), err
}
