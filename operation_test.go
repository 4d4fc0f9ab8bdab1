package cfchat_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// seen keeps the operation of each context that it is shown.
type seen []string

func (s *seen) see(ctx context.Context) {
	id, ok := cfchat.OperationOf(ctx)
	if !ok {
		id = "none"
	}
	*s = append(*s, id)
}

// TestOperationOf asks for the operation wherever somebody else is given the context of a call.
func TestOperationOf(t *testing.T) {
	var s seen
	look := func(ctx context.Context, req *http.Request) error {
		s.see(ctx)
		s.see(req.Context())
		return nil
	}
	swap := func(_ context.Context, req *http.Request) error {
		other := req.Clone(context.Background()) // whose context belongs to no call
		*req = *other
		return nil
	}
	for _, c := range allCalls {
		chat := newChat(t, roundTripper(func(req *http.Request) (*http.Response, error) {
			s.see(req.Context())
			if req.Pattern != "" {
				t.Errorf("%s: Pattern is %q", c, req.Pattern)
			}
			return reply(200, "application/json", c.good), nil
		}), func(config *cfchat.Config) { config.RequestEditors = []cfchat.RequestEditorFn{look, swap, look} })
		for name, do := range map[string]func() error{
			"account": func() error { _, err := c.do(t.Context(), chat.Account(accountID), swap, look); return err },
			"raw":     func() error { _, err := c.raw(t.Context(), chat.Raw(), look, swap); return err },
		} {
			s = nil
			if err := do(); err != nil {
				t.Errorf("%s, %s: %v", c, name, err)
			}
			// The context of a call's own editor is what the caller has given to Raw, which belongs to no call.
			known := slices.DeleteFunc(slices.Clone(s), func(id string) bool { return id == c.ID })
			if len(s) < 6 || name == "account" && len(known) > 0 || name == "raw" && len(known) > 1 {
				t.Errorf("%s, %s: saw %v", c, name, s)
			}
		}
	}
	if id, ok := cfchat.OperationOf(t.Context()); ok || id != "" {
		t.Errorf("outside of a call: %q", id)
	}
}

// TestCallWithinCall makes a call with the context of another one, as a RoundTripper may: each is its own operation's.
func TestCallWithinCall(t *testing.T) {
	var inner func(context.Context) error
	var s seen
	chat := newChat(t, roundTripper(func(req *http.Request) (*http.Response, error) {
		s.see(req.Context())
		if within := inner; within != nil {
			inner = nil
			if err := within(req.Context()); err != nil {
				return nil, err
			}
		}
		return reply(200, "application/json", callOf(operation.Of(req).ID).good), nil
	}))
	for name, within := range map[string]func(context.Context) error{
		"account": func(ctx context.Context) error { _, err := countsCall.do(ctx, chat.Account(accountID)); return err },
		"raw":     func(ctx context.Context) error { _, err := countsCall.raw(ctx, chat.Raw()); return err },
	} {
		s, inner = nil, within
		if _, err := createCall.do(t.Context(), chat.Account(accountID)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := []string{createCall.ID, countsCall.ID}; !slices.Equal(s, want) {
			t.Errorf("%s: saw %v, want %v", name, s, want)
		}
	}
}

// TestNoOperation sends what openapi.yaml does not have through the chain: as what it is, and never decoded as something else.
func TestNoOperation(t *testing.T) {
	var s seen
	var sent []string
	chat := newChat(t, roundTripper(func(req *http.Request) (*http.Response, error) {
		s.see(req.Context())
		sent = append(sent, strings.Join(req.Header[auth.Names(req.Header)[0]], "+"))
		return reply(200, "text/html", "<html>login</html>"), nil
	}))
	client, ok := chat.Raw().ClientInterface.(*cfchat.Client)
	if !ok {
		t.Fatal("Raw is no Client")
	}
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
	// An operation of openapi.yaml is one, however it is sent.
	_, err = do(t.Context(), http.MethodPost, "api/v1/accounts/1/conversations")
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || e.Operation != createCall.ID || !errors.Is(err, cfchat.ErrDecode) || sent[1] != "bot-key" {
		t.Errorf("got %v, sent %v", err, sent)
	}
	// The context of another call does not make it that call.
	ctx := operation.WithCall(t.Context(), &operation.Call{Operation: operation.NewConversation, Decode: func([]byte) error { return nil }})
	_, err = do(ctx, http.MethodGet, "api/v1/accounts/1/campaigns")
	if !errors.Is(err, cfchat.ErrInvalidInput) || len(sent) != 2 {
		t.Errorf("got %v, sent %v", err, sent)
	}
}
