package scan_test

import (
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// The failures of a server, and the verdict of Judge on each.
var (
	errBroken  = errors.New("something cannot be shown")
	errWide    = errors.New("too many ids")
	errDown    = errors.New("the server is down")
	errRefused = errors.New("the key is refused")

	verdicts = map[error]scan.Verdict{errBroken: scan.Blames, errWide: scan.Refuses, errDown: scan.Doubts, errRefused: scan.Ends}
)

// server has rows that are only ids, and returns a page of the requested ones, in its own order.
type server struct {
	rows    map[int64]int // the number of rows of each id, mostly one
	page    int64
	broken  map[int64]bool
	latency time.Duration
	fails   func(n int, w scan.Window) error // returns an error to fail with, nil to answer
	again   func(n int, ids []int64) error   // the same for a proof

	seed    maphash.Seed
	mu      sync.Mutex
	asked   []scan.Window
	proofs  [][]int64
	running int
	most    int
	came    map[int64]int // how often each id was returned
}

func newServer(ids ...int64) *server {
	s := &server{rows: map[int64]int{}, page: 5, broken: map[int64]bool{}, latency: time.Second, seed: maphash.MakeSeed(), came: map[int64]int{}}
	for _, id := range ids {
		s.rows[id] = 1
	}
	return s
}

func (s *server) breaks(ids ...int64) *server {
	for _, id := range ids {
		s.broken[id] = true
	}
	return s
}

// windows returns Windows on the server.
func (s *server) windows(atOnce int, widest int64) *scan.Windows[int64] {
	return scan.New(scan.Reader[int64]{
		Read: s.read, Again: s.readAgain, ID: func(id int64) int64 { return id },
		Judge: func(err error) scan.Verdict { return verdicts[err] },
	}, scan.Ticker{Tick: func() {}}, atOnce, s.page, widest)
}

func (s *server) enter(w scan.Window) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, w)
	s.running++
	s.most = max(s.most, s.running)
	if s.fails != nil {
		err = s.fails(len(s.asked), w)
	}
	return err
}

func (s *server) read(ctx context.Context, w scan.Window) (came []int64, rows, more int64, err error) {
	err = s.enter(w)
	select {
	case <-time.After(s.latency + time.Duration(maphash.Comparable(s.seed, w.Lo)%uint64(s.latency))):
	case <-ctx.Done():
		err = ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if err != nil {
		return nil, 0, 0, err
	}
	found := slices.DeleteFunc(w.IDs(), func(id int64) bool { return s.rows[id] == 0 })
	slices.SortFunc(found, func(a, b int64) int {
		return int(maphash.Comparable(s.seed, a)%1_000) - int(maphash.Comparable(s.seed, b)%1_000)
	})
	total := int64(0)
	for _, id := range found {
		if rest := s.page - total; rest > 0 {
			if s.broken[id] {
				return nil, 0, 0, errBroken
			}
			rows += min(int64(s.rows[id]), rest)
			came = append(came, id)
		}
		total += int64(s.rows[id])
	}
	for _, id := range came {
		s.came[id]++
	}
	if more = total - rows; rows == s.page {
		more = max(more, 1)
	}
	return came, rows, more, nil
}

func (s *server) readAgain(ctx context.Context, ids []int64) (came []int64, err error) {
	select {
	case <-time.After(s.latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proofs = append(s.proofs, slices.Clone(ids))
	if s.again != nil {
		if err := s.again(len(s.proofs), ids); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		if s.broken[id] {
			return nil, errBroken
		}
		if s.rows[id] > 0 {
			came = append(came, id)
		}
	}
	return came, nil
}

// requests returns the number of requested windows.
func (s *server) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// ids returns the ids that can be read.
func (s *server) ids() []int64 {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.rows)), func(id int64) bool { return s.broken[id] })
}

// readOut is the result of a run.
type readOut struct {
	ids, blamed []int64
	err         error
}

// run reads a range to its end.
func run(ctx context.Context, t *testing.T, w *scan.Windows[int64], parts ...scan.Part[int64]) (r readOut) {
	t.Helper()
	at := parts[0].Lo
	r.err = w.Run(ctx, parts, func(p *scan.Part[int64]) bool {
		if p.Lo < at || p.Hi < p.Lo {
			t.Errorf("got the part %d to %d when %d is next", p.Lo, p.Hi, at)
		}
		at = p.Hi + 1
		for _, id := range p.Rows {
			if id < p.Lo || id > p.Hi {
				t.Errorf("got %d in the part %d to %d", id, p.Lo, p.Hi)
			}
		}
		if r.ids = append(r.ids, p.Rows...); p.Err != nil {
			r.blamed = append(r.blamed, p.Lo)
			if p.Lo != p.Hi || len(p.Rows) > 0 {
				t.Errorf("the part %d to %d is blamed, want one id without rows", p.Lo, p.Hi)
			}
		}
		return true
	})
	if r.err == nil && at != parts[len(parts)-1].Hi+1 {
		t.Errorf("the run ended before %d", at)
	}
	return r
}

// all returns the range from 1 to hi.
func all(hi int64) scan.Part[int64] { return scan.Part[int64]{Lo: 1, Hi: hi} }

// demand fails the test unless exactly these ids were handed over, and exactly these blamed.
func (r readOut) demand(t *testing.T, ids []int64, blamed ...int64) {
	t.Helper()
	if r.err != nil || !slices.Equal(r.ids, ids) || !slices.Equal(r.blamed, blamed) {
		t.Errorf("got %v, blamed %v, then %v; want %v, blamed %v", r.ids, r.blamed, r.err, ids, blamed)
	}
}

// upTo returns the ids of a range, step apart.
func upTo(from, to, step int64) (ids []int64) {
	for id := from; id <= to; id += step {
		ids = append(ids, id)
	}
	return ids
}
