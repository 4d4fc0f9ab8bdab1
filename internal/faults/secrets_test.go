package faults_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"text/template"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestA4NothingShowsAKey prints everything that holds a key, or that results from a search, in every possible way.
func TestA4NothingShowsAKey(t *testing.T) {
	keys := auth.Keys{User: auth.NewKey(userKey), AgentBot: auth.NewKey(botKey), Prefix: "Bearer"}
	failing := trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: req.URL.String(), Err: fmt.Errorf("dial: %w", &url.Error{Op: "Get", URL: req.URL.String(), Err: io.EOF})}
	})
	config := cfchat.Config{Keys: keys, HTTPClient: &http.Client{Transport: failing}, Retry: cfchat.Retry{MaxTries: 1}}
	chat, err := cfchat.New(config)
	if err != nil {
		t.Fatal(err)
	}
	_, failure := trial.List.Do(t.Context(), chat)
	e, ok := errors.AsType[*cfchat.Error](failure)
	if !ok {
		t.Fatalf("got %v", failure)
	}
	checkSecrets(t, failure)
	type exported struct{ Value any }
	type unexported struct{ value any }
	type typed struct {
		config  cfchat.Config
		keys    auth.Keys
		secret  auth.Key
		chat    *cfchat.Chat
		account *cfchat.Account
		raw     *cfchat.ClientWithResponses
		Keys    auth.Keys
		Secret  *auth.Key
	}
	values := map[string]any{
		"Config": config, "Keys": keys, "Secret": keys.User, "Chat": chat, "Account": chat.Account(accountID),
		"Chat value": *chat, "Account value": *chat.Account(accountID), "Raw": chat.Raw(), "Error": e, "Error value": *e,
		"struct":         typed{config, keys, keys.User, chat, chat.Account(accountID), chat.Raw(), keys, &keys.AgentBot},
		"Secret as text": keys.User.String(), "editor": cfchat.RequestEditorFn(keys.Edit),
	}
	for name, value := range values {
		forms := map[string]any{
			"": value, "pointer to ": &value, "exported ": exported{value}, "unexported ": unexported{value},
			"pointer to unexported ": &unexported{value}, "map of ": map[string]any{"v": value}, "slice of ": []any{value},
			"array of ": [1]any{value}, "deep ": map[string][]*unexported{"v": {{value}}}, "wrapped ": fmt.Errorf("wrapped: %v", value),
		}
		for form, value := range forms {
			texts := slices.Concat(printed(value), logged(value), encoded(value), []string{panicked(value)})
			if leak := leakIn(texts...); leak != "" {
				t.Errorf("A4 %s%s: %s", form, name, leak)
			}
			if len(texts) < 20 {
				t.Errorf("%s%s: only %d texts", form, name, len(texts))
			}
		}
	}
}

// logged returns a value in slog's formats.
func logged(value any) []string {
	var texts []string
	for _, handler := range []func(io.Writer, *slog.HandlerOptions) slog.Handler{
		func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
		func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
	} {
		var b bytes.Buffer
		logger := slog.New(handler(&b, &slog.HandlerOptions{AddSource: true})).With("with", value).WithGroup("group")
		logger.Error(fmt.Sprint(value), "value", value, slog.Any("any", value), slog.Group("inner", "value", value))
		texts = append(texts, b.String())
	}
	return texts
}

// encoded returns a value in the formats of other encoders, or their errors.
func encoded(value any) []string {
	var b bytes.Buffer
	texts := []string{fmt.Sprint(gob.NewEncoder(&b).Encode(value)), fmt.Sprint(xml.NewEncoder(&b).Encode(value))}
	page := template.Must(template.New("").Parse(`{{.}} {{printf "%#v" .}} {{print .}}`))
	texts = append(texts, fmt.Sprint(page.Execute(&b, value)))
	data, err := json.MarshalIndent(map[string]any{"v": value}, "", " ")
	return append(texts, b.String(), string(data), fmt.Sprint(err))
}

// panicked returns the text of a recovered panic with a value.
func panicked(value any) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	panic(value)
}

