package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestDoSends checks the request that Do sends, its key, and the decoded answer.
func TestDoSends(t *testing.T) {
	type sent struct{ method, path, key, kind, body string }
	var got []sent
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		body := ""
		if req.Body != nil {
			data, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			body = string(data)
		}
		//lint:ignore SA1008 the servers document this spelling, which is not the canonical one
		key := strings.Join(req.Header[auth.HeaderUnderscore], "+")
		got = append(got, sent{req.Method, req.URL.RequestURI(), key, req.Header.Get("Content-Type"), body})
		return trial.Reply(http.StatusCreated, "application/json", `{"id":5}`), nil
	}))
	file := cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header.Set("Content-Type", "text/csv")
		return nil
	})
	const json, base = "application/json", "/base/api/v1/"
	acct := chat.Account(7)
	for _, c := range []struct {
		do   func() error
		want sent
	}{
		{func() error { return acct.Do(t.Context(), "GET", "campaigns", nil, nil) }, sent{"GET", base + "accounts/7/campaigns", "user-key", json, ""}},
		{func() error { return acct.Do(t.Context(), "HEAD", "campaigns", nil, nil) }, sent{"HEAD", base + "accounts/7/campaigns", "user-key", json, ""}},
		{func() error {
			return acct.Do(t.Context(), "POST", "conversations/42/mute", map[string]any{"a": "<é>"}, nil)
		}, sent{"POST", base + "accounts/7/conversations/42/mute", "user-key", json, `{"a":"\u003cé\u003e"}`}},
		{func() error { return acct.Do(t.Context(), "DELETE", "labels/a%2Fb?c=d%20e&f=//..", nil, nil) }, sent{"DELETE", base + "accounts/7/labels/a%2Fb?c=d%20e&f=//..", "user-key", json, ""}},
		{func() error { return acct.Do(t.Context(), "PUT", "x", strings.NewReader("a,b"), nil, file) }, sent{"PUT", base + "accounts/7/x", "user-key", "text/csv", "a,b"}},
		{func() error { return acct.Do(t.Context(), "PATCH", "x", strings.NewReader("{}"), nil) }, sent{"PATCH", base + "accounts/7/x", "user-key", json, "{}"}},
		{func() error {
			return chat.Do(auth.WithScheme(t.Context(), auth.AgentBotAPIKey), "GET", "profile", nil, nil)
		}, sent{"GET", base + "profile", "bot-key", json, ""}},
		{func() error { return acct.Do(t.Context(), "GET", "conversations/42", nil, nil) }, sent{"GET", base + "accounts/7/conversations/42", "user-key", json, ""}},
	} {
		got = nil
		if err := c.do(); err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("sent %q, %v, want %q", got, err, c.want)
		}
	}
	var answer struct{ ID int }
	var text bytes.Buffer
	if err := acct.Do(t.Context(), "GET", "x", nil, &answer); err != nil || answer.ID != 5 {
		t.Errorf("decoded %+v, %v", answer, err)
	}
	if err := acct.Do(t.Context(), "GET", "x", nil, &text); err != nil || text.String() != `{"id":5}` {
		t.Errorf("wrote %s, %v", &text, err)
	}
}

// TestDoSendsItsKey checks that Do sends the same key to every address, and that a call's own keys replace the client's.
func TestDoSendsItsKey(t *testing.T) {
	var sent []string
	transport := trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		//lint:ignore SA1008 the servers document this spelling, which is not the canonical one
		sent = append(sent, req.Header[auth.HeaderUnderscore]...)
		return trial.Reply(200, "application/json", "{}"), nil
	})
	both := trial.Chat(t, transport).Account(1)
	bot := trial.Chat(t, transport, func(c *cfchat.Config) { c.Keys.User = auth.Key{} }).Account(1)
	others := cfchat.WithKeys(auth.Keys{User: auth.NewKey("user-2"), AgentBot: auth.NewKey("bot-2")})
	asBot := auth.WithScheme(t.Context(), auth.AgentBotAPIKey)
	for _, err := range []error{
		both.Do(t.Context(), "POST", "conversations", nil, nil), bot.Do(t.Context(), "GET", "conversations/1", nil, nil),
		both.Do(t.Context(), "POST", "conversations/1/toggle_status", nil, nil), both.Do(t.Context(), "POST", "conversations", nil, nil, others),
		both.Do(asBot, "GET", "conversations", nil, nil, others),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if got := strings.Join(sent, ", "); got != "user-key, bot-key, user-key, user-2, bot-2" {
		t.Errorf("sent %s", got)
	}
}

