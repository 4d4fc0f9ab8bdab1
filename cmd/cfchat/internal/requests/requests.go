// Package requests counts the requests of a command.
package requests

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/cfchat/cfchat-go"
)

// Counter counts the requests of a run, including retries.
type Counter struct{ sent atomic.Int64 }

// Sent returns the number of requests.
func (r *Counter) Sent() int64 { return r.sent.Load() }

// Wait counts a request that is about to be sent, without delaying it.
func (r *Counter) Wait(context.Context) error {
	r.sent.Add(1)
	return nil
}

// Within returns a limiter that counts the requests that another limiter lets through. It has the methods of
// cfchat.PerMinute.
func (r *Counter) Within(limiter cfchat.Limiter) cfchat.Limiter { //nolint:ireturn // the type of Config.Limiter
	return &counted{limiter, r}
}

type counted struct {
	cfchat.Limiter
	requests *Counter
}

func (c *counted) Wait(ctx context.Context) error {
	if err := c.Limiter.Wait(ctx); err != nil {
		return err
	}
	return c.requests.Wait(ctx)
}

// Observe passes an answer to the limiter.
func (c *counted) Observe(answer *http.Response) {
	if l, ok := c.Limiter.(interface{ Observe(answer *http.Response) }); ok {
		l.Observe(answer)
	}
}

// Sent tells the limiter how often a request went out.
func (c *counted) Sent(ctx context.Context, times int) {
	if l, ok := c.Limiter.(interface {
		Sent(ctx context.Context, times int)
	}); ok {
		l.Sent(ctx, times)
	}
}
