package chain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Failure is what is known about a failed call. Nothing in it shows a key or a search text.
type Failure struct {
	Status     int           // 0 without an answer
	Header     http.Header   // of the answer
	Message    string        // what the server says, one line, never HTML; "" leaves the status's name
	Attributes []string      // the attributes that it names
	RequestID  string        // its X-Request-Id
	Body       string        // the first bytes of the answer
	RetryAfter time.Duration // how long to wait
	Asked      bool          // the server asks for that wait; otherwise it is the time to its next minute
	Cause      error         // what went wrong besides the status

	Field       string // the invalid input, which Cause explains
	NotSent     bool   // provably nothing was sent
	Unknown     bool   // a write that may have happened
	Decode      bool   // a success that is not the answer of its operation
	Done        bool   // the change was made nevertheless
	Rejected    bool   // a success that states a failure
	Missing     bool   // successes that show that what was looked for does not exist
	Overwritten bool   // successes that show that what was stored is gone
	NoRoute     bool   // a 404 that says that the server has no such call
	Overdue     bool   // a 422 that says that the server's database took too long
	TooLarge    bool   // more than MaxBody
	Cut         bool   // the answer started well and was cut off

	answer    *http.Response // the one it was made from, nil without one
	unasked   bool           // no connection was asked for
	abandoned bool           // the Transport still runs
	unsure    bool           // a 422 that may follow a completed write
	limited   bool           // the limiter has failed
	paced     bool           // the limiter holds the next try back as long as necessary
	wait      time.Duration  // RetryAfter, or what stands in for it
}

// Limits of what a Failure keeps of a body, in bytes.
const maxKeptBody = 4 << 10

// Refused returns the failure of a request that is not sent because of a field of its input.
func Refused(field, format string, args ...any) *Failure {
	return &Failure{Field: field, Cause: fmt.Errorf(format, args...), NotSent: true}
}

// Ended returns the failure of a request that is not sent because its context is over.
func Ended(ctx context.Context) *Failure { return &Failure{Cause: contextError(ctx), NotSent: true} }

// contextError returns why a context ended: its error and the caller's cause, if there is one.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, Safe(cause))
}

// requestIDOf returns the X-Request-Id of an answer.
func requestIDOf(hidden secrets, resp *http.Response) string {
	return oneLine(hidden.inStart(resp.Header.Get("X-Request-Id")))
}

// failureOf reads an answer that is not a success, in any of the shapes that servers and proxies send. It never fails: the
// status always survives. Secrets of the request that the answer repeats are removed.
func failureOf(req *http.Request, resp *http.Response, body []byte) *Failure {
	hidden, kept := secretsOf(req), body
	if redact := callOf(req).Redact; redact != nil {
		kept = redact(body)
	}
	f := &Failure{
		answer: resp,
		Status: resp.StatusCode, Header: hidden.inHeader(resp.Header), RequestID: requestIDOf(hidden, resp),
		Body: hidden.inBody(kept),
	}
	message, attributes := errorMessage(resp.Header.Get("Content-Type"), body)
	op := callOf(req).Operation
	f.Overdue = resp.StatusCode == http.StatusUnprocessableEntity && message == errOverdue
	f.unsure = resp.StatusCode == http.StatusUnprocessableEntity && op.Unsure422 && !refuses(op, message)
	f.Message = oneLine(hidden.inStart(message))
	for _, attribute := range attributes {
		f.Attributes = append(f.Attributes, oneLine(hidden.inStart(attribute)))
	}
	f.NoRoute = resp.StatusCode == http.StatusNotFound && isNoRoute(body)
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		f.Cause = unauthorized(op, message)
	case f.NoRoute:
		f.Cause = noRoute(op)
	}
	return f
}
