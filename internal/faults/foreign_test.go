package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// foreign is code of the caller's that misbehaves: it calls trouble instead of doing its task.
type foreign struct {
	trouble func()
}

func (f foreign) RoundTrip(*http.Request) (*http.Response, error) {
	f.trouble()
	return nil, errors.New("the trouble is over")
}

func (f foreign) Read([]byte) (int, error) { f.trouble(); return 0, io.ErrUnexpectedEOF }
func (f foreign) Close() error             { f.trouble(); return nil }

func (f foreign) Wait(context.Context) error { f.trouble(); return nil }
func (f foreign) Observe(*http.Response)     { f.trouble() }

func (f foreign) Enabled(context.Context, slog.Level) bool          { return true }
func (f foreign) Handle(context.Context, slog.Record) error         { f.trouble(); return nil }
func (f foreign) WithAttrs([]slog.Attr) slog.Handler                { return f }
func (f foreign) WithGroup(string) slog.Handler                     { return f }
func (f foreign) Cookies(*url.URL) []*http.Cookie                   { f.trouble(); return nil }
func (f foreign) SetCookies(*url.URL, []*http.Cookie)               { f.trouble() }
func (f foreign) edit(context.Context, *http.Request) error         { f.trouble(); return nil }
func (f foreign) editBody(_ context.Context, r *http.Request) error { r.Body = f; return nil }

// observing is a limiter that misbehaves only when it observes an answer.
type observing struct{ foreign }

func (observing) Wait(context.Context) error { return nil }

// cookies is a jar that misbehaves only when cookies are set.
type cookies struct{ foreign }

func (cookies) Cookies(*url.URL) []*http.Cookie { return nil }

// unclosing is a body that reads well but misbehaves when it is closed.
type unclosing struct {
	io.Reader
	foreign
}

func (u unclosing) Read(p []byte) (int, error) { return u.Reader.Read(p) }

func (u unclosing) Close() error { return u.foreign.Close() }

// foreignCode lists the places where the caller's code is called, and the result of a call if it misbehaves there.
var foreignCode = []struct {
	name   string
	use    func(*cfchat.Config, foreign)
	editor func(foreign) cfchat.RequestEditorFn
	fails  bool
	mends  bool // a panic does not matter
	sent   bool // the request may have been sent
}{
	{name: "transport", fails: true, sent: true, use: func(c *cfchat.Config, f foreign) { c.HTTPClient.Transport = f }},
	{name: "body", fails: true, sent: true, use: func(c *cfchat.Config, f foreign) {
		c.HTTPClient.Transport = trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			r := trial.Reply(200, "application/json", "")
			r.Body = f
			return r, nil
		})
	}},
	{name: "body's Close", fails: true, mends: true, sent: true, use: func(c *cfchat.Config, f foreign) {
		c.HTTPClient.Transport = trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			r := trial.Reply(200, "application/json", "")
			r.Body = unclosing{strings.NewReader(trial.GoodConversation), f}
			return r, nil
		})
	}},
	{name: "limiter", fails: true, use: func(c *cfchat.Config, f foreign) { c.Limiter = f }},
	{name: "observing limiter", use: func(c *cfchat.Config, f foreign) { c.Limiter = observing{f} }},
	{name: "logger", use: func(c *cfchat.Config, f foreign) { c.Logger = slog.New(f) }},
	{name: "editor", fails: true, editor: func(f foreign) cfchat.RequestEditorFn { return f.edit }},
	{name: "editor in Config", fails: true, use: func(c *cfchat.Config, f foreign) { c.RequestEditors = []cfchat.RequestEditorFn{f.edit} }},
	{name: "editor's body", fails: true, editor: func(f foreign) cfchat.RequestEditorFn { return f.editBody }},
	{name: "jar", fails: true, sent: true, use: func(c *cfchat.Config, f foreign) { c.HTTPClient.Jar = f }},
	{name: "jar that is given cookies", use: func(c *cfchat.Config, f foreign) { c.HTTPClient.Jar = cookies{f} }},
}

