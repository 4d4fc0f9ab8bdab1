package cfchat_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestScanBreak checks that breaking out of the loop stops every request. The bubble checks that nothing of the scan keeps
// running.
func TestScanBreak(t *testing.T) {
	for _, after := range []int{1, 20, 25, 26, 100, 1_000} {
		synctest.Test(t, func(t *testing.T) {
			b := recentAccount(upTo(1, 1_000)...)
			b.slow = 10 * time.Second
			s := newScan(t, b, nil)
			came, broke := 0, time.Time{}
			for _, err := range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: 6}) {
				if err != nil {
					t.Fatal(err)
				}
				if came++; came == after {
					broke = time.Now()
					break
				}
			}
			sent, now := s.requests(), time.Now()
			if !now.Equal(broke) {
				t.Errorf("the loop ended %s after the break", now.Sub(broke))
			}
			synctest.Wait()
			if b.underWay != 0 || s.requests() != sent || came != after {
				t.Errorf("%d requests under way, %d more sent, %d conversations yielded", b.underWay, s.requests()-sent, came)
			}
			time.Sleep(time.Hour)
			if s.requests() != sent {
				t.Errorf("%d requests were sent in the hour after %s", s.requests()-sent, now)
			}
		})
	}
}

// TestScanBreakAtABlame checks that a loop may stop at an unreadable conversation, as at any other.
func TestScanBreakAtABlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScan(t, recentAccount(upTo(1, 200)...).breaks(50), nil)
		came := 0
		for _, err := range s.account.Conversations.Scan(t.Context(), openOnes, cfchat.ConversationScanOptions{}) {
			if came++; err != nil {
				break
			}
		}
		if came != 50 {
			t.Errorf("%d conversations were yielded, want 50", came)
		}
	})
}

// TestScanPanic checks that a panic in the loop passes through, and so does the end of the loop's goroutine, which a failed
// test causes. Neither leaves anything running.
func TestScanPanic(t *testing.T) {
	for _, n := range []int64{20, 200} { // by the sweep alone, and by windows
		for name, leave := range map[string]func(){"panic": func() { panic("the loop's own") }, "Goexit": runtime.Goexit} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := recentAccount(upTo(1, n)...)
					b.slow = 10 * time.Second
					s := newScan(t, b, nil)
					left, caught := make(chan bool), any(nil)
					go func() {
						defer close(left)
						defer func() { caught = recover() }()
						for range s.account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
							leave()
						}
					}()
					<-left
					if want := map[string]any{"panic": "the loop's own", "Goexit": nil}[name]; caught != want {
						t.Errorf("recovered %v, want %v", caught, want)
					}
					synctest.Wait()
					if b.underWay != 0 {
						t.Errorf("%d requests under way", b.underWay)
					}
				})
			})
		}
	}
}

// TestScanGoexitOfAnEditor checks that when an editor ends its goroutine, as t.FailNow does, the loop's goroutine ends as
// well and nothing hangs, although the editor runs in a goroutine of the scan.
func TestScanGoexitOfAnEditor(t *testing.T) {
	for _, at := range []int{1, 2, 4, 14} { // the first sweep, windows, the last
		synctest.Test(t, func(t *testing.T) {
			b := recentAccount(upTo(1, 300)...)
			s := newScan(t, b, nil)
			edited := 0
			edit := func(context.Context, *http.Request) error {
				s.mu.Lock()
				defer s.mu.Unlock()
				if edited++; edited == at {
					runtime.Goexit()
				}
				return nil
			}
			left, ended := make(chan bool), false
			go func() {
				defer close(left)
				for range s.account.Conversations.Scan(t.Context(), openOnes, cfchat.ConversationScanOptions{}, cfchat.RequestEditorFn(edit)) {
				}
				ended = true
			}()
			<-left
			synctest.Wait()
			if edited < at || ended || b.underWay != 0 {
				t.Errorf("%d requests were edited; the loop went on: %t; %d requests under way", edited, ended, b.underWay)
			}
		})
	}
}

// TestScanContext checks that when the context ends, the scan ends immediately with the context's error.
func TestScanContext(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 200 * time.Second, 500 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			b := recentAccount(upTo(1, 1_000)...)
			b.slow = 50 * time.Second
			s := newScan(t, b, nil, func(c *cfchat.Config) { c.Timeout = time.Hour })
			ctx, cancel := context.WithCancel(t.Context())
			ended := time.Now().Add(after)
			time.AfterFunc(after, cancel)
			s.runContext(ctx, cfchat.Filter{}, cfchat.ConversationScanOptions{})
			if s.endsWith(context.Canceled, upTo(1, 1_000)); !time.Now().Equal(ended) {
				t.Errorf("canceled after %s, ended %s late", after, time.Since(ended))
			}
		})
	}
}

// TestScanContextAtEachKind ends the context during each kind of request, and checks that no conversation is blamed for it,
// and that the error does not say that the end is not proven.
func TestScanContextAtEachKind(t *testing.T) {
	for _, kind := range []sentKind{aSweep, aWindow, aProof, aCount} {
		for nth := 1; nth <= 3; nth++ {
			t.Run(string(kind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					ctx, cancel := context.WithCancel(t.Context())
					seen := 0
					s := newScan(t, recentAccount(append(upTo(1, 200), 900)...).breaks(50, 900), func(r sent) (*http.Response, error) {
						if r.kind == kind {
							if seen++; seen == nth {
								cancel()
							}
						}
						return nil, nil
					})
					for c, err := range s.account.Conversations.Scan(ctx, openOnes, cfchat.ConversationScanOptions{}) {
						if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
							if e.ConversationID != 50 || ctx.Err() != nil && kind != aSweep && kind != aCount {
								t.Errorf("%d is blamed: %v", e.ConversationID, err)
							}
						} else if s.end = err; err == nil && c == nil {
							t.Error("nothing was yielded")
						}
					}
					if seen < nth || !errors.Is(s.end, context.Canceled) || strings.Contains(s.end.Error(), "proven") {
						t.Errorf("%d requests of the kind %s, then %v", seen, kind, s.end)
					}
				})
			})
		}
	}
}

// TestScanDeadline checks that the caller's deadline is not blamed on a conversation.
func TestScanDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s := newScan(t, hanging(recentAccount(upTo(1, 200)...), 51), nil)
		s.runContext(ctx, openOnes, cfchat.ConversationScanOptions{}).endsWith(context.DeadlineExceeded, upTo(1, 200))
	})
}

// TestScanProgressNeverBelowAfter checks that LastID never falls below After if the newest conversation has a lower id, so
// that a caller who stores it is not thrown back.
func TestScanProgressNeverBelowAfter(t *testing.T) {
	server := cfchattest.New(t)
	for range 5 {
		server.AddConversation(cfchattest.Conversation{})
	}
	told := 0
	options := cfchat.ConversationScanOptions{After: 100, Progress: func(p cfchat.ScanProgress) {
		if told++; p.LastID < 100 || p.End < p.LastID {
			t.Errorf("%+v", p)
		}
	}}
	for _, err := range server.Account(t).Conversations.Scan(t.Context(), cfchat.Filter{}, options) {
		t.Error(err)
	}
	if told == 0 {
		t.Error("no progress was reported")
	}
}
