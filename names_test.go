package cfchat_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestInboxSecrets lists inboxes as an administrator, who is sent what opens them, and finds none of it in the answer.
func TestInboxSecrets(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	var response cfchat.Response
	inboxes, err := srv.Account(t).Inboxes.List(t.Context(), cfchat.WithResponse(&response))
	if err != nil || len(inboxes) != 2 {
		t.Fatalf("%+v, %v", inboxes, err)
	}
	for _, secret := range []string{"hmac-", "secret-", "imap_password"} {
		if !strings.Contains(string(response.Body), secret) {
			t.Errorf("the stand-in does not send %q", secret)
		}
		if shown := fmt.Sprintf("%+v %#v %s", inboxes, inboxes, encode(t, inboxes)); strings.Contains(shown, secret) {
			t.Errorf("it shows %q", secret)
		}
	}
}

// TestInboxSecretsInErrors finds none in an error either, which keeps the answer that it could not read.
func TestInboxSecretsInErrors(t *testing.T) {
	t.Parallel()
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `{"payload":[{"id":0,"hmac_token":"tOkEn","provider_config":{"api_key":"tOkEn"}}]}`), nil
	}))
	_, err := chat.Account(1).Inboxes.List(t.Context())
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || !strings.Contains(e.Body, "hmac_token") || strings.Contains(e.Body+e.Error(), "tOkEn") {
		t.Errorf("%v with %q", err, e.Body)
	}
}

// TestBotKeys lists bots, each of which is sent with its key, and finds no key in the answer.
func TestBotKeys(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	_, key := srv.AddBot(cfchattest.Bot{})
	var response cfchat.Response
	bots, err := srv.Account(t).AgentBots.List(t.Context(), cfchat.WithResponse(&response))
	if err != nil || len(bots) != 3 {
		t.Fatalf("%+v, %v", bots, err)
	}
	for _, secret := range []string{key, "secret-"} {
		if !strings.Contains(string(response.Body), secret) {
			t.Errorf("the stand-in does not send %q", secret)
		}
		if shown := fmt.Sprintf("%+v %#v %s", bots, bots, encode(t, bots)); strings.Contains(shown, secret) {
			t.Errorf("it shows %q", secret)
		}
	}
}
