package chain

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Policy sets how often a request is tried, and how long a wait may be. Zeros mean 3 tries and a minute.
type Policy struct {
	MaxTries int
	MaxWait  time.Duration
}

// policy returns the call's policy, or else the Config's.
func (c *Call) policy(configured Policy) Policy {
	if c.Retry != nil {
		return *c.Retry
	}
	return configured
}

func (p Policy) tries() int { return cmp.Or(p.MaxTries, 3) }

func (p Policy) wait() time.Duration { return cmp.Or(p.MaxWait, time.Minute) }

// retry repeats what may be repeated, which depends on the operation, not on the method.
func retry(next Link, policy Policy) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		call := callOf(req)
		policy := call.policy(policy)
		var before *Failure
		for call.try, call.waited = 1, 0; ; call.try++ {
			a, f := next(req)
			switch {
			case f == nil:
				return a, nil
			case f.limited && before != nil:
				before.NotSent = !before.abandoned
				return nil, before.interrupted(f.Cause)
			case call.try-call.brought >= policy.tries() || !mayRepeat(call.Operation, f) || isStream(req) || req.Context().Err() != nil:
				return nil, f
			}
			wait, ok := waitAfter(req.Context(), f, call.try-call.brought, policy.wait())
			if !ok {
				return nil, f
			}
			if err := call.sleep(req.Context(), wait); err != nil {
				return nil, f.interrupted(err)
			}
			again, err := rewound(req)
			if err != nil {
				return nil, f.unrepeated(err)
			}
			req = again
			before, call.waited = f, wait
		}
	}
}

// mayRepeat implements the table in the root's Retry.
func mayRepeat(op *operation.Operation, f *Failure) bool {
	switch {
	case f.limited:
		return false
	case f.unasked:
		return !op.Write
	case f.NotSent:
		return !isPermanent(f.Cause)
	case f.Status == http.StatusTooManyRequests:
		return true
	case op.Write:
		return false
	case f.Status == 0 || f.Cut:
		return true
	case f.Overdue, f.Status == http.StatusUnprocessableEntity && op.Known() && op.Method == http.MethodGet: // nothing else is one
		return true
	case f.Status == http.StatusInternalServerError:
		return !op.Final500
	}
	return slices.Contains([]int{502, 503, 504}, f.Status) || f.Status/10 == 52
}

// isPermanent reports whether connecting would fail in the same way again: no such host, or a TLS failure.
func isPermanent(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsNotFound
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, notTLS := errors.AsType[tls.RecordHeaderError](err)
	return untrusted || notTLS || errors.Is(err, http.ErrSchemeMismatch)
}

// rewound returns the request with its body from the start.
func rewound(req *http.Request) (*http.Request, error) {
	if req.GetBody == nil {
		return req, nil
	}
	body, err := Foreign(req.Context(), "GetBody", req.GetBody)
	if err != nil {
		return nil, err
	}
	again := *req
	again.Body = body
	if sized, ok := body.(ofLength); ok {
		again.ContentLength = sized.Length()
	}
	return &again, nil
}

// ofLength is a body whose length may change each time that it is obtained. It is -1 if unknown.
type ofLength interface{ Length() int64 }

// unrepeated returns the failure of the last try, with the reason why there was no other: its body cannot be obtained again.
func (f *Failure) unrepeated(reason error) *Failure {
	reason = fmt.Errorf("it cannot be sent again: %w", Safe(reason))
	if f.Cause != nil {
		reason = fmt.Errorf("%w; %w", f.Cause, reason)
	}
	f.Cause = reason
	return f
}

// interrupted returns the failure of the last try, with the reason why there was no other.
func (f *Failure) interrupted(reason error) *Failure {
	if f.Cause != nil {
		reason = fmt.Errorf("%w, while waiting to try again after: %w", reason, f.Cause)
	} else {
		reason = fmt.Errorf("%w, while waiting to try again", reason)
	}
	f.Cause = reason
	return f
}
