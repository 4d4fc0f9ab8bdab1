package cfchat

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// limitTry bounds one try, its body included. It works on a copy of the request, because the key and cookies are added to
// that below, and a second try must not send them twice.
func limitTry(next link, limit time.Duration) link {
	return func(req *http.Request) (*answer, error) {
		ctx, cancel := context.WithTimeout(req.Context(), limit)
		defer cancel()
		a, err := next(req.Clone(ctx))
		if err == nil || ctx.Err() == nil {
			return a, err
		}
		e := named(operation.CallOf(ctx).Operation, err)
		failed := e.StatusCode != 0 && !e.cut // the status was there before the time was up
		if e.cut {                            // by the end of the time, not by the server
			e.marks = slices.DeleteFunc(e.marks, func(mark error) bool { return mark == ErrDecode })
		}
		switch caller := req.Context(); {
		case caller.Err() != nil && (!failed || e.Err == nil):
			e.Err = contextError(caller)
		case caller.Err() == nil && !failed:
			e.Err = fmt.Errorf("no whole answer within %s (Config.Timeout): %w", limit, context.DeadlineExceeded)
		}
		return nil, e
	}
}
