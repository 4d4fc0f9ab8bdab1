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

// What the zero value of an option stands for.
const (
	DefaultTimeout = 4 * time.Second // the server waits for 5
	DefaultMaxBody = 4 << 20         // bytes
)

// ErrAccount is the error of a delivery that is of another account.
var ErrAccount = errors.New("webhook: of another account")

// ErrTimeout is the error of a function that had not returned when the server had to be answered.
var ErrTimeout = errors.New("webhook: the function takes too long")

// Options says how a [Handler] receives. Every field but Secret has a useful zero value.
type Options struct {
	// Secret is the hook's, or [Unsigned].
	Secret Secret

	// Previous is accepted as well: what was queued before a secret was renewed is still signed with the one before.
	Previous Secret

	// Tolerance is how far the time of a delivery may be from now; 0 is [Tolerance].
	Tolerance time.Duration

	// AccountID refuses what is of another account; 0 refuses nothing. Before 4.14.2 some events do not say, and pass.
	AccountID int64

	// MaxBody is the largest body in bytes; 0 is [DefaultMaxBody]. Reading a body that somebody has made for the purpose takes a
	// hundred times its size of memory, which is one more reason not to be Unsigned.
	MaxBody int64

	// Timeout is for reading the body and for the function together; 0 is [DefaultTimeout]. The server waits for 5 seconds, so
	// that more than 4.5 is refused. Behind a ResponseWriter that http.ResponseController cannot give a deadline, as some
	// middleware has one, reading takes as long as the http.Server lets it.
	Timeout time.Duration

	// OnError gets what went wrong: ErrUnverified, ErrAccount, ErrTimeout, a body that cannot be read, the function's error or
	// panic. The Event is the zero value where there is none yet. It is called after the answer, and on several goroutines at once;
	// its own panic is logged. After ErrTimeout it is called once more if the function then fails. nil logs to slog.Default, without
	// the body.
	OnError func(ctx context.Context, e Event, err error)

	// BotRetry answers 500 where the function fails, so that the server tries again: of agent bots from 4.12.0 on, twice, 3 s
	// apart. For an account's webhook that loses the event all the same, and for an API inbox it marks the agent's message as
	// failed.
	BotRetry bool
}

// Handler returns a handler that verifies a delivery, reads it, calls a function, and answers. It is safe for concurrent use.
//
// It answers 200 whether the function fails or not, unless Options.BotRetry is set: an error and a panic go to OnError, and an
// API inbox would mark the agent's message as failed for any other answer. The function has Options.Timeout; when that is
// over its context ends and the server is answered, while it may still run: one that ignores its context for good is never
// ended. Its context outlives a server that hangs up, because nothing is delivered again then.
//
// What is no POST is answered 405, what is too large 413, what is not verified 401, what is of another account 403, what
// cannot be read 400; of those the function hears nothing. Options that cannot work panic here, when the program starts.
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

// mustWork panics where the options cannot work.
func (o Options) mustWork(function func(context.Context, Event) error) {
	const longest = 4500 * time.Millisecond
	switch {
	case o.Secret.IsZero():
		panic("webhook: Options.Secret is empty; give the hook's secret, or webhook.Unsigned where the server does not sign")
	case o.Tolerance < 0 || o.MaxBody < 0 || o.AccountID < 0 || o.Timeout < 0:
		panic("webhook: Options.Tolerance, MaxBody, AccountID and Timeout must not be negative")
	case o.Timeout > longest:
		panic(fmt.Sprintf("webhook: Options.Timeout is %v; the server waits for 5 s, so that %v is the most", o.Timeout, longest))
	case isUnsigned(o.Previous):
		panic("webhook: Options.Previous is Unsigned, with which nothing is verified; leave it out")
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

// ServeHTTP receives one delivery.
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

// answer answers at once, whatever the handler does then.
func answer(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
	_ = http.NewResponseController(w).Flush() // what cannot flush answers when the handler returns
}

// receive reads a delivery and returns its event, or the status that refuses it.
func (h *handler) receive(w http.ResponseWriter, r *http.Request, deadline time.Time) (Event, int, error) {
	body, err := h.read(w, r, deadline)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return Event{}, http.StatusRequestEntityTooLarge, fmt.Errorf("webhook: the body has more than %d bytes", h.MaxBody)
	}
	if err != nil {
		return Event{}, http.StatusBadRequest, fmt.Errorf("webhook: the body did not come: %w", err)
	}
	if err := h.verify(r.Header, body); err != nil {
		return Event{}, http.StatusUnauthorized, err
	}
	e, err := Parse(body)
	if err != nil {
		return Event{}, http.StatusBadRequest, err
	}
	e.DeliveryID = r.Header.Get(DeliveryHeader)
	e.SentAt, _ = timeOf(r.Header.Get(TimestampHeader)) // not there where the server does not sign
	if id := e.AccountID(); h.Options.AccountID != 0 && id != 0 && id != h.Options.AccountID {
		return e, http.StatusForbidden, fmt.Errorf("%w: %d", ErrAccount, id)
	}
	return e, http.StatusOK, nil
}

// read reads the body within the time and the size that there are. After one that did not come, the connection is of no use: what is
// left of the deadline keeps net/http from waiting for the rest.
func (h *handler) read(w http.ResponseWriter, r *http.Request, deadline time.Time) ([]byte, error) {
	control := http.NewResponseController(w)
	bounded := control.SetReadDeadline(deadline) == nil // what records an answer for a test has none
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBody))
	switch {
	case err != nil:
		w.Header().Set("Connection", "close")
	case bounded:
		_ = control.SetReadDeadline(time.Time{})
	}
	return body, err
}

// verify accepts the secret, and the one before. Its error is of the secret that counts.
func (h *handler) verify(header http.Header, body []byte) error {
	now := time.Now()
	err := VerifyWithin(h.Tolerance, h.Secret, header, body, now)
	if err == nil || h.Previous.IsZero() || VerifyWithin(h.Tolerance, h.Previous, header, body, now) != nil {
		return err
	}
	return nil
}

// call runs the function and returns its error, or that it takes too long. What it says afterwards goes to OnError.
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

// failed tells OnError of an error. A panic of OnError would end the program, late as it may be.
func (h *handler) failed(ctx context.Context, e Event, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			logged(ctx, e, fmt.Errorf("webhook: OnError panicked: %v; it was told: %w", panicked, err))
		}
	}()
	h.OnError(ctx, e, err)
}
