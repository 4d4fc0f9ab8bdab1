package cfchat

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Retry says whether failed tries are repeated. The zero value is what you want:
//
//	                            read    write
//	provably not sent           again   again
//	429                         again   again
//	connection lost, body cut   again   never
//	no answer in time           again   never
//	502, 503, 504, 520-529      again   never
//	500                         again   never
//	anything else               never   never
//
// "Again" is up to 3 tries in all. A filter is a read, although it is a POST; its 500 is final, because it is nearly always
// the request's own fault. The wait is the server's
// Retry-After up to 60 s; for a 429 without one it is the time to the next full minute, because the server counts
// requests per minute of its clock; else 0.5 s and then 1 s, with jitter. When the server asks for more than 60 s, or
// the wait would outlast the context's deadline, it is not begun: the call fails at once, and [Error.RetryAfter] is what
// the server asked for.
type Retry struct {
	Off bool // one try only
}

const (
	maxTries      = 3
	maxRetryAfter = time.Minute
)

// mayRepeat is the table of [Retry].
func mayRepeat(op *operation.Operation, e *Error) bool {
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
		return !op.Final500
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
