package cfchat

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Sentinels that errors.Is finds in an [*Error], besides the context's errors, [auth.ErrNoKey] and the errors of net/http.
//
// [auth.ErrNoKey]: https://pkg.go.dev/github.com/cfchat/cfchat-go/auth#ErrNoKey
var (
	ErrUnauthorized = errors.New("not authorized") // 401: a bad key, or no permission
	ErrForbidden    = errors.New("forbidden")      // 403: from a proxy, or for an account without API access

	// ErrNotFound means 404, except for a call that the server does not have. From a create it may also be about the inbox,
	// the contact or the source id. From FindSent it means only that the message was not stored, from FindByEmail and the like
	// that there is no such contact.
	ErrNotFound = errors.New("not found")

	// ErrRejected means 422, unless the server's database took too long, because then the change may have been made. It also
	// means that the server stored something other than what was requested.
	ErrRejected = errors.New("rejected by the server")

	ErrRateLimited    = errors.New("rate limited")                        // 429, after all tries
	ErrServer         = errors.New("the server failed")                   // 500 and above; 422 if its database took too long
	ErrRedirect       = errors.New("redirected")                          // 3xx except 304, never followed
	ErrDecode         = errors.New("not the answer of this operation")    // a 2xx with something else in it
	ErrTooLarge       = errors.New("the answer is too large")             // above Config.MaxBody
	ErrInvalidInput   = errors.New("invalid input")                       // refused before anything was sent
	ErrNotSent        = errors.New("nothing was sent")                    // by this call, provably: trying again is safe
	ErrUnknownOutcome = errors.New("the change may have happened or not") // from a write: check before trying again
	ErrOverwritten    = errors.New("somebody else has overwritten it")    // the change was stored, then overwritten: call again
)

// Error is the error that every failed call returns. Fields are zero if unknown.
type Error struct {
	Operation  string       // the operationId, such as OperationConversationList; for Do the method and the path
	AccountID  int64        // the account that the call is about
	StatusCode int          // the HTTP status; 0 without an answer
	Header     http.Header  // of the answer, without keys; nil without an answer
	Message    string       // the server's message, one line, never HTML
	Attributes []string     // the attributes that a 422 names
	RequestID  string       // the server's X-Request-Id
	Body       string       // the first 4 KiB of the answer's body, as received
	Err        error        // what went wrong besides the status
	Fields     []FieldError // of ErrInvalidInput: everything that is wrong with the input

	// RetryAfter is how long to wait: as long as the server requests; after a 429 until the next minute of its clock; or until
	// it is certain whether a message was stored.
	RetryAfter time.Duration

	// ConversationID is the conversation that the call is about. In an iterator's error it is one that cannot be read; the
	// iteration continues after it.
	ConversationID int64

	// MessageID is the message that the call is about. In an iterator's error it is one that cannot be read; the iteration
	// continues after it.
	MessageID int64

	// ContactID is the contact that the call is about. Merge is about two; its error's text names both.
	ContactID int64

	// InboxID, TeamID and WebhookID are set if the call names an inbox, team or webhook by id.
	InboxID, TeamID, WebhookID int64

	mark            //lint:ignore U1000 the chain asks for its method
	marks   []error // sentinels that do not follow from the status
	cut     bool    // the answer started well and was cut off
	asked   bool    // RetryAfter is the server's
	waits   bool    // the cause states RetryAfter
	unsent  bool    // the cause states that nothing was sent
	unsure  bool    // the cause states what is unknown
	noRoute bool    // a 404 not because the thing is missing, but for example because the server has no such call
	unread  bool    // the request is for several things, of which this one cannot be read
}

// mark lets the chain recognize the failures of other calls.
//
//lint:ignore U1000 it is embedded in Error
type mark = chain.Mark