// TestA1InvalidKeys checks that an invalid key is refused and not repeated.
func TestA1InvalidKeys(t *testing.T) {
	for _, text := range []string{
		" ", "\n", "\x00", userKey + " ", " " + userKey, userKey + "\n", userKey + "\r\nX: y", userKey + "\x00", userKey + "é", "\ufeff" + userKey,
		userKey + "\x7f", userKey + "\t", userKey + "\u00a0", "\xff" + userKey, "Bearer " + userKey,
	} {
		for name, keys := range map[string]auth.Keys{
			"User": {User: auth.NewKey(text)}, "AgentBot": {AgentBot: auth.NewKey(text)}, "Prefix": {User: auth.NewKey("k"), Prefix: text},
		} {
			_, err := cfchat.New(cfchat.Config{Keys: keys})
			if err == nil || !strings.Contains(err.Error(), "Keys."+name) {
				t.Errorf("A1 %s %q: got %v", name, text, err)
				continue
			}
			checkSecrets(t, err)
			err = keys.Edit(t.Context(), &http.Request{Method: "GET", URL: &url.URL{Path: "/"}, Header: http.Header{}})
			if err == nil {
				t.Errorf("A1 %s %q: Edit put it on a request", name, text)
				continue
			}
			checkSecrets(t, err)
		}
	}
	if _, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey("")}}); err == nil {
		t.Error("A1: no key is accepted")
	}
}

// TestA2A3InvalidServers checks that New refuses a server to which a key must not be sent, and an invalid address.
func TestA2A3InvalidServers(t *testing.T) {
	const password = "pAsSwOrD"
	for _, server := range []string{
		"http://chat.example.com", "http://10.0.0.1", "http://0.0.0.0", "http://127.0.0.1.example.com", "http://localhost.example.com",
		"http://[::2]", "HTTP://chat.example.com", "http://127.1", "http://2130706433", "http://127.0.0.1@example.com",
		"https://user:" + password + "@example.com", "https://" + password + "@example.com", "https://example.com?k=" + password,
		"https://example.com/?", "https://example.com/#" + password, "https://example.com/%" + password, "https://exam ple.com/" + password,
		"https://example.com\n/" + password, "example.com/" + password, "//example.com/" + password, "/" + password, "https:///" + password,
		"https:" + password, "https://:443/" + password, "ftp://example.com/" + password, "ws://example.com", " https://example.com/" + password,
		"https://[::1/" + password, "https://example.com:" + password, "javascript:" + password, "unix:///" + password,
	} {
		_, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey(userKey)}, Server: server})
		if err == nil {
			t.Errorf("A2, A3: %q was accepted", server)
			continue
		}
		checkSecrets(t, err)
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), password) || !strings.Contains(err.Error(), "Config.Server") {
			t.Errorf("A3: got %q", err)
		}
	}
	for _, server := range []string{
		"", "https://example.com", "https://example.com:8443/base/", "http://localhost:3000", "http://127.0.0.1:1", "http://127.9.9.9",
		"http://[::1]:3000", "https://10.0.0.1",
	} {
		if _, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey(userKey)}, Server: server}); err != nil {
			t.Errorf("%q: %v", server, err)
		}
	}
}

