package faults_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// oneHost fails if a connection was made to any host but the configured one, or if a password is shown.
func oneHost(t *testing.T, e *cfchat.Error, s *faultServer, _ *counted) {
	t.Helper()
	if !slices.Equal(s.dialed, []string{"127.0.0.1:80"}) {
		t.Errorf("connections to %q", s.dialed)
	}
	if strings.Contains(e.Error(), "pAsSwOrD") {
		t.Errorf("a password in %q", e)
	}
}

func TestRedirectFaults(t *testing.T) {
	redirect := []error{cfchat.ErrRedirect}
	var faults []fault
	for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
		for _, c := range []struct{ name, location, says string }{
			{"H1 H3 H4 other host", "https://other.example/login?q=" + searched, "https://other.example"},
			{"H1 other host by a relative address", "//other.example/?q=" + searched, "to //other.example:"},
			{"H1 other host, user and password", "https://u:pAsSwOrD@other.example/", "other.example"},
			{"H2 other scheme", "ftp://127.0.0.1/?q=" + searched, "Config.Server"},
			{"H5 same host, https", "https://127.0.0.1/api/v1/accounts/7/conversations?q=" + searched, "Config.Server"},
			{"H5 same host, other path", "/login?q=" + searched, "answers directly"},
			{"H5 itself", "", "answers directly"},
			{"H6 a malformed address", "https://other.example/%zz?q=" + searched, "answers directly"},
			{"H6 a malformed host", "http://[::1/?q=" + searched, "answers directly"},
		} {
			answer := says(status, "text/html", "<html><body>You are being <a href=\"#\">redirected</a>.</body></html>")
			if c.location != "" {
				answer = says(status, "text/html", "", "Location: "+c.location)
			}
			faults = append(faults, fault{
				name: fmt.Sprintf("%s, %d", c.name, status), steps: []step{answer},
				want: outcome{is: redirect, status: status, says: c.says, requests: 1, check: oneHost},
			})
		}
	}
	testFaults(t, append(faults, fault{
		name: "H7 304", steps: []step{{bytes: "HTTP/1.1 304 Not Modified\r\nEtag: W/\"1\"\r\n\r\n"}},
		want: outcome{status: 304, says: "304 Not Modified: nothing has changed since the answer that the request names", requests: 1, check: oneHost},
	}))
}

// TestRedirectToPlainHTTP plays H2 on real sockets: the target of the redirect must see no request.
func TestRedirectToPlainHTTP(t *testing.T) {
	var seen atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
	defer plain.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, plain.URL+r.URL.String(), status)
		}))
		chat := socketChat(t, secure.URL, secure.Client().Transport)
		for _, c := range trial.Calls {
			value, err := c.Do(t.Context(), chat)
			outcome{is: []error{cfchat.ErrRedirect}, status: status, says: plain.Listener.Addr().String()}.judge(t, c, value, err)
		}
		secure.Close()
	}
	if seen.Load() != 0 {
		t.Errorf("H2: %d requests in plaintext", seen.Load())
	}
}

