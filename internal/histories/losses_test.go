package histories_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
)

var (
	open    = rule{key: "status", op: "equal_to", texts: []string{"open"}}
	pending = rule{or: true, key: "status", op: "equal_to", texts: []string{"pending"}}
	snoozed = rule{or: true, key: "status", op: "equal_to", texts: []string{"snoozed"}}
)

// loss is an account in which a scan once lost something, blamed a healthy conversation, or got stuck.
type loss struct {
	name    string
	make    func(s *server)
	options cfchat.ConversationScanOptions
}

var losses = []loss{
	{"ten from 1,000,001, one broken, so that the list's only page is a 500", func(s *server) {
		s.fill(1_000_001, 1_000_010, 1, 60).byID[1_000_004].broken = true
	}, cfchat.ConversationScanOptions{}},
	{"one broken on the list's last page, after a gap of 10,000", func(s *server) {
		s.fill(199_501, 200_500, 1, 60).fill(210_001, 210_020, 1, 60).byID[210_007].broken = true
	}, cfchat.ConversationScanOptions{After: 199_500}},
	{"one broken on the list's last page, and one id in 300", func(s *server) {
		s.fill(100_000, 407_000, 300, 60)
		s.convs[len(s.convs)-2].broken = true
	}, cfchat.ConversationScanOptions{}},
	{"an agent's key on 2.16, whose list ends before the filter", func(s *server) {
		s.old().fill(1, 500_000, 50, 60).inboxes = map[int64]bool{7: true}
		for _, c := range s.convs {
			if c.id > 290_000 && c.id < 300_000 {
				c.inbox = 7
			}
		}
	}, cfchat.ConversationScanOptions{}},
	{"deep pages of the list are a 500, old ones are the latest active", func(s *server) {
		s.fill(1, 400_000, 100, 60).faults.deepList = 1
		for _, c := range s.convs[2_050:2_150] {
			c.activity = time.Now().Unix()
		}
	}, cfchat.ConversationScanOptions{}},
	{"an outage of rendering", func(s *server) {
		s.fill(1, 5_000, 1, 60).latency = 50 * time.Millisecond
		s.faults.outages = []*outage{{request: 20, lasts: 30 * time.Second}}
	}, cfchat.ConversationScanOptions{}},
	{"an outage of rendering that begins while windows are empty", func(s *server) {
		s.fill(1, 100, 1, 60).fill(200_000, 200_500, 1, 60).latency = 50 * time.Millisecond
		s.faults.outages = []*outage{{request: 12, lasts: 20 * time.Second}}
	}, cfchat.ConversationScanOptions{}},
	{"a conversation that drops the connection", func(s *server) {
		s.fill(1, 200, 1, 60).byID[87].drops = true
	}, cfchat.ConversationScanOptions{}},
	{"the highest ids", func(s *server) {
		s.fill(1<<31-40, 1<<31-1, 1, 60)
	}, cfchat.ConversationScanOptions{After: 1<<31 - 1_000}},
}

// importAt adds n conversations from an id on, created shortly after the conversation with index i.
func (s *server) importAt(id int64, n, i int) {
	at := s.convs[i].created + 1
	for range n {
		s.add(&conversation{id: id, created: at + id%50, activity: at + id%50})
		id++
	}
}

// TestEveryConversationIsRead checks that in each account every conversation is read or blamed, with the scan resumed after
// an error.
func TestEveryConversationIsRead(t *testing.T) {
	for _, l := range losses {
		bubble(t, l.name, func(t *testing.T) {
			h := plain(l.options.Concurrency)
			l.make(h.server)
			h.demand(t, l.options)
		})
	}
}

// TestOneStumble checks that nothing is lost if one request fails, whichever it is.
func TestOneStumble(t *testing.T) {
	for number := range 40 {
		for _, status := range []int{500, 504} {
			bubble(t, fmt.Sprint("request ", number+1, " is a ", status), func(t *testing.T) {
				h := plain(4)
				h.server.fill(5_001, 5_010, 1, 60).byID[5_004].broken = true
				h.server.faults.once = func(n int, _ []*conversation) *answer {
					if n != number+1 {
						return nil
					}
					return &answer{status: status}
				}
				h.demand(t, cfchat.ConversationScanOptions{})
			})
		}
	}
}

// TestReopened has a conversation start to match during one of the requests, and checks that it is not mistaken for one of
// those counted before.
func TestReopened(t *testing.T) {
	for number := range 40 {
		bubble(t, fmt.Sprint("one of 37, an agent's key on 2.16, at request ", number+1), func(t *testing.T) {
			h := plain(1)
			s := h.server.old().fill(1, 37, 1, 60)
			s.inboxes = map[int64]bool{7: true}
			for _, c := range s.convs[:10] {
				c.inbox = 7
			}
			h.reopen(t, 20, number+1)
		})
		bubble(t, fmt.Sprint("one of 31 imported, at request ", number+1), func(t *testing.T) {
			h := plain(1)
			h.server.fill(501, 600, 1, 60).importAt(601, 31, 49)
			h.reopen(t, 610, number+1)
		})
	}
}

// reopen scans open conversations, and reopens one during a request. The conversation with the last id is the least active.
func (h *history) reopen(t *testing.T, id int64, request int) {
	t.Helper()
	s := h.server
	c := s.byID[id]
	c.status, s.rules = "resolved", []rule{open}
	s.byID[s.last()].activity -= 1_000_000
	s.happens = func() {
		if s.sent.requests >= request && c.status != "open" {
			c.status, c.activity = "open", time.Now().Unix()
			s.noted(c)
		}
	}
	h.demand(t, cfchat.ConversationScanOptions{})
}