// TestDoJudges checks how a 2xx of a write is judged: an answer that cannot be decoded casts no doubt on the change itself.
func TestDoJudges(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		kind, body string
		answer     any
		is         error
		unknown    bool
	}{
		"nothing":               {204, "", "", nil, nil, false},
		"nothing to decode":     {204, "", "", new(any), cfchat.ErrDecode, false},
		"another shape":         {201, "application/json", `[1]`, new(struct{ ID int }), cfchat.ErrDecode, false},
		"an unexpected answer":  {200, "application/json", `{}`, nil, nil, false},
		"a file":                {200, "text/csv", `a,b`, new(bytes.Buffer), nil, false},
		"a page":                {200, "text/html; charset=utf-8", `<html>`, nil, cfchat.ErrDecode, true},
		"a page into a writer":  {200, "application/xhtml+xml", `<html>`, new(bytes.Buffer), cfchat.ErrDecode, true},
		"a page to decode":      {200, "text/html", `<html>`, new(any), cfchat.ErrDecode, true},
		"text to decode":        {200, "text/plain", `ok`, new(any), cfchat.ErrDecode, true},
		"an operation's answer": {200, "application/json", trial.GoodConversation, new(cfchat.Conversation), nil, false},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(c.status, c.kind, c.body), nil }))
		err := chat.Account(1).Do(t.Context(), "POST", "x", nil, c.answer)
		if !errors.Is(err, c.is) || errors.Is(err, cfchat.ErrUnknownOutcome) != c.unknown {
			t.Errorf("%s: %v", name, err)
		}
		if text, ok := c.answer.(*bytes.Buffer); ok && c.is == nil && text.String() != c.body {
			t.Errorf("%s: wrote %s", name, text)
		}
	}
}

// TestDoLeavesInMemoryBodiesUnread checks that the caller may reuse an in-memory body as soon as the call returns, whether
// or not the Transport has read it.
func TestDoLeavesInMemoryBodiesUnread(t *testing.T) {
	var kept []io.ReadCloser
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		kept = append(kept, req.Body)
		return trial.Reply(413, "text/plain", ""), nil
	}))
	text, data := strings.NewReader("abc"), []byte("abc")
	from, buffer := bytes.NewReader(data), bytes.NewBuffer(data)
	for _, body := range []io.Reader{text, from, buffer} {
		_ = chat.Account(1).Do(t.Context(), "POST", "x", body, nil)
	}
	if text.Len() != 3 || from.Len() != 3 || buffer.Len() != 3 {
		t.Errorf("got %d, %d and %d bytes left, want 3 each", text.Len(), from.Len(), buffer.Len())
	}
	copy(data, "xyz")
	for _, body := range kept {
		if got, err := io.ReadAll(body); string(got) != "abc" || err != nil {
			t.Errorf("the Transport read %s, %v, want abc", got, err)
		}
	}
}

