package cfchat_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
)

// LastID is never behind the last conversation that any answer has shown, however far the windows went.
func TestScanLastID(t *testing.T) {
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
		"Until far behind": {ids: upTo(1, 300), options: cfchat.ConversationScanOptions{Until: 5_000}},
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
					t.Errorf("the last is %d; the progress ended at %+v, %v", end, last, s.end)
				}
			})
		})
	}
}

// Who goes on behind LastID gets what was created since the scan began, wherever in the scan that was.
func TestScanLaterFromLastID(t *testing.T) {
	for until, dated := range map[int64]bool{0: true, 1_000: true, 1<<31 - 1: false} {
		for when := range 24 {
			t.Run(fmt.Sprintf("Until %d, at request %d", until, when), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					b := recentAccount(upTo(1, 300)...)
					b.dated, b.slow = dated, 10*time.Second
					grow := func() {
						for range 40 {
							b.add(b.last() + 1).created = time.Now().Unix()
						}
					}
					b.before = func() {
						if b.requests == when || dated && b.requests == when+2 {
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
						t.Errorf("behind %d came %v, of 11 to %d in all %v", last.LastID, later.ids, b.last(), all)
					}
				})
			})
		}
	}
}

// What is before After is left out in runs of ids, not one page after the other.
func TestScanResumeRequests(t *testing.T) {
	for _, c := range []struct {
		conversations, days int64
		most                int
	}{{1_000, 1, 4}, {9_990, 1, 4}, {9_990, 1_000, 4}, {20_000, 50, 120}, {20_000, 1_000, 80}} {
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

// A server that is down is asked as little when a scan is resumed as when it begins.
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
