package chain_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestWaiting learns before each wait when the next try will be made, and nothing after the last one.
func TestWaiting(t *testing.T) {
	for _, c := range []struct {
		name     string
		config   func(*cfchat.Config)
		statuses []int // of the tries
		told     int
	}{
		{"a success", func(*cfchat.Config) {}, []int{200}, 0},
		{"429", func(*cfchat.Config) {}, []int{429, 200}, 1},
		{"429 twice", func(*cfchat.Config) {}, []int{429, 429, 200}, 2},
		{"503", func(*cfchat.Config) {}, []int{503, 200}, 1},
		{"429 and 503, and no success", func(*cfchat.Config) {}, []int{429, 503, 503}, 2},
		{"one try", func(c *cfchat.Config) { c.Retry.MaxTries = 1 }, []int{429}, 0},
		{"a wait that is too long", func(c *cfchat.Config) { c.Retry.MaxWait = time.Second }, []int{429}, 0},
		{"the limiter waits", func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(300) }, []int{429, 200}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var tries, told []time.Time
				chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
					tries = append(tries, time.Now())
					return trial.Reply(c.statuses[len(tries)-1], "application/json", trial.GoodConversation), nil
				}), func(config *cfchat.Config) {
					config.Retry = cfchat.Retry{}
					c.config(config)
				})
				_, err := trial.Get.Do(t.Context(), chat, func(ctx context.Context, _ *http.Request) error {
					chain.CallOf(ctx).Waiting = func(until time.Time) {
						if len(told) != len(tries)-1 || !until.After(time.Now()) {
							t.Errorf("told at %s, after %d tries, that it waits until %s", time.Now(), len(tries), until)
						}
						told = append(told, until)
					}
					return nil
				})
				if (err == nil) != (c.statuses[len(c.statuses)-1] == http.StatusOK) || len(tries) != len(c.statuses) {
					t.Fatalf("%v after %d tries", err, len(tries))
				}
				if len(told) != c.told || c.told > 0 && !slices.EqualFunc(told, tries[1:], time.Time.Equal) {
					t.Errorf("told %v, tried %v", told, tries)
				}
			})
		})
	}
}
