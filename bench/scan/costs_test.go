package scan_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/cfchat/cfchat-go"
)

type conversations = iter.Seq2[*cfchat.Conversation, error]

// walk is one walk through an account.
type walk struct {
	took        time.Duration
	first, last time.Duration // the time until the first conversation, and until the last
	requests    int
	refused     int
}

// pages reads the pages of a filter one after another.
func pages(ctx context.Context, a *cfchat.Account) conversations {
	return a.Conversations.FilterAll(ctx, cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusAll)))
}

// scan scans with the given number of concurrent requests.
func scan(atOnce int) func(context.Context, *cfchat.Account) conversations {
	return func(ctx context.Context, a *cfchat.Account) conversations {
		return a.Conversations.Scan(ctx, cfchat.Filter{}, cfchat.ConversationScanOptions{Concurrency: atOnce})
	}
}

// measure walks through an account in virtual time, in 2026. The loop spends the time each on every conversation.
func measure(t *testing.T, prepare func() *server, start func(context.Context, *cfchat.Account) conversations, each time.Duration) walk {
	t.Helper()
	var w walk
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)))
		s := prepare()
		account := s.account(t)
		begun, n := time.Now(), 0
		for _, err := range start(t.Context(), account) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 1 {
				w.first = time.Since(begun)
			}
			time.Sleep(each)
			w.last = time.Since(begun)
		}
		w.took, w.requests, w.refused = time.Since(begun), s.requests, s.refused
		if n != len(s.ids) {
			t.Errorf("got %d conversations, want %d", n, len(s.ids))
		}
	})
	return w
}

// table prints rows as a table.
func table(title string, columns string, rows func(row func(format string, cells ...any))) {
	fmt.Println(title)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, columns)
	rows(func(format string, cells ...any) { fmt.Fprintf(out, format+"\n", cells...) })
	fmt.Fprintln(out)
	_ = out.Flush()
}

// TestScanCosts prints what a scan costs. It fails if a conversation is missing, and never because of a figure.
func TestScanCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes")
	}
	t.Run("requests", requests)
	t.Run("times", times)
	t.Run("limits", limits)
	t.Run("heap", heap)
}

func all(int64) bool { return true }

// requests prints the number of requests and the times for accounts whose ids are spread in different ways.
func requests(t *testing.T) {
	title := "a scan over 100,000 ids, 50 ms a request: requests, and time / that of pages one after the other"
	table(title, "\tconversations\trequests\tat most\tpages\ttheir s\t4 at once, s\tratio\t16 at once, s\tratio\t", func(row func(string, ...any)) {
		for _, c := range []struct {
			name   string
			most   string
			last   int64
			exists func(id int64) bool
			mixed  bool
		}{
			{"all match", "4,130", 100_000, all, false},
			{"every second", "2,560", 100_000, func(id int64) bool { return id%2 == 0 }, false},
			{"half, at random", "2,560", 100_000, func(id int64) bool { return scattered(id)%2 == 0 }, false},
			{"3 in 10", "1,560", 100_000, func(id int64) bool { return scattered(id)%10 < 3 }, false},
			{"1 in 10", "540", 100_000, func(id int64) bool { return scattered(id)%10 == 0 }, false},
			{"1 in 10, the latest active at random", "540", 100_000, func(id int64) bool { return scattered(id)%10 == 0 }, true},
			{"1 in 100", "70", 100_000, func(id int64) bool { return scattered(id)%100 == 0 }, false},
			{"100 clusters of 26, each 10,000 ids", "230", 1_000_000, func(id int64) bool { return id%10_000 < 26 }, false},
			{"turns of 30 dense and 3,000 empty", "200", 100_000, func(id int64) bool { return id%3_030 < 30 }, false},
			{"ids 1 and 5,000,000", "520", 5_000_000, func(id int64) bool { return id == 1 || id == 5_000_000 }, false},
			{"turns of 500 dense and 500 empty, 200,000 ids", "", 200_000, func(id int64) bool { return id%1_000 < 500 }, false},
		} {
			prepare := func() *server {
				s := newServer(c.last, c.exists)
				s.latency, s.mixed = even(50*time.Millisecond), c.mixed
				return s
			}
			n := 0
			paged := measure(t, func() *server { s := prepare(); s.mixed = false; n = len(s.ids); return s }, pages, 0)
			four, sixteen := measure(t, prepare, scan(4), 0), measure(t, prepare, scan(16), 0)
			row("%s\t%d\t%d\t%s\t%d\t%.2f\t%.2f\t%.3f\t%.2f\t%.3f\t", c.name, n, four.requests, c.most, paged.requests,
				paged.took.Seconds(), four.took.Seconds(), ratio(four, paged), sixteen.took.Seconds(), ratio(sixteen, paged))
		}
	})
}

func ratio(w, of walk) float64 { return float64(w.took) / float64(of.took) }

// runs is the number of measurements with random latency, each with another seed.
const runs = 4

