package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed page texts queries gen
var files embed.FS

// What pages may do. GraphiQL's dialogs write style elements and its fonts are data addresses; scripts come from files
// of ours everywhere.
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	graphiqlPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// asset is a file as it is served.
type asset struct {
	contentType string
	tag         string
	body        []byte
}

// Options are what pages differ by from server to server.
type Options struct {
	// TelegramLogin tells that /auth/telegram signs people in.
	TelegramLogin bool
}

// Handler serves /, /graphiql and /assets/. Everything else is not found. It panics if the files it was built with are
// broken, which its tests see first.
func Handler(o Options) http.Handler {
	s, err := load(files)
	if err != nil {
		panic(fmt.Sprintf("web: %v", err))
	}
	s.options = o
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page("index.html", pagePolicy))
	mux.HandleFunc("GET /graphiql", s.page("graphiql.html", graphiqlPolicy))
	mux.HandleFunc("GET /assets/{name}", s.asset)
	return secured(mux)
}

// secured sets what every answer carries, errors included.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}

// site is everything there is to serve, read once.
type site struct {
	options Options
	texts   map[string]texts
	pages   *template.Template
	queries []readyQuery
	assets  map[string]asset
}

func load(from fs.FS) (*site, error) {
	s := &site{assets: map[string]asset{}}
	var err error
	if s.texts, err = loadTexts(from); err != nil {
		return nil, err
	}
	if s.queries, err = loadQueries(from, s.texts); err != nil {
		return nil, err
	}
	if s.pages, err = template.ParseFS(from, "page/*.html"); err != nil {
		return nil, err
	}
	for _, pattern := range []string{"page/*.css", "page/*.js", "page/*.svg", "gen/*.css", "gen/*.js"} {
		names, err := fs.Glob(from, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			body, err := fs.ReadFile(from, name)
			if err != nil {
				return nil, err
			}
			s.assets[path.Base(name)] = newAsset(name, body)
		}
	}
	return s, nil
}

func newAsset(name string, body []byte) asset {
	types := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	sum := sha256.Sum256(body)
	return asset{contentType: types[path.Ext(name)], tag: `"` + hex.EncodeToString(sum[:12]) + `"`, body: body}
}

// asset serves a file. Browsers keep it and ask whether it is still the same.
func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

// view is what a page's template sees.
type view struct {
	Lang      string
	Languages []language
	T         texts
	Roles     []roleQueries
	Options   Options
	// Data is for the page's script.
	Data map[string]any
}

// page renders a template in the reader's language.
func (s *site) page(name, policy string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		lang := languageOf(r)
		if asked := r.URL.Query().Get("lang"); asked == lang {
			http.SetCookie(w, &http.Cookie{
				Name: "lang", Value: lang, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
				HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
			})
		}
		roles := s.byRole(lang)
		var body bytes.Buffer
		err := s.pages.ExecuteTemplate(&body, name, view{
			Lang: lang, Languages: languages, T: s.texts[lang], Roles: roles, Options: s.options,
			Data: map[string]any{"texts": s.texts[lang].script(), "roles": roles},
		})
		if err != nil {
			http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Language", lang)
		h.Set("Cache-Control", "no-cache")
		h.Set("Vary", "Accept-Language, Cookie")
		_, _ = w.Write(body.Bytes())
	}
}

// languageOf is what the address, else the cookie, else the browser asks for, else English.
func languageOf(r *http.Request) string {
	asked := []string{r.URL.Query().Get("lang")}
	if c, err := r.Cookie("lang"); err == nil {
		asked = append(asked, c.Value)
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		asked = append(asked, primary)
	}
	for _, a := range asked {
		for _, l := range languages {
			if a == l.Code {
				return a
			}
		}
	}
	return "en"
}
