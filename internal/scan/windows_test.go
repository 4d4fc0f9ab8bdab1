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

// TestRun reads every id once and in order, however dense they are, whatever cannot be read, and asks for nothing that came.
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
					t.Errorf("%d came %d times", id, n)
				}
			}
			for _, window := range s.asked {
				if window.Len() > widest || window.Len() < 1 {
					t.Errorf("asked for %d ids, at most %d may be", window.Len(), widest)
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

// TestKnown hands over what is known, in its place, and asks for none of it.
func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 30, 1)...)
		r := run(t.Context(), t, s.windows(2, 100), scan.Part[int64]{Lo: 1, Hi: 10}, scan.Known(11, 20, []int64{12, 14}), scan.Part[int64]{Lo: 21, Hi: 30})
		r.demand(t, append(append(upTo(1, 10, 1), 12, 14), upTo(21, 30, 1)...))
		for _, w := range s.asked {
			if w.Lo <= 20 && w.Hi >= 11 {
				t.Errorf("asked for %d to %d", w.Lo, w.Hi)
			}
		}
	})
}

// TestRowsAtHand asks only for the rest of a part of which something is there.
func TestRowsAtHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 10, 1)...)
		s.page = 25
		run(t.Context(), t, s.windows(1, 100), scan.Part[int64]{Lo: 1, Hi: 10, Rows: []int64{2, 9}}).demand(t, upTo(1, 10, 1))
		if len(s.asked) != 1 || !slices.Equal(s.asked[0].IDs(), []int64{1, 3, 4, 5, 6, 7, 8, 10}) {
			t.Errorf("asked for %v", s.asked)
		}
	})
}

// TestBlame: who is to blame failed alone, and again behind a proof.
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
				t.Errorf("%d was asked for alone %d times", id, alone)
			}
		}
		if len(s.proofs) < 8 {
			t.Errorf("%d proofs for four", len(s.proofs))
		}
		for _, ids := range s.proofs {
			if len(ids) != 2 {
				t.Errorf("proven with %v", ids)
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

// TestNoBlameWithoutProof: a failure ends the reading, behind all that is in front of it, when what came before does not come
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
					t.Errorf("%v from request %d: %v came, %v are blamed, then %v", failure, from, r.ids, r.blamed, r.err)
				}
				if n := len(s.asked) - from; n > 60 {
					t.Errorf("%v from request %d: %d more", failure, from, n)
				}
			})
		}
	}
}

// TestProofsAtOnce: one failed proof does for all windows that had failed before it.
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
			t.Errorf("%d proofs", len(s.proofs))
		}
	})
}

// TestEnds: what nothing can be read after ends the reading without a proof, behind what is in front of it.
func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 60, 1)...)
		s.fails = func(_ int, w scan.Window) error { return map[bool]error{true: errRefused}[w.Hi >= 30] }
		r := run(t.Context(), t, s.windows(4, 5), all(60))
		if r.err != errRefused || !slices.Equal(r.ids, upTo(1, 25, 1)) || len(s.proofs) > 0 || len(s.asked) > 10 {
			t.Errorf("%v came, then %v; %d proofs, %d requests", r.ids, r.err, len(s.proofs), len(s.asked))
		}
	})
}

// TestParked: what fails before anything has come is laid aside until something has, and then halved.
func TestParked(t *testing.T) {
	for _, c := range []struct {
		ids, broken []int64
	}{
		{upTo(1, 60, 1), upTo(1, 9, 1)},
		{upTo(1, 60, 1), upTo(1, 58, 1)},
		{upTo(1, 60, 1), []int64{1, 2, 4, 5, 7, 8}},
		{upTo(1, 900, 300), []int64{1, 301}},
		{[]int64{1, 2}, []int64{1}}, // one has to do
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

// TestNothingReadable ends with the failure, soon, and blames nobody; patience is how soon.
func TestNothingReadable(t *testing.T) {
	for _, patience := range []int{0, 100} {
		for _, n := range []int64{1, 3, 1_000} {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(upTo(1, n, 1)...).breaks(upTo(1, n, 1)...)
				w := s.windows(4, 300)
				w.BePatient(patience)
				r := run(t.Context(), t, w, all(n))
				if r.err != errBroken || len(r.ids)+len(r.blamed) > 0 || len(s.proofs) > 0 {
					t.Errorf("%v came, %v are blamed, then %v; %d proofs", r.ids, r.blamed, r.err, len(s.proofs))
				}
				if most := max(patience+4, 16*4); len(s.asked) > most || n == 1_000 && len(s.asked) < patience {
					t.Errorf("%d requests, want %d", len(s.asked), most)
				}
			})
		}
	}
}

