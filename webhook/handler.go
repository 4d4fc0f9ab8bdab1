package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// The defaults of the options.
const (
	DefaultTimeout = 4 * time.Second // the server waits for 5
	DefaultMaxBody = 4 << 20         // bytes
)

// ErrAccount is the error for a delivery for another account.
var ErrAccount = errors.New("webhook: a delivery for another account")

// ErrTimeout is the error for a function that had not returned when the server had to be answered.
var ErrTimeout = errors.New("webhook: the function took too long")

// Options configures a [Handler]. Every field except Secret has a useful zero value.
type Options struct {
	// Secret is the hook's, or [Unsigned].
	Secret Secret

	// Previous is accepted as well: deliveries that were queued before a secret was renewed are still signed with the former
	// one.
	Previous Secret

	// Tolerance is how far the time of a delivery may be from now; 0 means the constant [Tolerance].
	Tolerance time.Duration

	// AccountID refuses deliveries of other accounts; 0 accepts all. Before 4.14.2 some events do not name their account,
	// and are accepted.
	AccountID int64

	// MaxBody is the largest body in bytes; 0 means [DefaultMaxBody]. Reading a malicious body can take a hundred times its
	// size in memory, one more reason not to use Unsigned.
	MaxBody int64

	// Timeout is for reading the body and for the function together; 0 means [DefaultTimeout]. The server waits for 5
	// seconds, so more than 4.5 is refused. If http.ResponseController cannot set a deadline on the ResponseWriter, as with
	// some middleware, only the http.Server limits the time for reading.
	Timeout time.Duration

	// OnError is called with each error: ErrUnverified, ErrAccount, ErrTimeout, that of a body that cannot be read, the
	// function's error or panic. The Event is zero if there is none yet. OnError is called after the answer, and by several
	// goroutines at once; its own panic is logged. After ErrTimeout it is called once more if the function then fails. The
	// default logs to slog.Default, without the body.
	OnError func(ctx context.Context, e Event, err error)

	// BotRetry answers 500 if the function fails, so that the server retries: for agent bots from 4.12.0 on, twice, 3 s
	// apart. An account's webhook still loses the event, and for an API inbox a 500 marks the agent's message as failed.
	BotRetry bool
}

// Handler returns a handler that verifies and decodes a delivery, calls a function, and answers. It is safe for concurrent
// use.
//
// It answers 200 whether the function fails or not, unless Options.BotRetry is set: for any other answer, an API inbox would
// mark the agent's message as failed. Errors and panics go to OnError. After Options.Timeout the function's context ends and
// the server is answered, while the function may still run; one that ignores its context is never stopped. The context does
// not end when the server hangs up, because the server would not deliver again.
//
// Refused deliveries never reach the function: 405 for a method other than POST, 413 for a body that is too large, 401 for
// an unverified one, 403 for another account's, 400 for one that cannot be read. Invalid options panic here, when the
// program starts.
func Handler(o Options, function func(ctx context.Context, e Event) error) http.Handler {
	o.mustWork(function)
	if o.Tolerance == 0 {
		o.Tolerance = Tolerance
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.OnError == nil {
		o.OnError = logged
	}
	return &handler{o, function}
}

// mustWork panics if the options are invalid.
func (o Options) mustWork(function func(context.Context, Event) error) {
	const longest = 4500 * time.Millisecond
	switch {
	case o.Secret.IsZero():
		panic("webhook: Options.Secret is empty; set the hook's secret, or webhook.Unsigned if the server does not sign")
	case o.Tolerance < 0 || o.MaxBody < 0 || o.AccountID < 0 || o.Timeout < 0:
		panic("webhook: Options.Tolerance, MaxBody, AccountID and Timeout must not be negative")
	case o.Timeout > longest:
		panic(fmt.Sprintf("webhook: Options.Timeout is %v; the server waits 5 s, so the maximum is %v", o.Timeout, longest))
	case isUnsigned(o.Previous):
		panic("webhook: Options.Previous is Unsigned, which verifies nothing; leave it out")
	case function == nil:
		panic("webhook: Handler needs a function")
	}
}

func logged(ctx context.Context, e Event, err error) {
	slog.ErrorContext(ctx, "webhook", "event", e.Name, "delivery", e.DeliveryID, "error", err)
}

type handler struct {
	Options

	function func(context.Context, Event) error
}

// ServeHTTP handles one delivery.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	deadline := time.Now().Add(h.Timeout)
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed)
		return
	}
	ctx := context.WithoutCancel(r.Context())
	e, status, err := h.receive(w, r, deadline)
	if err == nil {
		if err = h.call(ctx, deadline, e); err != nil && h.BotRetry {
			status = http.StatusInternalServerError
		}
	}
	answer(w, status)
	if err != nil {
		h.failed(ctx, e, err)
	}
}

