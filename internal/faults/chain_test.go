package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestCauseOfAnotherCall checks calls that are cancelled with the failure of another call, as an errgroup does: the error
// keeps that text, and errors.Is finds that very error, but the sentinels of the other failure do not match.
func TestCauseOfAnotherCall(t *testing.T) {
	refusing := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(404, "application/json", `{"error":"Resource could not be found"}`), nil
	}))
	_, invalid := refusing.Account(0).Conversations.Get(t.Context(), 1)
	_, notFound := refusing.Account(1).Conversations.Get(t.Context(), 1)
	_, noKey := refusing.Account(1).Conversations.Get(auth.WithScheme(t.Context(), "nonesuch"), 1)
	for name, sibling := range map[string]error{
		"invalid input": invalid, "not found": notFound, "no key": noKey, "wrapped": fmt.Errorf("step 3: %w", invalid),
		"joined": errors.Join(errStopped, notFound), "wrapped twice": fmt.Errorf("a: %w", fmt.Errorf("b: %w, %w", errStopped, noKey)),
	} {
		for _, c := range []trial.Call{trial.Get, trial.Create} {
			inBubble(t, name+", "+c.ID, func(t *testing.T) {
				s := &faultServer{steps: []step{mute}}
				chat, _ := s.connect(t)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(sibling) })
				_, err := c.Do(ctx, chat)
				text := strings.ReplaceAll(sibling.Error(), "\n", " ") // one line
				if !errors.Is(err, sibling) || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), text) {
					t.Errorf("got %v", err)
				}
				for _, sentinel := range append(sentinels, auth.ErrNoKey) {
					if want := c.Write && sentinel == cfchat.ErrUnknownOutcome; errors.Is(err, sentinel) != want {
						t.Errorf("errors.Is(%q, %q) is %v", err, sentinel, !want)
					}
				}
				if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Operation != c.ID {
					t.Errorf("errors.As finds %v", e)
				}
				if strings.Contains(name, "joined") && !errors.Is(err, errStopped) {
					t.Errorf("%v is not %v", err, errStopped)
				}
			})
		}
	}
}

// TestTransportsThatRewrite checks calls over transports that change their request, which they must not do but often do.
func TestTransportsThatRewrite(t *testing.T) {
	for name, rewrite := range map[string]func(*http.Request){
		"path":   func(req *http.Request) { req.URL.Path += ".json" },
		"method": func(req *http.Request) { req.Method = http.MethodPut },
		"URL":    func(req *http.Request) { req.URL = &url.URL{Scheme: "http", Host: "gateway"} },
		"no URL": func(req *http.Request) { req.URL = nil },
		"header": func(req *http.Request) { req.Header = nil },
		"all":    func(req *http.Request) { *req = http.Request{} },
	} {
		for _, c := range trial.Calls {
			for status, body := range map[int]string{200: c.Good, 404: `{"error":"Resource could not be found"}`, 0: ""} {
				chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
					rewrite(req)
					if status == 0 {
						return nil, errRefused
					}
					return trial.Reply(status, "application/json", body), nil
				}))
				_, err := c.Do(t.Context(), chat)
				_, rawErr := c.Raw(t.Context(), chat.Raw())
				for _, err := range []error{err, rawErr} {
					e, ok := errors.AsType[*cfchat.Error](err)
					if (err == nil) != (status == 200) || ok && (e.Operation != c.ID || e.StatusCode != status) {
						t.Errorf("%s, %s, %d: %v", name, c, status, err)
					}
				}
			}
		}
	}
}

// endlessError is its own cause.
type endlessError struct{}

func (e *endlessError) Error() string { return "endless" }
func (e *endlessError) Unwrap() error { return e }

// nilError panics in every method if it is a nil pointer.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }
func (e *nilError) Unwrap() error { return errors.New(e.text) }

// uncomparable cannot be compared with ==.
type uncomparable struct{ list []string }

func (u uncomparable) Error() string { return strings.Join(u.list, " ") }