// socketChat returns a client with both keys for a server on a real socket.
func socketChat(t *testing.T, server string, transport http.RoundTripper) *cfchat.Chat {
	t.Helper()
	chat, err := cfchat.New(cfchat.Config{
		Keys:       auth.Keys{User: auth.NewKey(userKey), AgentBot: auth.NewKey(botKey)},
		Server:     server,
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

// TestUsersHTTPClient plays H9: the caller's http.Client is copied; its Jar and Timeout are used, its CheckRedirect is not.
func TestUsersHTTPClient(t *testing.T) {
	inBubble(t, "H9 the http.Client is not changed", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation, steps: []step{says(302, "", "", "Location: http://other.example/")}}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { panic("asked") }, Timeout: time.Minute}
		var before http.Client
		chat, _ := s.connect(t, func(c *cfchat.Config) {
			client.Transport = c.HTTPClient.Transport
			before = *client
			c.HTTPClient = client
		})
		_, err := chat.Account(accountID).Conversations.Get(t.Context(), 42)
		if !errors.Is(err, cfchat.ErrRedirect) || len(s.requests) != 1 {
			t.Errorf("got %v after %d requests", err, len(s.requests))
		}
		if client.Transport != before.Transport || client.Jar != before.Jar || client.Timeout != before.Timeout ||
			reflect.ValueOf(client.CheckRedirect).Pointer() != reflect.ValueOf(before.CheckRedirect).Pointer() {
			t.Error("the caller's http.Client was changed")
		}
		client.Transport = nil // must not reach the copy
		if _, err := chat.Account(accountID).Conversations.Get(t.Context(), 42); !errors.Is(err, cfchat.ErrRedirect) || len(s.requests) != 2 {
			t.Errorf("a later change to the http.Client changed the Chat: %v", err)
		}
	})
	inBubble(t, "H12 cookies are not doubled on another try", func(t *testing.T) {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		jar.SetCookies(&url.URL{Scheme: "http", Host: "127.0.0.1"}, []*http.Cookie{{Name: "a", Value: "1"}})
		s := &faultServer{good: trial.GoodConversation, steps: []step{says(503, "", ""), says(503, "", "", "Set-Cookie: b=2"), fine}}
		chat, _ := s.connect(t, func(c *cfchat.Config) { c.HTTPClient.Jar = jar })
		if _, err := chat.Account(accountID).Conversations.Get(t.Context(), 42); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"a=1", "a=1", "b=2; a=1"} {
			if got := headers(s.requests[i], "Cookie"); !slices.Equal(got, []string{want}) {
				t.Errorf("request %d has cookies %q, want %q", i+1, got, want)
			}
		}
	})
	inBubble(t, "H9 a negative http.Client.Timeout is ignored", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation, steps: []step{{good: true, pause: time.Second}}}
		chat, _ := s.connect(t, func(c *cfchat.Config) { c.HTTPClient.Timeout = -1 })
		if _, err := chat.Account(accountID).Conversations.Get(t.Context(), 42); err != nil {
			t.Error(err)
		}
	})
	inBubble(t, "H9 a longer http.Client.Timeout", func(t *testing.T) {
		s := &faultServer{steps: []step{mute}}
		chat, _ := s.connect(t, func(c *cfchat.Config) {
			c.HTTPClient.Timeout, c.Timeout, c.Retry.MaxTries = time.Minute, time.Second, 1
		})
		_, err := chat.Account(accountID).Conversations.Get(t.Context(), 42)
		if took := time.Since(s.begun); took != time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v after %v", err, took)
		}
	})
	for _, c := range []trial.Call{trial.Get, trial.Create} {
		inBubble(t, "H9 http.Client.Timeout, "+c.ID, func(t *testing.T) {
			s := &faultServer{steps: []step{mute}}
			chat, _ := s.connect(t, func(c *cfchat.Config) { c.HTTPClient.Timeout = 2 * time.Second })
			value, err := c.Do(t.Context(), chat)
			took := time.Since(s.begun)
			want := outcome{also: []error{context.DeadlineExceeded}, requests: 3, took: span{6*time.Second + bothWaits.from, 6*time.Second + bothWaits.to}}
			if c.Write {
				want = outcome{also: want.also, is: []error{cfchat.ErrUnknownOutcome}, requests: 1, took: exactly(2 * time.Second)}
			}
			want.judge(t, c, value, err)
			if !want.took.holds(took) || len(s.requests) != want.requests {
				t.Errorf("%d requests in %v", len(s.requests), took)
			}
		})
	}
}

