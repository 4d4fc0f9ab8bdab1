// Package exit tells how a command ended: by the status that a shell gets, and in a line of words.
package exit

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// The statuses besides 0 that every command has. A command may say more of them.
const (
	Failed = 1 // of an error that has none of its own
	Usage  = 2 // of a flag or an argument that is wrong
)

// Error is an error with a status of its own. One without text says nothing, because the command has.
type Error struct {
	Status int
	Err    error // nil for none
}

func (e *Error) Error() string { return Text(e) }

// Unwrap returns the error that has the status.
func (e *Error) Unwrap() error { return e.Err }

// With returns an error with a status.
func With(status int, err error) error { return &Error{status, err} }

// Signal is what ended a command, as the cause of a context.
type Signal syscall.Signal

func (s Signal) Error() string { return syscall.Signal(s).String() }

// Interrupted returns the error of a command that a signal has ended, with the status that shells know such an end by.
func Interrupted(err error, s Signal) error {
	var words error = s
	if text := Text(err); text != "" {
		words = fmt.Errorf("%w: %s", s, text)
	}
	return With(128+int(s), words)
}

// Status returns what a shell is told.
func Status(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Status
	}
	return Failed
}

// Text returns what a person is told in one line, "" for nothing. It comes after the command's name, with which errors of the library
// begin too.
func Text(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := err.(*Error); ok { //nolint:errorlint // one within has text around it
		if e.Err == nil {
			return ""
		}
		err = e.Err
	}
	return strings.ReplaceAll(strings.TrimPrefix(err.Error(), "cfchat: "), "\n", "; ")
}
