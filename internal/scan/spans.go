package scan

import (
	"math"
	"math/bits"
	"slices"
)

// Spans chooses which ids to request, from the lowest to the highest, from a server that returns all rows from one id up to
// another, and silently only some if there are too many. Windows cannot do that: here received rows cannot be excluded,
// nothing is counted, and the highest id is unknown at the start.
//
// An answer that is not full is complete, and so is one about no more ids than it has rows. The ids of a full one are kept:
// they show where there are ids, and the next complete answers show how many there are for each known one. That only helps
// to choose well: regardless of expectations, of where ids are, and of which of them an answer omits, only a complete answer
// advances Lo.
type Spans struct {
	Lo, Hi int64 // what to request: from Lo up to Hi, without Hi
	End    int64 // where everything ends, exclusive

	Stumbles int // failures that did not recur

	most     int      // rows in an answer
	aim      float64  // the target number of rows
	samples  []sample // of full answers, the latest and finest last
	full     int      // how many answers in a row from Lo on were full
	evenly   guess    // rows for each id
	by       *guess   // the guess by which Hi was chosen; nil for none
	expected float64  // rows, according to by
	few      bool     // there were fewer than half of expected
	failed   int64    // the end of the failed range, 0 for none
}

// NewSpans returns the Spans from one id up to another, given the maximum number of rows in an answer.
func NewSpans(lo, end int64, most int) *Spans {
	return &Spans{Lo: lo, Hi: end, End: end, most: most, aim: float64(most)}
}

// sample is the content of a full answer.
type sample struct {
	guess         // rows for each of its ids
	ids   []int64 // in order, those from Spans.Lo on
	hi    int64   // the end of the requested range
	first int64   // the end of those that seem complete; 0 for none
	again bool    // an earlier answer seemed to have the first ids, but did not
	last  bool    // they seem to be the last ones
}

// guess estimates how many rows there are for each of something, from recent answers.
type guess struct {
	rows, of float64
	wrong    float64 // how far guesses were off, relative to the result
}

// keeps is the factor by which each answer reduces the weight of earlier ones.
const keeps = 0.8

func (g *guess) learn(rows, of float64) { g.rows, g.of = g.rows*keeps+rows, g.of*keeps+of }

// check compares the result with the expectation.
func (g *guess) check(expected, rows float64) {
	off := (rows - expected) / max(expected, rows, 1)
	g.wrong = math.Sqrt(keeps*g.wrong*g.wrong + (1-keeps)*off*off)
}

// target returns how many rows to aim at, so that they rarely exceed most.
func (g *guess) target(most float64) float64 { return most / (1 + 2*max(g.wrong, 1/math.Sqrt(most))) }

// Took accepts the ids of an answer, in the order received, and reports whether it was complete; Lo is after them then.
func (s *Spans) Took(ids []int64) (whole bool) {
	sorted := slices.Sorted(slices.Values(ids))
	if whole = len(ids) < s.most || s.Hi-s.Lo <= int64(s.most); whole {
		s.learn(sorted)
		s.pass(float64(len(ids)))
	} else {
		s.keep(ids, sorted)
	}
	s.choose()
	return whole
}

// Failing reports whether the requested range is a part of one that failed.
func (s *Spans) Failing() bool { return s.failed != 0 }

// Heavy makes s request fewer rows for a while, because this many are too many for the server or the caller.
func (s *Spans) Heavy() { s.aim = max(s.aim/2, fewest) }

// Failed records a failure, and halves the requested range. It reports whether that is one id, which cannot be halved.
func (s *Spans) Failed() (one bool) {
	width := s.Hi - s.Lo
	if width == 1 {
		return true
	}
	s.failed, s.by = s.Hi, nil
	s.Hi = s.middle()
	return false
}

// middle returns the middle one of the known ids in the requested range, or some other id between.
func (s *Spans) middle() int64 {
	if n := len(s.samples); n > 0 {
		known := s.samples[n-1].ids
		if n, _ := slices.BinarySearch(known, s.Hi); n > 0 && known[n/2] > s.Lo {
			return known[n/2]
		}
	}
	return Middle(s.Lo, s.Hi)
}

// Middle returns an id between two that are not adjacent: one with half as many binary digits as both together, because ids
// count up from 1, or else the middle one.
func Middle(lo, hi int64) int64 {
	digits := bits.Len64(uint64(lo)) + bits.Len64(uint64(hi))
	if id := int64(1) << (digits / 2); id-lo > lo && id < hi {
		return id
	}
	return lo + (hi-lo)/2
}

// Skip skips the id that failed alone.
func (s *Spans) Skip() {
	s.failed = 0
	s.pass(0)
	s.choose()
}

// learn records the number of rows in a complete answer.
func (s *Spans) learn(sorted []int64) {
	rows, from := float64(len(sorted)), s.Lo
	if s.few = s.by != nil && rows < s.expected/2; s.by != nil {
		s.by.check(s.expected, rows)
	}
	if s.evenly.of == 0 && len(sorted) > 0 {
		from = sorted[0] // there may be a long gap before the first
	}
	s.aim = min(s.aim*1.1, float64(s.most))
	if s.evenly.of > 0 || len(sorted) > 0 {
		s.evenly.learn(rows, float64(s.Hi-from))
	}
}

