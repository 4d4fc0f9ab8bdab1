package scan_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// rowsIn returns the ids from lo up to hi, in the order in which they are stored, most at the maximum.
func rowsIn(stored []int64, lo, hi int64, most int) (ids []int64) {
	for _, id := range stored {
		if id >= lo && id < hi && len(ids) < most {
			ids = append(ids, id)
		}
	}
	return ids
}

// TestSpansLoseNothing checks that every id is in a complete answer or is the one that always fails, however the ids are
// distributed and ordered, and however few rows an answer has.
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
				t.Fatalf("seed %d: requests %d to %d", seed, s.Lo, s.Hi)
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
				t.Fatalf("seed %d: continues after a full answer", seed)
			}
		}
		slices.Sort(stored)
		if !slices.Equal(passed, stored) {
			t.Fatalf("seed %d, %d rows per answer: %d of %d ids passed after %d answers", seed, most, len(passed), len(stored), asked)
		}
	}
}

// TestSpansStumble checks that a failed range that is then received in halves counts as a stumble.
func TestSpansStumble(t *testing.T) {
	s := scan.NewSpans(1, 101, 1_000)
	if s.Failed() || s.Hi != 1<<4 || !s.Failing() {
		t.Fatalf("requests %d to %d", s.Lo, s.Hi)
	}
	for s.Lo < s.End {
		s.Took(nil)
	}
	if s.Stumbles != 1 || s.Failing() {
		t.Errorf("got %d stumbles, failing: %t; want 1, false", s.Stumbles, s.Failing())
	}
}

// TestSpansHeavy checks that fewer rows are requested if answers are too large, and gradually more again later.
func TestSpansHeavy(t *testing.T) {
	s := scan.NewSpans(1, 1_000_001, 1_000)
	s.Hi = 1_001
	s.Took(upFrom(1, 1_000))
	all := s.Hi - s.Lo
	s.Heavy()
	s.Took(upFrom(s.Lo, s.Hi-s.Lo))
	if less := s.Hi - s.Lo; less >= all*2/3 || less < all/2 {
		t.Errorf("requests %d ids after %d, want about half as many", less, all)
	}
	for range 20 {
		s.Took(upFrom(s.Lo, s.Hi-s.Lo))
	}
	if s.Hi-s.Lo != all {
		t.Errorf("requests %d ids in the end, want %d again", s.Hi-s.Lo, all)
	}
}

func upFrom(first, n int64) (ids []int64) {
	for id := first; id < first+n; id++ {
		ids = append(ids, id)
	}
	return ids
}
