package histories_test

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
)

var cost = flag.Bool("cost", false, "count the requests of TestCost on accounts of full size instead of a tenth")

// cells are accounts, with the number of requests that a scan of each may take. For a tenth of the ids it may take a tenth
// of them, and 20 more for the windows at the start and at the end.
var cells = []struct {
	name   string
	most   int
	exists func(id int64) bool
}{
	{"all match", 4_130, func(int64) bool { return true }},
	{"every second", 2_560, func(id int64) bool { return id%2 == 0 }},
	{"half, at random", 2_560, func(id int64) bool { return scattered(id)%2 == 0 }},
	{"3 in 10", 1_560, func(id int64) bool { return scattered(id)%10 < 3 }},
	{"1 in 10", 540, func(id int64) bool { return scattered(id)%10 == 0 }},
	{"1 in 100", 70, func(id int64) bool { return scattered(id)%100 == 0 }},
	{"30 dense and 3,000 empty by turns", 200, func(id int64) bool { return id%3_030 < 30 }},
	{"clusters of 26, 10,000 ids apart", 230, func(id int64) bool { return id%10_000 < 26 }},
	{"ids 1 and 5,000,000", 520, func(id int64) bool { return id == 1 || id == 5_000_000 }},
}

// spans maps cells to their number of ids, where it is not 100,000.
var spans = map[string]int64{"clusters of 26, 10,000 ids apart": 1_000_000, "ids 1 and 5,000,000": 5_000_000}

// scattered returns a number that is unrelated to those of neighboring ids.
func scattered(id int64) uint64 {
	x := uint64(id) * 0x9e3779b97f4a7c15
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x >> 20
}

// TestCost checks the number of requests for a quiet account, 4 at once, and logs the time compared to that of sequential
// pages.
func TestCost(t *testing.T) {
	for _, c := range cells {
		t.Run(c.name, func(t *testing.T) {
			span, most := max(spans[c.name], 100_000), c.most
			if !*cost && span < 5_000_000 {
				span, most = span/10, most/10+20
			}
			synctest.Test(t, func(t *testing.T) {
				s := newServer(1)
				time.Sleep(26 * 365 * 24 * time.Hour)
				s.latency = 50 * time.Millisecond
				for id := range span {
					if c.exists(id + 1) {
						at := time.Now().Unix() - 60*(span-id)
						if span > 1_000_000 {
							at = time.Now().Unix() - 60*(2-min(id, 1))
						}
						s.add(&conversation{id: id + 1, created: at})
					}
				}
				s.measure(t, most)
			})
		})
	}
}

// measure scans the account and checks the number of requests.
func (s *server) measure(t *testing.T, most int) {
	t.Helper()
	a := s.account(t)
	begun, n := time.Now(), 0
	for _, err := range a.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
		if err != nil {
			t.Error(err)
			return
		}
		n++
	}
	took := time.Since(begun)
	if n != len(s.convs) {
		t.Errorf("got %d conversations, want %d", n, len(s.convs))
	}
	if s.sent.requests > most {
		t.Errorf("got %d requests for %d conversations, want at most %d", s.sent.requests, n, most)
	}
	pages := time.Duration(n/25+1) * s.latency
	t.Logf("%d conversations, %d requests of at most %d, %s, %.3f of the time of sequential pages", n, s.sent.requests, most, took, float64(took)/float64(pages))
}