// TestTroublesomeErrors checks that no call panics, hangs or hides the failure, whatever error a transport or editor
// returns.
func TestTroublesomeErrors(t *testing.T) {
	loop := &url.Error{Op: "Get", URL: "https://chat.test/?q=" + searched}
	loop.Err = loop
	for name, bad := range map[string]error{
		"a url.Error without a cause":   &url.Error{Op: "Get", URL: "https://chat.test"},
		"a nil url.Error":               (*url.Error)(nil),
		"a url.Error that wraps itself": loop,
		"its own cause":                 &endlessError{},
		"a nil pointer":                 (*nilError)(nil),
		"wrapped":                       fmt.Errorf("dial: %w", &endlessError{}),
		"not comparable":                uncomparable{[]string{"a", "b"}},
		"many lines":                    errors.New("a\r\nX: y\x1b[31m\nlevel=ERROR"),
		"very long":                     errors.New(strings.Repeat("x", 1<<20)),
	} {
		for _, c := range []trial.Call{trial.List, trial.Create} {
			fromTransport := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, bad }))
			fine := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(200, "application/json", c.Good), nil }))
			edit := cfchat.RequestEditorFn(func(context.Context, *http.Request) error { return bad })
			_, first := c.Do(t.Context(), fromTransport)
			_, second := c.Raw(t.Context(), fromTransport.Raw())
			_, third := c.Do(t.Context(), fine, edit)
			_, fourth := c.Raw(t.Context(), fine.Raw(), edit)
			for i, err := range []error{first, second, third, fourth} {
				e, ok := err.(*cfchat.Error)
				if !ok || e.Operation != c.ID || errors.Is(err, cfchat.ErrNotSent) != (i >= 2) || len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\r\n\x1b") {
					t.Errorf("%s, %s: %.300q", name, c, err)
					continue
				}
				if errors.Is(err, uncomparable{}) || errors.Is(err, cfchat.ErrServer) {
					t.Errorf("%s matches an unrelated error: %.300q", name, err)
				}
				checkSecrets(t, err)
			}
		}
	}
}

// TestSearchForWordsInErrors checks that searching for words that net/http uses in its errors does not change how an error
// is classified.
func TestSearchForWordsInErrors(t *testing.T) {
	reset := &net.OpError{Op: "read", Net: "tcp", Err: fmt.Errorf("connection reset: %w", syscall.ECONNRESET)}
	unknown := &net.DNSError{Err: "no such host", Name: "chat.test", IsNotFound: true}
	broken := fmt.Errorf("circuit open: %w", &url.Error{Op: "Get", URL: "https://chat.test/x?q=" + searched, Err: io.ErrUnexpectedEOF})
	for q, cause := range map[string]error{"connection": reset, "unexpected": io.ErrUnexpectedEOF, "no such host": unknown, searched: broken} {
		sent := 0
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			sent++
			return nil, cause
		}))
		_, err := chat.Account(1).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: q})
		if !errors.Is(err, cause) || strings.Contains(err.Error(), "chat.test/x") {
			t.Errorf("q = %s: %v", q, err)
		}
		if op, ok := errors.AsType[*net.OpError](err); ok != (cause == error(reset)) || ok && op != reset {
			t.Errorf("q = %s: errors.As finds %v", q, op)
		}
		if q == searched && (!errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "circuit open")) {
			t.Errorf("the transport's own words are lost: %v", err)
		}
		checkSecrets(t, err)
	}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(401, "application/json", `{"errors":["You need to sign in or sign up before continuing."]}`), nil
	}))
	_, err := chat.Account(1).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: "continuing"})
	if err == nil || !strings.Contains(err.Error(), "Keys.Header") {
		t.Errorf("the 401 lost its remedy: %v", err)
	}
}

// TestEscapedKeys checks that a key is removed in every notation, even if the rest of the text is not valid in that
// notation, or if the end of the key is cut off.
func TestEscapedKeys(t *testing.T) {
	const key = `p/s+w"d=<31337>%`
	for name, body := range map[string]string{
		"unescaped":              key,
		"query-escaped, stray %": "100 % " + url.QueryEscape(key),
		"path-escaped":           url.PathEscape(key),
		"JSON in text":           `said {"key":"` + strings.ReplaceAll(key, `"`, `\"`) + `"} 1e999`,
		"html":                   `p/s+w&#34;d=&lt;31337&gt;%`,
		"cut off":                strings.Repeat("x", 8<<10-10) + key,
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(500, "text/plain", body), nil }),
			func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} })
		_, err := chat.Account(1).Conversations.Get(t.Context(), 1)
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok {
			t.Fatalf("%s: %v", name, err)
		}
		for _, text := range []string{e.Error(), e.Message, e.Body} {
			if strings.Contains(text, "31337") || strings.Contains(text, key[:8]) {
				t.Errorf("%s: %.200q", name, text)
			}
		}
	}
}

