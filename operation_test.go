package cfchat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// seen records the operation of each context that it is shown.
type seen []string

func (s *seen) see(ctx context.Context) {
	id, ok := cfchat.OperationOf(ctx)
	if !ok {
		id = "none"
	}
	*s = append(*s, id)
}

// TestOperationOf asks for the operation wherever foreign code receives the context of a call.
func TestOperationOf(t *testing.T) {
	var s seen
	look := func(ctx context.Context, req *http.Request) error {
		s.see(ctx)
		s.see(req.Context())
		return nil
	}
	swap := func(_ context.Context, req *http.Request) error {
		other := req.Clone(context.Background()) // a context that belongs to no call
		*req = *other
		return nil
	}
	for _, c := range trial.Calls {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			s.see(req.Context())
			if req.Pattern != "" {
				t.Errorf("%s: Pattern is %q", c, req.Pattern)
			}
			return trial.Reply(200, "application/json", c.Good), nil
		}), func(config *cfchat.Config) { config.RequestEditors = []cfchat.RequestEditorFn{look, swap, look} })
		for name, do := range map[string]func() error{
			"account": func() error { _, err := c.Do(t.Context(), chat, swap, look); return err },
			"raw":     func() error { _, err := c.Raw(t.Context(), chat.Raw(), look, swap); return err },
		} {
			s = nil
			if err := do(); err != nil {
				t.Errorf("%s, %s: %v", c, name, err)
			}
			others := slices.DeleteFunc(slices.Clone(s), func(id string) bool { return id == c.ID })
			if c.Path == operation.ListParticipantsOfAConversation.Path { // changes of participants list them in a separate call
				others = slices.DeleteFunc(others, func(id string) bool { return id == operation.ListParticipantsOfAConversation.ID })
			}
			if len(s) < 6 || len(others) > 0 {
				t.Errorf("%s, %s: saw %v", c, name, s)
			}
		}
	}
	var noContext context.Context
	for _, ctx := range []context.Context{t.Context(), noContext} {
		if id, ok := cfchat.OperationOf(ctx); ok || id != "" {
			t.Errorf("outside of a call: %q", id)
		}
	}
}

// TestCallWithinCall makes a call with the context of another one, as a RoundTripper may, and checks that each keeps its own
// operation.
func TestCallWithinCall(t *testing.T) {
	var inner func(context.Context) error
	var s seen
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		s.see(req.Context())
		if within := inner; within != nil {
			inner = nil
			if err := within(req.Context()); err != nil {
				return nil, err
			}
		}
		return trial.Reply(200, "application/json", trial.CallOf(operation.Of(req).ID).Good), nil
	}))
	for name, within := range map[string]func(context.Context) error{
		"account": func(ctx context.Context) error {
			_, err := trial.Counts.Do(ctx, chat)
			return err
		},
		"raw": func(ctx context.Context) error { _, err := trial.Counts.Raw(ctx, chat.Raw()); return err },
	} {
		s, inner = nil, within
		if _, err := trial.Create.Do(t.Context(), chat); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := []string{trial.Create.ID, trial.Counts.ID}; !slices.Equal(s, want) {
			t.Errorf("%s: saw %v, want %v", name, s, want)
		}
	}
}

// TestNoOperation sends a request for which openapi.yaml has no operation through the chain, and checks that it is passed on
// unchanged and never decoded as an operation's response.
func TestNoOperation(t *testing.T) {
	var s seen
	var sent []string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		s.see(req.Context())
		sent = append(sent, strings.Join(req.Header[auth.HeaderNames(req.Header)[0]], "+"))
		return trial.Reply(200, "text/html", "<html>login</html>"), nil
	}))
	client := chat.Raw().Client
	do := func(ctx context.Context, method, path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, method, client.Server+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return client.Client.Do(req)
	}
	resp, err := do(t.Context(), http.MethodGet, "api/v1/accounts/1/campaigns")
	if err != nil || resp.Body.Close() != nil || !slices.Equal(s, []string{"none"}) || !slices.Equal(sent, []string{"user-key"}) {
		t.Errorf("got %v, saw %v, sent %v", err, s, sent)
	}
	// A request for an operation of openapi.yaml counts as that operation, however it is sent.
	_, err = do(t.Context(), http.MethodPost, "api/v1/accounts/1/conversations")
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || e.Operation != trial.Create.ID || !errors.Is(err, cfchat.ErrDecode) || sent[1] != "bot-key" {
		t.Errorf("got %v, sent %v", err, sent)
	}
	// The context of another call does not make it that call.
	ctx := chain.WithCall(t.Context(), &chain.Call{Operation: operation.NewConversation, Decode: func([]byte) error { return nil }})
	if !chain.CallOf(ctx).Claim() {
		t.Fatal("the call was already claimed")
	}
	resp, err = do(ctx, http.MethodGet, "api/v1/accounts/1/campaigns")
	if err != nil || resp.Body.Close() != nil || s[len(s)-1] != "none" || sent[2] != "user-key" {
		t.Errorf("got %v, saw %v, sent %v", err, s, sent)
	}
}