// TestForeignCode checks that no misbehaving code of the caller's makes a call panic, or hang for longer than its context
// and Config.Timeout allow, and that the error states correctly whether anything was sent.
func TestForeignCode(t *testing.T) {
	for _, c := range foreignCode {
		for _, op := range []trial.Call{trial.Get, trial.Create} {
			inBubble(t, c.name+" panics, "+op.ID, func(t *testing.T) {
				value, err := callWithForeign(t.Context(), t, op, c.use, c.editor, foreign{trouble: func() { panic("boom") }})
				checkForeign(t, value, err, c.fails && !c.mends, c.sent && op.Write, !c.sent)
				if err != nil && (!strings.Contains(err.Error(), "panicked: boom") || !strings.Contains(err.Error(), "foreign_test.go:")) {
					t.Errorf("%v does not state what panicked and where", err)
				}
			})
			inBubble(t, c.name+" hangs, "+op.ID, func(t *testing.T) {
				over := make(chan struct{})
				defer synctest.Wait()
				defer close(over)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				start := time.Now()
				value, err := callWithForeign(ctx, t, op, c.use, c.editor, foreign{trouble: func() { <-over }})
				if took := time.Since(start); took > 6*time.Second {
					t.Errorf("took %s", took)
				}
				checkForeign(t, value, err, c.fails, c.sent && op.Write, !c.sent)
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v is not DeadlineExceeded", err)
				}
			})
		}
	}
}

func callWithForeign(ctx context.Context, t *testing.T, op trial.Call, use func(*cfchat.Config, foreign),
	editor func(foreign) cfchat.RequestEditorFn, f foreign,
) (any, error) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		r := trial.Reply(200, "application/json", op.Good)
		r.Header.Set("Set-Cookie", "a=b")
		return r, nil
	}), func(c *cfchat.Config) {
		if use != nil {
			use(c, f)
		}
	})
	if editor != nil {
		return op.Do(ctx, chat, editor(f))
	}
	return op.Do(ctx, chat)
}

func checkForeign(t *testing.T, value any, err error, fails, unknown, notSent bool) {
	t.Helper()
	if !fails {
		if err != nil {
			t.Errorf("got %v, want success", err)
		}
		return
	}
	if _, ok := err.(*cfchat.Error); !ok || value != nil {
		t.Fatalf("got %v, %T %v, want an *Error alone", value, err, err)
	}
	if errors.Is(err, cfchat.ErrUnknownOutcome) != unknown || errors.Is(err, cfchat.ErrNotSent) != notSent {
		t.Errorf("%v: unknown outcome %v, not sent %v", err, !unknown, !notSent)
	}
	checkSecrets(t, err)
}

// TestPanicsShowNoKey checks that the panic of a transport, which has seen the key, does not show it.
func TestPanicsShowNoKey(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		panic(fmt.Sprintf("what is this? %v %v", req.Header, req.URL))
	}), func(c *cfchat.Config) { c.Keys.User = auth.NewKey(userKey) })
	_, err := chat.Account(accountID).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: searched})
	if err == nil || !strings.Contains(err.Error(), "what is this?") {
		t.Errorf("got %v", err)
	}
	checkSecrets(t, err)
}

// TestFailedTestInForeignCode checks that a test failure inside the caller's code ends the test's goroutine, as it would
// without the client in between.
func TestFailedTestInForeignCode(t *testing.T) {
	ended := make(chan bool)
	go func() {
		returned := false
		defer func() { ended <- !returned }()
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }))
		_, _ = trial.Get.Do(t.Context(), chat)
		returned = true
	}()
	if !<-ended {
		t.Error("the call returned")
	}
}

