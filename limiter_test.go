package cfchat_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestCountsPerMinute makes a hundred counts calls, on servers that allow 30 a minute, on servers that have no such limit,
// and on one that does not report its version.
func TestCountsPerMinute(t *testing.T) {
	for _, test := range []struct {
		name    string
		said    string // the version that the server reports
		config  string // Config.ServerVersion
		account []int64
		minutes time.Duration // how many the calls take
		infos   int32
	}{
		{"no such limit", "4.11.1", "", []int64{1}, 0, 1},
		{"the limit", "4.12.0", "", []int64{1}, 3, 1},
		{"perhaps the limit", "4.11.2", "", []int64{1}, 3, 1},
		{"no version reported", "", "", []int64{1}, 3, 3},
		{"version in the Config", "4.16.2", "4.7.0", []int64{1}, 0, 0},
		{"a limit per account", "4.16.2", "", []int64{1, 2, 3, 4}, 0, 0},
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
					t.Errorf("took %s, want just over %d minutes; %d counts", took, test.minutes, server.asked.Load())
				}
				if got := server.infos.Load(); got != test.infos {
					t.Errorf("requested the version %d times, want %d", got, test.infos)
				}
			})
		})
	}
}

// TestVersionIsAskedAgain checks that a server that does not report its version is asked again, but not within a minute.
func TestVersionIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := []time.Time{}
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			resp := trial.Reply(http.StatusOK, "application/json", `{"meta":`+trial.GoodCounts+`}`)
			if strings.HasSuffix(req.URL.Path, "/api") {
				asked = append(asked, time.Now())
				resp = trial.Reply(http.StatusNotFound, "text/html", "<html>")
			}
			resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			return resp, nil
		}), func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(3000) })
		counts := func(times int) {
			for range times {
				if _, err := chat.Account(1).Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(30 * time.Second) // into a minute
		counts(60)                   // the 31st asks, and the last thirty fall in the next minute
		if len(asked) != 1 {
			t.Fatalf("requested the version %d times, want 1", len(asked))
		}
		time.Sleep(time.Until(asked[0].Add(time.Minute)))
		if counts(1); len(asked) != 1 {
			t.Errorf("requested the version again after %s", asked[1].Sub(asked[0]))
		}
		if counts(30); len(asked) != 2 {
			t.Errorf("requested the version %d times in two minutes, want 2", len(asked))
		}
	})
}

// TestCountsAndTheRest makes counts and gets on a server that limits both: none is refused, and gets do not wait for counts.
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
			t.Errorf("took %s, want just over a minute", took)
		}
		for _, r := range srv.Requests() {
			if r.Status == http.StatusTooManyRequests {
				t.Errorf("%s was refused", r.Operation)
			}
		}
	})
}

// TestCountsOfManyAccounts runs into the limit for all requests with counts of one account after another, and checks that
// only one of them is refused.
func TestCountsOfManyAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * time.Second) // so that it is clear which minute it is
		begun, refused := time.Now(), 0
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			resp := trial.Reply(http.StatusOK, "application/json", `{"meta":`+trial.GoodCounts+`}`)
			if time.Since(begun) < 50*time.Second { // others have used up the minute
				refused++
				resp = trial.Reply(http.StatusTooManyRequests, "text/plain", "Retry later\n")
			}
			resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			return resp, nil
		}), func(c *cfchat.Config) { c.Limiter, c.ServerVersion = cfchat.PerMinute(300), "4.16.2" })
		failed := 0
		for account := range int64(20) {
			once := cfchat.WithRetry(cfchat.Retry{MaxTries: 1})
			if _, err := chat.Account(account+1).Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}, once); err != nil {
				failed++
			}
		}
		if refused != 1 || failed != 1 {
			t.Errorf("%d were refused, and %d failed, want 1 each", refused, failed)
		}
	})
}

// TestCountsAfterAWait exhausts the limit for all requests first. Counts that have waited for it and are refused in the
// minute in which they are sent are retried in the next minute, even if the server sends no Date: then they are sent again
// once the next minute is certain to have begun.
func TestCountsAfterAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(5 * time.Second)
		begun := time.Now()
		var asked []time.Duration
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "/meta") {
				return trial.Reply(http.StatusOK, "application/json", trial.GoodConversation), nil
			}
			asked = append(asked, time.Since(begun).Round(time.Second))
			if len(asked) <= 2 {
				return trial.Reply(http.StatusTooManyRequests, "text/plain", "Retry later\n"), nil
			}
			return trial.Reply(http.StatusOK, "application/json", `{"meta":`+trial.GoodCounts+`}`), nil
		}), func(c *cfchat.Config) { c.Limiter, c.ServerVersion = cfchat.PerMinute(3), "4.16.2" })
		acct := chat.Account(1)
		for range 3 {
			if _, err := acct.Conversations.Get(t.Context(), 42); err != nil {
				t.Fatal(err)
			}
		}
		_, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}, cfchat.WithRetry(cfchat.Retry{MaxTries: 3}))
		if err != nil || !slices.Equal(asked, []time.Duration{55 * time.Second, time.Minute, 2 * time.Minute}) {
			t.Errorf("counts were sent after %v: %v", asked, err)
		}
	})
}

// TestCountsRefused checks that after a 429 from the counts' limit, which others have used up, the next counts are sent in
// the next minute.
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
		time.Sleep(5 * time.Second) // so that it is clear which minute it is
		acct, begun := chat.Account(1), time.Now()
		once := cfchat.WithRetry(cfchat.Retry{MaxTries: 1})
		if _, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}, once); err == nil {
			t.Fatal("the counts were not refused")
		}
		if _, err := acct.Conversations.Counts(t.Context(), cfchat.ConversationListOptions{}); err != nil || time.Since(begun) < 50*time.Second {
			t.Errorf("the next counts were sent after %s: %v", time.Since(begun), err)
		}
	})
}
