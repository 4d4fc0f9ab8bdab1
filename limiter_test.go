package cfchat_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestCountsPerMinute counts a hundred times, on servers that take 30 counts a minute and on those that do not, and on one that
// does not tell.
func TestCountsPerMinute(t *testing.T) {
	for _, test := range []struct {
		name    string
		said    string // by the server
		config  string // Config.ServerVersion
		account []int64
		minutes time.Duration // that it takes
		infos   int32
	}{
		{"a server that has no such limit", "4.11.1", "", []int64{1}, 0, 1},
		{"one that has it", "4.12.0", "", []int64{1}, 3, 1},
		{"one that may have it", "4.11.2", "", []int64{1}, 3, 1},
		{"one that does not tell", "", "", []int64{1}, 3, 3},
		{"the Config tells", "4.16.2", "4.7.0", []int64{1}, 0, 0},
		{"each account has a limit", "4.16.2", "", []int64{1, 2, 3, 4}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &countedServer{version: test.said}
				chat := trial.Chat(t, server, func(c *cfchat.Config) {
					c.Limiter, c.ServerVersion = cfchat.PerMinute(3000), test.config
				})
				begun := time.Now()
				for i := range 100 {
					acct := chat.Account(test.account[i%len(test.account)])
					if _, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				if took := time.Since(begun); took/time.Minute != test.minutes || server.asked.Load() != 100 {
					t.Errorf("took %s, want %d minutes and a little; %d counts", took, test.minutes, server.asked.Load())
				}
				if got := server.infos.Load(); got != test.infos {
					t.Errorf("asked for the version %d times, want %d", got, test.infos)
				}
			})
		})
	}
}

// TestCountsAndTheRest puts counts and gets before a server that counts both: none is refused, and what is no count does not
// wait for counts.
func TestCountsAndTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t, cfchattest.Version("4.16.2"), cfchattest.RateLimits, cfchattest.Clock(time.Now))
		id := srv.AddConversation(cfchattest.Conversation{})
		acct, begun := srv.Account(t, func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(3000) }), time.Now()
		for range 50 {
			if _, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}, cfchat.WithRetry(cfchat.Retry{MaxTries: 1})); err != nil {
				t.Fatal(err)
			}
			if _, err := acct.Conversations.Get(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took/time.Minute != 1 {
			t.Errorf("took %s, want a minute and a little", took)
		}
		for _, r := range srv.Requests() {
			if r.Status == http.StatusTooManyRequests {
				t.Errorf("%s was refused", r.Operation)
			}
		}
	})
}

// TestCountsRefused has a 429 of the counts' limit, which others have used up: what is no count goes on.
func TestCountsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := 0
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			resp := trial.Reply(http.StatusOK, "application/json", trial.GoodConversation)
			switch {
			case !strings.HasSuffix(req.URL.Path, "/meta"):
			case refused == 0:
				refused++
				resp = trial.Reply(http.StatusTooManyRequests, "text/plain", "Retry later\n")
			default:
				resp = trial.Reply(http.StatusOK, "application/json", `{"meta":`+trial.GoodCounts+`}`)
			}
			resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			return resp, nil
		}), func(c *cfchat.Config) { c.Limiter, c.ServerVersion = cfchat.PerMinute(300), "4.16.2" })
		time.Sleep(5 * time.Second) // so that the minute is no question
		acct, begun := chat.Account(1), time.Now()
		once := cfchat.WithRetry(cfchat.Retry{MaxTries: 1})
		if _, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}, once); err == nil {
			t.Fatal("it was not refused")
		}
		if _, err := acct.Conversations.Get(t.Context(), 42); err != nil || time.Since(begun) > time.Second {
			t.Errorf("a get came after %s: %v", time.Since(begun), err)
		}
		if _, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}); err != nil || time.Since(begun) < 50*time.Second {
			t.Errorf("the next counts came after %s: %v", time.Since(begun), err)
		}
	})
}
