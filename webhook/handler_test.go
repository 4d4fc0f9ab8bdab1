package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

const received = `{"event":"message_created","id":3,"account":{"id":1,"name":"A"}}`

var errOfFunction = errors.New("out of paper")

// receiver is a handler that keeps the events and errors that it has reported.
type receiver struct {
	http.Handler

	events []webhook.Event

	mu   sync.Mutex
	errs []error
}

// newReceiver returns a handler whose secret is "s" by default, and which runs function on each event.
func newReceiver(o webhook.Options, function func(context.Context, webhook.Event) error) *receiver {
	r := &receiver{}
	if o.Secret.IsZero() {
		o.Secret = webhook.NewSecret("s")
	}
	o.OnError = func(_ context.Context, _ webhook.Event, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, err)
	}
	r.Handler = webhook.Handler(o, func(ctx context.Context, e webhook.Event) error {
		r.events = append(r.events, e)
		return function(ctx, e)
	})
	return r
}

// said returns the errors that OnError has received.
func (r *receiver) said() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.errs)
}

// deliver sends a signed delivery and returns the answer.
func (r *receiver) deliver(body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	webhook.Sign(webhook.NewSecret("s"), req.Header, []byte(body), time.Now())
	req.Header.Set(webhook.DeliveryHeader, "id-1")
	for _, each := range change {
		each(req)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w
}

func well(context.Context, webhook.Event) error { return nil }

func fails(context.Context, webhook.Event) error { return errOfFunction }

func TestHandler(t *testing.T) {
	r := newReceiver(webhook.Options{}, well)
	w := r.deliver(received)
	if w.Code != http.StatusOK || w.Body.Len() > 0 || len(r.said()) > 0 || len(r.events) != 1 {
		t.Fatalf("status %d, %v, %d events", w.Code, r.said(), len(r.events))
	}
	e := r.events[0]
	if e.Name != webhook.MessageCreated || e.Message.ID != 3 || e.DeliveryID != "id-1" || time.Since(e.SentAt).Abs() > time.Minute {
		t.Errorf("%+v", e)
	}
}

// TestHandlerRecorded checks that a handler accepts the deliveries of 2.16.0, which are not signed.
func TestHandlerRecorded(t *testing.T) {
	r := newReceiver(webhook.Options{Secret: webhook.Unsigned, AccountID: 1}, well)
	all := recorded(t, "2.16.0").Deliveries
	for _, d := range all {
		req := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(d.Body))
		req.Header = d.header()
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, req); w.Code != http.StatusOK {
			t.Errorf("%s: %d", d.Name, w.Code)
		}
	}
	if len(r.events) != len(all) || len(r.said()) > 0 || !r.events[0].SentAt.IsZero() || r.events[0].DeliveryID != "" {
		t.Errorf("got %d of %d events, %v", len(r.events), len(all), r.said())
	}
}

func TestHandlerRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		options webhook.Options
		body    string
		change  func(*http.Request)
		status  int
		is      error // nil for any
		says    string
	}{
		"GET":      {change: func(r *http.Request) { r.Method = http.MethodGet }, body: received, status: 405},
		"unsigned": {change: func(r *http.Request) { r.Header.Del(webhook.SignatureHeader) }, body: received, status: 401, is: webhook.ErrUnverified, says: "no X-Chatwoot-Signature"},
		"changed":  {change: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("{}")) }, body: received, status: 401, is: webhook.ErrUnverified, says: "does not match this body"},
		"old": {options: webhook.Options{Tolerance: time.Second}, change: func(r *http.Request) {
			webhook.Sign(webhook.NewSecret("s"), r.Header, []byte(received), time.Now().Add(-time.Minute))
		}, body: received, status: 401, is: webhook.ErrUnverified, says: "within 1s"},
		"too large": {options: webhook.Options{MaxBody: int64(len(received)) - 1}, body: received, status: 413, says: "more than 63 bytes"},
		"no event":  {body: `{}`, status: 400, says: "name of an event"},
		"account":   {options: webhook.Options{AccountID: 2}, body: received, status: 403, is: webhook.ErrAccount, says: "for another account: 1"},
		"cut":       {change: func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{})) }, body: received, status: 400, is: io.ErrUnexpectedEOF, says: "did not arrive"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(c.options, well)
			change := c.change
			if change == nil {
				change = func(*http.Request) {}
			}
			w := r.deliver(c.body, change)
			if w.Code != c.status || len(r.events) > 0 || w.Body.Len() > 0 {
				t.Errorf("status %d, %d events", w.Code, len(r.events))
			}
			if name == "GET" {
				if w.Header().Get("Allow") != http.MethodPost || len(r.said()) > 0 {
					t.Errorf("%v, %v", w.Header(), r.said())
				}
				return
			}
			if len(r.said()) != 1 || !strings.Contains(r.said()[0].Error(), c.says) || c.is != nil && !errors.Is(r.said()[0], c.is) {
				t.Errorf("%v", r.said())
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestHandlerAccepts checks that a handler accepts deliveries that its options allow: the largest body, its own account, an
// event that names no account, and the previous secret.
func TestHandlerAccepts(t *testing.T) {
	unnamed := `{"event":"conversation_updated","id":5,"messages":[]}`
	for name, c := range map[string]struct {
		options webhook.Options
		body    string
	}{
		"largest":  {webhook.Options{MaxBody: int64(len(received))}, received},
		"account":  {webhook.Options{AccountID: 1}, received},
		"unnamed":  {webhook.Options{AccountID: 2}, unnamed},
		"previous": {webhook.Options{Secret: webhook.NewSecret("new"), Previous: webhook.NewSecret("s")}, received},
		"newer":    {webhook.Options{Secret: webhook.NewSecret("s"), Previous: webhook.NewSecret("old")}, received},
	} {
		r := newReceiver(c.options, well)
		if w := r.deliver(c.body); w.Code != http.StatusOK || len(r.events) != 1 || len(r.said()) > 0 {
			t.Errorf("%s: status %d, %d events, %v", name, w.Code, len(r.events), r.said())
		}
	}
}

// TestHandlerFailure checks the answer after each way in which the function can fail.
func TestHandlerFailure(t *testing.T) {
	for name, function := range map[string]func(context.Context, webhook.Event) error{
		"out of paper":         fails,
		"panicked: 5\n":        func(context.Context, webhook.Event) error { panic(5) },
		"ended its goroutine":  func(context.Context, webhook.Event) error { runtime.Goexit(); return nil },
		"took too long":        func(context.Context, webhook.Event) error { time.Sleep(time.Minute); return nil },
		"invalid memory addre": func(context.Context, webhook.Event) error { var e *webhook.Event; _ = e.Name; return nil },
	} {
		for _, retry := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				r := newReceiver(webhook.Options{BotRetry: retry}, function)
				want := map[bool]int{false: 200, true: 500}[retry]
				if w := r.deliver(received); w.Code != want || len(r.said()) != 1 || !strings.Contains(r.said()[0].Error(), name) {
					t.Errorf("%s, retry %v: status %d, %v", name, retry, w.Code, r.said())
				}
				time.Sleep(time.Hour)
			})
		}
	}
}