// TestMakeDo: who says that no more will come is judged by the one that has.
func TestMakeDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 9, 1)...).breaks(upTo(1, 9, 1)...)
		s.rows[100] = 1
		w := s.windows(1, 300)
		if w.CanJudge() || w.Prove(t.Context()) != scan.ErrTooFew {
			t.Error("nothing is enough to judge by")
		}
		w.MakeDo()
		if w.Came(100); w.CanJudge() || w.Prove(t.Context()) != scan.ErrTooFew {
			t.Error("one is enough to judge by")
		}
		if w.MakeDo(); !w.CanJudge() || w.Prove(t.Context()) != nil {
			t.Error("the only one is not enough to judge by")
		}
		run(t.Context(), t, w, all(9)).demand(t, nil, upTo(1, 9, 1)...)
	})
}

// TestRefused: a width that the server says it does not take is halved at once, without a proof, and not asked for again.
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
			t.Errorf("%d were refused, %d proofs; the widest is %d", refused, len(s.proofs), got)
		}
	})
}

// TestRefusedAlone: an id that is refused alone is to blame, like one that fails in another way.
func TestRefusedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 40, 1)...)
		s.fails = func(_ int, w scan.Window) error { return map[bool]error{true: errWide}[slices.Contains(w.IDs(), 7)] }
		w := s.windows(1, 1_000)
		run(t.Context(), t, w, all(40)).demand(t, without(upTo(1, 40, 1), 7), 7)
		if len(s.proofs) < 2 {
			t.Errorf("%d proofs", len(s.proofs))
		}
		if w.Widest() != 1_000 || w.Refused() != math.MaxInt64 {
			t.Errorf("the widest is %d, %d are refused", w.Widest(), w.Refused())
		}
	})
}

// TestRefusedWhereNothingComes: a width is learned while too few rows have arrived to judge by, and what waits is cut by it.
func TestRefusedWhereNothingComes(t *testing.T) {
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
			t.Errorf("%d failed; the widest is %d", failed, got)
		}
	})
}

// TestDoubts: what may be an outage takes a proof before anything is halved.
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
			t.Errorf("%d failed, %d proofs", failed, len(s.proofs))
		}
	})
}

// TestWidthIsGuessed: where both halves of what failed are answered, the width was too much. A width that was answered before
// has to fail more than once.
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
						t.Errorf("%v came, then %v", r.ids, r.err)
					}
					if got := w.Widest(); got > c.widest || got <= c.widest/2 && c.widest < 1_000 || c.widest == 1_000 && got != 1_000 {
						t.Errorf("the widest is %d, want about %d", got, c.widest)
					}
					if failed > 20 {
						t.Errorf("%d failed", failed)
					}
				})
			})
		}
	}
}

// TestWidthOfBroken: halves that fail in another way than the whole did say that the whole was too wide.
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
			t.Errorf("the widest is %d, %d were too wide", w.Widest(), failed)
		}
	})
}

// TestStumbles: a server that stumbles now and then has to fail more often before anybody is blamed.
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

// TestSpread: a window that holds many times too much is cut into as many as it takes, and not halved.
func TestSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 2_000, 1)...)
		w := s.windows(1, 4_000)
		w.Expect(5, 4_000)
		run(t.Context(), t, w, all(2_000)).demand(t, upTo(1, 2_000, 1))
		if len(s.asked) > 410 || s.asked[0].Len() < 2_000 {
			t.Errorf("%d requests for 400 pages, the first for %d ids", len(s.asked), s.asked[0].Len())
		}
		for _, w := range s.asked[1:] {
			if w.Len() > 25 {
				t.Errorf("asked for %d to %d", w.Lo, w.Hi)
			}
		}
	})
}

// TestRepeats: a server that shows again what was left out is not asked forever.
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

// TestManyRowsOfOneID: one id may fill a page, and what is left of a window is asked for until nothing is.
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