// TestCookies plays H9: a Jar is read and updated exactly as an http.Client does it.
func TestCookies(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "", "chat.test"} {
		inBubble(t, fmt.Sprintf("H9 cookies go where an http.Client sends them, Host %q", host), func(t *testing.T) {
			set := sendsJSON(200, trial.GoodConversation, "Set-Cookie: all=1", "Set-Cookie: mine=1; Path=/api/v1/accounts/7", "Set-Cookie: other=1; Path=/other",
				"Set-Cookie: secure=1; Secure", "Set-Cookie: over=1; Max-Age=0", "Set-Cookie: brief=1; Max-Age=5", "Set-Cookie: domain=1; Domain=chat.test")
			s := &faultServer{steps: []step{set, set, fine}, good: trial.GoodConversation}
			jars := [2]*cookiejar.Jar{}
			for i := range jars {
				jars[i], _ = cookiejar.New(nil)
				jars[i].SetCookies(&url.URL{Scheme: "http", Host: "127.0.0.1"}, []*http.Cookie{{Name: "address", Value: "1"}})
				jars[i].SetCookies(&url.URL{Scheme: "http", Host: "chat.test"}, []*http.Cookie{{Name: "host", Value: "1"}})
			}
			var transport http.RoundTripper
			chat, _ := s.connect(t, func(c *cfchat.Config) { c.HTTPClient.Jar, transport = jars[0], c.HTTPClient.Transport })
			stock := &http.Client{Transport: transport, Jar: jars[1]}
			for range 3 {
				var same *http.Request
				_, err := chat.Account(accountID).Conversations.Get(t.Context(), 42, cfchat.RequestEditorFn(func(ctx context.Context, req *http.Request) error {
					req.Host = host
					same = req.Clone(ctx)
					return nil
				}))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := stock.Do(same)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				n := len(s.requests)
				ours, theirs := headers(s.requests[n-2], "Cookie"), headers(s.requests[n-1], "Cookie")
				if len(ours) != 1 || !slices.Equal(ours, theirs) {
					t.Errorf("request %d has cookies %q, an http.Client's has %q", n-1, ours, theirs)
				}
				time.Sleep(3 * time.Second)
			}
			if slices.ContainsFunc(s.dialed, func(address string) bool { return address != "127.0.0.1:80" }) {
				t.Errorf("connections to %q", s.dialed)
			}
		})
	}
}