// TestHandlerTimeout checks that the handler ends the function's context at the timeout, answers then, and reports a later
// error.
func TestHandlerTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			begun, cause := time.Now(), error(nil)
			r := newReceiver(webhook.Options{Timeout: timeout}, func(ctx context.Context, _ webhook.Event) error {
				<-ctx.Done()
				cause = context.Cause(ctx)
				time.Sleep(time.Second)
				return errOfFunction
			})
			w := r.deliver(received)
			if want := map[time.Duration]time.Duration{0: 4 * time.Second, time.Second: time.Second}[timeout]; time.Since(begun) != want || w.Code != 200 {
				t.Errorf("answered %d after %v, want %v", w.Code, time.Since(begun), want)
			}
			synctest.Wait()
			if len(r.said()) != 1 || !errors.Is(r.said()[0], webhook.ErrTimeout) || !errors.Is(cause, webhook.ErrTimeout) {
				t.Errorf("%v, cause %v", r.said(), cause)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if len(r.said()) != 2 || !errors.Is(r.said()[1], errOfFunction) {
				t.Errorf("reported later: %v", r.said())
			}
		})
	}
}

type keyOfTest struct{}

// TestHandlerOutlivesTheServer checks that the function can finish after the server has hung up.
func TestHandlerOutlivesTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), keyOfTest{}, "kept"))
		r := newReceiver(webhook.Options{}, func(ctx context.Context, _ webhook.Event) error {
			cancel()
			time.Sleep(time.Second)
			if ctx.Value(keyOfTest{}) != "kept" {
				t.Error("the context has lost its values")
			}
			return ctx.Err()
		})
		if r.deliver(received, func(req *http.Request) { *req = *req.WithContext(ctx) }); len(r.said()) > 0 {
			t.Error(r.said())
		}
	})
}

// TestHandlerBoundsReading checks that the handler sets a read deadline for the body, and removes it for the later use of
// the connection.
func TestHandlerBoundsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		req := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(received))
		newReceiver(webhook.Options{Secret: webhook.Unsigned, Timeout: time.Second}, well).ServeHTTP(w, req)
		if len(w.set) != 2 || !w.set[0].Equal(time.Now().Add(time.Second)) || !w.set[1].IsZero() {
			t.Errorf("got deadlines %v", w.set)
		}
	})
}

type deadlines struct {
	http.ResponseWriter

	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// TestHandlerOptions checks that bad options panic when the program starts, with a text that states the remedy.
func TestHandlerOptions(t *testing.T) {
	secret := webhook.NewSecret("s")
	for says, o := range map[string]webhook.Options{
		"Options.Secret is empty": {}, "negative": {Secret: secret, Timeout: -1}, "must not be": {Secret: secret, MaxBody: -1},
		"not be negative": {Secret: secret, Tolerance: -1}, "AccountID and": {Secret: secret, AccountID: -1}, "waits 5 s": {Secret: secret, Timeout: 4501 * time.Millisecond},
	} {
		panics(t, says, func() { webhook.Handler(o, well) })
	}
	panics(t, "Options.Previous is Unsigned", func() { webhook.Handler(webhook.Options{Secret: secret, Previous: webhook.Unsigned}, well) })
	panics(t, "needs a function", func() { webhook.Handler(webhook.Options{Secret: secret}, nil) })
	webhook.Handler(webhook.Options{Secret: secret, Timeout: 4500 * time.Millisecond}, well)
}

func panics(t *testing.T, says string, f func()) {
	t.Helper()
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, says) {
			t.Errorf("got %q, want %q", text, says)
		}
	}()
	f()
}