// pass advances past Hi.
func (s *Spans) pass(rows float64) {
	s.full, s.Lo = 0, s.Hi
	if s.failed != 0 && s.Lo >= s.failed {
		s.failed = 0
		s.Stumbles++
	}
	for i := range s.samples {
		of := &s.samples[i]
		n, _ := slices.BinarySearch(of.ids, s.Lo)
		of.ids = of.ids[n:]
		of.learn(rows, float64(n))
	}
	s.samples = slices.DeleteFunc(s.samples, func(of sample) bool { return len(of.ids) == 0 || of.first != 0 && s.Lo >= of.first })
}

const (
	unsure     = 0.3 // how wrong a new sample's guess is assumed to be
	tooWrong   = 0.5 // above this, a full answer is more useful than a guess
	maxSamples = 12
	fewest     = 25 // rows to aim at
)

// keep keeps the ids of a full answer.
func (s *Spans) keep(ids, sorted []int64) {
	if s.by != nil && s.expected < float64(s.most) {
		s.by.check(s.expected, float64(s.most))
	}
	of := sample{ids: sorted, hi: s.Hi, guess: guess{wrong: unsure}}
	if s.full++; s.full > 1 && s.samples[len(s.samples)-1].first != 0 {
		s.samples[len(s.samples)-1].first, of.again = 0, true
	} else {
		of.first = firstOf(ids, sorted)
		backwards := slices.Clone(ids)
		slices.Reverse(backwards)
		of.last = firstOf(backwards, sorted) != 0
	}
	if len(s.samples) == maxSamples {
		s.samples = slices.Delete(s.samples, 0, 1)
	}
	s.samples = append(s.samples, of)
}

// firstOf returns the end of the ids that are roughly in order, and so seem to be the first that there are, regardless of
// ids far after them; 0 if there is no order.
func firstOf(ids, sorted []int64) int64 {
	n := len(sorted)
	for _, m := range []int{n, n - n/16, n - n/4} {
		if far := disorder(ids, sorted[:m]); far <= m/8 {
			return sorted[m-1-2*far]
		}
	}
	return 0
}

// disorder returns how far, at most, an id is from its place in order.
func disorder(ids, sorted []int64) (far int) {
	i := 0
	for _, id := range ids {
		if id > sorted[len(sorted)-1] {
			continue
		}
		at, _ := slices.BinarySearch(sorted, id)
		far = max(far, at-i, i-at)
		i++
	}
	return far
}

// choose chooses Hi.
func (s *Spans) choose() {
	s.Hi, s.by, s.expected = s.End, nil, 0
	switch n := len(s.samples); {
	case s.Lo >= s.End:
		return
	case s.full > 0:
		s.Hi = s.samples[n-1].less(s.Lo, s.most, s.full)
	case n > 0:
		s.goOn(&s.samples[n-1])
	case !s.few && s.evenly.wrong < tooWrong:
		s.goEvenly()
	}
	if s.failed != 0 {
		s.Hi = min(s.Hi, s.failed)
	}
	s.Hi = min(max(s.Hi, s.Lo+1), s.End)
}

// many is roughly the number of windows that a sample is cut into if the number of rows is unknown.
const many = 64

// less returns the end of the next range after this many full answers.
func (of *sample) less(lo int64, most, full int) int64 {
	n, gap := len(of.ids), of.ids[0]-lo
	switch {
	case of.first != 0:
		return of.first
	case of.again && gap > int64(most): // lower ids seem to be later in the server's order
		return of.ids[0]
	case of.last && gap > int64(most):
		return lo + gap/2
	case full == 1:
		return of.ids[n/2]
	}
	return max(of.ids[n/many], min(of.ids[0]+int64(most)-1, of.ids[n*3/4]))
}

// goOn chooses Hi if some ids after Lo are known.
func (s *Spans) goOn(of *sample) {
	switch {
	case of.first != 0:
		s.Hi = of.first
	case s.evenly.rows > 0 && s.evenly.wrong <= of.wrong && !s.few:
		s.goEvenly()
	case of.of > 0 && of.rows > 0:
		each := of.rows / of.of
		n := min(max(int(of.target(s.aim)/each), 1), len(of.ids))
		s.by, s.expected = &of.guess, each*float64(n)
		if s.Hi = of.hi; n < len(of.ids) {
			s.Hi = of.ids[n]
		}
	case of.ids[0]-s.Lo > int64(s.most):
		s.Hi = of.ids[0]
	default:
		s.Hi = of.ids[len(of.ids)/many]
	}
}

// goEvenly chooses Hi as if rows were evenly distributed.
func (s *Spans) goEvenly() {
	if s.evenly.rows == 0 {
		return
	}
	each := s.evenly.rows / s.evenly.of
	if size := max(s.evenly.target(s.aim)/each, s.aim); size < float64(s.End-s.Lo) {
		s.by, s.expected = &s.evenly, size*each
		s.Hi = s.Lo + int64(size)
	}
}
