package chain

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Limiter holds tries back. A limiter with Observe sees each answer, as a head without a body. A limiter with Sent first
// learns how often the request of a try went out: 0 if it provably did not, and more than once if net/http has repeated it.
// It also holds a try after a 429 back as long as necessary, so that the retry above need not.
type Limiter interface {
	Wait(ctx context.Context) error
}

// maxObserving is how long to wait for a limiter that observes an answer.
const maxObserving = 10 * time.Second

// limit asks the limiter before each try. It is outside of the time limit, which is for the server, and of the links that
// decide whether a try was sent.
func limit(next Link, limiter Limiter) Link {
	if limiter == nil {
		return next
	}
	observer, observes := limiter.(interface{ Observe(answer *http.Response) })
	counter, counts := limiter.(interface {
		Sent(ctx context.Context, times int)
	})
	return func(req *http.Request) (*Answer, *Failure) {
		ctx, start := req.Context(), time.Now()
		err := Run(ctx, "it", func() error { return limiter.Wait(ctx) })
		if err != nil {
			if ctx.Err() != nil && !isAbandoned(err) {
				err = contextError(ctx)
			}
			return nil, &Failure{Cause: fmt.Errorf("limiter: %w", Safe(err)), NotSent: true, limited: true}
		}
		call := callOf(req)
		call.waited += time.Since(start)
		call.sends = 1
		a, f := next(req)
		if f != nil {
			f.paced = counts
			if f.NotSent {
				call.sends = 0
			}
		}
		if counts {
			counter.Sent(ctx, call.sends)
		}
		if answer := head(req, a, f); answer != nil && observes {
			ctx, cancel := context.WithTimeout(ctx, maxObserving)
			defer cancel()
			_ = Run(ctx, "it", func() error { observer.Observe(answer); return nil })
		}
		return a, f
	}
}

// head returns a copy of the answer to a try, even a failed one, without its body and without the key; nil if there is none.
func head(req *http.Request, a *Answer, f *Failure) *http.Response {
	var copied http.Response
	switch {
	case a != nil:
		copied = *a.Response
	case f.answer != nil:
		copied = *f.answer
		copied.Header = f.Header // without secrets
	default:
		return nil
	}
	copied.Header, copied.Body, copied.Request = copied.Header.Clone(), http.NoBody, withoutKey(req)
	return &copied
}
