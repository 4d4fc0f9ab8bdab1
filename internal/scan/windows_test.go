package scan_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// TestRun checks that every id is read once and in order, however dense they are and whichever cannot be read, and that
// received ids are not requested again.
func TestRun(t *testing.T) {
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			s := newServer()
			s.page = []int64{1, 5, 25}[random.IntN(3)]
			last, dense := 1+random.Int64N(2_000), 1<<random.IntN(8)
			for id := int64(1); id <= last; id++ {
				if random.IntN(dense) == 0 {
					s.rows[id] = 1 + 40*max(0, random.IntN(60)-58)
				}
				if s.rows[id] > 0 && seed%2 == 1 && random.IntN(15) == 0 {
					s.broken[id] = true
				}
			}
			if len(s.ids()) < 2 {
				return
			}
			atOnce, widest := 1+random.IntN(6), 1+random.Int64N(300)
			w := s.windows(atOnce, widest)
			if random.IntN(2) == 0 {
				w.Expect(int64(len(s.rows)), last)
			}
			run(t.Context(), t, w, all(last)).demand(t, s.ids(), broken(s)...)
			if s.most > atOnce {
				t.Errorf("%d requests at once, want %d", s.most, atOnce)
			}
			for id, n := range s.came {
				if n > 1 {
					t.Errorf("%d was returned %d times, want once", id, n)
				}
			}
			for _, window := range s.asked {
				if window.Len() > widest || window.Len() < 1 {
					t.Errorf("requested %d ids, want 1 to %d", window.Len(), widest)
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

func broken(s *server) (ids []int64) {
	for id := range s.broken {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// TestKnown checks that a known part is handed over in its place, and not requested.
func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 30, 1)...)
		r := run(t.Context(), t, s.windows(2, 100), scan.Part[int64]{Lo: 1, Hi: 10}, scan.Known(11, 20, []int64{12, 14}), scan.Part[int64]{Lo: 21, Hi: 30})
		r.demand(t, append(append(upTo(1, 10, 1), 12, 14), upTo(21, 30, 1)...))
		for _, w := range s.asked {
			if w.Lo <= 20 && w.Hi >= 11 {
				t.Errorf("requested %d to %d, of which 11 to 20 are known", w.Lo, w.Hi)
			}
		}
	})
}

// TestRowsAtHand checks that only the missing ids of a part are requested.
func TestRowsAtHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 10, 1)...)
		s.page = 25
		run(t.Context(), t, s.windows(1, 100), scan.Part[int64]{Lo: 1, Hi: 10, Rows: []int64{2, 9}}).demand(t, upTo(1, 10, 1))
		if len(s.asked) != 1 || !slices.Equal(s.asked[0].IDs(), []int64{1, 3, 4, 5, 6, 7, 8, 10}) {
			t.Errorf("requested %v, want one window without 2 and 9", s.asked)
		}
	})
}

// TestBlame checks that a blamed id failed alone, and failed again after a proof.
func TestBlame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 60, 1)...).breaks(1, 17, 18, 60)
		run(t.Context(), t, s.windows(3, 100), all(60)).demand(t, s.ids(), 1, 17, 18, 60)
		for id := range s.broken {
			alone := 0
			for _, w := range s.asked {
				alone += one(w.Len() == 1 && w.IDs()[0] == id)
			}
			if alone < 2 {
				t.Errorf("%d was requested alone %d times, want 2 or more", id, alone)
			}
		}
		if len(s.proofs) < 8 {
			t.Errorf("got %d proofs for four ids, want 8 or more", len(s.proofs))
		}
		for _, ids := range s.proofs {
			if len(ids) != 2 {
				t.Errorf("got a proof with %v, want two ids", ids)
			}
		}
	})
}

func one(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// TestNoBlameWithoutProof checks that a failure ends the reading, after all earlier parts, if earlier rows cannot be read
// again.
func TestNoBlameWithoutProof(t *testing.T) {
	for _, failure := range []error{errBroken, errDown, errWide} {
		for from := 1; from <= 12; from++ {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(upTo(1, 60, 1)...)
				s.fails = func(n int, _ scan.Window) error { return map[bool]error{true: failure}[n >= from] }
				s.again = func(int, []int64) error { return errDown }
				r := run(t.Context(), t, s.windows(2, 100), all(60))
				if r.err != failure || len(r.blamed) > 0 || !slices.Equal(r.ids, upTo(1, int64(len(r.ids)), 1)) {
					t.Errorf("%v from request %d: got %v, blamed %v, then %v", failure, from, r.ids, r.blamed, r.err)
				}
				if n := len(s.asked) - from; n > 60 {
					t.Errorf("%v from request %d: %d more requests, want 60 at most", failure, from, n)
				}
			})
		}
	}
}