// TestFailuresAreSmall checks that an error stays small, however large the answer is.
func TestFailuresAreSmall(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	attributes := `{"message":"no","attributes":[` + strings.TrimSuffix(strings.Repeat(`"a",`, 200_000), ",") + `]}`
	for name, answer := range map[string]func() *http.Response{
		"a large failure": func() *http.Response { return trial.Reply(422, "text/plain", big) },
		"attributes":      func() *http.Response { return trial.Reply(422, "application/json", attributes) },
		"a wrong answer":  func() *http.Response { return trial.Reply(200, "application/json", `{"id":"`+big+`"}`) },
		"a number": func() *http.Response {
			return trial.Reply(200, "application/json", `{"id":1`+strings.Repeat("0", 1<<20)+`}`)
		},
		"a content type": func() *http.Response { return trial.Reply(200, "text/"+big, "x") },
		"a request id": func() *http.Response {
			resp := trial.Reply(500, "text/plain", "x")
			resp.Header.Set("X-Request-Id", big+"\t"+big)
			return resp
		},
		"a location": func() *http.Response {
			resp := trial.Reply(302, "text/plain", "x")
			resp.Header.Set("Location", "https://"+big+".example/")
			return resp
		},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return answer(), nil }))
		var kept []error
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for range 8 {
			_, err := chat.Account(1).Conversations.Get(t.Context(), 1)
			e, ok := errors.AsType[*cfchat.Error](err)
			if !ok || len(e.Error()) > 4000 || len(e.Body) > 4<<10 || len(e.RequestID) > 2000 || len(e.Attributes) > 100 || strings.Contains(e.RequestID, "\t") {
				t.Fatalf("%s: %d bytes of text, %d of body, %d attributes", name, len(err.Error()), len(e.Body), len(e.Attributes))
			}
			kept = append(kept, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 4<<20 {
			t.Errorf("%s: %d failures hold %d bytes", name, len(kept), held)
		}
	}
}

// TestEditorsShareAHeader checks an editor that gives the same header to all requests, in many goroutines.
func TestEditorsShareAHeader(t *testing.T) {
	shared := http.Header{"X-Mine": {"1"}}
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Header.Get("X-Mine") != "1" || len(auth.HeaderNames(req.Header)) != 1 {
			t.Errorf("sent %v", req.Header)
		}
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}), func(c *cfchat.Config) {
		c.RequestEditors = []cfchat.RequestEditorFn{func(_ context.Context, req *http.Request) error { req.Header = shared; return nil }}
	})
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 50 {
				if _, err := chat.Account(1).Conversations.Get(t.Context(), 42); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if len(shared) != 1 {
		t.Errorf("the header is now %v", shared)
	}
}

// TestRawFailsAlike checks that every failure of Raw is an *Error too, including those before anything is sent.
func TestRawFailsAlike(t *testing.T) {
	sent := 0
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errRefused
	}))
	var noContext context.Context
	bad := cfchat.ConversationCreate{CustomAttributes: map[string]any{"a": make(chan int)}}
	for name, do := range map[string]func() error{
		"a nil context": func() error { _, err := trial.Create.Raw(noContext, chat.Raw()); return err },
		"a nil editor":  func() error { _, err := trial.Create.Raw(t.Context(), chat.Raw(), nil); return err },
		"an editor that fails": func() error {
			_, err := trial.Create.Raw(t.Context(), chat.Raw(), func(context.Context, *http.Request) error { return errStopped })
			return err
		},
		"a body that JSON cannot encode": func() error {
			_, err := chat.Raw().NewConversationWithResponse(t.Context(), 1, bad)
			return err
		},
	} {
		err := do()
		if e, ok := err.(*cfchat.Error); !ok || e.Operation != trial.Create.ID || !errors.Is(err, cfchat.ErrNotSent) || sent != 0 {
			t.Errorf("%s: %v, sent %d", name, err, sent)
		}
	}
}

// TestLogOfAFailure checks that a failure is logged on one line, and without the searched text.
func TestLogOfAFailure(t *testing.T) {
	var text strings.Builder
	logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("proxy said\r\nlevel=ERROR " + searched + strings.Repeat("x", 1<<20))
	}), func(c *cfchat.Config) { c.Logger = logger })
	_, _ = trial.List.Do(t.Context(), chat)
	if got := text.String(); strings.Count(got, "\n") != 1 || strings.Contains(got, searched) || len(got) > 4000 || !strings.Contains(got, "operation=conversationList") {
		t.Errorf("logged %.500s", got)
	}
}