// TestDoWithAHangingReader checks that Do ends at its timeout or with its context, and that it does not start reading a body
// that it does not send.
func TestDoWithAHangingReader(t *testing.T) {
	for name, c := range map[string]struct {
		patience, want time.Duration
		is             error
	}{"time": {time.Hour, 30 * time.Second, context.DeadlineExceeded}, "context": {time.Second, time.Second, errStopped}} {
		inBubble(t, name, func(t *testing.T) {
			s := &faultServer{steps: []step{fine}}
			chat, _ := s.connect(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer time.AfterFunc(c.patience, func() { cancel(errStopped) }).Stop()
			body, hangs := io.Pipe()
			defer hangs.Close()
			err := chat.Account(accountID).Do(ctx, "POST", "x", body, nil)
			if took := time.Since(s.begun); took != c.want || !errors.Is(err, c.is) || !errors.Is(err, cfchat.ErrUnknownOutcome) {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
	unread := &closable{Reader: broken{}}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, errRefused }))
	if err := chat.Account(1).Do(t.Context(), "POST", "x", unread, nil); !errors.Is(err, errRefused) {
		t.Error(err)
	}
	// A transport that reads later reads nothing.
	var later io.Reader
	chat = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		later = req.Body
		return trial.Reply(413, "text/plain", ""), nil
	}))
	_ = chat.Account(1).Do(t.Context(), "POST", "x", unread, nil)
	if n, err := later.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// closable records that it was closed.
type closable struct {
	io.Reader
	closed bool
}

func (c *closable) Close() error { c.closed = true; return nil }

// TestDoLeavesTheReaderOpen checks that Do does not close the body, which belongs to the caller.
func TestDoLeavesTheReaderOpen(t *testing.T) {
	body := &closable{Reader: strings.NewReader("{}")}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(204, "", ""), nil }))
	if err := chat.Account(1).Do(t.Context(), "POST", "x", body, nil); err != nil || body.closed {
		t.Errorf("%v, closed %v", err, body.closed)
	}
}

// broken is a writer that fails and a reader that must not be read.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func (broken) Read([]byte) (int, error) { panic("it is read") }

// TestDoRefuses checks that Do refuses a path that leads elsewhere and input that cannot be sent, that it names the field,
// and that it sends nothing.
func TestDoRefuses(t *testing.T) {
	sent := 0
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, errRefused
	}))
	var noContext context.Context
	type doer interface {
		Do(ctx context.Context, method, path string, body, answer any, opts ...cfchat.CallOption) error
	}
	check := func(name, field string, err error) {
		t.Helper()
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || len(e.Fields) == 0 || e.Fields[0].Field != field || sent != 0 {
			t.Errorf("%s: got %v, want a refusal of %s", name, err, field)
		}
	}
	for _, d := range []doer{chat, chat.Account(1)} {
		for _, path := range []string{
			"", "?a=b", "/conversations", "//evil.example/x", "https://evil.example/x", "mailto:x", "a/../../b", "..", "../x", "a/..", "./a", "a/./b",
			"a/%2e%2e/b", "a/%2E./b", "a//b", "a%2F%2Fb", "a/..%2f..%2fb", "a#b", "a?b#c", "a b", "a\\..\\b", "a%5C..%5Cb", "a\n", "a/%252e%252e/b", "%252e%252e/%25zz", "a/%252e%252e/b%25",
			"a/..;x/b", "a/%2e%2e%3bx/b", "a%00b", "a%0d%0ab", "a?b=%zz", "a?b;c", "x:80/y", "a%zz", "a\x7f", "a?b c",
		} {
			check(fmt.Sprintf("%T %q", d, path), "path", d.Do(t.Context(), "GET", path, nil, nil))
		}
		for _, method := range []string{"", "get", "OPTIONS", "CONNECT", "GET ", "G\nET"} {
			check(method, "method", d.Do(t.Context(), method, "x", nil, nil))
		}
		check("a body with GET", "body", d.Do(t.Context(), "GET", "x", map[string]any{}, nil))
		check("a body with HEAD", "body", d.Do(t.Context(), "HEAD", "x", strings.NewReader(""), nil))
		check("NaN", "body", d.Do(t.Context(), "POST", "x", math.NaN(), nil))
		check("bytes", "body", d.Do(t.Context(), "POST", "x", []byte("{}"), nil))
		check("a string", "body", d.Do(t.Context(), "POST", "x", "{}", nil))
		check("a nil map", "body", d.Do(t.Context(), "POST", "x", map[string]any(nil), nil))
		check("a nil slice", "body", d.Do(t.Context(), "POST", "x", json.RawMessage(nil), nil))
		check("a nil writer", "answer", d.Do(t.Context(), "POST", "x", nil, (*bytes.Buffer)(nil)))
		check("an answer to HEAD", "answer", d.Do(t.Context(), "HEAD", "x", nil, new(any)))
		type text string
		type data []byte
		plain, bytesOf := "{}", []byte("{}")
		for _, body := range []any{text("{}"), data("{}"), &plain, &bytesOf} {
			check(fmt.Sprintf("%T", body), "body", d.Do(t.Context(), "POST", "x", body, nil))
		}
		check("a nil pointer", "body", d.Do(t.Context(), "POST", "x", (*bytes.Buffer)(nil), nil))
		check("no pointer", "answer", d.Do(t.Context(), "GET", "x", nil, struct{}{}))
		check("a nil answer", "answer", d.Do(t.Context(), "GET", "x", nil, (*struct{})(nil)))
		check("no context", "ctx", d.Do(noContext, "GET", "x", nil, nil))
		check("a nil option", "option 1", d.Do(t.Context(), "GET", "x", nil, nil, nil))
	}
	check("a zero account", "account", new(cfchat.Account).Do(t.Context(), "GET", "x", nil, nil))
	check("a nil account", "account", (*cfchat.Account)(nil).Do(t.Context(), "GET", "x", nil, nil))
	check("account 0", "Account", chat.Account(0).Do(t.Context(), "GET", "x", nil, nil))
	check("a zero chat", "chat", new(cfchat.Chat).Do(t.Context(), "GET", "x", nil, nil))
	check("a nil chat", "chat", (*cfchat.Chat)(nil).Do(t.Context(), "GET", "x", nil, nil))
}