// TestProofsAtOnce checks that one failed proof counts for all windows that failed before it.
func TestProofsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 500, 1)...)
		down := false
		s.fails = func(n int, _ scan.Window) error { down = down || n > 8; return map[bool]error{true: errDown}[down] }
		s.again = func(int, []int64) error { return errDown }
		if r := run(t.Context(), t, s.windows(8, 100), all(500)); r.err != errDown {
			t.Errorf("ended with %v", r.err)
		}
		if len(s.proofs) != 1 {
			t.Errorf("got %d proofs, want 1", len(s.proofs))
		}
	})
}

// TestEnds checks that a failure after which nothing can be read ends the reading without a proof, after all earlier parts.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 60, 1)...)
		s.fails = func(_ int, w scan.Window) error { return map[bool]error{true: errRefused}[w.Hi >= 30] }
		r := run(t.Context(), t, s.windows(4, 5), all(60))
		if r.err != errRefused || !slices.Equal(r.ids, upTo(1, 25, 1)) || len(s.proofs) > 0 || len(s.asked) > 10 {
			t.Errorf("got %v, then %v; %d proofs, %d requests", r.ids, r.err, len(s.proofs), len(s.asked))
		}
	})
}

// TestParked checks that a part that fails before anything was received is put aside until something was, and then halved.
func TestParked(t *testing.T) {
	for _, c := range []struct {
		ids, broken []int64
	}{
		{upTo(1, 60, 1), upTo(1, 9, 1)},
		{upTo(1, 60, 1), upTo(1, 58, 1)},
		{upTo(1, 60, 1), []int64{1, 2, 4, 5, 7, 8}},
		{upTo(1, 900, 300), []int64{1, 301}},
		{[]int64{1, 2}, []int64{1}}, // one must suffice
		{[]int64{1, 2}, []int64{2}},
		{upTo(1, 40, 1), without(upTo(1, 40, 1), 23)},
	} {
		for _, atOnce := range []int{1, 4} {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(c.ids...).breaks(c.broken...)
				w := s.windows(atOnce, 300)
				w.BePatient(200)
				run(t.Context(), t, w, all(c.ids[len(c.ids)-1])).demand(t, s.ids(), c.broken...)
			})
		}
	}
}

func without(ids []int64, id int64) []int64 {
	return slices.DeleteFunc(ids, func(each int64) bool { return each == id })
}

// TestNothingReadable checks that the reading ends with the failure, after as many windows as patience allows, and that no
// id is blamed.
func TestNothingReadable(t *testing.T) {
	for _, patience := range []int{0, 100} {
		for _, n := range []int64{1, 3, 1_000} {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(upTo(1, n, 1)...).breaks(upTo(1, n, 1)...)
				w := s.windows(4, 300)
				w.BePatient(patience)
				r := run(t.Context(), t, w, all(n))
				if r.err != errBroken || len(r.ids)+len(r.blamed) > 0 || len(s.proofs) > 0 {
					t.Errorf("got %v, blamed %v, then %v; %d proofs", r.ids, r.blamed, r.err, len(s.proofs))
				}
				if most := max(patience+4, 16*4); len(s.asked) > most || n == 1_000 && len(s.asked) < patience {
					t.Errorf("got %d requests, want at most %d", len(s.asked), most)
				}
			})
		}
	}
}

// TestMakeDo checks that after MakeDo the only row received is enough to judge by.
func TestMakeDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 9, 1)...).breaks(upTo(1, 9, 1)...)
		s.rows[100] = 1
		w := s.windows(1, 300)
		if w.CanJudge() || w.Prove(t.Context()) != scan.ErrTooFew {
			t.Error("no row is enough to judge by")
		}
		w.MakeDo()
		if w.Came(100); w.CanJudge() || w.Prove(t.Context()) != scan.ErrTooFew {
			t.Error("one row is enough to judge by")
		}
		if w.MakeDo(); !w.CanJudge() || w.Prove(t.Context()) != nil {
			t.Error("the only row is not enough to judge by")
		}
		run(t.Context(), t, w, all(9)).demand(t, nil, upTo(1, 9, 1)...)
	})
}

