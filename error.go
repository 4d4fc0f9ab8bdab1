package cfchat

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// What an [*Error] can be asked for with errors.Is. The context's errors, [auth.ErrNoKey] and the causes that net/http
// knows can be asked for too.
//
// [auth.ErrNoKey]: https://pkg.go.dev/github.com/cfchat/cfchat-go/auth#ErrNoKey
var (
	ErrUnauthorized   = errors.New("not authorized")                      // 401, 403: a bad key, or no right to this
	ErrNotFound       = errors.New("not found")                           // 404; of a create also: inbox, contact or source id
	ErrRejected       = errors.New("rejected by the server")              // 422
	ErrRateLimited    = errors.New("rate limited")                        // 429, after all tries
	ErrServer         = errors.New("the server failed")                   // 500 and above
	ErrRedirect       = errors.New("redirected")                          // 3xx, which is never followed
	ErrDecode         = errors.New("not the answer of this operation")    // a 2xx that is something else
	ErrTooLarge       = errors.New("the answer is too large")             // above Config.MaxBody
	ErrInvalidInput   = errors.New("invalid input")                       // refused before anything was sent
	ErrNotSent        = errors.New("nothing was sent")                    // provably: trying again is safe
	ErrUnknownOutcome = errors.New("the change may have happened or not") // of a create or toggle: look before trying again
)

// Error is what every failed call returns. Fields are zero when not known.
type Error struct {
	Operation  string        // the operationId of openapi.yaml
	StatusCode int           // the HTTP status; 0 when no answer came
	Message    string        // what the server says, one line, never HTML
	Attributes []string      // the attributes that a 422 names
	RequestID  string        // the server's X-Request-Id
	RetryAfter time.Duration // how long the server asks to wait
	Body       string        // the answer's body, the first 4 KiB, as it came
	Err        error         // what went wrong besides the status
	Fields     []FieldError  // of ErrInvalidInput: everything that is wrong with the input

	// ConversationID is set where one conversation is to blame, and the rest goes on: by Scan.
	ConversationID int64

	mark          //lint:ignore U1000 the chain asks for its method
	marks []error // sentinels that the status does not tell
	cut   bool    // the answer began well and did not end
}

// mark is how the chain knows the failures of other calls.
//
//lint:ignore U1000 it is embedded in Error
type mark = chain.Mark

// errorOf makes an Error of what the chain found. With refused and failed it is the only place where errors are made.
func errorOf(operationID string, f *chain.Failure) *Error {
	if f.Field != "" {
		return refused(operationID, refusal{[]FieldError{{Field: f.Field, Reason: f.Cause.Error()}}})
	}
	e := &Error{
		Operation: operationID, StatusCode: f.Status, Message: f.Message, Attributes: f.Attributes, RequestID: f.RequestID,
		RetryAfter: f.RetryAfter, Body: f.Body, Err: f.Cause, cut: f.Cut,
	}
	for _, fact := range []struct {
		holds bool
		mark  error
	}{{f.Decode, ErrDecode}, {f.TooLarge, ErrTooLarge}, {f.NotSent, ErrNotSent}, {f.Unknown, ErrUnknownOutcome}} {
		if fact.holds {
			e.marks = append(e.marks, fact.mark)
		}
	}
	return e
}

// refused is the Error of a call that is not made, because of its input.
func refused(operationID string, input refusal) *Error {
	return &Error{
		Operation: operationID, Fields: input.fields, Err: fmt.Errorf("%w: %s", ErrInvalidInput, input.reasons()),
		marks: []error{ErrNotSent},
	}
}

// failed is the Error of an answer that came and is not what was asked for.
func failed(operationID string, status int, err error, marks ...error) *Error {
	return &Error{Operation: operationID, StatusCode: status, Err: err, marks: marks}
}

// of returns a copy of the Error of a request for several conversations that says which one of them is to blame.
func (e *Error) of(conversation int64) *Error {
	about := *e
	about.ConversationID = conversation
	return &about
}

// Error is one line: the operation, the status with the server's words, and the cause.
func (e *Error) Error() string {
	parts := []string{"cfchat"}
	if e.Operation != "" {
		parts = append(parts, e.Operation)
	}
	if e.ConversationID != 0 {
		parts = append(parts, fmt.Sprintf("conversation %d cannot be read", e.ConversationID))
	}
	if e.StatusCode != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, e.Message)))
	} else if e.Message != "" {
		parts = append(parts, e.Message)
	}
	for _, mark := range e.marks {
		parts = append(parts, mark.Error())
	}
	if e.RetryAfter > 0 {
		parts = append(parts, fmt.Sprintf("the server asks to wait %s", e.RetryAfter.Round(time.Second)))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return chain.Line(strings.Join(parts, ": "))
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is answers errors.Is for the sentinels of this package.
func (e *Error) Is(target error) bool {
	if slices.Contains(e.marks, target) {
		return true
	}
	switch target {
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized || e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound
	case ErrRejected:
		return e.StatusCode == http.StatusUnprocessableEntity
	case ErrRateLimited:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrServer:
		return e.StatusCode >= 500
	case ErrRedirect:
		return e.StatusCode >= 300 && e.StatusCode < 400
	}
	return false
}

// LogValue gives slog the fields, without the body, which may be about people.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("operation", e.Operation), slog.String("error", e.Error())}
	if e.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", e.StatusCode))
	}
	if e.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", e.RequestID))
	}
	if e.RetryAfter != 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	return slog.GroupValue(attrs...)
}