// errorOf makes an Error from the chain's failure. Only it and refused make errors.
func errorOf(call *chain.Call, f *chain.Failure) *Error {
	if f.Field != "" {
		return refused(call, refusal{fields: []FieldError{{Field: f.Field, Reason: f.Cause.Error()}}})
	}
	e := &Error{
		Operation: call.ID, AccountID: max(call.AccountID, 0), ConversationID: max(call.ConversationID, 0),
		MessageID: max(call.MessageID, 0), ContactID: max(call.ContactID, 0), InboxID: max(call.InboxID, 0),
		TeamID: max(call.TeamID, 0), WebhookID: max(call.WebhookID, 0),
		StatusCode: f.Status, Header: f.Header, Message: cmp.Or(f.Message, http.StatusText(f.Status)),
		Attributes: f.Attributes, RequestID: f.RequestID, RetryAfter: f.RetryAfter,
		Body: f.Body, Err: f.Cause, cut: f.Cut, asked: f.Asked, noRoute: f.NoRoute,
	}
	for _, fact := range []struct {
		holds bool
		mark  error
	}{
		{f.Decode, ErrDecode}, {f.Overdue, ErrServer}, {f.Rejected, ErrRejected}, {f.TooLarge, ErrTooLarge}, {f.NotSent, ErrNotSent}, {f.Unknown, ErrUnknownOutcome},
		{f.Missing, ErrNotFound}, {f.Overwritten, ErrOverwritten},
	} {
		if fact.holds {
			e.marks = append(e.marks, fact.mark)
		}
	}
	return e
}

// refused returns the Error of a call that is not made because its input is invalid.
func refused(call *chain.Call, input refusal) *Error {
	e := errorOf(call, &chain.Failure{Cause: fmt.Errorf("%w: %s", ErrInvalidInput, input.reasons()), NotSent: true})
	e.Fields = input.fields
	return e
}

// of returns a copy of the Error of a request for several conversations that names the one that cannot be read.
func (e *Error) of(conversation int64) *Error {
	about := *e
	about.ConversationID, about.unread = conversation, true
	return &about
}

// within returns a copy of the Error of one conversation that ended a walk through several.
func (e *Error) within(conversation int64) *Error {
	about := *e
	about.ConversationID, about.Err = 0, fmt.Errorf("while conversation %d was read", conversation)
	if e.Err != nil {
		about.Err = fmt.Errorf("%w: %w", about.Err, e.Err)
	}
	return &about
}

// ofMessage returns a copy of the Error of a request for several messages that names the one that cannot be read.
func (e *Error) ofMessage(id int64) *Error {
	about := *e
	about.MessageID, about.unread = id, true
	return &about
}

// unproven returns a copy of the Error that states that nothing is known about conversations after this one.
func (e *Error) unproven(read int64) *Error {
	about := *e
	about.Err = fmt.Errorf("it is not proven that conversation %d is the last; resume with After: %d", read, read)
	if e.Err != nil {
		about.Err = fmt.Errorf("%w: %w", about.Err, e.Err)
	}
	return &about
}

// copied returns a copy of the Error for another caller, who may change its headers.
func (e *Error) copied() *Error {
	another := *e
	another.Header = e.Header.Clone()
	return &another
}

// with returns a copy of the Error with more about its cause.
func (e *Error) with(more string) *Error {
	about := *e
	about.Err = errors.New(more)
	if e.Err != nil {
		about.Err = fmt.Errorf("%w; %s", e.Err, more)
	}
	return &about
}

// again returns a copy of the Error that states how to proceed after wait, during which a message may still be stored. If
// wait is not positive, it returns e.
func (e *Error) again(how string, wait time.Duration) *Error {
	if wait <= 0 {
		return e
	}
	wait = max(e.RetryAfter, (wait + time.Second - 1).Truncate(time.Second))
	about := e.with(fmt.Sprintf("%s in %s", how, wait))
	about.RetryAfter, about.waits = wait, true
	return about
}

// notSent returns a copy of the Error of a request made before sending a message; the copy says that the message was not
// sent.
func (e *Error) notSent(because string) *Error {
	about := e.with("it was not sent, because " + because)
	about.marks, about.unsent = append(slices.Clone(e.marks), ErrNotSent), true
	return about
}

