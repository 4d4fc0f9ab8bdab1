package faults_test

import (
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestErrorLogValue checks that slog gets the fields that are known, and no others.
func TestErrorLogValue(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		resp := trial.Reply(429, "text/plain", "Retry later\n")
		resp.Header.Set("X-Request-Id", "abc")
		resp.Header.Set("Retry-After", "90")
		return resp, nil
	}))
	for _, c := range []struct {
		err  error
		want []slog.Attr
	}{
		{trial.Second(chat.Account(56).Conversations.Get(t.Context(), 42)), []slog.Attr{
			slog.String("operation", "getDetailsOfAConversation"),
			slog.String("error", "cfchat: getDetailsOfAConversation: conversation 42 of account 56: 429 Retry later: the server asks to wait 1m30s"),
			slog.Int64("account", 56), slog.Int64("conversation", 42), slog.Int("status", 429), slog.String("request_id", "abc"),
			slog.Duration("retry_after", 90*time.Second),
		}},
		{trial.Second(chat.Account(56).Contacts.Get(t.Context(), 77)), []slog.Attr{
			slog.String("operation", "contactDetails"),
			slog.String("error", "cfchat: contactDetails: contact 77 of account 56: 429 Retry later: the server asks to wait 1m30s"),
			slog.Int64("account", 56), slog.Int64("contact", 77), slog.Int("status", 429), slog.String("request_id", "abc"),
			slog.Duration("retry_after", 90*time.Second),
		}},
		{chat.Account(56).Webhooks.Delete(t.Context(), 3), []slog.Attr{
			slog.String("operation", "deleteAWebhook"),
			slog.String("error", "cfchat: deleteAWebhook: webhook 3 of account 56: 429 Retry later: the server asks to wait 1m30s"),
			slog.Int64("account", 56), slog.Int64("webhook", 3), slog.Int("status", 429), slog.String("request_id", "abc"),
			slog.Duration("retry_after", 90*time.Second),
		}},
		{trial.Second(chat.Account(56).Conversations.List(t.Context(), cfchat.ConversationListOptions{Page: -1})), []slog.Attr{
			slog.String("operation", "conversationList"),
			slog.String("error", "cfchat: conversationList: account 56: nothing was sent: invalid input: Page: -1 is not a page; pages start at 1"),
			slog.Int64("account", 56),
		}},
		{new(cfchat.Error), []slog.Attr{slog.String("operation", ""), slog.String("error", "cfchat")}},
	} {
		got := slog.AnyValue(c.err).Resolve().Group()
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}

// TestErrorKeepsTheHeader checks that an error keeps the answer's header as received, except for secrets.
func TestErrorKeepsTheHeader(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		resp := trial.Reply(302, "text/plain", "")
		resp.Header.Set("X-Ratelimit-Remaining", "0")
		resp.Header.Set("X-Seen", userKey+" "+searched)
		resp.Header.Set("Location", "https://me:pw@login.example/sso?to="+searched+"#x")
		return resp, nil
	}), func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(userKey)} })
	_, err := chat.Account(56).Conversations.List(t.Context(), cfchat.ConversationListOptions{Q: searched})
	checkSecrets(t, err)
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Ratelimit-Remaining": "0", "Content-Type": "text/plain", "Location": "https://login.example/sso",
	} {
		if got := e.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestErrorOfDo checks that an error of Do names the account, if there is one.
func TestErrorOfDo(t *testing.T) {
	chat := trial.Chat(t, trial.Broken{})
	for want, err := range map[string]error{
		"cfchat: GET labels: account 56: 500 Internal Server Error": chat.Account(56).Do(t.Context(), "GET", "labels", nil, nil),
		"cfchat: GET profile: 500 Internal Server Error":            chat.Do(t.Context(), "GET", "profile", nil, nil),
		"cfchat: GET: account 56: nothing was sent: invalid input: path: it begins with a slash; give only what follows the account, such as conversations/42/messages": chat.Account(56).Do(t.Context(), "GET", "/labels", nil, nil),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
