package cfchat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
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

	marks []error       // sentinels that the status does not tell
	cut   bool          // the answer began well and did not end
	wait  time.Duration // RetryAfter, or what stands in for it
}

// What an Error keeps of a body, in bytes, and of a message, in runes.
const (
	maxKeptBody    = 4 << 10
	maxKeptMessage = 500
)

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
	return strings.Join(parts, ": ")
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

// contextError is why a context ended: its error and, when the caller gave one, its cause.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// errNoKeyArrived is the server's sentence for a request without a key. The client always sends one, so something on
// the way took it.
const errNoKeyArrived = "You need to sign in or sign up before continuing."

// errorOf reads an answer that is not a success, in any of the shapes that servers and proxies send. It never fails:
// the status always survives. What an answer repeats of the request's secrets is taken out.
func errorOf(req *http.Request, resp *http.Response, body []byte) *Error {
	text := withoutSecrets(string(body), req)
	e := &Error{
		StatusCode: resp.StatusCode,
		RequestID:  withoutSecrets(resp.Header.Get("X-Request-Id"), req),
		Body:       text[:min(len(text), maxKeptBody)],
	}
	message, attributes := errorMessage(resp.Header.Get("Content-Type"), body)
	e.Message = cmp.Or(oneLine(withoutSecrets(message, req)), http.StatusText(resp.StatusCode))
	for _, attribute := range attributes {
		e.Attributes = append(e.Attributes, oneLine(withoutSecrets(attribute, req)))
	}
	if resp.StatusCode == http.StatusUnauthorized && strings.Contains(e.Message, errNoKeyArrived) {
		e.Err = errors.New("the key did not reach the server: a proxy on the way may drop header names with " +
			"underscores; set Keys.Header to auth.HeaderDash")
	}
	return e
}

// errorMessage takes what a person can read out of an error body: {error}, {errors}, {message, attributes}, or text.
func errorMessage(contentType string, body []byte) (message string, attributes []string) {
	var fields struct{ Error, Errors, Message, Attributes json.RawMessage }
	if json.Unmarshal(body, &fields) == nil {
		for _, field := range []json.RawMessage{fields.Error, fields.Errors, fields.Message} {
			if message == "" {
				message = strings.Join(words(field), ", ")
			}
		}
		return message, words(fields.Attributes)
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "text/plain" {
		return "", nil
	}
	return string(body), nil
}

// words reads a JSON string, or the strings of a list; nil for anything else.
func words(data json.RawMessage) []string {
	var one string
	if json.Unmarshal(data, &one) == nil && one != "" {
		return []string{one}
	}
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		return nil
	}
	var all []string
	for _, item := range list {
		if json.Unmarshal(item, &one) == nil {
			all = append(all, one)
		}
	}
	return all
}

// oneLine makes text safe for a log: printable, on one line, bounded, and nothing at all when it is HTML.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)), " ")
	if isHTML(text) {
		return ""
	}
	if runes := []rune(text); len(runes) > maxKeptMessage {
		text = string(runes[:maxKeptMessage]) + "…"
	}
	return text
}

func isHTML(text string) bool {
	lower := strings.ToLower(text)
	return strings.HasPrefix(lower, "<") || strings.Contains(lower, "<html") || strings.Contains(lower, "<!doctype")
}
