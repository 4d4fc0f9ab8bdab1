package cfchat_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// rateLimited lets the given number of requests pass each minute. If dated is set, its responses have a Date, by a clock
// that is ahead of the local one.
type rateLimited struct {
	next  http.RoundTripper
	most  int
	ahead time.Duration
	dated bool

	mu     sync.Mutex
	minute time.Time
	passed int
	denied int
}

// passes counts a request, and reports whether it may pass.
func (l *rateLimited) passes(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Truncate(time.Minute); minute.After(l.minute) {
		l.minute, l.passed = minute, 0
	}
	if l.passed++; l.passed > l.most {
		l.denied++
		return false
	}
	return true
}

func (l *rateLimited) RoundTrip(req *http.Request) (*http.Response, error) {
	now := time.Now().Add(l.ahead)
	resp := trial.Reply(429, "text/plain", "Retry later\n")
	if l.passes(now) {
		answer, err := l.next.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		resp = answer
	}
	if l.dated {
		resp.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	return resp, nil
}

// TestScanRateLimit checks a scan on a server that allows only a limited number of requests a minute, as 2.16.0 allows 300:
// it continues in the next minute, whether responses have a Date or not, and Progress reports until when it waits.
func TestScanRateLimit(t *testing.T) {
	for _, limit := range []*rateLimited{{}, {dated: true}, {dated: true, ahead: 25 * time.Second}, {dated: true, ahead: -25 * time.Second}} {
		for _, option := range []func(*cfchat.Config){retries, func(*cfchat.Config) {}} {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				limit := &rateLimited{next: recentAccount(upTo(1, 400)...), most: 9, dated: limit.dated, ahead: limit.ahead}
				begun, last, waited := time.Now(), time.Now(), 0
				s := newScan(t, limit, nil, option)
				s.run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1, Progress: func(p cfchat.ScanProgress) {
					if pause := time.Since(last); pause > time.Minute {
						t.Errorf("no progress was reported for %s", pause)
					}
					if last = time.Now(); p.WaitingUntil.IsZero() {
						return
					}
					waited++
					if wait := time.Until(p.WaitingUntil); wait <= 0 || wait > 62*time.Second {
						t.Errorf("the reported wait is %s", wait)
					}
				}})
				s.came(upTo(1, 400))
				if limit.denied == 0 || waited == 0 || time.Since(begun) > 3*time.Minute+10*time.Second {
					t.Errorf("%d requests were denied, waited %d times, took %s", limit.denied, waited, time.Since(begun))
				}
				s.within(18 + limit.denied)
			})
		}
	}
}

// TestScanRateLimitedForever checks that a scan whose every request is a 429 ends with the context, not before, and that
// Progress is called throughout.
func TestScanRateLimitedForever(t *testing.T) {
	t.Parallel()
	for _, dated := range []bool{false, true} {
		for _, after := range []int{0, 5} {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				ctx, cancel := context.WithCancel(t.Context())
				begun := time.Now()
				time.AfterFunc(5*time.Hour+30*time.Second, cancel)
				limit := &rateLimited{next: recentAccount(upTo(1, 400)...), most: after, dated: dated}
				passes := 0
				s := newScan(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
					if passes++; passes > after {
						limit.most = 0
					}
					return limit.RoundTrip(req)
				}), nil, retries)
				last, told := begun, 0
				s.runContext(ctx, openOnes, cfchat.ConversationScanOptions{Concurrency: 1, Progress: func(p cfchat.ScanProgress) {
					if pause := time.Since(last); pause > time.Minute {
						t.Errorf("no progress was reported for %s", pause)
					}
					last = time.Now()
					told += count(!p.WaitingUntil.IsZero())
				}})
				s.endsWith(context.Canceled, upTo(1, 400))
				if took := time.Since(begun); took != 5*time.Hour+30*time.Second || told < 300 {
					t.Errorf("ended after %s, reported %d times to be waiting", took, told)
				}
			})
		}
	}
}

// TestScanDeadlineBeforeTheMinute checks that the scan ends immediately, with the 429, if the context ends before the wait
// does, because waiting would be in vain.
func TestScanDeadlineBeforeTheMinute(t *testing.T) {
	for _, after := range []int{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			begun := time.Now()
			s := newScan(t, &rateLimited{next: recentAccount(upTo(1, 400)...), most: after, dated: true}, nil)
			s.runContext(ctx, openOnes, cfchat.ConversationScanOptions{}).endsWith(cfchat.ErrRateLimited, upTo(1, 400))
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("ended after %s with %v", took, s.end)
			}
		})
	}
}

// TestScanRetryAfter checks that Retry-After determines how long to wait, and that nothing is sent before.
func TestScanRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		begun := time.Now()
		s := newScan(t, recentAccount(upTo(1, 30)...), func(sent) (*http.Response, error) {
			if time.Since(begun) > 10*time.Minute {
				return nil, nil
			}
			resp := trial.Reply(429, "text/plain", "Retry later\n")
			resp.Header.Set("Retry-After", "200")
			return resp, nil
		})
		s.run(openOnes, cfchat.ConversationScanOptions{}).came(upTo(1, 30))
		s.within(4 + 2)
	})
}