// TestCallPastTheClient hands a request to the chain with the context of a call in progress, as a RoundTripper, a logger or
// an editor may, and checks that each call gets its own response.
func TestCallPastTheClient(t *testing.T) {
	for name, option := range map[string]func(c *cfchat.Config, within func(context.Context)){
		"editor": func(c *cfchat.Config, within func(context.Context)) {
			c.RequestEditors = []cfchat.RequestEditorFn{func(ctx context.Context, _ *http.Request) error { within(ctx); return nil }}
		},
		"transport": func(c *cfchat.Config, within func(context.Context)) {
			next := c.HTTPClient.Transport
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				within(req.Context())
				return next.RoundTrip(req)
			})}
		},
	} {
		var chat *cfchat.Chat
		busy := false
		chat = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", `{"id":`+path.Base(req.URL.Path)+`,"status":"open"}`), nil
		}), func(c *cfchat.Config) {
			option(c, func(ctx context.Context) {
				if busy {
					return
				}
				busy = true
				defer func() { busy = false }()
				client := chat.Raw().Client
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, client.Server+"api/v1/accounts/7/conversations/2", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Client.Do(req)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if body, err := io.ReadAll(resp.Body); err != nil || string(body) != `{"id":2,"status":"open"}` {
					t.Errorf("%s: the inner call got %s, %v", name, body, err)
				}
				_ = resp.Body.Close()
			})
		})
		if got, err := chat.Account(7).Conversations.Get(t.Context(), 1); err != nil || got.ID != 1 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if got, err := chat.Raw().GetDetailsOfAConversationWithResponse(t.Context(), 7, 1); err != nil || got.JSON200.ID != 1 {
			t.Errorf("%s: raw got %v, %v", name, got, err)
		}
	}
}

// TestStockClientWithinCall checks that a stock client sends the key for its own operation, whatever call it is used in.
func TestStockClientWithinCall(t *testing.T) {
	var sent []string
	keys := auth.Keys{User: auth.NewKey("user-key"), AgentBot: auth.NewKey("bot-key")}
	stock, err := cfchat.NewClientWithResponses("https://chat.test", cfchat.WithRequestEditorFn(keys.Edit),
		cfchat.WithHTTPClient(&http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			sent = append(sent, strings.Join(req.Header[auth.HeaderNames(req.Header)[0]], "+"))
			return trial.Reply(200, "application/json", trial.Counts.Good), nil
		})}))
	if err != nil {
		t.Fatal(err)
	}
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if _, err := trial.Counts.Raw(req.Context(), stock); err != nil {
			t.Error(err)
		}
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}))
	if _, err := trial.Create.Do(t.Context(), chat); err != nil || !slices.Equal(sent, []string{"user-key"}) {
		t.Errorf("%v, sent %v", err, sent)
	}
}

