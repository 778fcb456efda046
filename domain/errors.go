package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what a failure means to the caller, not where it happened.
type Kind string

// The kinds of failure. Every door translates exactly these.
const (
	KindInvalid         Kind = "invalid"         // the input is wrong; trying again cannot help
	KindNotFound        Kind = "not_found"       // absent, or hidden from this actor
	KindConflict        Kind = "conflict"        // the state of the record forbids it
	KindDenied          Kind = "denied"          // the actor may not
	KindUnauthenticated Kind = "unauthenticated" // there is no actor
	KindUnavailable     Kind = "unavailable"     // something we depend on is away; try again
	KindInternal        Kind = "internal"        // our fault
)

// Error is the one error type of the project. Message is one sentence for the
// person who caused the error; it never holds message texts, tokens or salaries.
type Error struct {
	Kind    Kind
	Message string
	Err     error // the cause, if there is one
}

// Error returns the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return string(e.Kind)
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of the kind. The format may hold %w: the wrapped error
// becomes the cause and stays visible to errors.Is and errors.As.
func Errorf(kind Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	e := &Error{Kind: kind, Message: err.Error()}
	if errors.Unwrap(err) != nil {
		e.Err = errors.Unwrap(err)
	} else if _, many := err.(interface{ Unwrap() []error }); many {
		e.Err = err
	}
	return e
}

// KindOf returns the kind of the outermost Error in err's chain: KindInternal
// when there is none, "" when err is nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// Faults gathers everything that is wrong with an input, so that a person can
// mend it in one go. The zero value is ready.
type Faults struct{ list []string }

// Add notes a fault at a place in the input ("kpis[0].value"); the place may be "".
func (f *Faults) Add(place, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if place != "" {
		text = place + ": " + text
	}
	f.list = append(f.list, text)
}

// AddErr notes err as a fault at the place; nil is no fault.
func (f *Faults) AddErr(place string, err error) {
	if err != nil {
		f.Add(place, "%s", err.Error())
	}
}

// Err returns nil, or one invalid Error that lists every fault.
func (f *Faults) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	return Errorf(KindInvalid, "%s", strings.Join(f.list, "; "))
}
