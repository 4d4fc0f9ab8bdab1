package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestRefusedOptions checks that invalid options are refused by name, all in one error.
func TestRefusedOptions(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused }))
	_, err := chat.Account(1).Conversations.Get(t.Context(), -1, nil, cfchat.RequestEditorFn(nil), cfchat.WithResponse(nil),
		cfchat.WithRetry(cfchat.Retry{MaxTries: -1, MaxWait: -1}), cfchat.WithKeys(auth.Keys{}), cfchat.WithKeys(auth.Keys{User: auth.NewKey("a b")}),
		cfchat.WithResponse(new(cfchat.Response)), cfchat.WithResponse(new(cfchat.Response)))
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) {
		t.Fatalf("got %v", err)
	}
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, f.Field)
		if f.Reason == "" || !strings.Contains(err.Error(), f.Field+": "+f.Reason) {
			t.Errorf("%+v is not in %v", f, err)
		}
	}
	if got := strings.Join(fields, ", "); got != "id, option 1, RequestEditorFn, WithResponse, WithRetry.MaxTries, WithRetry.MaxWait, WithKeys, WithKeys.User, WithResponse" {
		t.Errorf("refused: %s", got)
	}
}

// TestIteratorsRefuseResponse checks that iterators refuse WithResponse, because they make many requests.
func TestIteratorsRefuseResponse(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused }))
	conversations := chat.Account(1).Conversations
	var response cfchat.Response
	for name, all := range map[string]iter.Seq2[*cfchat.Conversation, error]{
		"ListAll":   conversations.ListAll(t.Context(), cfchat.ConversationListOptions{}, cfchat.WithResponse(&response)),
		"FilterAll": conversations.FilterAll(t.Context(), openOnes, cfchat.WithResponse(&response)),
		"Scan":      conversations.Scan(t.Context(), openOnes, cfchat.ConversationScanOptions{}, cfchat.WithResponse(&response)),
	} {
		ids, errs := walk(all)
		if len(ids) != 0 || len(errs) != 1 || !errors.Is(errs[0], cfchat.ErrInvalidInput) || !strings.Contains(errs[0].Error(), "WithResponse") {
			t.Errorf("%s: %v, %v", name, ids, errs)
		}
	}
}

// TestIteratorsRefuseEverythingInOneError checks that everything wrong with the account, the options and the call is refused
// in one error.
func TestIteratorsRefuseEverythingInOneError(t *testing.T) {
	var noContext context.Context
	var none cfchat.ConversationsService
	account0 := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused })).Account(0).Conversations
	for want, all := range map[string]iter.Seq2[*cfchat.Conversation, error]{
		"InboxID, Account, option 1":     account0.ListAll(t.Context(), cfchat.ConversationListOptions{InboxID: -1}, nil),
		"filter, account, ctx, option 1": none.FilterAll(noContext, cfchat.Filter{}, nil),
		"Account, After":                 account0.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{After: -1}),
	} {
		_, errs := walk(all)
		if len(errs) != 1 {
			t.Fatal(errs)
		}
		e, _ := errors.AsType[*cfchat.Error](errs[0])
		var fields []string
		for _, f := range e.Fields {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, ", "); got != want {
			t.Errorf("refused: %s, want %s", got, want)
		}
	}
}

// TestOptionsOfOneCall checks that the options of a call do not reach a call that a RoundTripper makes within it, and remain
// in effect when an editor gives the request another context.
func TestOptionsOfOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var chat *cfchat.Chat
		inner := 0
		chat = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/profile") {
				inner++
				return trial.Reply(503, "text/plain", "inner"), nil
			}
			_ = chat.Do(req.Context(), "GET", "profile", nil, nil)
			return nil, trial.ErrRefused
		}), func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		ofTheTest := t.Context()
		otherContext := cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error {
			time.Sleep(time.Second)
			*req = *req.Clone(ofTheTest)
			return nil
		})
		var got cfchat.Response
		begun := time.Now()
		_, err := chat.Account(1).Conversations.Get(t.Context(), 1, otherContext, cfchat.WithResponse(&got), cfchat.WithRetry(cfchat.Retry{MaxTries: 2}))
		if got.StatusCode != 0 || got.Tries != 2 || inner != 6 || !errors.Is(err, trial.ErrRefused) {
			t.Errorf("%+v, %d calls within, %v", got, inner, err)
		}
		if took := time.Since(begun); got.Duration != took {
			t.Errorf("the call took %v, and reports %v", took, got.Duration)
		}
	})
}