// TestUserOfTheAddress plays H9: a user and password that an editor puts into the address become a header, as with
// http.Client.
func TestUserOfTheAddress(t *testing.T) {
	inBubble(t, "H9 user and password in the address", func(t *testing.T) {
		s := &faultServer{good: trial.GoodConversation}
		chat, _ := s.connect(t)
		inAddress := func(_ context.Context, req *http.Request) error {
			req.URL.User = url.UserPassword("u", "p")
			return nil
		}
		inHeader := func(_ context.Context, req *http.Request) error { req.SetBasicAuth("own", "p"); return nil }
		for _, editors := range [][]cfchat.RequestEditorFn{{inAddress}, {inAddress, inHeader}} {
			if _, err := chat.Account(accountID).Conversations.Get(t.Context(), 42, trial.Options(editors)...); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []string{"Basic dTpw", "Basic b3duOnA="} {
			if got := headers(s.requests[i], "Authorization"); !slices.Equal(got, []string{want}) {
				t.Errorf("request %d has %q, want %q", i+1, got, want)
			}
		}
	})
}

// headers returns the values of a header, whose name is compared byte for byte.
func headers(r sentRequest, name string) []string {
	var values []string
	for _, line := range strings.Split(r.head, "\r\n")[1:] {
		if before, after, _ := strings.Cut(line, ": "); before == name {
			values = append(values, after)
		}
	}
	return values
}

// TestWireForm plays H11, H12, V11 and V12: the bytes of every operation.
func TestWireForm(t *testing.T) {
	request := func(line, key, length string) string {
		if length != "" {
			length = "Content-Length: " + length + "\r\n"
		}
		if key != "" {
			key = "api_access_token: " + key + "\r\n"
		}
		return line + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: cfchat-go/" + cfchat.Version + "\r\n" + length + "Accept: application/json\r\n" +
			"Content-Type: application/json\r\n" + key + "Accept-Encoding: gzip"
	}
	const base = "/api/v1/accounts/7/conversations"
	snoozed := strings.Replace(trial.GoodChange, "resolved", "snoozed", 1)
	type form struct {
		name, good, head, body string
		do                     func(context.Context, *cfchat.Chat) error
	}
	var forms []form
	for _, c := range trial.Calls {
		key, length := "", ""
		if !c.IsPublic() {
			key = map[string]string{operation.UserAPIKey: userKey, operation.AgentBotAPIKey: botKey}[c.Keys[0].Scheme]
		}
		if c.Body != "" || c.Method == http.MethodPost {
			length = strconv.Itoa(len(c.Body))
		}
		forms = append(forms, form{c.ID, c.Good, request(c.Method+" "+c.Address(), key, length), c.Body, trial.By(c)})
	}
	for _, c := range append(forms, []form{
		{"V12 toggle without a body of its own", trial.GoodChange, request("POST "+base+"/42/toggle_status", botKey, "2"), `{}`, func(ctx context.Context, chat *cfchat.Chat) error {
			_, err := chat.Account(accountID).Conversations.ToggleStatus(ctx, 42)
			return err
		}},
		{"V11 snooze without a time", snoozed, request("POST "+base+"/42/toggle_status", botKey, "20"), `{"status":"snoozed"}`, func(ctx context.Context, chat *cfchat.Chat) error {
			_, err := chat.Account(accountID).Conversations.Snooze(ctx, 42, time.Time{})
			return err
		}},
		{"V11 snooze until a time", snoozed, request("POST "+base+"/42/toggle_status", botKey, "47"), `{"snoozed_until":1893456000,"status":"snoozed"}`, func(ctx context.Context, chat *cfchat.Chat) error {
			_, err := chat.Account(accountID).Conversations.Snooze(ctx, 42, time.Unix(1893456000, 999))
			return err
		}},
		{"V8 no labels, nothing empty", trial.List.Good, request("GET "+base, userKey, ""), "", func(ctx context.Context, chat *cfchat.Chat) error {
			_, err := chat.Account(accountID).Conversations.List(ctx, cfchat.ConversationListOptions{
				Labels: []string{}, Q: "", SourceID: "", Status: cfchat.Status(""),
				AssigneeType: cfchat.AssigneeType(""), SortBy: cfchat.SortBy(""), ConversationType: cfchat.ConversationType(""),
			})
			return err
		}},
		{"V4 nil params", trial.Counts.Good, request("GET "+base+"/meta", userKey, ""), "", func(ctx context.Context, chat *cfchat.Chat) error {
			_, err := chat.Account(accountID).Conversations.Counts(ctx, cfchat.ConversationListOptions{})
			return err
		}},
	}...) {
		inBubble(t, "H11 "+c.name, func(t *testing.T) {
			// 429 is the only answer after which every operation is sent again.
			s := &faultServer{good: c.good, steps: []step{sendsJSON(429, `{}`, "Retry-After: 1"), sendsJSON(429, `{}`, "Retry-After: 1"), fine}}
			chat, _ := s.connect(t)
			if err := c.do(t.Context(), chat); err != nil {
				t.Fatal(err)
			}
			if len(s.requests) != 3 {
				t.Fatalf("%d requests", len(s.requests))
			}
			for i, r := range s.requests {
				if r.head != c.head || r.body != c.body {
					t.Errorf("request %d is\n%s\n\n%s\nwant\n%s\n\n%s", i+1, r.head, r.body, c.head, c.body)
				}
			}
		})
	}
}

// TestEditors checks what the caller's own request editors can change.
func TestEditors(t *testing.T) {
	refused := []error{cfchat.ErrInvalidInput, cfchat.ErrNotSent}
	set := func(name string, values ...string) cfchat.RequestEditorFn {
		return func(_ context.Context, req *http.Request) error {
			req.Header[name] = values
			return nil
		}
	}
	errEditor := errors.New("the editor has no token")
	testFaults(t, []fault{
		{
			name: "an editor changes the host", want: outcome{is: refused},
			editor: func(_ context.Context, req *http.Request) error { req.URL.Host = "other.example"; return nil },
		},
		{
			name: "an editor changes the port", want: outcome{is: refused},
			editor: func(_ context.Context, req *http.Request) error { req.URL.Host = "127.0.0.1:81"; return nil },
		},
		{
			name: "an editor changes the scheme", want: outcome{is: refused},
			editor: func(_ context.Context, req *http.Request) error { req.URL.Scheme = "https"; return nil },
		},
		{
			name: "an editor changes the host and sets a key", want: outcome{is: refused},
			editor: func(ctx context.Context, req *http.Request) error {
				req.URL.Host = "other.example"
				return auth.Keys{User: auth.NewKey(userKey)}.Edit(ctx, req)
			},
		},
		{name: "H12 two keys", editor: set("Api-Access-Token", userKey, botKey), want: outcome{is: refused}},
		{
			name: "H12 two keys in two spellings", want: outcome{is: refused},
			editor: func(_ context.Context, req *http.Request) error {
				req.Header["Api-Access-Token"], req.Header["api_access_token"] = []string{userKey}, []string{userKey}
				return nil
			},
		},
		{name: "T20 x-idempotency-key", editor: set("x-idempotency-key", "1"), want: outcome{is: refused}},
		{name: "a header name with a blank", editor: set("X Trace", "1"), want: outcome{is: refused}},
		{name: "a header value with a control character", editor: set("X-Trace", "a\x7f"), want: outcome{is: refused}},
		{name: "T20 Idempotency-Key", editor: set("Idempotency-Key", "1"), want: outcome{is: refused}},
		{name: "T20 X-Idempotency-Key", editor: set("X-Idempotency-Key", "1"), want: outcome{is: refused}},
		{name: "T20 Idempotency-Key without a value", editor: set("Idempotency-Key"), want: outcome{is: refused}},
		{
			name: "an editor fails", noRaw: true,
			want:   outcome{is: []error{cfchat.ErrNotSent}, also: []error{errEditor}},
			editor: func(context.Context, *http.Request) error { return errEditor },
		},
		{
			name: "an editor fails with the failure of another call", noRaw: true, want: outcome{is: []error{cfchat.ErrNotSent}, says: errEditor.Error()},
			editor: func(context.Context, *http.Request) error {
				return &cfchat.Error{Operation: "another", StatusCode: 200, Err: errEditor}
			},
		},
		{
			name: "a header that HTTP does not allow", editor: set("X-Trace", "a\r\nb"), on: trial.Writes,
			want: outcome{is: []error{cfchat.ErrNotSent}, maybe: []error{cfchat.ErrInvalidInput}},
		},
		{
			name: "a header that HTTP does not allow, read", editor: set("X-Trace", "a\r\nb"), on: trial.Gets,
			want: outcome{is: []error{cfchat.ErrNotSent}, maybe: []error{cfchat.ErrInvalidInput}},
		},
	})
	for _, c := range trial.Keyed {
		inBubble(t, "H12 an editor's key wins, in every spelling, and on every try, "+c.ID, func(t *testing.T) {
			for _, name := range []string{"api_access_token", "Api_access_token", "Api-Access-Token", "API-ACCESS-TOKEN"} {
				s := &faultServer{good: c.Good, steps: []step{sendsJSON(429, `{}`, "Retry-After: 1"), fine}}
				chat, _ := s.connect(t)
				if _, err := c.Do(t.Context(), chat, set(name, "another-key")); err != nil {
					t.Fatal(err)
				}
				for _, r := range s.requests {
					if n := strings.Count(strings.ToLower(strings.ReplaceAll(r.head, "_", "-")), "api-access-token:"); n != 1 {
						t.Errorf("%d keys:\n%s", n, r.head)
					}
					if got := headers(r, name); !slices.Equal(got, []string{"another-key"}) || leakIn(strings.ReplaceAll(r.head, searched, "")) != "" {
						t.Errorf("%s is %q:\n%s", name, got, r.head)
					}
				}
			}
		})
		inBubble(t, "H12 Keys.Edit as an editor does not add a key, "+c.ID, func(t *testing.T) {
			keys := auth.Keys{User: auth.NewKey("third-key"), Header: auth.HeaderDash, Prefix: "Bearer"}
			other := auth.Keys{User: auth.NewKey("fourth-key")}
			s := &faultServer{good: c.Good}
			chat, _ := s.connect(t, func(c *cfchat.Config) { c.RequestEditors = []cfchat.RequestEditorFn{keys.Edit, other.Edit} })
			if _, err := c.Do(t.Context(), chat, keys.Edit); err != nil {
				t.Fatal(err)
			}
			head := s.requests[0].head
			if got := headers(s.requests[0], "Api-Access-Token"); !slices.Equal(got, []string{"Bearer third-key"}) || strings.Contains(head, "api_access_token") {
				t.Errorf("got keys %q:\n%s", got, head)
			}
		})
		inBubble(t, "an editor's User-Agent is used, "+c.ID, func(t *testing.T) {
			s := &faultServer{good: c.Good}
			chat, _ := s.connect(t)
			if _, err := c.Do(t.Context(), chat, set("User-Agent", "mine/1")); err != nil {
				t.Fatal(err)
			}
			if got := headers(s.requests[0], "User-Agent"); !slices.Equal(got, []string{"mine/1"}) {
				t.Errorf("User-Agent is %q", got)
			}
		})
		inBubble(t, "an editor drops all headers, "+c.ID, func(t *testing.T) {
			defer failOnPanic(t)
			s := &faultServer{good: c.Good}
			chat, _ := s.connect(t)
			if _, err := c.Do(t.Context(), chat, func(_ context.Context, req *http.Request) error { req.Header = nil; return nil }); err != nil {
				t.Fatal(err)
			}
			if got := headers(s.requests[0], "api_access_token"); len(got) != 1 {
				t.Errorf("%d keys", len(got))
			}
		})
		inBubble(t, "an editor removes the address, "+c.ID, func(t *testing.T) {
			defer failOnPanic(t)
			s := &faultServer{good: c.Good}
			chat, _ := s.connect(t)
			take := func(_ context.Context, req *http.Request) error { req.URL = nil; return nil }
			_, err := c.Do(t.Context(), chat, take)
			_, rawErr := c.Raw(t.Context(), chat.Raw(), take)
			for _, err := range []error{err, rawErr} {
				if !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || len(s.requests) != 0 {
					t.Errorf("%v after %d requests", err, len(s.requests))
				}
			}
		})
		inBubble(t, "V12 an editor's Content-Type and Accept are not used, "+c.ID, func(t *testing.T) {
			s := &faultServer{good: c.Good}
			chat, _ := s.connect(t)
			if _, err := c.Do(t.Context(), chat, set("Content-Type", "text/plain", "a/b"), set("Accept", "text/html")); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"Content-Type", "Accept"} {
				if got := headers(s.requests[0], name); !slices.Equal(got, []string{"application/json"}) {
					t.Errorf("%s is %q", name, got)
				}
			}
		})
	}
}