// TestEchoedKey checks that a key that a server repeats, in any answer and anywhere in it, does not get into an error.
func TestEchoedKey(t *testing.T) {
	odd := `kEy"<&>\/` + userKey // JSON can encode this in several ways
	for name, answer := range map[string]func(key string) step{
		"in a failure":                func(key string) step { return sendsJSON(401, quoted(`{"error":%s}`, "Invalid Access Token: "+key)) },
		"in a list":                   func(key string) step { return sendsJSON(401, quoted(`{"errors":[%s]}`, key)) },
		"in attributes":               func(key string) step { return sendsJSON(422, quoted(`{"message":"x","attributes":[%s]}`, key)) },
		"as text":                     func(key string) step { return says(500, "text/plain", "headers: api_access_token="+key) },
		"as HTML":                     func(key string) step { return says(502, "text/html", "<pre>"+key+"</pre>") },
		"across the end of a message": func(key string) step { return says(400, "text/plain", strings.Repeat("x", 490)+key) },
		"in a body that is cut":       func(key string) step { return says(400, "text/plain", strings.Repeat("x", 4090)+key) },
		"in a success of a kind":      func(key string) step { return says(200, "text/html", "<pre>"+key+"</pre>") },
		"in a success of a shape":     func(key string) step { return sendsJSON(200, quoted(`{"error":%s}`, key)) },
		"in a redirect": func(key string) step {
			return says(302, "text/html", "<a href='/?k="+key+"'>", "Location: /?k="+url.QueryEscape(key))
		},
		"in the host of a redirect": func(key string) step {
			return says(302, "text/html", "", "Location: https://"+key+".example/")
		},
		"in the request id":    func(key string) step { return sendsJSON(400, `{}`, "X-Request-Id: "+key) },
		"in the content type":  func(key string) step { return says(200, "text/plain; key="+key, "x") },
		"in Retry-After":       func(key string) step { return sendsJSON(400, `{}`, "Retry-After: "+key) },
		"in a name of a field": func(key string) step { return sendsJSON(200, quoted(`{"id":{%s:1}}`, key)) },
		"in a value":           func(key string) step { return sendsJSON(200, quoted(`{"id":%s,"status":"open"}`, key)) },
		"in a time":            func(key string) step { return sendsJSON(200, quoted(`{"id":1,"status":"open","created_at":%s}`, key)) },
		"in the status line":   func(key string) step { return step{bytes: "HTTP/1.1 400 " + key + "\r\nContent-Length: 0\r\n\r\n"} },
	} {
		for _, key := range []string{userKey, odd} {
			inBubble(t, name+" "+key, func(t *testing.T) {
				s := &faultServer{steps: []step{answer(key)}}
				var log bytes.Buffer
				chat, _ := s.connect(t, func(c *cfchat.Config) {
					c.Keys = auth.Keys{User: auth.NewKey(key), Prefix: "Bearer"}
					c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				})
				_, err := chat.Account(accountID).Conversations.Get(t.Context(), 42)
				if err == nil {
					t.Fatal("it succeeded")
				}
				checkSecrets(t, err)
				if strings.Contains(err.Error(), key[:6]) {
					t.Errorf("the beginning of the key is in %q", err)
				}
				if leak := leakIn(append(logged(err), log.String())...); leak != "" {
					t.Errorf("logged: %s", leak)
				}
			})
		}
	}
}

// quoted inserts a text, encoded as JSON, into a format.
func quoted(format, text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(format, data)
}

// records is a slog.Handler that keeps its records.
type records struct {
	mu  sync.Mutex
	all []slog.Record
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }
func (r *records) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, record.Clone())
	return nil
}