// TestDoFails checks that Do fails with the same errors as every other call, and that it repeats only reads.
func TestDoFails(t *testing.T) {
	for _, c := range []struct {
		name     string
		method   string
		steps    []step
		is       error
		requests int
		says     string
	}{
		{"a read is repeated", "GET", []step{hangUp}, nil, 3, "GET x: "},
		{"a write is not", "POST", []step{hangUp}, cfchat.ErrUnknownOutcome, 1, "POST x: "},
		{"a write is after 429", "DELETE", []step{sendsJSON(429, `{}`, "Retry-After: 1")}, cfchat.ErrRateLimited, 3, "DELETE x: "},
		{"404", "GET", []step{sendsJSON(404, `{"error":"Resource could not be found"}`)}, cfchat.ErrNotFound, 1, "404 Resource could not be found"},
		{"422", "PUT", []step{sendsJSON(422, `{"message":"no","attributes":["a"]}`)}, cfchat.ErrRejected, 1, "422 no"},
		{"a login page", "GET", []step{says(200, "text/html", "<html>")}, cfchat.ErrDecode, 1, "not JSON"},
		{"an empty answer", "GET", []step{{bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"}}, cfchat.ErrDecode, 1, "empty"},
		{"another answer", "GET", []step{sendsJSON(200, `[1]`)}, cfchat.ErrDecode, 1, "array"},
		{"a redirect", "GET", []step{says(302, "text/html", "", "Location: http://evil.example/")}, cfchat.ErrRedirect, 1, "evil.example"},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			s := &faultServer{steps: c.steps}
			chat, _ := s.connect(t)
			var answer struct{ ID int }
			err := chat.Account(accountID).Do(t.Context(), c.method, "x?q="+searched, nil, &answer)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || len(s.requests) != c.requests || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v after %d requests, want %v after %d", err, len(s.requests), c.is, c.requests)
			}
			if errors.Is(err, cfchat.ErrUnknownOutcome) != (c.is == cfchat.ErrUnknownOutcome) {
				t.Errorf("errors.Is(err, ErrUnknownOutcome) is wrong: %v", err)
			}
			checkSecrets(t, err)
		})
	}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(200, "text/plain", "x"), nil }))
	if err := chat.Account(1).Do(t.Context(), "GET", "x", nil, broken{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that fails: %v", err)
	}
}