// TestResponseIsBounded checks that only the beginning of a response that is too large is kept.
func TestResponseIsBounded(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", strings.Repeat(" ", 3<<20)), nil
	}), func(c *cfchat.Config) { c.MaxBody = 2 << 20 })
	var got cfchat.Response
	if _, err := chat.Account(1).Conversations.Get(t.Context(), 1, cfchat.WithResponse(&got)); !errors.Is(err, cfchat.ErrTooLarge) || len(got.Body) != 1<<20 {
		t.Errorf("%v, kept %d bytes", err, len(got.Body))
	}
	chat = trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `["`+strings.Repeat("x", 3<<20)+`"]`), nil
	}))
	if err := chat.Account(1).Do(t.Context(), "GET", "x", nil, new(struct{}), cfchat.WithResponse(&got)); !errors.Is(err, cfchat.ErrDecode) || len(got.Body) != 1<<20 {
		t.Errorf("%v, kept %d bytes", err, len(got.Body))
	}
}

// TestTeamOfABot checks that a team is refused with a bot's key, however the key is set, because the server would store the
// conversation and then fail.
func TestTeamOfABot(t *testing.T) {
	var sent []string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		//lint:ignore SA1008 the servers document this spelling, which is not the canonical one
		sent = append(sent, req.Header[auth.HeaderUnderscore]...)
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}))
	trace := cfchat.RequestEditorFn(func(context.Context, *http.Request) error { return nil })
	user, bot := auth.Keys{User: auth.NewKey("user-2")}, auth.Keys{AgentBot: auth.NewKey("bot-2")}
	for name, c := range map[string]struct {
		scheme auth.Scheme
		opts   []cfchat.CallOption
		key    string
	}{
		"the client's keys":  {"", nil, ""},
		"with an editor":     {"", []cfchat.CallOption{trace}, ""},
		"a bot's key":        {"", []cfchat.CallOption{cfchat.WithKeys(bot)}, ""},
		"a user's key":       {"", []cfchat.CallOption{cfchat.WithKeys(user)}, "user-2"},
		"the client's user":  {auth.UserAPIKey, nil, "user-key"},
		"a bot and a scheme": {auth.AgentBotAPIKey, []cfchat.CallOption{cfchat.WithKeys(bot)}, ""},
	} {
		sent = nil
		ctx := t.Context()
		if c.scheme != "" {
			ctx = auth.WithScheme(ctx, c.scheme)
		}
		_, err := chat.Account(1).Conversations.Create(ctx, cfchat.ConversationCreate{SourceID: "s", TeamID: 3}, c.opts...)
		if strings.Join(sent, "+") != c.key || (err == nil) != (c.key != "") || err != nil && !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: sent %v, %v", name, sent, err)
		}
	}
}

// TestKeptJSONIsNotShared checks that callers who append to kept JSON do not overwrite each other's bytes.
func TestKeptJSONIsNotShared(t *testing.T) {
	var a cfchat.Attributes
	if err := json.Unmarshal([]byte(`{"abc":1}`), &a); err != nil {
		t.Fatal(err)
	}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", trial.GoodConversation), nil
	}))
	c, err := chat.Account(1).Conversations.Get(t.Context(), 42, cfchat.KeepJSON())
	if err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string]func() json.RawMessage{"attributes": a.JSON, "a conversation": c.JSON} {
		one, _ := append(kept(), '1'), append(kept(), '2')
		if one[len(one)-1] != '1' {
			t.Errorf("%s: an append changes the result of another append", name)
		}
	}
}