// TestLogger checks that each try makes one Debug record, with these fields and no others.
func TestLogger(t *testing.T) {
	for _, c := range trial.Calls {
		inBubble(t, c.ID, func(t *testing.T) {
			// Every operation is tried again after a 429; its body must not appear in a log.
			s := &faultServer{good: c.Good, steps: []step{
				{pause: 2 * time.Second, bytes: says(429, "text/html", "<html>bOdY</html>", "Retry-After: 7", "X-Header: hEaDeR").bytes},
				sendsJSON(429, `{}`, "Retry-After: 1", "X-Request-Id: first"), sendsJSON(200, c.Good, "X-Request-Id: second"),
			}}
			log := new(records)
			chat, _ := s.connect(t, func(c *cfchat.Config) { c.Logger = slog.New(log) })
			if _, err := c.Do(t.Context(), chat); err != nil {
				t.Fatal(err)
			}
			want := []struct {
				wait, duration time.Duration
				status         int64
				requestID      string
				error          string
			}{
				{0, 2 * time.Second, 429, "", "cfchat: 429 Too Many Requests: the server asks to wait 7s"},
				{7 * time.Second, 0, 429, "first", "cfchat: 429 Too Many Requests: the server asks to wait 1s"},
				{time.Second, 0, 200, "second", ""},
			}
			if len(log.all) != len(want) {
				t.Fatalf("got %d records, want %d", len(log.all), len(want))
			}
			for i, record := range log.all {
				fields := map[string]slog.Value{}
				record.Attrs(func(a slog.Attr) bool { fields[a.Key] = a.Value; return true })
				wanted := map[string]any{
					"operation": c.ID, "attempt": int64(i + 1), "wait": want[i].wait, "status": want[i].status,
					"duration": want[i].duration,
				}
				for name, value := range map[string]any{
					"account": c.About().AccountID, "conversation": c.About().ConversationID, "message": c.About().MessageID,
					"contact": c.About().ContactID, "inbox": c.About().InboxID, "team": c.About().TeamID, "webhook": c.About().WebhookID,
					"request_id": want[i].requestID, "error": want[i].error,
				} {
					if !reflect.ValueOf(value).IsZero() {
						wanted[name] = value
					}
				}
				got := map[string]any{}
				for name, value := range fields {
					got[name] = value.Any()
				}
				if !maps.Equal(got, wanted) || record.Level != slog.LevelDebug {
					t.Fatalf("%s record %v, want %v", record.Level, got, wanted)
				}
				if text := fmt.Sprint(record.Message, fields); leakIn(text) != "" || strings.Contains(text, "bOdY") || strings.Contains(text, "hEaDeR") || strings.Contains(text, "/api/") {
					t.Errorf("record %d shows too much: %s", i+1, text)
				}
			}
		})
	}
	inBubble(t, "a failure before a try makes no record", func(t *testing.T) {
		s, log := &faultServer{refusals: []error{errRefused}}, new(records)
		chat, _ := s.connect(t, func(c *cfchat.Config) { c.Logger = slog.New(log) })
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if err := trial.By(trial.List)(done, chat); !errors.Is(err, context.Canceled) || len(log.all) != 0 {
			t.Errorf("got %v, %d records", err, len(log.all))
		}
		if err := trial.By(trial.List)(t.Context(), chat); !errors.Is(err, errRefused) || len(log.all) != 3 {
			t.Errorf("got %v, %d records", err, len(log.all))
		}
	})
}