// TestDoEditors checks that editors run on Do's requests too, and that they cannot turn a read into a write.
func TestDoEditors(t *testing.T) {
	sent := 0
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		sent++
		if id, ok := cfchat.OperationOf(req.Context()); ok || req.Header.Get("X-Mine") != "1" {
			t.Errorf("%q, %v", id, req.Header)
		}
		return trial.Reply(200, "application/json", "{}"), nil
	}), func(c *cfchat.Config) {
		c.RequestEditors = []cfchat.RequestEditorFn{func(_ context.Context, req *http.Request) error { req.Header.Set("X-Mine", "1"); return nil }}
	})
	var response cfchat.Response
	if err := chat.Account(1).Do(t.Context(), "GET", "x", nil, nil, cfchat.WithResponse(&response)); err != nil || response.StatusCode != 200 || string(response.Body) != "{}" {
		t.Errorf("%v, %+v", err, response)
	}
	for name, edit := range map[string]cfchat.RequestEditorFn{
		"method": func(_ context.Context, req *http.Request) error { req.Method = "POST"; return nil },
		"host":   func(_ context.Context, req *http.Request) error { req.URL.Host = "evil.example"; return nil },
		"opaque": func(_ context.Context, req *http.Request) error { req.URL.Opaque = "//evil.example/x"; return nil },
		"gone":   func(_ context.Context, req *http.Request) error { req.URL = nil; return nil },
		"fails":  func(context.Context, *http.Request) error { return errStopped },
	} {
		if err := chat.Account(1).Do(t.Context(), "GET", "x", nil, nil, edit); !errors.Is(err, cfchat.ErrNotSent) || sent != 1 {
			t.Errorf("%s: %v, sent %d", name, err, sent)
		}
	}
}

// TestDoIsBounded checks that Do is bounded in time and size, and obeys its context.
func TestDoIsBounded(t *testing.T) {
	inBubble(t, "time", func(t *testing.T) {
		s := &faultServer{steps: []step{mute}}
		chat, _ := s.connect(t)
		err := chat.Account(accountID).Do(t.Context(), "POST", "x", nil, nil)
		if took := time.Since(s.begun); took != 30*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v", err, took)
		}
	})
	inBubble(t, "size", func(t *testing.T) {
		s := &faultServer{steps: []step{sendsJSON(200, `"`+strings.Repeat("x", 2000)+`"`)}}
		chat, _ := s.connect(t, func(c *cfchat.Config) { c.MaxBody = 1000 })
		var into bytes.Buffer
		if err := chat.Account(accountID).Do(t.Context(), "GET", "x", nil, &into); !errors.Is(err, cfchat.ErrTooLarge) || into.Len() != 0 {
			t.Errorf("%v, wrote %d", err, into.Len())
		}
	})
	inBubble(t, "context", func(t *testing.T) {
		s := &faultServer{steps: []step{fine}}
		chat, _ := s.connect(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errStopped)
		err := chat.Account(accountID).Do(ctx, "GET", "x", nil, new(json.RawMessage))
		if !errors.Is(err, errStopped) || !errors.Is(err, cfchat.ErrNotSent) || len(s.requests) != 0 {
			t.Errorf("%v, %d requests", err, len(s.requests))
		}
	})
}

// TestDoAcceptsATilde checks that Do accepts a tilde, which comes just before DEL, the one control character above the
// space.
func TestDoAcceptsATilde(t *testing.T) {
	var line string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		line = req.URL.RequestURI()
		return trial.Reply(200, "application/json", "{}"), nil
	}))
	if err := chat.Account(1).Do(t.Context(), "GET", "a~b?c=d~", nil, nil); err != nil || line != "/base/api/v1/accounts/1/a~b?c=d~" {
		t.Errorf("sent %s, %v", line, err)
	}
}

