package faults_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// ideal is the time that sequential requests take a client that knows the server's clock.
func (s *minuteServer) ideal(requests int, each time.Duration) time.Duration {
	now, counted := s.clock(), map[int64]int{}
	for range requests {
		if minute := now.Unix() / 60; counted[minute] == s.most {
			now = time.Unix((minute+1)*60, 0)
		}
		counted[now.Unix()/60]++
		now = now.Add(each)
	}
	return now.Sub(s.clock())
}

// TestLateTurn reads from a server that sends no Date, while the local clock is ahead of the server's, behind it, or right.
// No minute is lost.
func TestLateTurn(t *testing.T) {
	const most, reads = 300, 1500
	for _, c := range []struct {
		name    string
		limiter func() cfchat.Limiter
		callers int
		refused int // at most
	}{
		{"one after the other", func() cfchat.Limiter { return nil }, 1, 2 * reads / most}, // one when a minute is full, one before the turn
		{"PerMinute", func() cfchat.Limiter { return cfchat.PerMinute(most) }, 1, 1},
		{"PerMinute, eight at a time", func() cfchat.Limiter { return cfchat.PerMinute(most) }, 8, 8},
	} {
		for _, ahead := range []time.Duration{-4 * time.Second, -2 * time.Second, -300 * time.Millisecond, 0, 2 * time.Second} {
			for _, begin := range []time.Duration{3 * time.Second, 20 * time.Second} {
				inBubble(t, fmt.Sprintf("%s, server ahead %s, from %s", c.name, ahead, begin), func(t *testing.T) {
					server := newMinuteServer(most)
					server.noDate, server.ahead = true, ahead
					chat := trial.Chat(t, server, func(config *cfchat.Config) { config.Limiter, config.Retry = c.limiter(), cfchat.Retry{} })
					time.Sleep(begin)
					begun, ideal := time.Now(), server.ideal(reads, 2*server.way()/time.Duration(c.callers))
					var callers sync.WaitGroup
					todo := make(chan struct{})
					for range c.callers {
						callers.Go(func() {
							for range todo {
								if _, err := trial.Get.Do(t.Context(), chat); err != nil {
									t.Error(err)
								}
							}
						})
					}
					for range reads {
						todo <- struct{}{}
					}
					close(todo)
					callers.Wait()
					took := time.Since(begun)
					refused, _ := server.refusals()
					t.Logf("%s, ideal %s, %d refused", took, ideal, refused)
					if took > ideal+6*time.Second { // 5 s and the jitter, once: each minute ends at its turn
						t.Errorf("took %s, want at most 6 s more than %s", took, ideal)
					}
					if refused > c.refused {
						t.Errorf("%d requests were refused, want at most %d", refused, c.refused)
					}
				})
			}
		}
	}
}

// TestPerMinuteBelievesItsClock checks that the limiter trusts its clock if a 429 does not contradict it: the 429 arrives
// late in a minute, or the clock is the server's.
func TestPerMinuteBelievesItsClock(t *testing.T) {
	for _, c := range []struct {
		name    string
		dated   bool          // the first answer has a Date, and the 429 has none
		refused time.Duration // when, by the local clock
		again   time.Duration
	}{
		{"the local clock", false, 5 * time.Second, 60*time.Second + 100*time.Millisecond},
		{"the server's clock", true, 3 * time.Second, 33*time.Second + 100*time.Millisecond},
	} {
		inBubble(t, c.name, func(t *testing.T) {
			begun := time.Now()
			var asked []time.Duration
			chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				asked = append(asked, time.Since(begun))
				if len(asked) == 2 {
					return trial.Reply(http.StatusTooManyRequests, "text/plain", "Retry later\n"), nil
				}
				resp := trial.Reply(http.StatusOK, "application/json", trial.GoodConversation)
				if c.dated {
					resp.Header.Set("Date", time.Now().Add(27*time.Second).UTC().Format(http.TimeFormat))
				}
				return resp, nil
			}), func(config *cfchat.Config) { config.Limiter, config.Retry = cfchat.PerMinute(300), cfchat.Retry{} })
			for _, at := range []time.Duration{time.Second, c.refused} {
				time.Sleep(at - time.Since(begun))
				if _, err := trial.Get.Do(t.Context(), chat); err != nil {
					t.Fatal(err)
				}
			}
			if len(asked) != 3 || asked[2].Round(100*time.Millisecond) != c.again { // the clocks may drift
				t.Errorf("requests at %v, want the last at %s", asked, c.again)
			}
		})
	}
}