// TestForeignTransports plays what a RoundTripper other than net/http's can do.
func TestForeignTransports(t *testing.T) {
	type roundTrip = func(*http.Request) (*http.Response, error)
	body := func(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }
	header := http.Header{"Content-Type": {"application/json"}}
	for _, c := range []struct {
		name  string
		trip  roundTrip
		read  outcome
		write outcome
	}{
		{
			"fails without a trace: nothing is proven", func(*http.Request) (*http.Response, error) { return nil, errRefused },
			outcome{also: []error{errRefused}, requests: 3, took: bothWaits},
			outcome{is: []error{cfchat.ErrUnknownOutcome}, also: []error{errRefused}, requests: 1},
		},
		{
			"fails with the address", func(req *http.Request) (*http.Response, error) {
				inner := &url.Error{Op: "Get", URL: req.URL.String(), Err: errRefused}
				return nil, fmt.Errorf("a: %w", &url.Error{Op: "Get", URL: req.URL.String(), Err: fmt.Errorf("b: %w", inner)})
			},
			outcome{also: []error{errRefused}, requests: 3, took: bothWaits},
			outcome{is: []error{cfchat.ErrUnknownOutcome}, also: []error{errRefused}, requests: 1},
		},
		{
			"fails with the address in its own words", func(req *http.Request) (*http.Response, error) {
				return nil, errors.New("cannot reach " + req.URL.String() + " with " + fmt.Sprint(req.Header))
			},
			outcome{requests: 3, took: bothWaits}, outcome{is: []error{cfchat.ErrUnknownOutcome}, requests: 1},
		},
		{
			"fails with an error of this package", func(*http.Request) (*http.Response, error) {
				return nil, &cfchat.Error{Operation: "another", StatusCode: 418, Err: errRefused}
			},
			outcome{says: errRefused.Error(), requests: 3, took: bothWaits},
			outcome{is: []error{cfchat.ErrUnknownOutcome}, says: errRefused.Error(), requests: 1},
		},
		{
			"fails to connect and answers all the same", func(req *http.Request) (*http.Response, error) {
				httptrace.ContextClientTrace(req.Context()).GetConn("chat.test:443")
				return trial.Reply(502, "text/plain", "another way"), nil
			},
			outcome{is: []error{cfchat.ErrServer}, status: 502, requests: 3, took: bothWaits},
			outcome{is: []error{cfchat.ErrServer, cfchat.ErrUnknownOutcome}, status: 502, requests: 1},
		},
		{
			"neither an answer nor an error", func(*http.Request) (*http.Response, error) { return nil, nil },
			outcome{requests: 3, took: bothWaits}, outcome{is: []error{cfchat.ErrUnknownOutcome}, requests: 1},
		},
		{
			"no body", func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: header.Clone()}, nil
			},
			outcome{is: []error{cfchat.ErrDecode}, status: 200, requests: 1},
			outcome{is: []error{cfchat.ErrDecode, cfchat.ErrUnknownOutcome}, status: 200, requests: 1},
		},
		{
			"no body, no header, a failure", func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 404}, nil },
			outcome{is: []error{cfchat.ErrNotFound}, status: 404, requests: 1}, outcome{is: []error{cfchat.ErrNotFound}, status: 404, requests: 1},
		},
		{
			"no body, no header, a redirect", func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 302}, nil },
			outcome{is: []error{cfchat.ErrRedirect}, status: 302, requests: 1}, outcome{is: []error{cfchat.ErrRedirect}, status: 302, requests: 1},
		},
		{
			"no header", func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: body("{}")}, nil
			},
			outcome{is: []error{cfchat.ErrDecode}, status: 200, requests: 1},
			outcome{is: []error{cfchat.ErrDecode, cfchat.ErrUnknownOutcome}, status: 200, requests: 1},
		},
		{
			"no status", func(*http.Request) (*http.Response, error) { return &http.Response{Body: body("{}")}, nil },
			outcome{requests: 3, took: bothWaits}, outcome{is: []error{cfchat.ErrUnknownOutcome}, requests: 1},
		},
		{
			"a negative status", func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: -200, Body: body("{}")}, nil
			},
			outcome{status: -200, requests: 1}, outcome{is: []error{cfchat.ErrUnknownOutcome}, status: -200, requests: 1},
		},
		{
			"a body that fails", func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: header.Clone(), Body: io.NopCloser(failingReader{})}, nil
			},
			outcome{also: []error{errRefused}, status: 200, requests: 3, took: bothWaits},
			outcome{is: []error{cfchat.ErrUnknownOutcome}, also: []error{errRefused}, status: 200, requests: 1},
		},
		{
			"it knows of the cancellation by its own error", func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, errors.New("gave up")
			},
			outcome{also: []error{context.DeadlineExceeded}, requests: 3, took: threeTimeouts},
			outcome{is: []error{cfchat.ErrUnknownOutcome}, also: []error{context.DeadlineExceeded}, requests: 1, took: exactly(30 * time.Second)},
		},
	} {
		for _, of := range trial.Calls {
			if c.name == "no body" && of.Good == "" { // an empty body is this operation's good answer
				continue
			}
			inBubble(t, c.name+", "+of.ID, func(t *testing.T) {
				defer failOnPanic(t)
				var tries atomic.Int64
				chat := socketChat(t, "https://chat.test", trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
					tries.Add(1)
					return c.trip(req)
				}))
				want, begun := c.read, time.Now()
				if of.Write {
					want = c.write
				}
				value, err := of.Do(t.Context(), chat)
				want.judge(t, of, value, err)
				if int(tries.Load()) != want.requests || !want.took.holds(time.Since(begun)) {
					t.Errorf("%d tries in %v", tries.Load(), time.Since(begun))
				}
			})
		}
	}
}

