package domain_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/fincokpi/finco/domain"
)

func TestErrorf(t *testing.T) {
	t.Parallel()
	err := domain.Errorf(domain.KindUnavailable, "the chat is away: %w", io.EOF)
	if !errors.Is(err, io.EOF) || err.Error() != "the chat is away: EOF" {
		t.Errorf("got %v, unwrapped %v", err, errors.Unwrap(err))
	}
	if two := domain.Errorf(domain.KindInternal, "%w and %w", io.EOF, io.ErrClosedPipe); !errors.Is(two, io.ErrClosedPipe) || !errors.Is(two, io.EOF) {
		t.Errorf("two causes: %v", two)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	inner := domain.Errorf(domain.KindNotFound, "no such chat")
	for _, c := range []struct {
		err  error
		want domain.Kind
	}{
		{nil, ""},
		{io.EOF, domain.KindInternal},
		{inner, domain.KindNotFound},
		{fmt.Errorf("reading: %w", inner), domain.KindNotFound},
		{domain.Errorf(domain.KindDenied, "no: %w", inner), domain.KindDenied},
	} {
		if got := domain.KindOf(c.err); got != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
}

func TestFaultsListEverything(t *testing.T) {
	t.Parallel()
	var f domain.Faults
	if f.Err() != nil {
		t.Error("no fault is no error")
	}
	f.Add("name", "it is missing")
	f.AddErr("at", nil)
	f.AddErr("at", io.EOF)
	if err := f.Err(); domain.KindOf(err) != domain.KindInvalid || err.Error() != "name: it is missing; at: EOF" {
		t.Errorf("got %v", err)
	}
}
