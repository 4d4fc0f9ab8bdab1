package histories_test

import (
	"fmt"
	"slices"
)

// watch knows which conversations a range must yield: it sees every change from the range's start to its end.
type watch struct {
	after, until int64
	known        map[int64]*known
}

// known is a watch's knowledge of a conversation.
type known struct {
	always, ever bool // it matched
	broken       bool // it could not be rendered at some time
}

// watch starts a watch over a range.
func (s *server) watch(after, until int64) *watch {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &watch{after: after, until: until, known: make(map[int64]*known, len(s.convs))}
	for _, c := range s.convs {
		if m := s.means(c); w.holds(c.id) {
			w.known[c.id] = &known{always: m, ever: m, broken: c.broken || c.drops}
		}
	}
	s.watches = append(s.watches, w)
	return w
}

// unwatch ends a watch.
func (s *server) unwatch(w *watch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches = slices.DeleteFunc(s.watches, func(o *watch) bool { return o == w })
}

// holds reports whether an id is within the range.
func (w *watch) holds(id int64) bool { return id > w.after && (w.until == 0 || id <= w.until) }

// noted informs the watches of a conversation that was created or has changed. The caller holds the lock.
func (s *server) noted(c *conversation) {
	m := s.means(c)
	for _, w := range s.watches {
		if !w.holds(c.id) {
			continue
		}
		k := w.known[c.id]
		if k == nil {
			k = &known{}
			w.known[c.id] = k
		}
		k.always, k.ever, k.broken = k.always && m, k.ever || m, k.broken || c.broken || c.drops
	}
}

// verdict is the oracle's result for ranges.
type verdict struct {
	histories, ranges, due, lost, repeated, disorder, outside, unasked, wronglyBlamed, stuck, blamed, ended, requests int
	allowance                                                                                                         float64  // how many may be wrongly blamed by chance
	problems                                                                                                          []string // messages about them
}

// add adds another verdict.
func (v *verdict) add(o *verdict) {
	v.histories += o.histories
	v.ranges += o.ranges
	v.due += o.due
	v.lost += o.lost
	v.repeated += o.repeated
	v.disorder += o.disorder
	v.outside += o.outside
	v.unasked += o.unasked
	v.wronglyBlamed += o.wronglyBlamed
	v.stuck += o.stuck
	v.blamed += o.blamed
	v.ended += o.ended
	v.requests += o.requests
	v.allowance += o.allowance
	v.problems = append(v.problems, o.problems...)
}

// problem adds a message about a problem.
func (v *verdict) problem(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// judge compares what a range yielded with what it had to yield, up to the id that it reported to have reached, or to its
// end.
func (w *watch) judge(v *verdict, r *ranged) {
	v.ranges++
	v.blamed += len(r.blamed)
	if r.err != nil && !r.cancelled {
		v.ended++
	}
	if r.late > 0 {
		v.problem("%d were yielded after an error that is not about a conversation", r.late)
	}
	came := map[int64]int{}
	last := w.after
	for _, id := range r.ids {
		if came[id]++; came[id] > 1 {
			v.repeated++
			v.problem("%d was yielded twice", id)
		} else if id <= last {
			v.disorder++
			v.problem("%d was yielded after %d", id, last)
		}
		last = max(last, id)
		k := w.known[id]
		switch blamed := slices.Contains(r.blamed, id); {
		case !w.holds(id):
			v.outside++
			v.problem("%d is not within %d to %d", id, w.after, w.until)
		case blamed && (k == nil || !k.broken):
			v.wronglyBlamed++
		case !blamed && (k == nil || !k.ever):
			v.unasked++
			v.problem("%d was yielded, but never matched", id)
		}
	}
	w.judgeLost(v, r, came)
}

// judgeLost counts the conversations that were due but were not yielded.
func (w *watch) judgeLost(v *verdict, r *ranged, came map[int64]int) {
	var lost []int64
	for id, k := range w.known {
		if !k.always || !r.whole() && id > r.reached {
			continue
		}
		v.due++
		if came[id] == 0 {
			lost = append(lost, id)
		}
	}
	if len(lost) > 0 {
		v.lost += len(lost)
		v.problem("LOST %d, ids %d to %d, of a range from %d to %d that reached %d, yielded %d conversations, and ended with %v",
			len(lost), slices.Min(lost), slices.Max(lost), w.after, w.until, r.reached, len(r.ids), r.err)
	}
}
