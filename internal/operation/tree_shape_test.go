package operation

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestFindReturnsBestFit checks the tree against a search through the whole table.
func TestFindReturnsBestFit(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var words []string
	for _, o := range All {
		words = append(words, o.steps...)
	}
	for range 100_000 {
		o := All[random.IntN(len(All))]
		steps := slices.Clone(o.steps)
		for i, step := range steps {
			if isParameter(step) {
				steps[i] = "42"
			}
		}
		for range random.IntN(3) {
			steps[random.IntN(len(steps))] = append(words, "", "x", "v1", "api")[random.IntN(len(words)+4)]
		}
		steps = append(slices.Clone([]string{"", "api", "v1", "base"}[:random.IntN(5)]), steps...)
		method := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, o.Method}[random.IntN(6)]
		var want *Operation
		for _, o := range All {
			if o.Method == method && fits(o, steps) && (want == nil || o.before(want)) {
				want = o
			}
		}
		if got := Find(method, steps); got != want {
			t.Errorf("%s /%s: got %v, want %v", method, strings.Join(steps, "/"), got, want)
		}
	}
}

// fits reports whether the path of an operation is the end of the given steps.
func fits(o *Operation, steps []string) bool {
	before := len(steps) - len(o.steps)
	if before < 0 || o.parameters == 0 && isWithinAPI(steps[:before]) {
		return false
	}
	for i, want := range o.steps {
		if step := steps[before+i]; want != step && (!isParameter(want) || step == "") {
			return false
		}
	}
	return true
}

// BenchmarkFind shows that the time does not depend on the number of operations.
func BenchmarkFind(b *testing.B) {
	for _, n := range []int{6, 60, 600} {
		var table []*Operation
		for i := range n {
			table = append(table, row(Operation{Method: http.MethodPost, Path: fmt.Sprintf("/api/v1/accounts/{account_id}/things/{id}/act%d", i)}))
		}
		root, steps := grow(table), Steps(fmt.Sprintf("/api/v1/accounts/1/things/42/act%d", n-1))
		b.Run(fmt.Sprintf("%d operations", n), func(b *testing.B) {
			for b.Loop() {
				if root.find(http.MethodPost, steps, nil) != table[n-1] {
					b.Fatal("the operation was not found")
				}
			}
		})
	}
}