// TestTryLeavesNoContext checks that the context of a try ends with it, so that neither its timer nor anything that depends
// on the context is left behind.
func TestTryLeavesNoContext(t *testing.T) {
	var contexts []context.Context
	chat := socketChat(t, "https://chat.test", trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		contexts = append(contexts, req.Context())
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}))
	if err := trial.By(trial.Get)(t.Context(), chat); err != nil {
		t.Fatal(err)
	}
	if len(contexts) != 1 || contexts[0].Err() == nil {
		t.Errorf("got %d contexts, want one that has ended", len(contexts))
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errRefused }

// TestRequestOfAnAnswer checks that an answer's Request has no key, wherever the key came from, because programs log it with
// the answer.
func TestRequestOfAnAnswer(t *testing.T) {
	sent := 0
	chat := socketChat(t, "https://chat.test", trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if len(auth.HeaderNames(req.Header)) == 1 {
			sent++
		}
		resp := trial.Reply(200, "application/json", trial.GoodConversation)
		resp.Request = req
		return resp, nil
	}))
	own := auth.Keys{User: auth.NewKey(userKey), Header: auth.HeaderDash, Prefix: "Bearer"}
	for _, editors := range [][]cfchat.RequestEditorFn{nil, {own.Edit}} {
		resp, err := chat.Raw().GetDetailsOfAConversationWithResponse(t.Context(), accountID, 42, editors...)
		if err != nil {
			t.Fatal(err)
		}
		behind := resp.HTTPResponse.Request
		if leak := leakIn(fmt.Sprintf("%+v", behind.Header)); leak != "" || behind.Header.Get("Accept") == "" || behind.URL.Host != "chat.test" {
			t.Errorf("%s, %v", leak, behind.Header)
		}
	}
	if sent != 2 {
		t.Errorf("%d requests had a key", sent)
	}
}

// TestAnswerOfACache checks that the headers of an answer stay unchanged, because a transport such as a cache may return the
// same answer to many calls.
func TestAnswerOfACache(t *testing.T) {
	header := http.Header{"Content-Type": {"Application/JSON"}}
	chat := socketChat(t, "https://chat.test", trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(strings.NewReader(trial.GoodConversation))}, nil
	}))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := chat.Raw().GetDetailsOfAConversationWithResponse(t.Context(), accountID, 42); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := header.Get("Content-Type"); got != "Application/JSON" {
		t.Errorf("the transport's header was changed to %q", got)
	}
}

// TestC4KeysThatChange changes keys while calls run: every request has one whole key, and keeps it on every try.
func TestC4KeysThatChange(t *testing.T) {
	inBubble(t, "C4", func(t *testing.T) {
		var current atomic.Pointer[auth.Keys]
		keys := make([]string, 8)
		for i := range keys {
			keys[i] = strings.Repeat(fmt.Sprint(i), 24)
		}
		current.Store(&auth.Keys{User: auth.NewKey(keys[0])})
		var mu sync.Mutex
		tries := map[string][]string{} // the keys of the requests, by path
		s := &faultServer{answer: func(r sentRequest) step {
			mu.Lock()
			defer mu.Unlock()
			path := strings.Fields(r.head)[1]
			tries[path] = append(tries[path], headers(r, "api_access_token")...)
			if len(tries[path]) == 1 {
				return sendsJSON(429, `{}`, "Retry-After: 1")
			}
			return sendsJSON(200, strings.ReplaceAll(trial.GoodConversation, "42", path[strings.LastIndex(path, "/")+1:]))
		}}
		chat, _ := s.connect(t, func(c *cfchat.Config) {
			c.RequestEditors = []cfchat.RequestEditorFn{func(ctx context.Context, req *http.Request) error { return current.Load().Edit(ctx, req) }}
		})
		var group sync.WaitGroup
		for i := range 64 {
			group.Go(func() {
				current.Store(&auth.Keys{User: auth.NewKey(keys[i%len(keys)])})
				if _, err := chat.Account(accountID).Conversations.Get(t.Context(), int64(i+1)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		synctest.Wait()
		if len(tries) != 64 {
			t.Errorf("got %d paths", len(tries))
		}
		for path, used := range tries {
			if len(used) != 2 || used[0] != used[1] || !slices.Contains(keys, used[0]) {
				t.Errorf("%s was asked with the keys %q", path, used)
			}
		}
	})
}

// TestSearchComesBack checks that the searched text is redacted if the server repeats it in another notation: as the whole
// query, if the text alone is too short to recognize, or escaped like a path segment, in which a plus stays a plus.
func TestSearchComesBack(t *testing.T) {
	for _, c := range []struct {
		q    string
		echo func(req *http.Request) string
	}{
		{"ab", func(req *http.Request) string { return req.URL.RawQuery }},
		{"a+b cdefgh", func(req *http.Request) string { return url.PathEscape(req.URL.Query().Get("q")) }},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			return trial.Reply(422, "application/json", `{"error":"no: `+c.echo(req)+`"}`), nil
		}))
		_, err := chat.Account(1).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: c.q, Page: 2})
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.Message != "no: [redacted]" {
			t.Errorf("%s: %v", c.q, err)
		}
	}
}

