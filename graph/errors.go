package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"

	"entgo.io/ent/privacy"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
)

// The codes that errors carry in extensions.code.
const (
	codeInvalid         = "INVALID"
	codeNotFound        = "NOT_FOUND"
	codeConflict        = "CONFLICT"
	codeDenied          = "DENIED"
	codeUnauthenticated = "UNAUTHENTICATED"
	codeUnavailable     = "UNAVAILABLE"
	codeInternal        = "INTERNAL"
)

var codes = map[domain.Kind]string{
	domain.KindInvalid: codeInvalid, domain.KindNotFound: codeNotFound, domain.KindConflict: codeConflict,
	domain.KindDenied: codeDenied, domain.KindUnauthenticated: codeUnauthenticated, domain.KindUnavailable: codeUnavailable,
	domain.KindInternal: codeInternal,
}

const internalMessage = "something went wrong on our side"

// codeOf tells what a failure means to the client.
func codeOf(err error) string {
	var known *domain.Error
	var parsed *gqlerror.Error
	var number *strconv.NumError
	switch {
	case errors.As(err, &known):
		return codes[known.Kind]
	case gen.IsNotFound(err):
		return codeNotFound
	case errors.Is(err, privacy.Deny):
		return codeDenied
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return codeUnavailable
	case errors.As(err, &number):
		return codeInvalid // an id that is no number
	case errors.As(err, &parsed):
		return codeOfParsed(parsed)
	}
	return codeInternal
}

// codeOfParsed tells the faults of a request, which the parser and ent's pages report, from faults of ours that gqlgen wrapped.
func codeOfParsed(err *gqlerror.Error) string {
	switch code, _ := err.Extensions["code"].(string); code {
	case codeNotFound:
		return codeNotFound
	case codeInvalid, codeUnauthenticated, codeDenied, "INVALID_PAGINATION", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED":
		return valueOr(code, codeUnauthenticated, codeDenied)
	}
	if err.Err == nil {
		return codeInvalid
	}
	return codeInternal
}

// valueOr is the code if it is one of those kept, else INVALID.
func valueOr(code string, kept ...string) string {
	for _, k := range kept {
		if code == k {
			return code
		}
	}
	return codeInvalid
}

// refuse is a fault that this package finds in a request.
func refuse(code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

// fewer keeps the first faults of a request.
func fewer(list gqlerror.List) gqlerror.List { return list[:min(len(list), maxFaults)] }

// presenter shows an error to the client: its sentence if it is meant for people, else nothing of the inside, which is logged.
func presenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
		var parsed *gqlerror.Error
		if errors.As(err, &parsed) {
			shown.Locations, shown.Message = parsed.Locations, parsed.Message
			if parsed.Path != nil {
				shown.Path = parsed.Path
			}
		}
		code := codeOf(err)
		shown.Extensions = map[string]any{"code": code}
		var known *domain.Error
		switch {
		case code == codeInternal:
			log.ErrorContext(ctx, "a field failed", slog.String("path", shown.Path.String()), slog.Any("error", err))
			shown.Message = internalMessage
		case errors.As(err, &known):
			shown.Message = known.Error()
			if code == codeUnavailable {
				log.WarnContext(ctx, "a field could not be answered", slog.String("path", shown.Path.String()), slog.Any("error", err))
				shown.Message, _, _ = strings.Cut(shown.Message, ": ")
			}
		case code == codeNotFound:
			shown.Message = "there is no such record"
		case code == codeDenied && parsed == nil:
			shown.Message = "your role does not allow this"
		case code == codeUnavailable:
			shown.Message = "the answer took too long or was no longer wanted"
		}
		return shown
	}
}

// recoverer turns a panic into an internal error; the stack is logged.
func recoverer(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, panicked any) error {
		log.ErrorContext(ctx, "a field panicked", slog.Any("panic", panicked), slog.String("stack", string(debug.Stack())))
		return domain.Errorf(domain.KindInternal, "%s", internalMessage)
	}
}
