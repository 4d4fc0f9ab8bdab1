package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestServerInfo reads the recorded responses, and checks that no key is sent.
func TestServerInfo(t *testing.T) {
	t.Parallel()
	read := 0
	for _, r := range recordings.All(t, ".") {
		if r.Operation != operation.ServerInformation {
			continue
		}
		read++
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Method != r.Request.Method || !strings.HasSuffix(req.URL.Path, r.Request.Path) || len(auth.HeaderNames(req.Header)) != 0 {
				t.Errorf("%s %s with %v", req.Method, req.URL, req.Header)
			}
			return trial.Reply(r.Response.Status, r.Response.Headers["content-type"], r.Response.Body), nil
		}))
		info, err := chat.ServerInfo(t.Context())
		if err != nil || info.Version != r.Version || info.GetQueueServices() != "ok" || !info.AtLeast(r.Version) {
			t.Errorf("%s: %v, %v", r.Version, info, err)
		}
		if raw, err := chat.Raw().ServerInformationWithResponse(t.Context()); err != nil || raw.JSON200.Version != r.Version {
			t.Errorf("%s: raw %v, %v", r.Version, raw, err)
		}
		bare := auth.WithScheme(t.Context(), auth.AgentBotAPIKey)
		if _, err := chat.ServerInfo(bare); err != nil {
			t.Error(err)
		}
	}
	if read < 2 {
		t.Errorf("read %d recorded responses, want one of each version", read)
	}
}

func TestServerInfoRefuses(t *testing.T) {
	var none *cfchat.Chat
	if _, err := none.ServerInfo(t.Context()); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("without a client: %v", err)
	}
	for body, want := range map[string]error{`{}`: cfchat.ErrDecode, `{"error":"x"}`: cfchat.ErrDecode, `<html>`: cfchat.ErrDecode} {
		if _, err := infoOf(t, body).ServerInfo(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// infoOf returns a client of a server that always returns the same body.
func infoOf(t *testing.T, body string) *cfchat.Chat {
	t.Helper()
	return trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(http.StatusOK, "application/json", body), nil
	}))
}

func TestAtLeast(t *testing.T) {
	for _, test := range []struct {
		is, other string
		want      bool
	}{
		{"4.8.0", "4.8.0", true},
		{"4.8.1", "4.8.0", true},
		{"4.10.0", "4.9.2", true},
		{"v4.10", "4.9.2", true},
		{"4.12.0-beta", "4.11.2", true},
		{"4.7.0", "4.8.0", false},
		{"3.16.0", "4.0.0", false},
		{"4.11.2", "4.12.0", false}, // perhaps it is, but that is unknown
		{"latest", "4.8.0", false},
		{"4.8.0", "4.8.O", false},
		{"", "4.8.0", false},
	} {
		info := &cfchat.ServerInfo{Version: test.is}
		if got := info.AtLeast(test.other); got != test.want {
			t.Errorf("%q at least %q: %v", test.is, test.other, got)
		}
	}
	none := (*cfchat.ServerInfo)(nil)
	if none.AtLeast("2.16.0") || none.String() != "" {
		t.Errorf("a nil ServerInfo has the version %q", none)
	}
	if said := fmt.Sprint(&cfchat.ServerInfo{Version: "4.7.0"}); said != "4.7.0" {
		t.Errorf("printed as %s", said)
	}
}

// TestNoSuchCall checks the error for the recorded body with which servers answer a call that they do not have.
func TestNoSuchCall(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(http.StatusNotFound, "application/json; charset=UTF-8", `{"status":404,"error":"Not Found"}`), nil
	}))
	for name, call := range map[string]func(context.Context) error{
		"the server has no such call, and servers have it from 2.16.0 on": func(ctx context.Context) error {
			return trial.Second(chat.Account(1).Conversations.Get(ctx, 42))
		},
		"the server has no such path": func(ctx context.Context) error {
			return chat.Account(1).Do(ctx, http.MethodPatch, "conversations/42/messages/1", nil, nil)
		},
	} {
		err := call(t.Context())
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || e.StatusCode != http.StatusNotFound || errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

// TestNotFoundIsNotMissingCall checks that a 404 with a body other than the recorded one means that the conversation is
// missing, not the call.
func TestNotFoundIsNotMissingCall(t *testing.T) {
	for _, body := range []string{`{"error":"Not Found"}`, `{"status":500,"error":"Not Found"}`,
		`{"status":404,"error":"Resource could not be found"}`, `Not Found`} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(http.StatusNotFound, "application/json", body), nil
		}))
		if _, err := chat.Account(1).Conversations.Get(t.Context(), 42); !errors.Is(err, cfchat.ErrNotFound) || strings.Contains(err.Error(), "no such call") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestBotsMayLater checks that the error says from which version on bots may get a conversation.
