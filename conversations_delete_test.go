package cfchat_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// inBubble returns an account of a server whose requests stay within a synctest bubble.
func inBubble(t *testing.T, server *cfchattest.Server) *cfchat.Account {
	return server.Account(t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: server.Transport()} })
}

// TestDeleteConversation checks that only an administrator can delete a conversation, if the server supports it, and that a
// job does so later.
func TestDeleteConversation(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.2.0", "4.3.0", "4.16.2"} {
		synctest.Test(t, func(t *testing.T) {
			server := cfchattest.New(t, cfchattest.Version(version))
			id := server.AddConversation(cfchattest.Conversation{})
			conversations := inBubble(t, server).Conversations
			if version == "4.2.0" {
				err := conversations.Delete(t.Context(), id)
				if err == nil || errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(err.Error(), "4.3.0") {
					t.Errorf("%s: %v", version, err)
				}
				return
			}
			agent := cfchat.WithKeys(auth.Keys{User: auth.NewKey(server.AgentKey())})
			if err := conversations.Delete(t.Context(), id, agent); !errors.Is(err, cfchat.ErrUnauthorized) {
				t.Errorf("%s: by an agent: %v", version, err)
			}
			for range 2 {
				if err := conversations.Delete(t.Context(), id); err != nil {
					t.Errorf("%s: %v", version, err)
				}
				if _, err := conversations.Get(t.Context(), id); err != nil {
					t.Errorf("%s: get just after the call: %v", version, err)
				}
			}
			time.Sleep(time.Second) // virtual time, in which the job runs
			_, read := conversations.Get(t.Context(), id)
			if err := conversations.Delete(t.Context(), id); !errors.Is(err, cfchat.ErrNotFound) || !errors.Is(read, cfchat.ErrNotFound) {
				t.Errorf("%s: after the job: get: %v; delete: %v", version, read, err)
			}
		})
	}
	if err := trial.Chat(t, trial.Broken{}).Account(7).Conversations.Delete(t.Context(), 0); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("no id: %v", err)
	}
	something := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", "{}"), nil
	}))
	if err := something.Account(7).Conversations.Delete(t.Context(), 42); !errors.Is(err, cfchat.ErrDecode) || !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("another answer: %v", err)
	}
}

// TestWalksSurviveDelete deletes every third conversation during a walk, and checks that all others are yielded and no error
// ends the walk.
func TestWalksSurviveDelete(t *testing.T) {
	t.Parallel()
	walks := map[string]func(*testing.T, *cfchat.Account, func(id int64)){
		"scan": func(t *testing.T, a *cfchat.Account, came func(int64)) {
			for c, err := range a.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 1}) {
				if err != nil {
					t.Fatal(err)
				}
				came(c.ID)
			}
		},
		"messages": func(t *testing.T, a *cfchat.Account, came func(int64)) {
			for m, err := range a.Messages.ScanAll(t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{Concurrency: 1}) {
				e, _ := errors.AsType[*cfchat.Error](err)
				switch {
				case err == nil:
					came(m.ConversationID)
				case e == nil || e.ConversationID == 0 || !e.Is(cfchat.ErrNotFound):
					t.Fatal(err)
				}
			}
		},
	}
	for name, walk := range walks {
		synctest.Test(t, func(t *testing.T) {
			server := cfchattest.New(t)
			account := inBubble(t, server)
			var stay, leave []int64
			for i := range part(2000) {
				id := server.AddConversation(cfchattest.Conversation{})
				server.AddMessage(id, cfchattest.Message{Content: fmt.Sprint(i)})
				if i%3 == 0 {
					leave = append(leave, id)
				} else {
					stay = append(stay, id)
				}
			}
			came := map[int64]bool{}
			walk(t, account, func(id int64) {
				if came[id] = true; len(came) > 1 {
					return
				}
				for _, id := range leave {
					if err := account.Conversations.Delete(t.Context(), id); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second) // virtual time, in which the jobs run
			})
			for _, id := range stay {
				if !came[id] {
					t.Errorf("%s: conversation %d is missing", name, id)
				}
			}
			if len(came) == len(stay)+len(leave) {
				t.Errorf("%s: all were yielded, so nothing was deleted during the walk", name)
			}
		})
	}
}

// TestMessagesScanOfDeleted checks that a scan ends with ErrNotFound if its conversation is deleted on the way.
func TestMessagesScanOfDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := cfchattest.New(t)
		account := inBubble(t, server)
		id := server.AddConversation(cfchattest.Conversation{})
		for i := range 3000 {
			server.AddMessage(id, cfchattest.Message{Content: fmt.Sprint(i)})
		}
		came, last := 0, error(nil)
		for _, err := range account.Messages.Scan(t.Context(), id, cfchat.MessageScanOptions{}) {
			if last = err; err != nil {
				continue
			}
			if came++; came == 1 {
				if err := account.Conversations.Delete(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // virtual time, in which the job runs
			}
		}
		if !errors.Is(last, cfchat.ErrNotFound) || came == 3000 {
			t.Errorf("got %d messages, then %v", came, last)
		}
	})
}