// TestUploadsThatPanic checks that a panic in an upload makes the call fail, and does not crash the program.
func TestUploadsThatPanic(t *testing.T) {
	chat := trial.Chat(t, http.DefaultTransport, func(c *cfchat.Config) { c.Server = serverThatReads(t) })
	err := chat.Account(accountID).Do(t.Context(), http.MethodPost, "upload", io.Reader(foreign{trouble: func() { panic("boom") }}), nil)
	if err == nil || !strings.Contains(err.Error(), "boom") || !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
}

// serverThatReads returns the address of a server that reads every body and answers {}.
func serverThatReads(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// closing is a body that can be closed only once, like one that closes a channel.
type closing struct {
	io.Reader
	done chan struct{}
}

func (c closing) Close() error { close(c.done); return nil }

// readerFunc is a function that is an io.Reader.
type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(p []byte) (int, error) { return r(p) }

// TestBodiesAreClosedOnce checks that a body is closed exactly once, even if the timeout expires while it is being read, and
// whoever closes it first.
func TestBodiesAreClosedOnce(t *testing.T) {
	inBubble(t, "an answer's body", func(t *testing.T) {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			r := trial.Reply(200, "application/json", "")
			r.Body = closing{readerFunc(func([]byte) (int, error) { <-req.Context().Done(); return 0, req.Context().Err() }), make(chan struct{})}
			return r, nil
		}))
		if _, err := trial.Get.Do(t.Context(), chat); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Second)
	})
	inBubble(t, "an upload", func(t *testing.T) {
		chat := trial.Chat(t, roundTripperThatKeeps(func(req *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, req.Body)
			_ = req.Body.Close() // as a transport must once it has sent the body
			<-req.Context().Done()
			return nil, req.Context().Err()
		}))
		err := chat.Account(accountID).Do(t.Context(), http.MethodPost, "upload", io.MultiReader(strings.NewReader("x")), nil,
			cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error {
				req.Body = closing{req.Body, make(chan struct{})}
				return nil
			}))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	inBubble(t, "an answer returned with an error", func(t *testing.T) {
		body := closing{strings.NewReader("{}"), make(chan struct{})}
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			r := trial.Reply(200, "application/json", "")
			r.Body = body
			return r, io.EOF
		}))
		if _, err := trial.Get.Do(t.Context(), chat); !errors.Is(err, io.EOF) {
			t.Errorf("got %v", err)
		}
		<-body.done
	})
}

// roundTripperThatKeeps does not close the body of the request.
type roundTripperThatKeeps func(*http.Request) (*http.Response, error)

func (f roundTripperThatKeeps) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestNobodyReadsOn checks that nothing keeps reading an endless body after the call has returned.
func TestNobodyReadsOn(t *testing.T) {
	for _, name := range []string{"an answer's", "an editor's"} {
		inBubble(t, name, func(t *testing.T) {
			var reads atomic.Int64
			endless := io.NopCloser(readerFunc(func(p []byte) (int, error) {
				reads.Add(1)
				time.Sleep(time.Second)
				return copy(p, " "), nil
			}))
			chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				r := trial.Reply(200, "application/json", "")
				r.Body = endless
				return r, nil
			}))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := trial.Create.Do(ctx, chat, func(_ context.Context, req *http.Request) error {
				if name == "an editor's" {
					req.Body = endless
				}
				return nil
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Minute)
			if n := reads.Load(); n > 11 {
				t.Errorf("got %d reads in 10 s after the call", n)
			}
		})
	}
}

// TestAbandonedTries checks that an abandoned try counts as one that may still be sent, whatever the later tries return.
func TestAbandonedTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over, waits := make(chan struct{}), 0
		defer synctest.Wait()
		defer close(over)
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { <-over; return nil, io.EOF }), func(c *cfchat.Config) {
			c.Retry = cfchat.Retry{}
			c.Limiter = waiter(func(context.Context) error {
				if waits++; waits == 2 {
					return errors.New("busy")
				}
				return nil
			})
		})
		if _, err := trial.Get.Do(t.Context(), chat); err == nil || errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("got %v", err)
		}
	})
}

