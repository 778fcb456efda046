package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/auth"
	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen/attachment"
)

// shownTypes are the media types that a browser may show by itself, with the ending of a file of theirs. Whatever else somebody's
// message claims to be is only ever saved.
var shownTypes = map[string]string{
	"audio/ogg": ".ogg", "audio/opus": ".opus", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/aac": ".aac", "audio/wav": ".wav", "audio/webm": ".webm",
	"video/mp4": ".mp4", "video/webm": ".webm",
}

// file answers GET and HEAD /files/{id}, with ranges, as the person whose token comes with the request.
func (s *serving) file(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	ctx, err := s.authenticated(r)
	if err != nil {
		s.refuseFile(w, r, err)
		return
	}
	id, err := strconv.Atoi(chi.URLParam(r, "id"))
	if err != nil || id <= 0 {
		s.refuseFile(w, r, domain.Errorf(domain.KindNotFound, "there is no such file"))
		return
	}
	f, err := s.App.OpenFile(ctx, id)
	if err != nil {
		s.refuseFile(w, r, err)
		return
	}
	if f.Content == nil {
		absent(w, f.State)
		return
	}
	defer func() { _ = f.Content.Close() }() // it was only read
	kind, ending := shownAs(f.MIME)
	disposition := "inline"
	if ending == "" {
		disposition, ending = "attachment", ".bin"
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", fmt.Sprintf(`%s; filename="%s-%d%s"`, disposition, strings.ToLower(f.Kind), f.ID, ending))
	s.send(w, r, f)
}

// send writes the content; ranges are for stores that can seek.
func (s *serving) send(w http.ResponseWriter, r *http.Request, f app.File) {
	if content, ok := f.Content.(io.ReadSeeker); ok {
		http.ServeContent(w, r, "", time.Time{}, content)
		return
	}
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, f.Content); err != nil && r.Context().Err() == nil {
		s.Log.WarnContext(r.Context(), "a file was not sent to its end", "file", f.ID, "error", err)
	}
}

// shownAs is the media type to answer with, and the ending of its files; no ending if it is only to be saved.
func shownAs(claimed string) (kind, ending string) {
	kind, _, _ = strings.Cut(strings.ToLower(claimed), ";")
	kind = strings.TrimSpace(kind)
	if ending = shownTypes[kind]; ending == "" {
		return "application/octet-stream", ""
	}
	return kind, ending
}

// absent says why a file that the person may have is not there.
func absent(w http.ResponseWriter, state attachment.State) {
	switch state {
	case attachment.StatePending:
		w.Header().Set("Retry-After", "30")
		http.Error(w, "The file is still being fetched from Telegram. Try again in a moment.", http.StatusServiceUnavailable)
	case attachment.StateRemoved:
		http.Error(w, "The file was kept as long as the company keeps files, and is removed. Its transcript stays.", http.StatusGone)
	case attachment.StateTooBig:
		http.Error(w, "The file is too big: Telegram does not give it to bots.", http.StatusNotFound)
	default:
		http.Error(w, "The file could not be fetched from Telegram.", http.StatusNotFound)
	}
}

// authenticated is the request's context as the person whose token it carries, as for /graphql.
func (s *serving) authenticated(r *http.Request) (context.Context, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(token) == "" {
		return nil, domain.Errorf(domain.KindUnauthenticated, "Send the access token: Authorization: Bearer …")
	}
	actor, _, err := s.App.Authenticate(r.Context(), strings.TrimSpace(token))
	if err != nil {
		return nil, err
	}
	return auth.With(r.Context(), actor), nil
}

func (s *serving) refuseFile(w http.ResponseWriter, r *http.Request, err error) {
	switch domain.KindOf(err) {
	case domain.KindUnauthenticated:
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "The access token is missing, or not or no longer good.", http.StatusUnauthorized)
	case domain.KindNotFound, domain.KindDenied:
		http.Error(w, "There is no such file.", http.StatusNotFound)
	default:
		if !errors.Is(err, context.Canceled) {
			s.Log.WarnContext(r.Context(), "a file cannot be sent", "error", err)
		}
		w.Header().Set("Retry-After", "10")
		http.Error(w, "The file cannot be read just now. Try again in a moment.", http.StatusServiceUnavailable)
	}
}