// TestRefused checks that a width that the server refuses explicitly is halved immediately, without a proof, and not
// requested again.
func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 5_000, 50)...)
		refused := 0
		s.fails = func(_ int, w scan.Window) error {
			refused += one(w.Len() > 70)
			return map[bool]error{true: errWide}[w.Len() > 70]
		}
		w := s.windows(1, 1_000)
		w.Expect(100, 5_000)
		run(t.Context(), t, w, all(5_000)).demand(t, upTo(1, 5_000, 50))
		if got := w.Widest(); got > 70 || got < 35 || refused > 6 || len(s.proofs) > 0 {
			t.Errorf("got %d refusals, %d proofs; the widest is %d", refused, len(s.proofs), got)
		}
	})
}

// TestRefusedAlone checks that an id that is refused alone is blamed, like one that fails in another way.
func TestRefusedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 40, 1)...)
		s.fails = func(_ int, w scan.Window) error { return map[bool]error{true: errWide}[slices.Contains(w.IDs(), 7)] }
		w := s.windows(1, 1_000)
		run(t.Context(), t, w, all(40)).demand(t, without(upTo(1, 40, 1), 7), 7)
		if len(s.proofs) < 2 {
			t.Errorf("got %d proofs, want 2 or more", len(s.proofs))
		}
		if w.Widest() != 1_000 || w.Refused() != math.MaxInt64 {
			t.Errorf("the widest is %d, and %d are refused; want 1,000 and none", w.Widest(), w.Refused())
		}
	})
}

// TestRefusedWithoutRows checks that a width is learned while too few rows have arrived to judge by, and that waiting parts
// are cut to it.
func TestRefusedWithoutRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(9_999)
		failed := 0
		s.fails = func(_ int, w scan.Window) error {
			failed += one(w.Len() > 70)
			return map[bool]error{true: errDown}[w.Len() > 70]
		}
		w := s.windows(1, 1_000)
		w.BePatient(100)
		w.Expect(1, 10_000)
		run(t.Context(), t, w, all(10_000)).demand(t, []int64{9_999})
		if got := w.Widest(); got > 70 || got < 31 || failed > 40 {
			t.Errorf("%d requests failed; the widest is %d", failed, got)
		}
	})
}

// TestDoubts checks that a failure that may be an outage is followed by a proof before anything is halved.
func TestDoubts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 60, 1)...)
		failed := 0
		s.fails = func(_ int, w scan.Window) error {
			if !slices.Contains(w.IDs(), 37) {
				return nil
			}
			failed++
			return errDown
		}
		run(t.Context(), t, s.windows(1, 100), all(60)).demand(t, without(upTo(1, 60, 1), 37), 37)
		if len(s.proofs) != failed {
			t.Errorf("%d requests failed, with %d proofs", failed, len(s.proofs))
		}
	})
}

// TestWidthIsGuessed checks that if both halves of a failed window are answered, the window is taken to have been too wide.
// A width that was answered before has to fail more than once.
func TestWidthIsGuessed(t *testing.T) {
	for _, c := range []struct {
		name   string
		fails  func(n int, w scan.Window) bool
		widest int64
	}{
		{"too wide", func(_ int, w scan.Window) bool { return w.Len() > 200 }, 200},
		{"a stumble", func(n int, _ scan.Window) bool { return n == 12 }, 1_000},
		{"one that is broken", func(_ int, w scan.Window) bool { return slices.Contains(w.IDs(), 7_777) }, 1_000},
	} {
		for _, failure := range []error{errBroken, errDown} {
			t.Run(fmt.Sprintf("%s, %v", c.name, failure), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newServer(upTo(1, 20_000, 400)...)
					failed := 0
					s.fails = func(n int, w scan.Window) error {
						if c.fails(n, w) {
							failed++
							return failure
						}
						return nil
					}
					w := s.windows(1, 1_000)
					w.Expect(5, 20_000)
					w.Came(1)
					w.Came(401)
					r := run(t.Context(), t, w, all(20_000))
					if r.err != nil || !slices.Equal(r.ids, upTo(1, 20_000, 400)) {
						t.Errorf("got %v, then %v", r.ids, r.err)
					}
					if got := w.Widest(); got > c.widest || got <= c.widest/2 && c.widest < 1_000 || c.widest == 1_000 && got != 1_000 {
						t.Errorf("the widest is %d, want about %d", got, c.widest)
					}
					if failed > 20 {
						t.Errorf("%d requests failed, want 20 at most", failed)
					}
				})
			})
		}
	}
}

