package histories_test

import (
	"flag"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

var (
	count   = flag.Int("histories", 50, "how many random histories TestScanLosesNothing plays")
	begin   = flag.Uint64("first", 1, "the seed of the first of them")
	replay  = flag.Uint64("history", 0, "the seed of a single history to play")
	explain = flag.Bool("kinds", false, "log how many histories had each feature")
)

// TestScanLosesNothing plays random histories and has the oracle judge them.
func TestScanLosesNothing(t *testing.T) {
	seeds := make(chan uint64, *count)
	for i := range *count {
		seeds <- *begin + uint64(i)
	}
	if *replay > 0 {
		seeds = make(chan uint64, 1)
		seeds <- *replay
	}
	close(seeds)
	var mu sync.Mutex
	total, kinds := &verdict{}, map[string]int{}
	t.Run("histories", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for seed := range seeds {
					var h *history
					var v *verdict
					synctest.Test(t, func(t *testing.T) {
						h = newHistory(t, seed)
						v = h.play(t)
					})
					mu.Lock()
					tell(t, h, v)
					total.add(v)
					slices.Sort(h.features)
					for _, f := range slices.Compact(h.features) {
						kinds[f]++
					}
					mu.Unlock()
				}
			})
		}
	})
	if float64(total.wronglyBlamed) > total.allowance {
		t.Errorf("%d conversations were blamed that were never broken; random failures explain %.1f", total.wronglyBlamed, total.allowance)
	}
	total.log(t)
	if *explain {
		for _, f := range slices.Sorted(maps.Keys(kinds)) {
			t.Logf("%5d  %s", kinds[f], f)
		}
	}
}

// tell reports the problems of a history, and the command that plays it again.
func tell(t *testing.T, h *history, v *verdict) {
	t.Helper()
	if len(v.problems) > 0 {
		t.Errorf("%s\n\t%s\n\tfeatures: %s", h, strings.Join(v.problems[:min(4, len(v.problems))], "\n\t"), strings.Join(h.features, ", "))
	}
}

// log writes the table.
func (v *verdict) log(t *testing.T) {
	t.Helper()
	t.Logf(`
	histories            %9d
	ranges               %9d
	due                  %9d
	lost                 %9d
	repeated             %9d
	out of order         %9d
	outside of the range %9d
	never matched        %9d
	blamed               %9d
	wrongly blamed       %9d, %.1f of them possibly by chance
	stuck                %9d
	ended by an error    %9d
	requests             %9d`, v.histories, v.ranges, v.due, v.lost, v.repeated, v.disorder, v.outside, v.unasked,
		v.blamed, v.wronglyBlamed, v.allowance, v.stuck, v.ended, v.requests)
}