// TestEditorsKeepTheOperation checks that an editor that changes a request's operation is refused, however it does so.
func TestEditorsKeepTheOperation(t *testing.T) {
	var sent []string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		sent = append(sent, req.Method+" "+req.URL.RequestURI())
		return trial.Reply(200, "application/json", trial.Counts.Good), nil
	}))
	change := func(how func(*http.Request)) cfchat.RequestEditorFn {
		return func(_ context.Context, req *http.Request) error { how(req); return nil }
	}
	for name, edit := range map[string]cfchat.RequestEditorFn{
		"path":   change(func(req *http.Request) { req.URL.Path += "/meta" }),
		"method": change(func(req *http.Request) { req.Method = http.MethodHead }),
		"line":   change(func(req *http.Request) { req.Method = "GET\nx" }),
		"swapped": change(func(req *http.Request) {
			other := req.Clone(context.Background())
			other.URL.Path += "/meta"
			*req = *other
		}),
		"opaque": change(func(req *http.Request) { req.URL.Opaque = "/base/api/v1/accounts/7/conversations/meta" }),
	} {
		for _, c := range []trial.Call{trial.List, trial.Create} {
			_, err := c.Do(t.Context(), chat, edit)
			_, rawErr := c.Raw(t.Context(), chat.Raw(), edit)
			for _, err := range []error{err, rawErr} {
				e, ok := errors.AsType[*cfchat.Error](err)
				if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || e.Operation != c.ID || strings.Contains(err.Error(), "\n") || len(sent) > 0 {
					t.Errorf("%s, %s: %v, sent %v", name, c, err, sent)
				}
			}
		}
	}
}

// TestFailureOfAnotherCall checks that a create whose transport fails with the refusal of another, inner call counts as
// sent, and is not sent again.
func TestFailureOfAnotherCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		var chat *cfchat.Chat
		chat = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			sent++
			_, err := chat.Account(0).Conversations.Get(req.Context(), 1)
			return nil, err
		}), func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		if _, err := trial.Create.Do(t.Context(), chat); err == nil || sent != 1 {
			t.Errorf("%v, sent %d times", err, sent)
		}
	})
}

// TestRawContentType checks that the generated client decodes JSON whatever the case of its media type.
func TestRawContentType(t *testing.T) {
	for _, kind := range []string{"application/json", "Application/JSON; Charset=UTF-8", "APPLICATION/PROBLEM+JSON"} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, kind, trial.GoodConversation), nil
		}))
		got, err := chat.Raw().GetDetailsOfAConversationWithResponse(t.Context(), trial.AccountID, 42)
		if err != nil || got.JSON200 == nil || got.JSON200.ID != 42 || len(got.HTTPResponse.Header) != 1 {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
}

// TestRawResponseOfNothing checks that a nil or empty response has neither a status nor a code.
func TestRawResponseOfNothing(t *testing.T) {
	var none *cfchat.RawResponse[cfchat.Conversation]
	for _, r := range []*cfchat.RawResponse[cfchat.Conversation]{none, {}} {
		if r.Status() != "" || r.StatusCode() != 0 {
			t.Errorf("%#v has the status %q, %d", r, r.Status(), r.StatusCode())
		}
	}
}

// TestRequestWithinServiceCall sends a separate request in the context of a service's call, through the same chain, and
// checks that neither the request nor its response is mistaken for that call's.
func TestRequestWithinServiceCall(t *testing.T) {
	var chat *cfchat.Chat
	inner := 0
	chat = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/meta") {
			inner++
			return trial.Reply(200, "application/json", trial.Counts.Good), nil
		}
		within, err := http.NewRequestWithContext(req.Context(), http.MethodGet, req.URL.String()[:strings.LastIndex(req.URL.String(), "/")]+"/meta", nil)
		if err != nil {
			return nil, err
		}
		resp, err := chat.Raw().Client.Client.Do(within)
		if err != nil {
			return nil, err
		}
		return trial.Reply(200, "application/json", trial.GoodConversation), resp.Body.Close()
	}))
	if c, err := chat.Account(1).Conversations.Get(t.Context(), 42); err != nil || c.ID != 42 || inner != 1 {
		t.Errorf("got %v, %v, %d requests within", c, err, inner)
	}
}

// TestRawContentTypeUnchanged checks that the header of a response stays unchanged if the generated client recognizes it as
// JSON.
func TestRawContentTypeUnchanged(t *testing.T) {
	for given, want := range map[string]string{
		"application/json; charset=UTF-8": "application/json; charset=UTF-8",
		"Application/JSON; charset=UTF-8": "application/json; charset=utf-8",
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, given, trial.GoodConversation), nil
		}))
		got, err := chat.Raw().GetDetailsOfAConversationWithResponse(t.Context(), trial.AccountID, 42)
		if err != nil || got.JSON200 == nil || got.HTTPResponse.Header.Get("Content-Type") != want {
			t.Errorf("%s: %+v, %v", given, got, err)
		}
	}
}
