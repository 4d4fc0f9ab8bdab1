package scan_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// rowsIn answers the ids from lo up to hi, in the order in which they are stored, at most so many.
func rowsIn(stored []int64, lo, hi int64, most int) (ids []int64) {
	for _, id := range stored {
		if id >= lo && id < hi && len(ids) < most {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestSpansLoseNothing: however ids lie, whatever is stored first, and however few rows an answer has, every id is passed by
// a whole answer, or is the one that always fails.
func TestSpansLoseNothing(t *testing.T) {
	for seed := range uint64(3_000) {
		r := rand.New(rand.NewPCG(seed, 3))
		most := []int{1, 2, 3, 10, 50}[r.IntN(5)]
		stored := make([]int64, 0, 200)
		for range r.IntN(200) {
			if id := 1 + r.Int64N(1<<(2+r.IntN(60))); !slices.Contains(stored, id) && id < math.MaxInt64 {
				stored = append(stored, id)
			}
		}
		if r.IntN(2) == 0 {
			slices.Sort(stored)
		}
		bad := int64(0)
		if len(stored) > 0 && r.IntN(2) == 0 {
			bad = stored[r.IntN(len(stored))]
		}
		var passed []int64
		s, asked := scan.NewSpans(1, math.MaxInt64, most), 0
		for ; s.Lo < s.End && asked < 20_000; asked++ {
			if s.Hi <= s.Lo || s.Hi > s.End {
				t.Fatalf("%d: asks for %d to %d", seed, s.Lo, s.Hi)
			}
			lo, ids := s.Lo, rowsIn(stored, s.Lo, s.Hi, most)
			switch {
			case slices.Contains(ids, bad):
				if s.Failed() {
					passed = append(passed, bad)
					s.Skip()
				}
			case s.Took(ids):
				slices.Sort(ids)
				passed = append(passed, ids...)
			case s.Lo != lo:
				t.Fatalf("%d: went on behind a full answer", seed)
			}
		}
		slices.Sort(stored)
		if !slices.Equal(passed, stored) {
			t.Fatalf("%d, %d rows an answer: %d of %d passed by %d answers", seed, most, len(passed), len(stored), asked)
		}
	}
}

// TestSpansStumble: what failed and then comes in halves was nobody's fault, and is counted.
func TestSpansStumble(t *testing.T) {
	s := scan.NewSpans(1, 101, 1_000)
	if s.Failed() || s.Hi != 1<<4 || !s.Failing() {
		t.Fatalf("asks for %d to %d", s.Lo, s.Hi)
	}
	for s.Lo < s.End {
		s.Took(nil)
	}
	if s.Stumbles != 1 || s.Failing() {
		t.Errorf("%d stumbles, failing: %t", s.Stumbles, s.Failing())
	}
}

// TestSpansHeavy: where answers are too much for somebody, fewer rows are asked for, and later more again.
func TestSpansHeavy(t *testing.T) {
	s := scan.NewSpans(1, 1_000_001, 1_000)
	s.Hi = 1_001
	s.Took(upFrom(1, 1_000))
	all := s.Hi - s.Lo
	s.Heavy()
	s.Took(upFrom(s.Lo, s.Hi-s.Lo))
	if less := s.Hi - s.Lo; less >= all*2/3 || less < all/2 {
		t.Errorf("asks for %d ids, after %d", less, all)
	}
	for range 20 {
		s.Took(upFrom(s.Lo, s.Hi-s.Lo))
	}
	if s.Hi-s.Lo != all {
		t.Errorf("asks for %d ids in the end, as many as %d", s.Hi-s.Lo, all)
	}
}

func upFrom(first, n int64) (ids []int64) {
	for id := first; id < first+n; id++ {
		ids = append(ids, id)
	}
	return ids
}
