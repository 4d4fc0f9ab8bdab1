package main

import (
	"context"
	"errors"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// What a program should do about a failed call. Only again and later allow repeating it unchanged.
const (
	done    = "nothing, it is done"
	again   = "call again"
	later   = "call again later"
	slower  = "call again after RetryAfter, and go slower"
	look    = "look whether it is done, then call again"
	input   = "fix the fields in Fields"
	noKey   = "set the key that the message names"
	key     = "check the key, and what its owner may do"
	proxy   = "ask whoever runs the proxy, or the account"
	ids     = "check the ids, and the account"
	request = "fix the request: Message says why"
	address = "set Config.Server to the address in the message"
	front   = "check Config.Server, and what stands in front of it"
	less    = "ask for less, or raise Config.MaxBody"
	gaveUp  = "nothing, the caller has given up"
	status  = "look at StatusCode and Message"
)

// sentinels are the errors that errors.Is can match, each with advice. The order matters: an error can match several, and a
// write that may have happened takes precedence.
var sentinels = []struct {
	name   string
	err    error
	advice string
}{
	{"ErrUnknownOutcome", cfchat.ErrUnknownOutcome, look},
	{"context.Canceled", context.Canceled, gaveUp},
	{"ErrInvalidInput", cfchat.ErrInvalidInput, input},
	{"auth.ErrNoKey", auth.ErrNoKey, noKey},
	{"ErrUnauthorized", cfchat.ErrUnauthorized, key},
	{"ErrForbidden", cfchat.ErrForbidden, proxy},
	{"ErrNotFound", cfchat.ErrNotFound, ids},
	{"ErrRejected", cfchat.ErrRejected, request},
	{"ErrRateLimited", cfchat.ErrRateLimited, slower},
	{"ErrRedirect", cfchat.ErrRedirect, address},
	{"ErrDecode", cfchat.ErrDecode, front},
	{"ErrTooLarge", cfchat.ErrTooLarge, less},
	{"ErrOverwritten", cfchat.ErrOverwritten, again},
	{"ErrServer", cfchat.ErrServer, later},
	{"context.DeadlineExceeded", context.DeadlineExceeded, later},
	{"ErrNotSent", cfchat.ErrNotSent, later},
}

// advice returns what to do about an error.
func advice(err error) string {
	if err == nil {
		return done
	}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			return s.advice
		}
	}
	if e, ok := errors.AsType[*cfchat.Error](err); ok && e.StatusCode >= 300 {
		return status // such as a 400, or the 404 of a server without such a call
	}
	return later // the connection was lost in all tries of a read
}
