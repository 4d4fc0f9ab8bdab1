package chain

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// timeout bounds one try, including its body, and lets a link below end it. It works on a copy of the request, because the
// key and cookies are added to that below, and a second try must not send them twice.
func timeout(next Link, limit time.Duration) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		ctx, cancel := context.WithTimeout(req.Context(), limit)
		defer cancel()
		callOf(req).end = cancel
		own := req.WithContext(ctx)
		own.Header = req.Header.Clone()
		a, f := next(own)
		if f == nil || ctx.Err() == nil {
			return a, f
		}
		failed := f.Status != 0 && !f.Cut // the status was there before the time was up
		switch caller := req.Context(); {
		case caller.Err() != nil && (!failed || f.Cause == nil):
			f.Cause = contextError(caller)
		case ctx.Err() == context.DeadlineExceeded && !failed:
			f.Cause = fmt.Errorf("no complete answer within %s (Config.Timeout): %w", limit, context.DeadlineExceeded)
		}
		return nil, f
	}
}
