package analyzer

import (
	"context"
	"errors"
	"fmt"
)

// Fault says who failed.
type Fault string

// The faults: the plugin itself, or a model server or program that it calls.
const (
	FaultPlugin     Fault = "plugin"
	FaultDownstream Fault = "downstream"
)

// ErrorKind says what the host can do about an error.
type ErrorKind string

// The kinds of error: this input can never be judged; later may work; the plugin is broken.
const (
	Invalid     ErrorKind = "invalid"
	Unavailable ErrorKind = "unavailable"
	Internal    ErrorKind = "internal"
)

// Error is a failure that says whose fault it is. Message must not quote the input.
type Error struct {
	Fault   Fault
	Kind    ErrorKind
	Message string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Fault == FaultDownstream {
		return fmt.Sprintf("downstream %s: %s", e.Kind, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Errorf makes an error of the plugin itself.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Fault: FaultPlugin, Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Downstreamf makes an error of what the plugin calls.
func Downstreamf(kind ErrorKind, format string, args ...any) *Error {
	return &Error{Fault: FaultDownstream, Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// AsError returns the *Error in err's chain; an ended context becomes unavailable, anything else the plugin's internal
// error. It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Errorf(Unavailable, "%v", err)
	default:
		return Errorf(Internal, "%v", err)
	}
}
