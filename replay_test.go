package cfchat_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// roundTripper answers requests in the test's own process.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	return f(req)
}

// reply is a whole answer.
func reply(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// newChat is a client with both keys over a transport, which fails the test if the config is refused.
func newChat(t *testing.T, transport http.RoundTripper, options ...func(*cfchat.Config)) *cfchat.Chat {
	t.Helper()
	config := cfchat.Config{
		Keys:       auth.Keys{User: auth.Key("user-key"), AgentBot: auth.Key("bot-key")},
		Server:     "https://chat.test/base",
		HTTPClient: &http.Client{Transport: transport},
		Retry:      cfchat.Retry{Off: true},
	}
	for _, option := range options {
		option(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

// TestRecordedAnswers puts every recorded answer before Account and before Raw: a success gives the recorded data, a
// failure an Error with the recorded status and words, and both clients agree.
func TestRecordedAnswers(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.version+"/"+r.Name, func(t *testing.T) {
			t.Parallel()
			chat := newChat(t, roundTripper(func(*http.Request) (*http.Response, error) {
				return reply(r.Response.Status, r.Response.Headers["content-type"], r.body()), nil
			}))
			data, err := callAccount(t, chat.Account(1), r.Operation)
			raw, rawErr := callRaw(t, chat.Raw(), r.Operation)
			if r.Response.Status == http.StatusOK {
				if err != nil || rawErr != nil {
					t.Fatalf("Account: %v, Raw: %v", err, rawErr)
				}
				for _, difference := range differences("", read(t, encode(t, raw)), read(t, wrapped(t, r.Operation, data))) {
					t.Error("Account and Raw differ: " + difference)
				}
				return
			}
			checkFailure(t, r, err)
			checkFailure(t, r, rawErr)
		})
	}
}

func checkFailure(t *testing.T, r recording, err error) {
	t.Helper()
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.StatusCode != r.Response.Status || e.Message == "" || strings.Contains(e.Error(), "<html") {
		t.Errorf("got %q", e)
	}
	if words, ok := read(t, []byte(`{"x":`+orNull(r.body())+`}`)).(map[string]any)["x"].(map[string]any); ok {
		for _, field := range []string{"error", "message"} {
			if text, ok := words[field].(string); ok && e.Message != text {
				t.Errorf("message %q, the server said %q", e.Message, text)
			}
		}
	}
	for sentinel, want := range map[error]bool{
		cfchat.ErrUnauthorized: e.StatusCode == 401,
		cfchat.ErrNotFound:     e.StatusCode == 404,
		cfchat.ErrInvalid:      e.StatusCode == 422,
		cfchat.ErrServer:       e.StatusCode == 500,
		cfchat.ErrUnknownOutcome: e.StatusCode == 500 &&
			(r.Operation == "new_conversation" || r.Operation == "toggle_status_of_a_conversation"),
		cfchat.ErrNotSent: false,
		cfchat.ErrDecode:  false,
	} {
		if errors.Is(err, sentinel) != want {
			t.Errorf("errors.Is(%q, %q) is %v", err, sentinel, !want)
		}
	}
}

func orNull(body string) string {
	if body == "" {
		return "null"
	}
	return body
}

// callAccount makes the call of an operation, with parameters that are fit to be sent.
func callAccount(t *testing.T, a *cfchat.Account, operation string) (any, error) {
	ctx := t.Context()
	switch operation {
	case "conversation_list":
		return result(a.List(ctx, nil))
	case "conversation_list_meta":
		return result(a.Counts(ctx, nil))
	case "conversation_filter":
		return result(a.Filter(ctx, cfchat.Where(cfchat.Equal("status", "open")), 1))
	case "get_details_of_a_conversation":
		return result(a.Get(ctx, 42))
	case "new_conversation":
		return result(a.Create(ctx, cfchat.NewConversationRequest{SourceID: new("s")}))
	case "toggle_status_of_a_conversation":
		return result(a.ToggleStatus(ctx, 42))
	}
	panic("no operation " + operation)
}

// callRaw does the same with the generated client, and returns its JSON200.
func callRaw(t *testing.T, c *cfchat.ClientWithResponses, operation string) (any, error) {
	ctx := t.Context()
	switch operation {
	case "conversation_list":
		r, err := c.ConversationListWithResponse(ctx, 1, nil)
		return json200(r, err, func() any { return r.JSON200 })
	case "conversation_list_meta":
		r, err := c.ConversationListMetaWithResponse(ctx, 1, nil)
		return json200(r, err, func() any { return r.JSON200 })
	case "conversation_filter":
		r, err := c.ConversationFilterWithResponse(ctx, 1, nil, cfchat.FilterRequest{Payload: []cfchat.FilterRule{}})
		return json200(r, err, func() any { return r.JSON200 })
	case "get_details_of_a_conversation":
		r, err := c.GetDetailsOfAConversationWithResponse(ctx, 1, 42)
		return json200(r, err, func() any { return r.JSON200 })
	case "new_conversation":
		r, err := c.NewConversationWithResponse(ctx, 1, cfchat.NewConversationRequest{})
		return json200(r, err, func() any { return r.JSON200 })
	case "toggle_status_of_a_conversation":
		r, err := c.ToggleStatusOfAConversationWithResponse(ctx, 1, 42, cfchat.ToggleStatusRequest{})
		return json200(r, err, func() any { return r.JSON200 })
	}
	panic("no operation " + operation)
}

// result drops the type, and a nil pointer with it.
func result[T any](value *T, err error) (any, error) {
	if value == nil {
		return nil, err
	}
	return value, err
}

func json200(r interface{ StatusCode() int }, err error, value func() any) (any, error) {
	if err != nil {
		return nil, err
	}
	if r.StatusCode() != http.StatusOK {
		return nil, fmt.Errorf("status %d without an error", r.StatusCode())
	}
	return value(), nil
}

// wrapped puts what Account takes off an answer around its data again.
func wrapped(t *testing.T, operation string, data any) []byte {
	text := encode(t, data)
	switch operation {
	case "conversation_list":
		return fmt.Appendf(nil, `{"data":%s}`, text)
	case "conversation_list_meta":
		return fmt.Appendf(nil, `{"meta":%s}`, text)
	case "toggle_status_of_a_conversation":
		return fmt.Appendf(nil, `{"payload":%s}`, text)
	}
	return text
}
