package cfchat_test

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
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// foreign is code of the caller's that misbehaves: in place of what it should do, it does trouble.
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

// observing is a limiter that only makes trouble when it observes.
type observing struct{ foreign }

func (observing) Wait(context.Context) error { return nil }

// cookies is a jar that only makes trouble when it is given some.
type cookies struct{ foreign }

func (cookies) Cookies(*url.URL) []*http.Cookie { return nil }

// unclosing reads well and makes trouble when it is closed.
type unclosing struct {
	io.Reader
	foreign
}

func (u unclosing) Read(p []byte) (int, error) { return u.Reader.Read(p) }

func (u unclosing) Close() error { return u.foreign.Close() }

// foreignCode is where the caller's code is called, and what a call comes to when it misbehaves there.
var foreignCode = []struct {
	name   string
	use    func(*cfchat.Config, foreign)
	editor func(foreign) cfchat.RequestEditorFn
	fails  bool
	sent   bool // whether the call may have been made
}{
	{name: "transport", fails: true, sent: true, use: func(c *cfchat.Config, f foreign) { c.HTTPClient.Transport = f }},
	{name: "body", fails: true, sent: true, use: func(c *cfchat.Config, f foreign) {
		c.HTTPClient.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			r := reply(200, "application/json", "")
			r.Body = f
			return r, nil
		})
	}},
	{name: "body's Close", fails: true, sent: true, use: func(c *cfchat.Config, f foreign) {
		c.HTTPClient.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			r := reply(200, "application/json", "")
			r.Body = unclosing{strings.NewReader(goodConversation), f}
			return r, nil
		})
	}},
	{name: "limiter", fails: true, use: func(c *cfchat.Config, f foreign) { c.Limiter = f }},
	{name: "observing limiter", use: func(c *cfchat.Config, f foreign) { c.Limiter = observing{f} }},
	{name: "logger", use: func(c *cfchat.Config, f foreign) { c.Logger = slog.New(f) }},
	{name: "editor", fails: true, editor: func(f foreign) cfchat.RequestEditorFn { return f.edit }},
	{name: "editor of all", fails: true, use: func(c *cfchat.Config, f foreign) { c.RequestEditors = []cfchat.RequestEditorFn{f.edit} }},
	{name: "editor's body", fails: true, editor: func(f foreign) cfchat.RequestEditorFn { return f.editBody }},
	{name: "jar that keeps", use: func(c *cfchat.Config, f foreign) { c.HTTPClient.Jar = cookies{f} }},
}

// TestForeignCode of the caller's makes no call panic, nor hang for longer than its context and Config.Timeout allow, and
// whether anything was sent is told truly.
func TestForeignCode(t *testing.T) {
	for _, c := range foreignCode {
		for _, op := range []call{getCall, createCall} {
			inBubble(t, c.name+" panics, "+op.ID, func(t *testing.T) {
				value, err := callWithForeign(t.Context(), t, op, c.use, c.editor, foreign{trouble: func() { panic("boom") }})
				checkForeign(t, value, err, c.fails, c.sent && op.Write, !c.sent)
				if err != nil && (!strings.Contains(err.Error(), "panicked: boom") || !strings.Contains(err.Error(), "fault_foreign_test.go:")) {
					t.Errorf("%v does not say what panicked, and where", err)
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

func callWithForeign(ctx context.Context, t *testing.T, op call, use func(*cfchat.Config, foreign),
	editor func(foreign) cfchat.RequestEditorFn, f foreign,
) (any, error) {
	chat := newChat(t, roundTripper(func(*http.Request) (*http.Response, error) {
		r := reply(200, "application/json", op.good)
		r.Header.Set("Set-Cookie", "a=b")
		return r, nil
	}), func(c *cfchat.Config) {
		if use != nil {
			use(c, f)
		}
	})
	if editor != nil {
		return op.do(ctx, chat.Account(accountID), editor(f))
	}
	return op.do(ctx, chat.Account(accountID))
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

// TestPanicsShowNoKey of a transport, which has seen it.
func TestPanicsShowNoKey(t *testing.T) {
	chat := newChat(t, roundTripper(func(req *http.Request) (*http.Response, error) {
		panic(fmt.Sprintf("what is this? %v %v", req.Header, req.URL))
	}), func(c *cfchat.Config) { c.Keys.User = auth.NewKey(userKey) })
	_, err := chat.Account(accountID).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: searched})
	if err == nil || !strings.Contains(err.Error(), "what is this?") {
		t.Errorf("got %v", err)
	}
	checkSecrets(t, err)
}

// TestFailedTestInForeignCode ends the test's goroutine, as it does where nothing stands between.
func TestFailedTestInForeignCode(t *testing.T) {
	ended := make(chan bool)
	go func() {
		returned := false
		defer func() { ended <- !returned }()
		chat := newChat(t, roundTripper(func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }))
		_, _ = getCall.do(t.Context(), chat.Account(accountID))
		returned = true
	}()
	if !<-ended {
		t.Error("the call returned")
	}
}

// TestUploadsThatPanic make the call fail, and not the program.
func TestUploadsThatPanic(t *testing.T) {
	chat := newChat(t, http.DefaultTransport, func(c *cfchat.Config) { c.Server = serverThatReads(t) })
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
