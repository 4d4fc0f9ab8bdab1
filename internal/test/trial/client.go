package trial

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// RoundTripper answers requests in the test's own process.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip closes the body of the request, as a transport must.
func (f RoundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	return f(req)
}

// Reply returns a complete answer.
func Reply(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}},
		Body:   io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// Chat returns a client with both keys over a transport, which fails the test if the config is refused.
func Chat(t *testing.T, transport http.RoundTripper, options ...func(*cfchat.Config)) *cfchat.Chat {
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

// Broken is a transport that answers every request with a 500.
type Broken struct{}

// RoundTrip answers 500.
func (Broken) RoundTrip(*http.Request) (*http.Response, error) {
	return Reply(http.StatusInternalServerError, "text/plain", ""), nil
}

// ErrRefused is the error of a port on which nobody listens.
var ErrRefused = syscall.ECONNREFUSED

// Texts that must never show in an error, a log or a printed client.
const (
	UserKey  = "uSeRkEy31337"
	BotKey   = "bOtKeY31337"
	Searched = "sEaRcHeDtExT" // what somebody searched for
)

// Second returns the second of two values.
func Second[T any](_ T, err error) error { return err }
