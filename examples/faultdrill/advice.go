package main

import (
	"context"
	"errors"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// What a program does with a call that has failed. Only again and later may do it once more as it was.
const (
	done    = "nothing, it is done"
	again   = "call again"
	later   = "call again later"
	slower  = "call again after RetryAfter, and go slower"
	look    = "look whether it is done, then call again"
	input   = "mend what Fields name"
	noKey   = "set the key that the text names"
	key     = "check the key, and what its owner may do"
	proxy   = "ask whoever runs the proxy, or the account"
	ids     = "check the ids, and the account"
	request = "mend the request: Message says why"
	address = "set Config.Server to the address that the text names"
	front   = "check Config.Server, and what stands in front of it"
	less    = "ask for less, or raise Config.MaxBody"
	gaveUp  = "nothing, the caller has given up"
	status  = "look at StatusCode and Message"
)

// sentinels are what errors.Is can ask for, each with what to do then. The order matters: an error can be asked for more than one,
// and what may have happened comes before everything else.
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

// advice says what to do of an error.
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
		return status // such as a 400, or the 404 of a server that has no such call
	}
	return later // the connection was lost, in all tries of a read
}