// TestWidthOfBroken checks that if halves fail in another way than the whole did, the whole is taken to have been too wide.
func TestWidthOfBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 6_000, 50)...).breaks(upTo(51, 6_000, 100)...)
		failed := 0
		s.fails = func(_ int, w scan.Window) error {
			if w.Len() <= 150 {
				return nil
			}
			failed++
			return errDown
		}
		w := s.windows(1, 400)
		w.Expect(1, 6_000)
		w.Came(1)
		w.Came(101)
		run(t.Context(), t, w, all(6_000)).demand(t, s.ids(), upTo(51, 6_000, 100)...)
		if w.Widest() > 150 || failed > 12 {
			t.Errorf("the widest is %d, and %d windows were too wide", w.Widest(), failed)
		}
	})
}

// TestStumbles checks that a server that stumbles now and then has to fail more often before an id is blamed.
func TestStumbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 400, 1)...).breaks(390)
		stumbled := map[int64]bool{}
		s.fails = func(_ int, w scan.Window) error {
			if w.Len() <= 5 && w.Lo > 100 && w.Lo < 200 && !stumbled[w.Lo] {
				stumbled[w.Lo] = true
				return errBroken
			}
			return nil
		}
		run(t.Context(), t, s.windows(1, 100), all(400)).demand(t, s.ids(), 390)
		alone := 0
		for _, w := range s.asked {
			alone += one(w.Len() == 1 && w.IDs()[0] == 390)
		}
		if alone != 5 {
			t.Errorf("390 failed alone %d times, want 5", alone)
		}
	})
}

// TestSpread checks that a window with far too many rows is cut into as many parts as needed, rather than halved.
func TestSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 2_000, 1)...)
		w := s.windows(1, 4_000)
		w.Expect(5, 4_000)
		run(t.Context(), t, w, all(2_000)).demand(t, upTo(1, 2_000, 1))
		if len(s.asked) > 410 || s.asked[0].Len() < 2_000 {
			t.Errorf("got %d requests for 400 pages, the first for %d ids", len(s.asked), s.asked[0].Len())
		}
		for _, w := range s.asked[1:] {
			if w.Len() > 25 {
				t.Errorf("requested %d to %d, want 25 ids at most", w.Lo, w.Hi)
			}
		}
	})
}

// TestRepeats checks that a server that returns excluded ids again is not asked forever.
func TestRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 60, 1)...)
		w := s.windows(1, 100)
		w.Read = func(ctx context.Context, w scan.Window) ([]int64, int64, int64, error) {
			_, _, _, err := s.read(ctx, w)
			ids := upTo(w.Lo, min(w.Lo+4, w.Hi), 1)
			return ids, 5, 1, err
		}
		run(t.Context(), t, w, all(60)).demand(t, upTo(1, 60, 1))
		if len(s.asked) > 60 {
			t.Errorf("%d requests", len(s.asked))
		}
	})
}

// TestManyRowsOfOneID checks that one id may fill a page, and that the rest of a window is requested until nothing is left.
func TestManyRowsOfOneID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 20, 1)...)
		for id := range s.rows {
			s.rows[id] = 9
		}
		run(t.Context(), t, s.windows(2, 100), all(20)).demand(t, upTo(1, 20, 1))
		if len(s.asked) > 40 {
			t.Errorf("%d requests", len(s.asked))
		}
	})
}

// TestAhead checks that the reading continues while the caller handles a part, and pauses when enough parts are waiting.
func TestAhead(t *testing.T) {
	for _, c := range []struct {
		step int64
		most int // windows
	}{
		{1, 2*14 + 4},     // pages of five ids
		{1_000, 2*16 + 2}, // windows with hardly any rows
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(upTo(1, 100_000, c.step)...)
			w := s.windows(2, 100)
			stopped := errors.New("yield was not called")
			err := w.Run(t.Context(), []scan.Part[int64]{all(100_000)}, func(*scan.Part[int64]) bool {
				time.Sleep(time.Hour)
				if n := s.requests(); n > c.most || n < c.most/2 {
					t.Errorf("%d windows were requested ahead, want %d at most and at least half of that", n, c.most)
				}
				stopped = nil
				return false
			})
			if err != nil || stopped != nil {
				t.Error(err, stopped)
			}
		})
	}
}