// TestAhead: the reading goes on while what was read is dealt with, and stops when enough waits.
func TestAhead(t *testing.T) {
	for _, c := range []struct {
		step int64
		most int // windows
	}{
		{1, 2*14 + 4},     // pages of five ids
		{1_000, 2*16 + 2}, // windows with hardly anything
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(upTo(1, 100_000, c.step)...)
			w := s.windows(2, 100)
			stopped := errors.New("not all that is read")
			err := w.Run(t.Context(), []scan.Part[int64]{all(100_000)}, func(*scan.Part[int64]) bool {
				time.Sleep(time.Hour)
				if n := s.requests(); n > c.most || n < c.most/2 {
					t.Errorf("%d windows were read ahead, want about %d", n, c.most)
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

// TestReadsWhileItYields: all of it takes as long as dealing with it.
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
			t.Errorf("%v after %s, the first after %s", err, took, first)
		}
	})
}

// TestAllAtOnce: as many requests run as may, from the first row to the last.
func TestAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(upTo(1, 2_000, 1)...)
		begun := time.Now()
		run(t.Context(), t, s.windows(4, 100), all(2_000)).demand(t, upTo(1, 2_000, 1))
		if took, want := time.Since(begun), 400*1500*time.Millisecond/4; took > want*5/4 || s.most != 4 { // a request takes 1 s to 2 s
			t.Errorf("%s, want %s; %d at once", took, want, s.most)
		}
	})
}

// TestStop: what yield does not want is not read on, and nothing is left running.
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
			t.Errorf("%v, %d calls, %d requests, %d running", err, calls, n, s.running)
		}
	})
}

// TestContextEnds gives the context's error at once, whatever is on its way, and blames nobody.
func TestContextEnds(t *testing.T) {
	for after := range 25 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(after)*500*time.Millisecond)
			defer cancel()
			s := newServer(upTo(1, 200, 1)...).breaks(23, 110)
			r := run(ctx, t, s.windows(2, 100), all(200))
			if !errors.Is(r.err, context.DeadlineExceeded) || slices.Contains(r.blamed, 110) || s.running != 0 || len(r.blamed) > 1 {
				t.Errorf("after %d: %v, %v are blamed", after, r.err, r.blamed)
			}
		})
	}
}

// TestGoexit: a reader that ends its goroutine ends the caller's, and nothing hangs.
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
				t.Errorf("the caller went on: %t; %d running", ended, s.running)
			}
		})
	}
}

// TestLike reads in another way, and knows what came and which width is taken.
func TestLike(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := newServer(upTo(1, 60, 1)...), newServer(upTo(1, 60, 3)...).breaks(31)
		w := s.windows(4, 80)
		run(t.Context(), t, w, all(60))
		before := len(s.asked)
		like := w.Like(other.read)
		if !like.CanJudge() || like.Widest() != 80 {
			t.Errorf("the widest is %d, can judge: %t", like.Widest(), like.CanJudge())
		}
		run(t.Context(), t, like, all(60)).demand(t, other.ids(), 31)
		if other.most != 1 || len(s.asked) != before || other.asked[0].Len() != 60 {
			t.Errorf("%d at once, %d requests to the first server, %v", other.most, len(s.asked)-before, other.asked)
		}
		if run(t.Context(), t, w, all(60)); len(s.asked) == before {
			t.Error("the first reads like the other")
		}
	})
}

// TestProve tries pairs that have nothing in common, and forgets what is gone, or broke.
func TestProve(t *testing.T) {
	for _, c := range []struct {
		name         string
		came         []int64
		gone, broken []int64
		down         int // from this proof on
		tries        [][]int64
		want         error
	}{
		{name: "nothing came", want: scan.ErrTooFew},
		{name: "one came", came: []int64{1}, want: scan.ErrTooFew},
		{name: "one came twice", came: []int64{1, 1}, want: scan.ErrTooFew},
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
					t.Errorf("%v, want %v", err, c.want)
				}
				if !slices.EqualFunc(s.proofs, c.tries, slices.Equal[[]int64]) {
					t.Errorf("tried %v, want %v", s.proofs, c.tries)
				}
				if c.want == nil { // what failed is not tried again
					tries := len(s.proofs)
					if err := w.Prove(t.Context()); err != nil || len(s.proofs) != tries+1 || !slices.Equal(s.proofs[tries], c.tries[tries-1]) {
						t.Errorf("then %v, with %v", err, s.proofs[tries:])
					}
				}
			})
		})
	}
}

// TestWindow: a window is what is between its ends, but for what came.
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
			t.Errorf("%+v has %d ids, %v, want %v", c.window, c.window.Len(), ids, c.want)
		}
	}
}