// TestScanProgressOfASlowServer checks that progress is reported even while a single response takes long.
func TestScanProgressOfASlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := recentAccount(upTo(1, 300)...)
		b.slow = 4 * time.Minute
		last := time.Now()
		s := newScan(t, b, nil, func(c *cfchat.Config) { c.Timeout = time.Hour })
		s.run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1, Progress: func(p cfchat.ScanProgress) {
			if pause := time.Since(last); pause > time.Minute {
				t.Errorf("no progress was reported for %s", pause)
			}
			if last = time.Now(); !p.WaitingUntil.IsZero() {
				t.Errorf("%+v reports a wait, but there is none", p)
			}
		}})
		s.came(upTo(1, 300))
	})
}

// TestScanProgress checks that Progress reports after every window how far the scan is, and never less than where it
// started.
func TestScanProgress(t *testing.T) {
	for _, n := range []int64{90, 300} {
		for _, c := range []struct {
			options cfchat.ConversationScanOptions
			last    int64 // LastID at the end
		}{
			{cfchat.ConversationScanOptions{}, n},
			{cfchat.ConversationScanOptions{Until: 60}, 60},
			{cfchat.ConversationScanOptions{After: 30, Until: 60}, 60},
			{cfchat.ConversationScanOptions{After: 400}, 400}, // those after it were deleted
		} {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				var told []cfchat.ScanProgress
				options, came := c.options, []int64(nil)
				options.Progress = func(p cfchat.ScanProgress) {
					told = append(told, p)
					if len(came) > 0 && p.LastID < came[len(came)-1] {
						t.Errorf("%d was yielded before the progress %+v", came[len(came)-1], p)
					}
				}
				s := newScan(t, recentAccount(upTo(1, n)...), nil)
				for c, err := range s.account.Conversations.Scan(t.Context(), openOnes, options) {
					if err != nil {
						t.Fatal(err)
					}
					if n := len(told); n > 0 && c.ID <= told[n-1].LastID {
						t.Errorf("%d was yielded after the progress %+v", c.ID, told[n-1])
					}
					came = append(came, c.ID)
				}
				if windows := len(s.of(aWindow)); len(told) < windows || len(told) == 0 {
					t.Fatalf("%+v: progress was reported %d times for %d windows", options, len(told), windows)
				}
				last := cfchat.ScanProgress{LastID: options.After}
				for _, p := range told {
					if p.LastID < last.LastID || p.End < last.End || p.Requests < last.Requests || p.LastID > max(p.End, options.After) {
						t.Errorf("progress went from %+v to %+v", last, p)
					}
					last = p
				}
				if last.LastID != c.last || last.Requests != s.requests() {
					t.Errorf("%+v: the last progress is %+v, want LastID %d, %d requests", c.options, last, c.last, s.requests())
				}
			})
		}
	}
}

// TestScanRequests checks that every request is counted, including those that isolate unreadable conversations.
func TestScanRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at2026()
		var last cfchat.ScanProgress
		s := newScan(t, recentAccount(append(upTo(1, 200), 900)...).breaks(50, 900), nil)
		s.run(openOnes, cfchat.ConversationScanOptions{Progress: func(p cfchat.ScanProgress) { last = p }})
		s.came(without(upTo(1, 200), 50), 50, 900)
		if last.Requests != s.requests() {
			t.Errorf("%d requests were reported, %d were sent", last.Requests, s.requests())
		}
		for kind := range map[sentKind]bool{aSweep: true, aWindow: true, aProof: true, aCount: true} {
			if len(s.of(kind)) == 0 {
				t.Errorf("no %s was sent", kind)
			}
		}
	})
}

// TestScanProgressBeforeAnError checks that a failed scan also reports how far it came: the last progress is where to
// resume.
func TestScanProgressBeforeAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		var last cfchat.ScanProgress
		s := newScan(t, recentAccount(upTo(1, 300)...), func(r sent) (*http.Response, error) {
			if r.n > 9 {
				return nil, errors.New("no connection")
			}
			return nil, nil
		})
		s.run(openOnes, cfchat.ConversationScanOptions{Progress: func(p cfchat.ScanProgress) { last = p }})
		if n := len(s.ids); s.end == nil || n == 0 || last.LastID != s.ids[n-1] {
			t.Errorf("%d conversations were yielded, then %v; the last progress is %+v", n, s.end, last)
		}
	})
}

// TestScanCanceledWait checks that the scan ends with the context's error if the context ends during the wait after a 429.
func TestScanCanceledWait(t *testing.T) {
	t.Parallel()
	for after := range 70 {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Minute+time.Duration(after)*time.Second, cancel)
			s := newScan(t, &rateLimited{next: recentAccount(upTo(1, 400)...), most: 5, dated: true}, nil)
			if s.runContext(ctx, openOnes, cfchat.ConversationScanOptions{}); !errors.Is(s.end, context.Canceled) {
				t.Errorf("canceled %d s into the second minute: %v", after, s.end)
			}
		})
	}
}