// times prints the times for 50,000 conversations that all match, by latency, with a loop that does nothing and a slow one.
func times(t *testing.T) {
	const n = 50_000
	title := fmt.Sprintf("50,000 that all match: time / that of pages one after the other (the goal), means of %d; efficiency is pages / (16 x time)", runs)
	columns := "latency\tloop\tpages, s\t4 at once, s\tratio\tgoal\tto the first\tafter the last\t16 at once, s\tefficiency\tgoal\tto the first\tafter the last\t"
	table(title, columns, func(row func(string, ...any)) {
		for _, c := range []struct {
			name    string
			latency func() latency
			goal    string
		}{
			{"50 ms", func() latency { return even(50 * time.Millisecond) }, "0.26"},
			{"10 ms + exponential 40 ms", func() latency { return exponential(10*time.Millisecond, 40*time.Millisecond) }, "0.27"},
			{"40 ms, 1 in 50 takes 540 ms", func() latency { return stalling(40*time.Millisecond, 500*time.Millisecond, 50) }, "0.31"},
		} {
			for _, each := range []time.Duration{0, 500 * time.Microsecond} {
				mean := func(start func(context.Context, *cfchat.Account) conversations) (sum walk) {
					for seed := range uint64(runs) {
						w := measure(t, func() *server {
							s := newServer(n, all)
							s.latency, s.random = c.latency(), seeded(seed)
							return s
						}, start, each)
						sum.took += w.took / runs
						sum.first += w.first / runs
						sum.last += w.last / runs
					}
					return sum
				}
				paged, four, sixteen := mean(pages), mean(scan(4)), mean(scan(16))
				loop, goals := "nothing", [2]string{c.goal, "0.85"}
				if each > 0 {
					loop, goals = fmt.Sprintf("%s each: %.0f s", each, (n*each).Seconds()), [2]string{}
				}
				row("%s\t%s\t%.2f\t%.2f\t%.3f\t%s\t%.2f\t%.2f\t%.2f\t%.3f\t%s\t%.2f\t%.2f\t", c.name, loop, paged.took.Seconds(),
					four.took.Seconds(), ratio(four, paged), goals[0], four.first.Seconds(), (four.took - four.last).Seconds(),
					sixteen.took.Seconds(), 1/(16*ratio(sixteen, paged)), goals[1], sixteen.first.Seconds(), (sixteen.took - sixteen.last).Seconds())
			}
		}
	})
}

// limits prints the times with a limit of 300 requests a minute. A scan of 25,000 conversations needs at least 1,000.
func limits(t *testing.T) {
	const latency = 50 * time.Millisecond
	title := "25,000 that all match, begun at second 20 of the server's minute, which answers 300 requests; 50 ms, 4 at once"
	table(title, "answers\tlimiter\ttime, s\tbest, s\tratio\trequests\trefused\t", func(row func(string, ...any)) {
		best := (160*time.Second + 100/4*latency).Seconds() // 300 in each of three minutes, and 100 in the fourth
		for _, c := range []struct {
			answers, limiter string
			noDate           bool
			behind           time.Duration
			per              int
		}{
			{"with Date", "none", false, 0, 0},
			{"with Date", "PerMinute(300)", false, 0, 300},
			{"no Date, clocks agree", "none", true, 0, 0},
			{"no Date, clocks agree", "PerMinute(300)", true, 0, 300},
			{"no Date, local clock 2 s ahead", "none", true, 2 * time.Second, 0},
			{"no Date, local clock 2 s ahead", "PerMinute(300)", true, 2 * time.Second, 300},
		} {
			w := measure(t, func() *server {
				time.Sleep(20*time.Second + c.behind)
				s := newServer(25_000, all)
				s.latency, s.perMinute, s.noDate, s.behind = even(latency), 300, c.noDate, c.behind
				if c.per > 0 {
					s.limiter = cfchat.PerMinute(c.per)
				}
				return s
			}, scan(4), 0)
			row("%s\t%s\t%.2f\t%.2f\t%.3f\t%d\t%d\t", c.answers, c.limiter, w.took.Seconds(), best, w.took.Seconds()/best, w.requests, w.refused)
		}
	})
}

// heap prints the live heap during a scan of a million conversations of 3 kB each, without the server's own data. Now and
// then the loop pauses until the scan has read ahead as far as it can. It runs on the real clock, because a synctest bubble
// keeps stopped timers, and with them the data that was read within their time.
func heap(t *testing.T) {
	const n, sample = 1_000_000, 20_000
	title := "live heap in a scan of a million conversations of 3 kB, at most; 1 ms + exponential 4 ms"
	table(title, "at once\tfast loop, MiB\tloop that rested, MiB\tgoal\trequests\t", func(row func(string, ...any)) {
		for _, atOnce := range []int{4, 16} {
			s := newServer(n, all)
			s.latency = exponential(time.Millisecond, 4*time.Millisecond)
			s.recorded(t)
			account, came, fast, rested := s.account(t), 0, int64(0), int64(0)
			before := s.liveHeap()
			for _, err := range scan(atOnce)(t.Context(), account) {
				if err != nil {
					t.Fatal(err)
				}
				if came++; came%sample == 0 {
					fast = max(fast, s.liveHeap()-before)
					time.Sleep(200 * time.Millisecond)
					rested = max(rested, s.liveHeap()-before)
				}
			}
			if came != n {
				t.Errorf("got %d conversations, want %d", came, n)
			}
			row("%d\t%.1f\t%.1f\t16\t%d\t", atOnce, mebi(fast), mebi(rested), s.requests)
		}
	})
}

func mebi(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// liveHeap returns the number of live bytes after the answers that have arrived were read, while no more arrive. Pooled
// memory does not count.
func (s *server) liveHeap() int64 {
	s.still.Lock()
	defer s.still.Unlock()
	time.Sleep(100 * time.Millisecond)
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
