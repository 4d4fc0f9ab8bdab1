package cfchat_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestScanLastID checks that LastID is never beyond the last conversation that any response has shown, however far the
// windows reached.
func TestScanLastID(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ids     []int64
		broken  []int64
		labels  bool
		options cfchat.ConversationScanOptions
	}{
		"the last page is full": {ids: upTo(1, 100)},
		"After":                 {ids: upTo(1, 300), options: cfchat.ConversationScanOptions{After: 10}},
		"rows per label":        {ids: upTo(1, 60), labels: true},
		"a broken one at the end": {
			ids: []int64{5, 6, 12_000}, broken: []int64{12_000},
		},
		"Until far beyond": {ids: upTo(1, 300), options: cfchat.ConversationScanOptions{Until: 5_000}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				b := recentAccount(c.ids...).breaks(c.broken...)
				for _, each := range b.conversations {
					if b.rowPerLabel = c.labels; c.labels {
						each.labels = thirtyLabels()
					}
				}
				var last cfchat.ScanProgress
				c.options.Progress = func(p cfchat.ScanProgress) { last = p }
				s := newScan(t, b, nil).run(openOnes, c.options)
				if end := b.last(); s.end != nil || last.LastID != end || last.End != end {
					t.Errorf("the last conversation is %d; the last progress is %+v, %v", end, last, s.end)
				}
			})
		})
	}
}

// TestScanLaterFromLastID checks that resuming after LastID yields the conversations created since the scan started,
// whenever during the scan that was.
func TestScanLaterFromLastID(t *testing.T) {
	t.Parallel()
	for until, dated := range map[int64]bool{0: true, 1_000: true, 1_001: false, 1<<31 - 1: false} {
		for when := range 16 {
			t.Run(fmt.Sprintf("Until %d, at request %d", until, when), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					b := recentAccount(upTo(1, 150)...)
					b.dated, b.slow = dated, 10*time.Second
					grow := func() {
						for range 40 {
							b.add(b.last() + 1).created = time.Now().Unix()
						}
					}
					b.before = func() {
						if b.requests == when || b.requests == when+2 {
							grow()
						}
					}
					var last cfchat.ScanProgress
					s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{After: 10, Until: until, Progress: func(p cfchat.ScanProgress) { last = p }})
					b.before = nil
					grow()
					later := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{After: last.LastID})
					all := slices.Concat(s.ids, later.ids)
					slices.Sort(all)
					if all = slices.Compact(all); !slices.Equal(all, upTo(11, b.last())) {
						t.Errorf("resumed after %d: %v yielded; of 11 to %d, both scans yielded %v", last.LastID, later.ids, b.last(), all)
					}
				})
			})
		}
	}
}

// TestScanResumeRequests checks that the conversations up to After are left out in runs of ids, not page by page.
func TestScanResumeRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		conversations, days int64
		most                int
	}{{1_000, 1, 4}, {9_990, 1_000, 4}, {20_000, 50, 120}} {
		for order, activity := range map[string]int64{"the latest created active last": 1, "any": 7_919} {
			t.Run(fmt.Sprintf("%d of %d days, %s", c.conversations, c.days, order), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					b := quietAccount(upTo(1, c.conversations+10)...)
					yesterday := time.Now().Truncate(24*time.Hour).Unix() - 1
					for i, each := range b.conversations {
						each.created = yesterday - (c.conversations-int64(i))*86_400*c.days/c.conversations
						each.activity = each.activity * activity % 1_000_003
					}
					s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{After: c.conversations})
					s.came(upTo(c.conversations+1, c.conversations+10))
					s.within(c.most)
				})
			})
		}
	}
}

// TestScanResumeWhileDown checks that a server that is down receives as few requests when a scan is resumed as when it
// starts.
func TestScanResumeWhileDown(t *testing.T) {
	for _, after := range []int64{0, 10, 300, 50_000} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			b := recentAccount(upTo(50_001, 50_300)...)
			s := newScan(t, b, func(sent) (*http.Response, error) { return internalError(), nil })
			s.run(openOnes, cfchat.ConversationScanOptions{After: after}).endsWith(cfchat.ErrServer, nil)
			s.within(60)
		})
	}
}

// TestScanResumeWhileNothingIsShown checks that a server that counts conversations but shows none receives few requests,
// although each day might have one that cannot be shown.
func TestScanResumeWhileNothingIsShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at2026()
		ids := upTo(1, 3_000)
		b := recentAccount(ids...).breaks(ids...)
		s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{After: 2})
		s.endsWith(cfchat.ErrServer, nil)
		s.within(1_000)
	})
}

// TestScanResumeAmongBrokenOnes checks that every conversation of one day that cannot be shown is found, however many there
// are and however few ids a request may name, and that the readable ones among them are yielded.
func TestScanResumeAmongBrokenOnes(t *testing.T) {
	t.Parallel()
	for _, most := range []int{600, 10_000} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			ids, broken, healthy := upTo(1, 600), []int64{}, []int64{}
			for id := int64(1_000); id < 15_000; id += 100 {
				ids = append(ids, id)
				if id%300 == 0 {
					broken = append(broken, id)
				} else {
					healthy = append(healthy, id)
				}
			}
			b := recentAccount(ids...).breaks(broken...)
			for _, c := range b.conversations[500:] {
				c.created = b.conversations[550].created
			}
			s := newScan(t, b, func(r sent) (*http.Response, error) {
				if r.ids() > most {
					return trial.Reply(http.StatusForbidden, "text/html", "<html>"), nil
				}
				return nil, nil
			})
			s.run(openOnes, cfchat.ConversationScanOptions{After: 600}).came(healthy, broken...)
		})
	}
}

// TestScanResumeUnderALimit checks that a server that does not accept 9,000 ids in one request is not sent that many again.
func TestScanResumeUnderALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at2026()
		refused := 0
		s := newScan(t, recentAccount(upTo(1, 9_010)...), func(r sent) (*http.Response, error) {
			if r.ids() > 3_000 {
				refused++
				return trial.Reply(http.StatusForbidden, "text/html", "<html>"), nil
			}
			return nil, nil
		})
		s.run(openOnes, cfchat.ConversationScanOptions{After: 9_000}).came(upTo(9_001, 9_010))
		s.within(110)
		if refused > 20 {
			t.Errorf("%d requests were refused", refused)
		}
	})
}
