package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// scanRequests counts the requests of a scan, and records until when one of them waits.
type scanRequests struct {
	requests atomic.Int64
	waiting  atomic.Pointer[time.Time]
	woken    chan struct{} // signals that a request waits
}

// sent returns how many requests were made.
func (r *scanRequests) sent() int { return int(r.requests.Load()) }

// waitingUntil returns when a request continues, the zero time while none waits.
func (r *scanRequests) waitingUntil() (until time.Time) {
	if last := r.waiting.Load(); last != nil && time.Now().Before(*last) {
		return *last
	}
	return until
}

// waits records that a request waits.
func (r *scanRequests) waits(until time.Time) {
	r.waiting.Store(&until)
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// tellsWaits returns the option for calls that report their waits.
func (r *scanRequests) tellsWaits() CallOption {
	return callOption(func(options *callOptions, _ *refusal) { options.waiting = r.waits })
}

// sleep waits, and reports whether it did so until the end: not if the context ended before.
func (r *scanRequests) sleep(ctx context.Context, wait time.Duration) bool {
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < wait {
		return false
	}
	r.waits(time.Now().Add(wait))
	return chain.Sleep(ctx, wait) == nil
}

// patiently makes a call, as often as it is rate limited.
func patiently[T any](ctx context.Context, r *scanRequests, call func() (*T, error)) (*T, error) {
	for {
		r.requests.Add(1)
		answer, err := call()
		e, ok := err.(*Error)
		if !ok || !errors.Is(e, ErrRateLimited) || !r.sleep(ctx, max(e.RetryAfter, time.Second)) && ctx.Err() == nil {
			return answer, err
		}
	}
}

// maxClockError is how far this machine's clock and an unknown one may be apart.
const maxClockError = 24 * time.Hour

// wasBefore reports whether something was surely created before a moment of the local clock. The server's times are in whole
// seconds, and if no answer had a Date, its clock is unknown.
func (c *core) wasBefore(moment, created time.Time) bool {
	within := 2 * time.Second
	if !c.chat.clock.known() {
		within = maxClockError
	}
	return created.Before(c.now().Add(-time.Since(moment) - within))
}

// finding is what is wrong with answers that are valid in themselves. It ends a scan.
type finding string

func (f finding) Error() string { return string(f) }

// found returns a finding as the failure of an answer.
func found(call *chain.Call, format string, args ...any) error {
	return errorOf(call, &chain.Failure{Status: http.StatusOK, Cause: finding(fmt.Sprintf(format, args...)), Decode: true})
}