// TestAbandonedEditor checks, with -race, that an abandoned editor keeps a request that nothing else accesses.
func TestAbandonedEditor(t *testing.T) {
	var over atomic.Bool
	done := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := trial.Get.Do(ctx, trial.Chat(t, trial.Broken{}), func(_ context.Context, req *http.Request) error {
		defer close(done)
		for !over.Load() {
			req.Header.Set("X-A", "b")
			req.Header.Del("X-A")
		}
		return nil
	})
	over.Store(true)
	<-done
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, cfchat.ErrNotSent) {
		t.Errorf("got %v", err)
	}
}

// TestHooksThatHang checks hooks of net/http's own Transport, and of the request, that hang.
func TestHooksThatHang(t *testing.T) {
	inBubble(t, "Proxy", func(t *testing.T) {
		over := make(chan struct{})
		defer synctest.Wait()
		defer close(over)
		chat := trial.Chat(t, &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { <-over; return nil, io.EOF }})
		start := time.Now()
		if _, err := trial.Get.Do(t.Context(), chat); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 31*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
	inBubble(t, "GetBody", func(t *testing.T) {
		over := make(chan struct{})
		defer synctest.Wait()
		defer close(over)
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(429, "text/plain", ""), nil }), func(c *cfchat.Config) {
			c.Retry = cfchat.Retry{}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		_, err := trial.Create.Do(ctx, chat, func(_ context.Context, req *http.Request) error {
			req.GetBody = func() (io.ReadCloser, error) { <-over; return nil, io.EOF }
			return nil
		})
		if !errors.Is(err, cfchat.ErrRateLimited) || time.Since(start) > 91*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

// manyError is an error that wraps itself, among others.
type manyError struct{}

func (manyError) Error() string     { return "many" }
func (m manyError) Unwrap() []error { return []error{m, m} }

// unwrappableError is an error that panics when it is unwrapped.
type unwrappableError struct{}

func (unwrappableError) Error() string   { return "none" }
func (unwrappableError) Unwrap() []error { panic("boom") }

// TestErrorsOfManyErrors checks that a call ends even if a limiter returns errors that wrap themselves or panic.
func TestErrorsOfManyErrors(t *testing.T) {
	for _, bad := range []error{manyError{}, unwrappableError{}} {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Limiter = waiter(func(context.Context) error { return bad }) })
		if _, err := trial.Get.Do(t.Context(), chat); err == nil || !strings.HasSuffix(err.Error(), "limiter: "+bad.Error()) {
			t.Errorf("got %v", err)
		}
	}
}

// noCookies is a jar that returns a nil cookie.
type noCookies struct{}

func (noCookies) Cookies(*url.URL) []*http.Cookie {
	return []*http.Cookie{nil, {Name: "a", Value: "b"}}
}
func (noCookies) SetCookies(*url.URL, []*http.Cookie) {}

// TestNilCookie checks that a nil cookie is ignored.
func TestNilCookie(t *testing.T) {
	var got string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		got = req.Header.Get("Cookie")
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}), func(c *cfchat.Config) { c.HTTPClient.Jar = noCookies{} })
	if _, err := trial.Get.Do(t.Context(), chat); err != nil || got != "a=b" {
		t.Errorf("%v, %q", err, got)
	}
}

// TestFailedTestInAScan checks that a test failure during a scan ends the loop's goroutine, although it occurs in another.
func TestFailedTestInAScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				runtime.Goexit()
			}
			return trial.Reply(200, "application/json", `{"data":`+trial.GoodPage+`}`), nil
		}))
		ended := make(chan bool, 1)
		go func() {
			returned := false
			defer func() { ended <- !returned }()
			_ = firstError(chat.Account(accountID).Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}))
			returned = true
		}()
		if !<-ended {
			t.Error("the scan returned")
		}
	})
}