// TestKeepJSON checks that a conversation is kept byte for byte as it was received, whichever method returned it.
func TestKeepJSON(t *testing.T) {
	const one, two = `{"id":1, "status":"open","new":{"a":[1.0]}}`, `{ "id":2,"status":"open" }`
	bodies := map[string]string{
		trial.List.ID: `{"data":{"meta":` + trial.GoodCounts + `,"payload":[` + one + `,` + two + `]}}`, trial.Filter.ID: `{"meta":{},"payload":[` + one + `,` + two + `]}`,
		trial.Get.ID: one, trial.Create.ID: one,
	}
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		id, _ := cfchat.OperationOf(req.Context())
		return trial.Reply(200, "application/json", bodies[id]), nil
	}))
	acct := chat.Account(1).Conversations
	calls := map[string]func(opts ...cfchat.CallOption) ([]*cfchat.Conversation, error){
		"get": func(opts ...cfchat.CallOption) ([]*cfchat.Conversation, error) {
			c, err := acct.Get(t.Context(), 1, opts...)
			return []*cfchat.Conversation{c}, err
		},
		"create": func(opts ...cfchat.CallOption) ([]*cfchat.Conversation, error) {
			c, err := acct.Create(t.Context(), trial.One.Created, opts...)
			return []*cfchat.Conversation{c}, err
		},
		"list": func(opts ...cfchat.CallOption) ([]*cfchat.Conversation, error) {
			p, err := acct.List(t.Context(), cfchat.ConversationListOptions{}, opts...)
			return []*cfchat.Conversation{&p.Payload[0], &p.Payload[1]}, err
		},
		"filter": func(opts ...cfchat.CallOption) ([]*cfchat.Conversation, error) {
			p, err := acct.Filter(t.Context(), openOnes, 1, opts...)
			return []*cfchat.Conversation{&p.Payload[0], &p.Payload[1]}, err
		},
	}
	for name, call := range calls {
		kept, err := call(cfchat.KeepJSON())
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range kept {
			if got := string(c.JSON()); got != []string{one, two}[i] {
				t.Errorf("%s kept %s", name, got)
			}
		}
		plain, err := call()
		if err != nil || plain[0].JSON() != nil {
			t.Errorf("%s kept %s without KeepJSON, %v", name, plain[0].JSON(), err)
		}
		if data := string(encode(t, kept[0])); strings.Contains(data, `"new"`) || data != string(encode(t, plain[0])) {
			t.Errorf("%s encodes to %s", name, data)
		}
	}
	if (*cfchat.Conversation)(nil).JSON() != nil {
		t.Error("a nil conversation has JSON")
	}
}

// TestInputIsCopied changes the input of a call while it waits to retry, and checks that every try sends the original input.
func TestInputIsCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []string
		create := cfchat.ConversationCreate{SourceID: "s", CustomAttributes: map[string]any{"a": []any{1}}, Message: cfchat.FirstMessage{Attachments: []string{"x"}}}
		options := cfchat.ConversationListOptions{Labels: []string{"a"}}
		values := []any{5}
		rule := cfchat.FilterRule{AttributeKey: "status", FilterOperator: "equal_to", Values: []any{"open"}}
		filter := cfchat.Where(cfchat.Equal("inbox_id", values...)).And(cfchat.RawRule(rule))
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			body := ""
			if req.Body != nil {
				data, err := io.ReadAll(req.Body)
				if err != nil {
					return nil, err
				}
				body = string(data)
			}
			sent = append(sent, req.URL.RawQuery+body)
			create.CustomAttributes["a"].([]any)[0], create.Message.Attachments[0] = 2, "y" //nolint:forcetypeassert,errcheck // it was made above
			options.Labels[0], values[0], rule.Values[0] = "b", 6, "snoozed"
			resp := trial.Reply(429, "text/plain", "")
			resp.Header.Set("Retry-After", "1")
			return resp, nil
		}), func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		conversations := chat.Account(1).Conversations
		_, _ = conversations.Create(t.Context(), create)
		_, _ = conversations.List(t.Context(), options)
		_, _ = conversations.Filter(t.Context(), filter, 1)
		for i, want := range []string{`{"custom_attributes":{"a":[1]},"message":{"attachments":["x"]},"source_id":"s"}`, `labels=b`,
			`page=1{"payload":[{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":"AND","values":[5]},` +
				`{"attribute_key":"status","filter_operator":"equal_to","query_operator":null,"values":["open"]}]}`} {
			for try := range 3 {
				if got := sent[3*i+try]; got != want {
					t.Errorf("try %d sent %s, want %s", try+1, got, want)
				}
			}
		}
	})
}

// TestGetters checks that getters are safe on nil, even when chained.
func TestGetters(t *testing.T) {
	var c *cfchat.Conversation
	if c.GetID() != 0 || c.GetStatus() != "" || !c.GetSnoozedUntil().IsZero() || c.GetLastNonActivityMessage().GetSender().GetName() != "" {
		t.Error("a getter of a nil conversation returns something")
	}
	c = &cfchat.Conversation{ID: 5, Priority: new(cfchat.PriorityHigh)}
	if c.GetID() != 5 || c.GetPriority() != "high" || c.Meta.Assignee.GetName() != "" || !c.GetWaitingSince().IsZero() {
		t.Errorf("got %d %s", c.GetID(), c.GetPriority())
	}
	c.Meta.Assignee = &cfchat.Agent{Name: "Ada"}
	if c.Meta.GetAssignee() != c.Meta.Assignee || c.Meta.Assignee.GetName() != "Ada" {
		t.Errorf("got %v", c.Meta.GetAssignee())
	}
}

// TestAccountID checks that ID returns the id with which the account was made.
func TestAccountID(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, trial.ErrRefused }))
	if chat.Account(7).ID() != 7 || new(cfchat.Account).ID() != 0 || (*cfchat.Account)(nil).ID() != 0 {
		t.Error("an account has the wrong id")
	}
}