// TestEchoedKeyOfSeveralWords checks that a key of several words is removed as a whole: an editor's value need not be a
// prefix and a key, and its last word may be too short to be searched for.
func TestEchoedKeyOfSeveralWords(t *testing.T) {
	const words = "correct horse battery"
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		return trial.Reply(401, "application/json", quoted(`{"error":%s}`, "no such key: "+req.Header.Get(auth.HeaderDash))), nil
	}))
	_, err := chat.Account(1).Conversations.Get(t.Context(), 1, cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Header.Set(auth.HeaderDash, words)
		return nil
	}))
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || e.Message != "no such key: [redacted]" || strings.Contains(e.Body+e.Error(), "horse") {
		t.Errorf("got %v, body %s", err, e.Body)
	}
}

// TestSecretsThatTheEndCuts checks that the received part of a secret is removed, because a body may end anywhere.
func TestSecretsThatTheEndCuts(t *testing.T) {
	part := userKey[:len(userKey)-1]
	for name, s := range map[string]step{
		"a failure":     {bytes: "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nno such key " + part, after: closed},
		"a success":     {bytes: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"k\":\"" + part, after: closed},
		"the first MiB": says(401, "text/html", strings.Repeat("x", 1<<20-len(part))+userKey),
	} {
		inBubble(t, name, func(t *testing.T) {
			s := &faultServer{steps: []step{s}}
			chat, _ := s.connect(t)
			var resp cfchat.Response
			err := chat.Account(accountID).Do(t.Context(), "POST", "x", nil, nil, cfchat.WithResponse(&resp), cfchat.WithRetry(cfchat.Retry{MaxTries: 1}))
			e, ok := errors.AsType[*cfchat.Error](err)
			if !ok || strings.Contains(err.Error()+e.Body+string(resp.Body), part) {
				t.Errorf("%.200v, %.200s, … %s", err, e.Body, resp.Body[max(0, len(resp.Body)-30):])
			}
		})
	}
}

// TestSearchInOtherForms checks that the searched text, however a server writes it, is removed from errors and from the kept
// body.
func TestSearchInOtherForms(t *testing.T) {
	for name, c := range map[string]struct{ query, kind, body, secret string }{
		"a page with a stray %": {"q=J%C3%B6rg+M%C3%BCller", "text/html", `<html><style>b{width:100%;}</style><a href="/x?q=J%c3%b6rg+M%c3%bcller">`, "ller"},
		"JSON in an error":      {"q=Smith+%26+Sons", "application/json", `{"error":"unexpected token at '{\"q\":\"Smith \\u0026 Sons\"}'"}`, "Sons"},
		"JSON in a page":        {"q=J%C3%B6rg+M%C3%BCller", "text/html", `<html><script>q="J\u00f6rg M\u00fcller"</script>`, "ller"},
		"one in another":        {"a=John+Smi&q=John+Smith-Jones", "application/json", `{"error":"none for John Smith-Jones"}`, "Jones"},
		"another case":          {"q=Jo.Long@Example.com", "application/json", `{"error":"none for jo.long@example.com"}`, "jo.long"},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(422, c.kind, c.body), nil }))
		var resp cfchat.Response
		err := chat.Account(1).Do(t.Context(), "GET", "contacts/search?"+c.query, nil, nil, cfchat.WithResponse(&resp))
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || strings.Contains(err.Error()+e.Body+string(resp.Body), c.secret) {
			t.Errorf("%s: %v; %s; %s", name, err, e.Body, resp.Body)
		}
	}
}

