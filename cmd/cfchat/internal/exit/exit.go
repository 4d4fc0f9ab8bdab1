// Package exit reports how a command ended: by its exit status and a line of text.
package exit

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// The statuses besides 0 that every command has. A command may have more of them.
const (
	Failed = 1 // for an error without its own status
	Usage  = 2 // for a wrong flag or argument
)

// Error is an error with its own status. It has no text if the command has already printed it.
type Error struct {
	Status int
	Err    error // nil for none
}

func (e *Error) Error() string { return Text(e) }

// Unwrap returns the underlying error.
func (e *Error) Unwrap() error { return e.Err }

// With returns an error with a status.
func With(status int, err error) error { return &Error{status, err} }

// Signal is the signal that ended a command, as the cause of a context.
type Signal syscall.Signal

func (s Signal) Error() string { return syscall.Signal(s).String() }

// Interrupted returns the error of a command that a signal has ended, with the status that shells use for it.
func Interrupted(err error, s Signal) error {
	var words error = s
	if text := Text(err); text != "" {
		words = fmt.Errorf("%w: %s", s, text)
	}
	return With(128+int(s), words)
}

// Status returns the exit status.
func Status(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return Failed
}

// Text returns the message for a person on one line, "" for none. It follows the command's name, which the library's errors
// start with too.
func Text(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // a wrapped one has text around it
		if e.Err == nil {
			return ""
		}
		err = e.Err
	}
	return strings.ReplaceAll(strings.TrimPrefix(err.Error(), "cfchat: "), "\n", "; ")
}