func TestBotsMayLater(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(http.StatusUnauthorized, "application/json", `{"error":"Access to this endpoint is not authorized for bots"}`), nil
	}))
	_, err := chat.Account(1).Conversations.Get(auth.WithScheme(t.Context(), auth.AgentBotAPIKey), 42)
	if !errors.Is(err, cfchat.ErrUnauthorized) || !strings.Contains(err.Error(), "servers let bots make this call from 4.14.2 on; set Keys.User") {
		t.Error(err)
	}
	// For a request that is not an operation, that is unknown.
	if err := chat.Account(1).Do(t.Context(), http.MethodGet, "campaigns", nil, nil); err == nil || strings.Contains(err.Error(), "let") {
		t.Error(err)
	}
	// A platform's key is refused in the same way, even by a call that bots may always make.
	if _, err := chat.Account(1).Conversations.ToggleStatus(t.Context(), 42); err == nil || strings.Contains(err.Error(), "let bots") {
		t.Error(err)
	}
}

// TestPathsLikeTheServersOwn checks that a key is sent to a path that only ends like that of ServerInfo.
func TestPathsLikeTheServersOwn(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if len(auth.HeaderNames(req.Header)) != 1 {
			t.Errorf("%s: sent with %v", req.URL, req.Header)
		}
		return trial.Reply(http.StatusOK, "application/json", `{}`), nil
	}))
	if err := chat.Account(1).Do(t.Context(), http.MethodGet, "integrations/api", nil, nil); err != nil {
		t.Error(err)
	}
	if err := chat.Do(t.Context(), http.MethodGet, "api", nil, nil); err != nil {
		t.Error(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://chat.example.com/base/api/v1/accounts/1/integrations/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := (auth.Keys{User: auth.NewKey("k")}).Edit(t.Context(), req); err != nil || len(auth.HeaderNames(req.Header)) != 1 {
		t.Errorf("%v: %v", err, req.Header)
	}
	for _, body := range []string{`{"status":404,"error":"Resource could not be found"}`, `{"status":500,"error":"Not Found"}`} {
		missing := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(http.StatusNotFound, "application/json", body), nil
		}))
		if _, err := missing.Account(1).Conversations.Get(t.Context(), 42); !errors.Is(err, cfchat.ErrNotFound) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestServerVersion(t *testing.T) {
	for version, good := range map[string]bool{"": true, "4.7.0": true, "v4.12": true, "4.12.0-beta": true, "latest": false, "4": false, "4.7.0.1": false} {
		_, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey("k")}, ServerVersion: version})
		if good != (err == nil) || err != nil && !strings.Contains(err.Error(), "Config.ServerVersion") {
			t.Errorf("%q: %v", version, err)
		}
	}
}

// countedServer answers counts, and reports its version if it is set; it counts the requests for each.
type countedServer struct {
	version      string
	infos, asked atomic.Int32
}

func (s *countedServer) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(time.Millisecond)
	resp := trial.Reply(http.StatusOK, "application/json", `{"meta":`+trial.GoodCounts+`}`)
	if strings.HasSuffix(req.URL.Path, "/api") {
		s.infos.Add(1)
		resp = trial.Reply(http.StatusOK, "application/json", `{"version":"`+s.version+`"}`)
		if s.version == "" {
			resp = trial.Reply(http.StatusNotFound, "text/html", "<html>")
		}
	} else {
		s.asked.Add(1)
	}
	resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return resp, nil
}

// TestVersionHangs checks that a server that never sends its version delays one call a minute, and makes none fail.
func TestVersionHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		contacts := srv.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if strings.HasSuffix(req.URL.Path, "/api") {
					<-req.Context().Done()
					return nil, req.Context().Err()
				}
				return srv.Transport().RoundTrip(req)
			})}
		}).Contacts
		for i, most := range []time.Duration{10 * time.Second, 0, 0} {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := contacts.List(ctx, cfchat.ContactListOptions{}); err != nil || time.Since(began) > most {
				t.Errorf("call %d, after %s: %v", i, time.Since(began), err)
			}
			cancel()
		}
	})
}

// TestVersionOfConcurrentCalls checks that concurrent calls together wait for one request for the version, and not for one
// each, if the server does not answer it.
func TestVersionOfConcurrentCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		chat := trial.Chat(t, trial.RoundTripper(func(r *http.Request) (*http.Response, error) {
			asked++
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		begun := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := chat.Account(7).Conversations.AssignBot(t.Context(), 42, 1); !errors.Is(err, cfchat.ErrNotSent) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if took := time.Since(begun); took > 20*time.Second || asked > 2 {
			t.Errorf("%d requests took %v", asked, took)
		}
	})
}