// TestAnswerAboutAnother checks that a call refuses an answer about another conversation, or with another status than it
// set.
func TestAnswerAboutAnother(t *testing.T) {
	change := func(id int, status string) string {
		return fmt.Sprintf(`{"payload":{"success":true,"conversation_id":%d,"current_status":%q}}`, id, status)
	}
	get := func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := chat.Account(1).Conversations.Get(ctx, 42)
		return err
	}
	set := func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := chat.Account(1).Conversations.SetStatus(ctx, 42, cfchat.StatusPending)
		return err
	}
	snooze := func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := chat.Account(1).Conversations.Snooze(ctx, 42, time.Time{})
		return err
	}
	flip := func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := chat.Account(1).Conversations.ToggleStatus(ctx, 42)
		return err
	}
	rawGet := func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := chat.Raw().GetDetailsOfAConversation(ctx, 1, 42)
		return err
	}
	rawSet := func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := chat.Raw().ToggleStatusOfAConversationWithResponse(ctx, 1, 42, cfchat.ToggleStatusRequest{Status: cfchat.StatusPending})
		return err
	}
	for _, c := range []struct {
		name   string
		call   func(context.Context, *cfchat.Chat) error
		answer string
		write  bool
		good   bool
	}{
		{"get", get, `{"id":42,"status":"open"}`, false, true},
		{"get another", get, `{"id":43,"status":"open"}`, false, false},
		{"set", set, change(42, "pending"), true, true},
		{"set another", set, change(43, "pending"), true, false},
		{"set another status", set, change(42, "resolved"), true, false},
		{"snooze", snooze, change(42, "snoozed"), true, true},
		{"snooze another status", snooze, change(42, "open"), true, false},
		{"flip", flip, change(42, "resolved"), true, true},
		{"flip another", flip, change(1, "resolved"), true, false},
		{"raw get", rawGet, `{"id":42,"status":"open"}`, false, true},
		{"raw get another", rawGet, `{"id":43,"status":"open"}`, false, false},
		{"raw set another", rawSet, change(43, "pending"), true, false},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", c.answer), nil
		}))
		err := c.call(t.Context(), chat)
		if (err == nil) != c.good || errors.Is(err, cfchat.ErrDecode) == c.good || errors.Is(err, cfchat.ErrUnknownOutcome) != (c.write && !c.good) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestProxyThatFails checks that a failure to choose a proxy means that nothing was sent, because net/http has not yet asked
// for a connection, and that a write is not repeated.
func TestProxyThatFails(t *testing.T) {
	asked := 0
	transport := &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
		asked++
		return nil, errStopped
	}}
	chat := trial.Chat(t, transport, func(c *cfchat.Config) { c.Server = "https://chat.test" })
	for _, c := range trial.Writes {
		asked = 0
		if _, err := c.Do(t.Context(), chat); !errors.Is(err, errStopped) || !errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrUnknownOutcome) || asked != 1 {
			t.Errorf("%s: %v, asked %d times", c, err, asked)
		}
	}
	// With a transport other than net/http's the outcome is unknown.
	chat = trial.Chat(t, trial.RoundTripper(transport.RoundTrip))
	if _, err := trial.Create.Do(t.Context(), chat); !errors.Is(err, cfchat.ErrUnknownOutcome) || errors.Is(err, cfchat.ErrNotSent) {
		t.Error(err)
	}
}

// TestEditorsThatRepeatSecrets checks that the error shows no secret if an editor's failure repeats the key or the search,
// or if a key was passed as the name of a scheme.
func TestEditorsThatRepeatSecrets(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, errRefused }))
	setKey := cfchat.RequestEditorFn(auth.Keys{User: auth.NewKey(userKey)}.Edit)
	for name, edit := range map[string]cfchat.RequestEditorFn{
		"the key":    func(_ context.Context, req *http.Request) error { return fmt.Errorf("cannot sign %v", req.Header) },
		"the search": func(_ context.Context, req *http.Request) error { return fmt.Errorf("cannot sign %s", req.URL) },
		"a url.Error": func(_ context.Context, req *http.Request) error {
			return &url.Error{Op: "Get", URL: req.URL.String(), Err: errStopped}
		},
	} {
		_, err := chat.Account(1).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: searched}, setKey, edit)
		if !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
		checkSecrets(t, err)
	}
	_, err := chat.Account(1).Conversations.Get(auth.WithScheme(t.Context(), userKey), 1)
	if !errors.Is(err, auth.ErrNoKey) {
		t.Error(err)
	}
	checkSecrets(t, err)
}

// TestCauseWithoutText checks that errors.Is finds a cause without text, because the caller may look for that very error.
func TestCauseWithoutText(t *testing.T) {
	silent := errors.New("")
	for name, cause := range map[string]error{"alone": silent, "wrapped": fmt.Errorf("%w", silent), "joined": errors.Join(silent, silent)} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, cause }))
		if _, err := trial.Get.Do(t.Context(), chat); !errors.Is(err, silent) || strings.Contains(err.Error(), "no text") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCauseWithoutAddress checks that the cause is the error inside a Transport's url.Error, so that the address is not
// exposed.
func TestCauseWithoutAddress(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: req.URL.String(), Err: io.ErrUnexpectedEOF}
	}))
	_, err := trial.List.Do(t.Context(), chat)
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || e.Err != io.ErrUnexpectedEOF {
		t.Errorf("the cause is %T: %v", e.Err, err)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		t.Errorf("%v has the address %s", err, u.URL)
	}
}
