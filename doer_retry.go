package cfchat

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Retry says whether failed tries are repeated. The zero value is what you want:
//
//	                            list, meta, get   filter   create, toggle
//	provably not sent           again             again    again
//	429                         again             again    again
//	connection lost, body cut   again             again    never
//	no answer in time           again             again    never
//	502, 503, 504, 520-529      again             again    never
//	500                         again             never    never
//	anything else               never             never    never
//
// "Again" is up to 3 tries in all. Filter's 500 is nearly always the request's own fault. The wait is the server's
// Retry-After up to 60 s; for a 429 without one it is the time to the next full minute, because the server counts
// requests per minute of its clock; else 0.5 s and then 1 s, with jitter. A wait beyond 60 s or the context's deadline
// is not begun: the call fails at once, with [Error.RetryAfter] set.
type Retry struct {
	Off bool // one try only
}

const (
	maxTries      = 3
	maxRetryAfter = time.Minute
)

// retry repeats what may be repeated: that follows from the operation, not from the method.
func retry(next link, policy Retry, logger *slog.Logger) link {
	tries := maxTries
	if policy.Off {
		tries = 1
	}
	return func(req *http.Request) (*http.Response, error) {
		op, wait := operation.Of(req), time.Duration(0)
		for try := 1; ; try++ {
			start := time.Now()
			resp, err := next(req)
			logTry(req.Context(), logger, tryRecord{op.ID, try, wait, time.Since(start), resp, err})
			if err == nil {
				return resp, nil
			}
			e := named(op, err)
			if try == tries || !mayRepeat(op, e) || req.Context().Err() != nil {
				return nil, e
			}
			again, ok := rewound(req)
			if !ok {
				return nil, e
			}
			if wait, ok = waitAfter(req.Context(), e, try); !ok {
				return nil, e
			}
			if err := sleep(req.Context(), wait); err != nil {
				return nil, e.interrupted(err)
			}
			req = again
		}
	}
}

// mayRepeat is the table of [Retry].
func mayRepeat(op operation.Operation, e *Error) bool {
	switch {
	case errors.Is(e, ErrNotSent):
		return !isPermanent(e)
	case e.StatusCode == http.StatusTooManyRequests:
		return true
	case op.Write:
		return false
	case e.StatusCode == 0 || e.cut:
		return true
	case e.StatusCode == http.StatusInternalServerError:
		return op.ID != operation.Filter.ID
	}
	return slices.Contains([]int{502, 503, 504}, e.StatusCode) || e.StatusCode/10 == 52
}

// isPermanent reports whether connecting would fail in the same way again: no such host, or not the TLS it should be.
func isPermanent(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	return untrusted || notTLS || errors.Is(err, http.ErrSchemeMismatch)
}

// waitAfter is how long to wait after a failed try; false if that is longer than the cap or the caller's deadline allow.
func waitAfter(ctx context.Context, e *Error, try int) (time.Duration, bool) {
	wait := e.wait
	if wait == 0 {
		wait = time.Duration(try) * 500 * time.Millisecond
		wait += rand.N(wait / 2)
	}
	deadline, limited := ctx.Deadline()
	return wait, e.RetryAfter <= maxRetryAfter && (!limited || wait < time.Until(deadline))
}

// sleep waits, or says why the context ended.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// rewound is the request with its body from the start; false if the body cannot be had again.
func rewound(req *http.Request) (*http.Request, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again := *req
	again.Body = body
	return &again, true
}

// interrupted is the failure of the last try, with the reason why there was no other.
func (e *Error) interrupted(reason error) *Error {
	if e.Err != nil {
		reason = fmt.Errorf("%w, while waiting to try again after: %w", reason, e.Err)
	} else {
		reason = fmt.Errorf("%w, while waiting to try again", reason)
	}
	e.Err = reason
	return e
}