// TestDoAcceptsEverySuccess checks that every status from 200 to 299 is a success, and that its body is kept as received.
func TestDoAcceptsEverySuccess(t *testing.T) {
	for status, success := range map[int]bool{199: false, 200: true, 201: true, 299: true, 300: false} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(status, "application/json", `"user-key"`), nil
		}))
		var got cfchat.Response
		err := chat.Account(1).Do(t.Context(), "GET", "x", nil, nil, cfchat.WithResponse(&got))
		if (err == nil) != success {
			t.Errorf("status %d: got error %v, want success %v", status, err, success)
		}
		if success && string(got.Body) != `"user-key"` {
			t.Errorf("status %d: kept %s", status, got.Body)
		}
	}
}

// TestDoBoundsEverySuccess checks, up to status 299, that an answer that is too large fails and is not silently truncated.
func TestDoBoundsEverySuccess(t *testing.T) {
	for _, status := range []int{200, 299} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(status, "application/json", `"12345678"`), nil
		}), func(c *cfchat.Config) { c.MaxBody = 4 })
		if err := chat.Account(1).Do(t.Context(), "GET", "x", nil, nil); !errors.Is(err, cfchat.ErrTooLarge) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// TestDoWithAWrappedReader checks that a reader stays a stream if an editor wraps it: it is bounded in time, and not read
// into memory.
func TestDoWithAWrappedReader(t *testing.T) {
	counted := cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(req.Body, io.Discard), req.Body}
		return nil
	})
	inBubble(t, "hangs", func(t *testing.T) {
		s := &faultServer{steps: []step{fine}}
		chat, _ := s.connect(t)
		body, hangs := io.Pipe()
		defer hangs.Close()
		err := chat.Account(accountID).Do(t.Context(), "POST", "x", body, nil, counted)
		if took := time.Since(s.begun); took != 30*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v", err, took)
		}
	})
	inBubble(t, "429", func(t *testing.T) {
		s := &faultServer{steps: []step{sendsJSON(429, `{}`, "Retry-After: 1")}}
		chat, _ := s.connect(t)
		err := chat.Account(accountID).Do(t.Context(), "POST", "x", io.MultiReader(strings.NewReader("{}")), nil, counted)
		if !errors.Is(err, cfchat.ErrRateLimited) || len(s.requests) != 1 || !strings.Contains(s.requests[0].body, "{}") {
			t.Errorf("%v, %v", err, s.requests)
		}
	})
}

// idle is a reader that returns no bytes, and counts its reads.
type idle struct{ reads chan struct{} }

func (i idle) Read([]byte) (int, error) {
	i.reads <- struct{}{}
	return 0, nil
}

// TestDoLetsGoOfItsReader checks that nothing reads the body after Do has returned, even if it returns no bytes, or after a
// Transport has panicked.
func TestDoLetsGoOfItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan struct{}, 100)
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			_, err := req.Body.Read(make([]byte, 10))
			return trial.Reply(413, "text/plain", ""), err
		}))
		_ = chat.Account(1).Do(t.Context(), "POST", "x", idle{reads}, nil)
		synctest.Wait()
		if len(reads) > 2 {
			t.Errorf("got %d reads, want at most 2", len(reads))
		}
	}) // synctest.Test fails if a goroutine is left
	var body io.Reader
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		body = req.Body
		panic(errStopped)
	}))
	func() {
		defer func() { _ = recover() }()
		_ = chat.Account(1).Do(t.Context(), "POST", "x", io.MultiReader(strings.NewReader("{}")), nil)
	}()
	if _, err := body.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("after a panic: %v", err)
	}
}

// half is a writer that writes half of its input and reports no error.
type half struct{}

func (half) Write(p []byte) (int, error) { return len(p) / 2, nil }

// TestDoFailsAfterAShortWrite checks that a short write is a failure.
func TestDoFailsAfterAShortWrite(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `{"a":1}`), nil
	}))
	if err := chat.Account(1).Do(t.Context(), "GET", "x", nil, half{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v", err)
	}
}