// TestReadsWhileItYields checks that the whole run takes no longer than the caller needs to handle it.
func TestReadsWhileItYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 400, 1)...)
		begun, first := time.Now(), time.Duration(0)
		err := s.windows(2, 100).Run(t.Context(), []scan.Part[int64]{all(400)}, func(p *scan.Part[int64]) bool {
			if first == 0 {
				first = time.Since(begun)
			}
			time.Sleep(time.Duration(len(p.Rows)) * time.Second)
			return true
		})
		if took := time.Since(begun); err != nil || took != first+400*time.Second {
			t.Errorf("got %v after %s, with the first part after %s", err, took, first)
		}
	})
}

// TestAllAtOnce checks that as many requests run concurrently as allowed, from the first row to the last.
func TestAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 2_000, 1)...)
		begun := time.Now()
		run(t.Context(), t, s.windows(4, 100), all(2_000)).demand(t, upTo(1, 2_000, 1))
		if took, want := time.Since(begun), 400*1500*time.Millisecond/4; took > want*5/4 || s.most != 4 { // a request takes 1 s to 2 s
			t.Errorf("took %s, want %s; %d requests at once, want 4", took, want, s.most)
		}
	})
}

// TestStop checks that the reading stops when yield returns false, and that nothing is left running.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 500, 1)...)
		calls := 0
		begun := time.Now()
		err := s.windows(4, 100).Run(t.Context(), []scan.Part[int64]{all(500)}, func(*scan.Part[int64]) bool {
			calls++
			begun = time.Now()
			return false
		})
		if n := len(s.asked); err != nil || calls != 1 || s.running != 0 || time.Since(begun) > 0 || n > 8 {
			t.Errorf("got %v, %d calls, %d requests, %d running", err, calls, n, s.running)
		}
	})
}

// TestContextEnds checks that the context's error is returned, whatever is under way, and that no id is blamed for it.
func TestContextEnds(t *testing.T) {
	for after := range 25 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(after)*500*time.Millisecond)
			defer cancel()
			s := newServer(upTo(1, 200, 1)...).breaks(23, 110)
			r := run(ctx, t, s.windows(2, 100), all(200))
			if !errors.Is(r.err, context.DeadlineExceeded) || slices.Contains(r.blamed, 110) || s.running != 0 || len(r.blamed) > 1 {
				t.Errorf("after %d half-seconds: got %v, blamed %v", after, r.err, r.blamed)
			}
		})
	}
}

// TestGoexit checks that a reader that ends its goroutine also ends the caller's, and that nothing hangs.
func TestGoexit(t *testing.T) {
	for _, at := range []int{1, 2, 9} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(upTo(1, 200, 1)...)
			left, ended := make(chan bool), false
			go func() {
				defer close(left)
				w := s.windows(3, 100)
				w.Read = func(ctx context.Context, window scan.Window) ([]int64, int64, int64, error) {
					came, rows, more, err := s.read(ctx, window)
					s.mu.Lock()
					defer s.mu.Unlock()
					if len(s.asked) >= at {
						runtime.Goexit()
					}
					return came, rows, more, err
				}
				_ = w.Run(t.Context(), []scan.Part[int64]{all(200)}, func(*scan.Part[int64]) bool { return true })
				ended = true
			}()
			<-left
			if synctest.Wait(); ended || s.running != 0 {
				t.Errorf("the caller continued: %t; %d requests running", ended, s.running)
			}
		})
	}
}

// TestLike checks that the new Windows use another read function, and know the received rows and the accepted width.
func TestLike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newServer(upTo(1, 60, 1)...), newServer(upTo(1, 60, 3)...).breaks(31)
		w := s.windows(4, 80)
		run(t.Context(), t, w, all(60))
		before := len(s.asked)
		like := w.Like(other.read)
		if !like.CanJudge() || like.Widest() != 80 {
			t.Errorf("the widest is %d, can judge: %t; want 80, true", like.Widest(), like.CanJudge())
		}
		run(t.Context(), t, like, all(60)).demand(t, other.ids(), 31)
		if other.most != 1 || len(s.asked) != before || other.asked[0].Len() != 60 {
			t.Errorf("got %d requests at once, %d to the first server, %v", other.most, len(s.asked)-before, other.asked)
		}
		if run(t.Context(), t, w, all(60)); len(s.asked) == before {
			t.Error("the first Windows read with the other's function")
		}
	})
}