// afterChange returns a copy of the Error of a check on an earlier change. Whether the check was sent does not matter, so
// the copy does not mention it.
func (e *Error) afterChange(more string) *Error {
	about := e.with(more)
	about.marks = append(slices.DeleteFunc(slices.Clone(e.marks), func(mark error) bool { return mark == ErrNotSent }), ErrUnknownOutcome)
	about.unsent, about.unsure = false, true
	return about
}

// errNotSentAgain is ErrNotSent's text for a call with a try that was sent.
var errNotSentAgain = errors.New("it was not sent again")

// Error returns one line: the operation, its subject, the status with the server's message, and the cause.
func (e *Error) Error() string {
	about := e.subject().String()
	if e.unread {
		about += " cannot be read"
	}
	status := e.Message
	if e.StatusCode != 0 {
		status = strings.TrimSpace(fmt.Sprintf("%d %s", e.StatusCode, e.Message))
	}
	parts := []string{"cfchat", e.Operation, about, strings.TrimSuffix(status, ".")}
	for _, mark := range e.marks {
		if mark == ErrServer || mark == ErrNotSent && e.unsent || mark == ErrUnknownOutcome && e.unsure { // the text already contains it
			continue
		}
		if mark == ErrNotSent && e.StatusCode != 0 { // the status is of an earlier try
			mark = errNotSentAgain
		}
		parts = append(parts, mark.Error())
	}
	if e.RetryAfter > 0 && !e.waits {
		says := "the server's next minute begins in %s"
		if e.asked {
			says = "the server asks to wait %s"
		}
		parts = append(parts, fmt.Sprintf(says, e.RetryAfter.Round(time.Second)))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	text := chain.Line(strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ": "))
	if len(text) > maxErrorText { // names in it can be as long as an answer
		return strings.ToValidUTF8(text[:maxErrorText], "") + " …"
	}
	return text
}

// subject returns the subject of the call.
func (e *Error) subject() operation.Subject {
	return operation.Subject{
		AccountID: e.AccountID, ConversationID: e.ConversationID, MessageID: e.MessageID, ContactID: e.ContactID,
		InboxID: e.InboxID, TeamID: e.TeamID, WebhookID: e.WebhookID,
	}
}

// maxErrorText bounds the text of an Error, in bytes.
const maxErrorText = 3500

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether the Error matches a sentinel of this package.
func (e *Error) Is(target error) bool {
	if slices.Contains(e.marks, target) {
		return true
	}
	switch target {
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound && !e.noRoute
	case ErrRejected:
		return e.StatusCode == http.StatusUnprocessableEntity && !e.unsent && // otherwise the 422 answered an earlier check
			!slices.Contains(e.marks, ErrServer) && !slices.Contains(e.marks, ErrUnknownOutcome)
	case ErrRateLimited:
		return e.StatusCode == http.StatusTooManyRequests
	case ErrServer:
		return e.StatusCode >= 500
	case ErrRedirect:
		return e.StatusCode >= 300 && e.StatusCode < 400 && e.StatusCode != http.StatusNotModified
	}
	return false
}

// isGone reports whether e is the server's own 404 for something that does not exist; a proxy's has another message.
func (e *Error) isGone() bool {
	return e.StatusCode == http.StatusNotFound && e.Message == "Resource could not be found"
}

// LogValue returns the fields for slog, without the body, which may contain personal data.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("operation", e.Operation), slog.String("error", e.Error())}
	attrs = e.subject().AppendAttrs(attrs)
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

// err returns the refusal as an *Error of a call, or the reason why the input cannot be checked; nil if nothing is wrong.
// Nothing has been sent.
func (r *refusal) err(call *chain.Call) error {
	switch {
	case len(r.fields) > 0:
		return refused(call, *r)
	case r.failed != nil:
		return errorOf(call, &chain.Failure{Cause: r.failed, NotSent: true})
	}
	return nil
}