// answer answers at once, whatever the handler does afterwards.
func answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
	_ = http.NewResponseController(w).Flush() // a writer that cannot flush answers when the handler returns
}

// receive reads a delivery and returns its event, or the status to refuse it with.
func (h *handler) receive(w http.ResponseWriter, r *http.Request, deadline time.Time) (Event, int, error) {
	body, err := h.read(w, r, deadline)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return Event{}, http.StatusRequestEntityTooLarge, fmt.Errorf("webhook: the body has more than %d bytes", h.MaxBody)
	}
	if err != nil {
		return Event{}, http.StatusBadRequest, fmt.Errorf("webhook: the body did not arrive: %w", err)
	}
	if err := h.verify(r.Header, body); err != nil {
		return Event{}, http.StatusUnauthorized, err
	}
	e, err := Parse(body)
	if err != nil {
		return Event{}, http.StatusBadRequest, err
	}
	e.DeliveryID = r.Header.Get(DeliveryHeader)
	e.SentAt, _ = timeOf(r.Header.Get(TimestampHeader)) // absent if the server does not sign
	if id := e.AccountID(); h.Options.AccountID != 0 && id != 0 && id != h.Options.AccountID {
		return e, http.StatusForbidden, fmt.Errorf("%w: %d", ErrAccount, id)
	}
	return e, http.StatusOK, nil
}

// read reads the body within the limits of time and size. If the body does not arrive, the connection is useless: the
// deadline stays set, so that net/http does not wait for the rest.
func (h *handler) read(w http.ResponseWriter, r *http.Request, deadline time.Time) ([]byte, error) {
	control := http.NewResponseController(w)
	bounded := control.SetReadDeadline(deadline) == nil // a test's recorder has no deadline
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBody))
	switch {
	case err != nil:
		w.Header().Set("Connection", "close")
	case bounded:
		_ = control.SetReadDeadline(time.Time{})
	}
	return body, err
}

// verify accepts the secret or the previous one. Its error is that of the current secret.
func (h *handler) verify(header http.Header, body []byte) error {
	now := time.Now()
	err := VerifyWithin(h.Tolerance, h.Secret, header, body, now)
	if err == nil || h.Previous.IsZero() || VerifyWithin(h.Tolerance, h.Previous, header, body, now) != nil {
		return err
	}
	return nil
}

// call runs the function and returns its error, or ErrTimeout. A later error of the function goes to OnError.
func (h *handler) call(ctx context.Context, deadline time.Time, e Event) error {
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, ErrTimeout)
	result, answered := make(chan error), make(chan struct{})
	go func() {
		err := errors.New("webhook: the function ended its goroutine")
		defer cancel()
		defer func() {
			if panicked := recover(); panicked != nil {
				err = fmt.Errorf("webhook: the function panicked: %v\n%s", panicked, debug.Stack())
			}
			select {
			case result <- err:
			case <-answered:
				if err != nil {
					h.failed(ctx, e, err)
				}
			}
		}()
		err = h.function(ctx, e)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		close(answered)
		return ErrTimeout
	}
}

// failed passes an error to OnError. It recovers from a panic of OnError, which would end the program.
func (h *handler) failed(ctx context.Context, e Event, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			logged(ctx, e, fmt.Errorf("webhook: OnError panicked: %v; its error was: %w", panicked, err))
		}
	}()
	h.OnError(ctx, e, err)
}