// TestProve checks that pairs without a common id are tried, and that ids that are gone or unreadable are forgotten.
func TestProve(t *testing.T) {
	for _, c := range []struct {
		name         string
		came         []int64
		gone, broken []int64
		down         int // the first proof that fails; 0 for none
		tries        [][]int64
		want         error
	}{
		{name: "no row", want: scan.ErrTooFew},
		{name: "one row", came: []int64{1}, want: scan.ErrTooFew},
		{name: "one row twice", came: []int64{1, 1}, want: scan.ErrTooFew},
		{name: "two", came: []int64{1, 2}, tries: [][]int64{{1, 2}}},
		{name: "the latest", came: upTo(1, 20, 1), tries: [][]int64{{19, 20}}},
		{name: "one is gone", came: []int64{1, 2, 3}, gone: []int64{3}, tries: [][]int64{{2, 3}, {1, 2}}},
		{name: "all are gone", came: []int64{1, 2, 3}, gone: []int64{1, 2, 3}, tries: [][]int64{{2, 3}}, want: scan.ErrTooFew},
		{name: "one broke", came: upTo(1, 6, 1), broken: []int64{6}, tries: [][]int64{{5, 6}, {3, 4}}},
		{name: "one of each pair broke", came: upTo(1, 8, 1), broken: []int64{4, 6, 8}, tries: [][]int64{{7, 8}, {5, 6}, {3, 4}}, want: errBroken},
		{name: "one broke, and one is left", came: []int64{1, 2, 3}, broken: []int64{3}, tries: [][]int64{{2, 3}}, want: errBroken},
		{name: "down", came: upTo(1, 8, 1), down: 1, tries: [][]int64{{7, 8}}, want: errDown},
		{name: "broken, then down", came: upTo(1, 8, 1), broken: []int64{8}, down: 2, tries: [][]int64{{7, 8}, {5, 6}}, want: errDown},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(c.came...).breaks(c.broken...)
				for _, id := range c.gone {
					delete(s.rows, id)
				}
				s.again = func(n int, _ []int64) error { return map[bool]error{true: errDown}[c.down > 0 && n >= c.down] }
				w := s.windows(1, 100)
				for _, id := range c.came {
					w.Came(id)
				}
				if err := w.Prove(t.Context()); err != c.want {
					t.Errorf("got %v, want %v", err, c.want)
				}
				if !slices.EqualFunc(s.proofs, c.tries, slices.Equal[[]int64]) {
					t.Errorf("tried %v, want %v", s.proofs, c.tries)
				}
				if c.want == nil { // a failed pair is not tried again
					tries := len(s.proofs)
					if err := w.Prove(t.Context()); err != nil || len(s.proofs) != tries+1 || !slices.Equal(s.proofs[tries], c.tries[tries-1]) {
						t.Errorf("the second proof returned %v, with %v", err, s.proofs[tries:])
					}
				}
			})
		})
	}
}

// TestWindow checks that a window has the ids between its ends, except for those already received.
func TestWindow(t *testing.T) {
	for _, c := range []struct {
		window scan.Window
		want   []int64
	}{
		{scan.Window{Lo: 3, Hi: 3}, []int64{3}},
		{scan.Window{Lo: 3, Hi: 6}, []int64{3, 4, 5, 6}},
		{scan.Window{Lo: 3, Hi: 6, Came: []int64{3, 6}}, []int64{4, 5}},
		{scan.Window{Lo: 3, Hi: 6, Came: []int64{4, 5}}, []int64{3, 6}},
		{scan.Window{Lo: 3, Hi: 4, Came: []int64{3, 4}}, []int64{}},
	} {
		if ids := c.window.IDs(); !slices.Equal(ids, c.want) || c.window.Len() != int64(len(c.want)) {
			t.Errorf("%+v: got %d ids, %v, want %v", c.window, c.window.Len(), ids, c.want)
		}
	}
}