// TestBodyLimits scans behind proxies that refuse large bodies in several ways. Conversations missing from the list are
// after the end that it shows, at ids before which a list of all ids is too large.
func TestBodyLimits(t *testing.T) {
	for _, c := range []struct {
		limit int
		from  int64 // near the ids of the imported conversations
		rules []rule
	}{
		{1 << 20, 175_000, nil},
		{1 << 20, 65_000, []rule{open, pending, snoozed}},
		{128 << 10, 30_000, nil},
		{8 << 10, 6_000, nil},
	} {
		for _, refusal := range []string{"413", "403", "400", "reset"} {
			bubble(t, fmt.Sprintf("%s above %d KB at %d", refusal, c.limit>>10, c.from), func(t *testing.T) {
				h := plain(4)
				h.server.faults.bodyLimit, h.server.faults.bodyRefusal, h.server.rules = c.limit, refusal, c.rules
				h.server.fill(1, c.from-2_000, max(c.from/500, 1), 60).importAt(c.from+5_000, 20, 100)
				h.demand(t, cfchat.ConversationScanOptions{})
			})
		}
	}
}

// TestSparseBehindABodyLimit checks a scan of 100 conversations among 200,000 ids, where at first hardly any window is
// accepted.
func TestSparseBehindABodyLimit(t *testing.T) {
	for _, refusal := range []string{"413", "403", "400", "reset"} {
		for _, limit := range []int{1 << 20, 128 << 10, 8 << 10, 2 << 10} {
			bubble(t, fmt.Sprintf("%s above %d KB", refusal, limit>>10), func(t *testing.T) {
				h := plain(4)
				h.server.faults.bodyLimit, h.server.faults.bodyRefusal = limit, refusal
				h.server.fill(1, 200_000, 2_000, 60).latency = 50 * time.Millisecond
				h.demand(t, cfchat.ConversationScanOptions{})
			})
		}
	}
}

// TestShards checks five concurrent parts, each with its own Until, and a list that ends before most of them.
func TestShards(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		h := plain(4)
		h.server.old().fill(1, 500_000, 50, 60).inboxes = map[int64]bool{7: true}
		for _, c := range h.server.convs[:100] {
			c.inbox = 7
		}
		v := &verdict{}
		var mu sync.Mutex
		var wg sync.WaitGroup
		h.account = h.server.account(t)
		for after := int64(0); after < 500_000; after += 100_000 {
			wg.Go(func() {
				own := &verdict{}
				h.chain(t.Context(), own, after, after+100_000, nil)
				mu.Lock()
				defer mu.Unlock()
				v.add(own)
			})
		}
		wg.Wait()
		h.report(t, v)
		if v.due != 10_000 {
			t.Errorf("got %d due conversations, want 10,000", v.due)
		}
	})
}

// TestNothingReadable checks that a scan that can read nothing ends with the server's error or blames every conversation.
func TestNothingReadable(t *testing.T) {
	for _, drops := range []bool{false, true} {
		bubble(t, fmt.Sprint("drops ", drops), func(t *testing.T) {
			h := plain(4)
			for _, c := range h.server.fill(11, 40, 1, 60).convs {
				c.broken, c.drops = !drops, drops
			}
			h.account = h.server.account(t)
			v := &verdict{}
			r := h.step(t.Context(), v, 0, 0, stop{})
			if len(v.problems) > 0 || r.err == nil && len(r.blamed) != 30 {
				t.Errorf("blamed %d, ended with %v: %s", len(r.blamed), r.err, strings.Join(v.problems, "; "))
			}
			if e, ok := r.err.(*cfchat.Error); ok && !drops && e.StatusCode != http.StatusInternalServerError {
				t.Errorf("ended with %v, want the server's error", r.err)
			}
		})
	}
}

// bubble runs a subtest with its own clock, on a day in 2026.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(strings.ReplaceAll(name, ",", ""), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(26*365*24*time.Hour + 15*time.Hour)
			f(t)
		})
	})
}

// plain returns a history without events or faults, on a server of the newest version.
func plain(concurrency int) *history {
	return &history{server: newServer(1), concurrency: concurrency, parts: [][2]int64{{}}}
}

// demand scans, resuming if necessary, and fails the test for each problem that the oracle finds.
func (h *history) demand(t *testing.T, options cfchat.ConversationScanOptions) {
	t.Helper()
	h.account = h.server.account(t)
	v := &verdict{}
	h.chain(t.Context(), v, options.After, options.Until, nil)
	h.report(t, v)
	if v.due == 0 {
		t.Error("no conversation was due, so nothing was tested")
	}
}

// report fails the test for each problem that the oracle found.
func (h *history) report(t *testing.T, v *verdict) {
	t.Helper()
	for _, p := range slices.Compact(v.problems) {
		t.Error(p)
	}
	if v.wronglyBlamed > 0 {
		t.Errorf("%d conversations were blamed that were never broken", v.wronglyBlamed)
	}
	t.Logf("%d due, %d ranges, %d blamed, %d requests, %d of them too large, the largest %d bytes", v.due, v.ranges, v.blamed, h.server.sent.requests, h.server.sent.refused, h.server.sent.maxBody)
}