// TestSecretsOfLateFailures checks that an answer that is found to be a failure only later is kept without secrets, as any
// failure is.
func TestSecretsOfLateFailures(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		//lint:ignore SA1008 the servers document this spelling, which is not the canonical one
		key := req.Header[auth.HeaderUnderscore][0]
		resp := trial.Reply(200, "application/json", `{"payload":{"success":false,"conversation_id":1,"current_status":"open","k":"`+key+`"}}`)
		resp.Header.Set("X-Debug", key)
		return resp, nil
	}), func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(userKey)} })
	for name, do := range map[string]func(option cfchat.CallOption) error{
		"a writer that fails": func(o cfchat.CallOption) error { return chat.Account(1).Do(t.Context(), "GET", "x", nil, broken{}, o) },
		"success: false": func(o cfchat.CallOption) error {
			return trial.Second(chat.Account(1).Conversations.ToggleStatus(t.Context(), 1, o))
		},
		"another status": func(o cfchat.CallOption) error {
			return trial.Second(chat.Account(1).Conversations.SetStatus(t.Context(), 1, cfchat.StatusPending, o))
		},
	} {
		var resp cfchat.Response
		if err := do(cfchat.WithResponse(&resp)); err == nil || resp.StatusCode != 200 {
			t.Errorf("%s: %v, %d", name, err, resp.StatusCode)
		}
		if leak := leakIn(string(resp.Body), fmt.Sprint(resp.Header)); leak != "" {
			t.Errorf("%s: %s", name, leak)
		}
	}
}

// TestSecretsOfATransportThatRemovesThem checks that secrets are redacted even if a transport removes them from the request,
// such as one that signs requests in its own way.
func TestSecretsOfATransportThatRemovesThem(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		//lint:ignore SA1008 the servers document this spelling, which is not the canonical one
		key, query := req.Header[auth.HeaderUnderscore][0], req.URL.RawQuery
		delete(req.Header, auth.HeaderUnderscore)
		req.URL.RawQuery = ""
		return trial.Reply(422, "application/json", `{"error":"bad `+key+` `+query+`"}`), nil
	}), func(c *cfchat.Config) { c.Keys.User = auth.NewKey(userKey) })
	checkSecrets(t, chat.Account(1).Do(t.Context(), "GET", "x?q="+searched, nil, nil))
	checkSecrets(t, chat.Account(1).Do(t.Context(), "x?q="+searched, "GET", nil, nil)) // swapped
}

// TestSearchOfAListThatComesBack checks that a source id, which belongs to a person, is removed from a server's message, but
// that a status, which is a known word, stays.
func TestSearchOfAListThatComesBack(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		q := req.URL.Query()
		return trial.Reply(422, "application/json", `{"error":"none of `+q.Get("source_id")+` is `+q.Get("status")+`"}`), nil
	}))
	_, err := chat.Account(1).Conversations.List(t.Context(), cfchat.ConversationListOptions{Status: cfchat.StatusResolved, SourceID: searched})
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || e.Message != "none of [redacted] is resolved" {
		t.Error(err)
	}
	checkSecrets(t, err)
}

// TestSearchAfterAPercent checks that a % that escapes nothing, as in a LIKE, does not hide the text that follows it.
func TestSearchAfterAPercent(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(422, "application/json", `{"error":"none LIKE '%J%C3%B6rg M%C3%BCller%'"}`), nil
	}))
	err := chat.Account(1).Do(t.Context(), "GET", "contacts/search?q=J%C3%B6rg+M%C3%BCller", nil, nil)
	if err == nil || strings.Contains(err.Error(), "ller") {
		t.Error(err)
	}
}