// TestEditorThatChangesTheOperation checks that a request that an editor turns into another operation is either sent or
// refused, never both.
func TestEditorThatChangesTheOperation(t *testing.T) {
	for _, c := range trial.Calls {
		for name, editor := range map[string]cfchat.RequestEditorFn{
			"to toggle": func(_ context.Context, req *http.Request) error {
				req.Method, req.URL.Path = http.MethodPost, "/api/v1/accounts/7/conversations/42/toggle_status"
				return nil
			},
			"to toggle by another request": func(ctx context.Context, req *http.Request) error {
				other, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1/api/v1/accounts/7/conversations/42/toggle_status", nil)
				if err == nil {
					*req = *other
				}
				return err
			},
			"to none": func(_ context.Context, req *http.Request) error { req.URL.Path = "/api/v2/reports"; return nil },
		} {
			if c.ID == trial.Toggle.ID && strings.HasPrefix(name, "to toggle") {
				continue
			}
			inBubble(t, c.ID+" "+name, func(t *testing.T) {
				defer failOnPanic(t)
				s := &faultServer{good: trial.GoodChange}
				chat, _ := s.connect(t)
				_, err := c.Do(t.Context(), chat, editor)
				if err == nil {
					t.Fatal("it succeeded")
				}
				every := &faultServer{good: trial.GoodChange}
				chat, _ = every.connect(t, func(c *cfchat.Config) { c.RequestEditors = []cfchat.RequestEditorFn{editor} })
				if _, err := c.Do(t.Context(), chat); !errors.Is(err, cfchat.ErrNotSent) || len(every.requests) != 0 {
					t.Errorf("by Config.RequestEditors: %v after %d requests", err, len(every.requests))
				}
				if errors.Is(err, cfchat.ErrNotSent) != (len(s.requests) == 0) {
					t.Errorf("ErrNotSent is %v after %d requests: %v", errors.Is(err, cfchat.ErrNotSent), len(s.requests), err)
				}
				if strings.HasPrefix(name, "to toggle") && len(s.requests) > 0 && !errors.Is(err, cfchat.ErrUnknownOutcome) {
					t.Errorf("a change was made, but the error does not say so: %v", err)
				}
				checkSecrets(t, err)
				synctest.Wait()
			})
		}
	}
}
