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
	"github.com/cfchat/cfchat-go/internal/recordings"
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
		Keys:       auth.Keys{User: auth.NewKey("user-key"), AgentBot: auth.NewKey("bot-key")},
		Server:     "https://chat.test/base",
		HTTPClient: &http.Client{Transport: transport},
		Retry:      cfchat.Retry{MaxTries: 1},
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
	for _, r := range recordings.All(t, ".") {
		t.Run(r.Version+"/"+r.Name, func(t *testing.T) {
			t.Parallel()
			chat := newChat(t, roundTripper(func(*http.Request) (*http.Response, error) {
				return reply(r.Response.Status, r.Response.Headers["content-type"], r.Response.Body), nil
			}))
			c := callOf(r.ID)
			about := subjectOf(t, r.Response.Body)
			data, err := c.account(t.Context(), chat.Account(1), about)
			raw, rawErr := c.json200(t, chat.Raw(), about)
			if r.Response.Status == http.StatusOK {
				if err != nil || rawErr != nil {
					t.Fatalf("Account: %v, Raw: %v", err, rawErr)
				}
				for _, difference := range differences("", read(t, encode(t, raw)), read(t, c.wrapped(t, data))) {
					t.Error("Account and Raw differ: " + difference)
				}
				return
			}
			checkFailure(t, r, err)
			checkFailure(t, r, rawErr)
		})
	}
}

func checkFailure(t *testing.T, r recordings.Exchange, err error) {
	t.Helper()
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.StatusCode != r.Response.Status || e.Message == "" || strings.Contains(e.Error(), "<html") {
		t.Errorf("got %q", e)
	}
	if words, ok := read(t, []byte(`{"x":`+orNull(r.Response.Body)+`}`)).(map[string]any)["x"].(map[string]any); ok {
		for _, field := range []string{"error", "message"} {
			if text, ok := words[field].(string); ok && e.Message != text {
				t.Errorf("message %q, the server said %q", e.Message, text)
			}
		}
	}
	for sentinel, want := range map[error]bool{
		cfchat.ErrUnauthorized:   e.StatusCode == 401,
		cfchat.ErrNotFound:       e.StatusCode == 404,
		cfchat.ErrRejected:       e.StatusCode == 422,
		cfchat.ErrServer:         e.StatusCode == 500,
		cfchat.ErrUnknownOutcome: e.StatusCode == 500 && r.Write,
		cfchat.ErrNotSent:        false,
		cfchat.ErrDecode:         false,
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

// wrapped puts what Account takes off an answer around its data again.
func (c call) wrapped(t *testing.T, data any) []byte {
	if c.taken == "" {
		return encode(t, data)
	}
	return fmt.Appendf(nil, `{%q:%s}`, c.taken, encode(t, data))
}
