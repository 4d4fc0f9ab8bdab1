package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestInboxSecrets lists inboxes as an administrator, who is sent their secrets, and checks that the result shows none of
// them.
func TestInboxSecrets(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	var response cfchat.Response
	inboxes, err := srv.Account(t).Inboxes.List(t.Context(), cfchat.WithResponse(&response))
	if err != nil || len(inboxes) != 2 {
		t.Fatalf("%+v, %v", inboxes, err)
	}
	for _, secret := range []string{"hmac-", srv.InboxSecret(1).Reveal(), "imap_password"} {
		if !strings.Contains(string(response.Body), secret) {
			t.Errorf("the stand-in's response does not contain %q", secret)
		}
		if shown := fmt.Sprintf("%+v %#v %s", inboxes, inboxes, encode(t, inboxes)); strings.Contains(shown, secret) {
			t.Errorf("the result shows %q", secret)
		}
	}
}

// TestInboxSecretsInErrors checks that an error, which keeps the response that could not be decoded, shows no secret either.
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

// TestBotKeys lists bots, each of which is sent with its key, and checks that the result shows no key.
func TestBotKeys(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	id, key := srv.AddBot(cfchattest.Bot{})
	var response cfchat.Response
	bots, err := srv.Account(t).AgentBots.List(t.Context(), cfchat.WithResponse(&response))
	if err != nil || len(bots) != 3 {
		t.Fatalf("%+v, %v", bots, err)
	}
	for _, secret := range []string{key, srv.BotSecret(id).Reveal()} {
		if !strings.Contains(string(response.Body), secret) {
			t.Errorf("the stand-in's response does not contain %q", secret)
		}
		if shown := fmt.Sprintf("%+v %#v %s", bots, bots, encode(t, bots)); strings.Contains(shown, secret) {
			t.Errorf("the result shows %q", secret)
		}
	}
}

// TestNames checks that everything is named by its id, although the four kinds have the same ids.
func TestNames(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t)
	srv.AddTeam(cfchattest.Team{Name: "sales"})
	names, err := srv.Account(t).Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := []string{names.Inbox(1), names.Agent(1), names.Team(1), names.AgentBot(1), names.Agent(2), names.Agent(99), (*cfchat.Names)(nil).Team(1)}
	if want := []string{"API inbox", "Ada Admin", "sales", "Helper Bot", "Grace Agent", "", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if requests := srv.Requests(); len(requests) != 4 {
		t.Errorf("Names sent %d requests, want 4", len(requests))
	}
}

// TestNamesConcurrently answers no request until all have arrived: if they were sent one after another, they would wait
// forever.
func TestNamesConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var there sync.WaitGroup
		there.Add(4)
		chat := trial.Chat(t, trial.RoundTripper(func(r *http.Request) (*http.Response, error) {
			there.Done()
			there.Wait()
			body := "[]"
			if strings.HasSuffix(r.URL.Path, "/inboxes") {
				body = `{"payload":[]}`
			}
			return trial.Reply(200, "application/json", body), nil
		}))
		if _, err := chat.Account(1).Names(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestNamesFail checks that the other requests are canceled when one fails, and that its error is returned.
func TestNamesFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		chat := trial.Chat(t, trial.RoundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/teams") {
				return trial.Reply(401, "application/json", `{"error":"no teams for you"}`), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		begun := time.Now()
		names, err := chat.Account(1).Names(t.Context())
		if waited := time.Since(begun); waited != 0 {
			t.Errorf("Names waited %v for the other requests", waited)
		}
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || names != nil || e.Operation != "listAllTeams" || e.Message != "no teams for you" || !errors.Is(err, cfchat.ErrUnauthorized) {
			t.Errorf("%+v, %v", names, err)
		}
	})
}

// TestNamesRefused checks that nothing is sent for invalid input.
func TestNamesRefused(t *testing.T) {
	t.Parallel()
	account := cfchattest.New(t).Account(t)
	var none context.Context
	for what, ask := range map[string]func() (*cfchat.Names, error){
		"a response": func() (*cfchat.Names, error) {
			return account.Names(t.Context(), cfchat.WithResponse(new(cfchat.Response)))
		},
		"no context":        func() (*cfchat.Names, error) { return account.Names(none) },
		"a zero account":    func() (*cfchat.Names, error) { return new(cfchat.Account).Names(t.Context()) },
		"a nil account":     func() (*cfchat.Names, error) { return (*cfchat.Account)(nil).Names(t.Context()) },
		"a nil call option": func() (*cfchat.Names, error) { return account.Names(t.Context(), nil) },
	} {
		if names, err := ask(); names != nil || !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("%s: %+v, %v", what, names, err)
		}
	}
}

// TestNamesGoexit checks that the caller's goroutine ends if foreign code ends the goroutine of a list, and that Names never
// returns half of the names.
func TestNamesGoexit(t *testing.T) {
	t.Parallel()
	ended := make(chan bool)
	go func() {
		returned := false
		defer func() { ended <- !returned }()
		srv := cfchattest.New(t)
		edit := cfchat.RequestEditorFn(func(_ context.Context, r *http.Request) error {
			if strings.HasSuffix(r.URL.Path, "/teams") {
				runtime.Goexit()
			}
			return nil
		})
		_, _ = srv.Account(t).Names(t.Context(), edit)
		returned = true
	}()
	if !<-ended {
		t.Error("Names returned")
	}
}

// TestSecretsOfAnotherCall checks that an error keeps no secret, even if the response belongs to another call.
func TestSecretsOfAnotherCall(t *testing.T) {
	t.Parallel()
	const inbox = `{"id":1,"name":"Web","hmac_token":"tOkEn","provider_config":{"api_key":"tOkEn"},"smtp_password":"tOkEn"}`
	const bot = `{"id":1,"name":"Web","access_token":"tOkEn","secret":"tOkEn"}`
	for name, c := range map[string]struct {
		body string
		call func(*cfchat.Account) error
	}{
		"a bare list of inboxes":  {`[` + inbox + `]`, func(a *cfchat.Account) error { return trial.Second(a.Inboxes.List(t.Context())) }},
		"in data":                 {`{"data":{"payload":[` + inbox + `]}}`, func(a *cfchat.Account) error { return trial.Second(a.Inboxes.List(t.Context())) }},
		"an inbox in payload":     {`{"payload":` + inbox + `}`, func(a *cfchat.Account) error { return trial.Second(a.Inboxes.Get(t.Context(), 1)) }},
		"bots in payload":         {`{"payload":[` + bot + `]}`, func(a *cfchat.Account) error { return trial.Second(a.AgentBots.List(t.Context())) }},
		"teams get bots":          {`[` + bot + `]`, func(a *cfchat.Account) error { return trial.Second(a.Teams.List(t.Context())) }},
		"a conversation is a bot": {bot, func(a *cfchat.Account) error { return trial.Second(a.Conversations.Get(t.Context(), 1)) }},
	} {
		err := c.call(trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(http.StatusOK, "application/json", c.body), nil
		})).Account(1))
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || strings.Contains(e.Body+e.Error(), "tOkEn") || !strings.Contains(e.Body, "Web") {
			t.Errorf("%s: %v, %s", name, err, e.Body)
		}
	}
}
