package chain

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Limiter holds tries back. One that also has Observe sees each answer, as a head without a body. One that also has PacesTries
// holds a try after a 429 back as long as it must be, so that the retry above need not.
type Limiter interface {
	Wait(ctx context.Context) error
}

// limit asks the limiter before each try. It is outside of the time limit, which is that of the server, and of all that tells
// whether a try was sent.
func limit(next Link, limiter Limiter) Link {
	if limiter == nil {
		return next
	}
	observer, observes := limiter.(interface{ Observe(answer *http.Response) })
	_, paces := limiter.(interface{ PacesTries() })
	return func(req *http.Request) (*Answer, *Failure) {
		ctx, start := req.Context(), time.Now()
		_, err := Foreign(ctx, "it", func() (any, error) { return nil, limiter.Wait(ctx) })
		if err != nil {
			if ctx.Err() != nil && !isAbandoned(err) {
				err = contextError(ctx)
			}
			return nil, &Failure{Cause: fmt.Errorf("limiter: %w", Safe(err)), NotSent: true, limited: true}
		}
		callOf(req).waited += time.Since(start)
		a, f := next(req)
		if f != nil {
			f.paced = paces
		}
		if answer := head(req, a, f); answer != nil && observes {
			_, _ = Foreign(ctx, "it", func() (any, error) { observer.Observe(answer); return nil, nil })
		}
		return a, f
	}
}

// head returns a copy of the answer to a try, of a failed one too, without its body and without the key; nil if none came.
func head(req *http.Request, a *Answer, f *Failure) *http.Response {
	var answer *http.Response
	switch {
	case a != nil:
		answer = a.Response
	case f != nil:
		answer = f.answer
	}
	if answer == nil {
		return nil
	}
	copied := *answer
	copied.Header, copied.Body, copied.Request = answer.Header.Clone(), http.NoBody, withoutKey(req)
	return &copied
}
