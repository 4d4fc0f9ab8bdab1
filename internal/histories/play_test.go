package histories_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
)

// ranged is the result of ranging over a scan once.
type ranged struct {
	ids, blamed []int64 // blamed are among the ids
	err         error
	late        int   // how many were yielded after err
	reached     int64 // everything up to here is reported as yielded
	broke       bool  // out of the loop
	cancelled   bool
}

// whole reports whether the scan claims to have yielded everything.
func (r *ranged) whole() bool { return r.err == nil && !r.broke }

// read ranges over seq, and breaks after a number of conversations; -1 for never.
func (r *ranged) read(seq iter.Seq2[*cfchat.Conversation, error], breakAfter int) {
	for c, err := range seq {
		e, _ := errors.AsType[*cfchat.Error](err)
		switch {
		case r.err != nil:
			r.late++
			continue
		case err == nil:
			r.ids = append(r.ids, c.ID)
		case e != nil && e.ConversationID != 0:
			r.ids, r.blamed = append(r.ids, e.ConversationID), append(r.blamed, e.ConversationID)
		default:
			r.err = err
			continue
		}
		r.reached = max(r.reached, r.ids[len(r.ids)-1])
		if len(r.ids) == breakAfter {
			r.broke = true
			return
		}
	}
}

// play plays a history, and returns the verdict. It is called within a bubble.
func (h *history) play(t *testing.T) *verdict {
	v := &verdict{histories: 1}
	var mu sync.Mutex
	var wg sync.WaitGroup
	if len(h.parts) > 1 { // only to stop scans that never end
		for _, part := range h.parts {
			h.server.patience += tries * h.bound(part[0], part[1])
		}
	}
	for _, part := range h.parts {
		stops := h.someStops()
		wg.Go(func() {
			own := &verdict{}
			h.chain(t.Context(), own, part[0], part[1], stops)
			mu.Lock()
			defer mu.Unlock()
			v.add(own)
		})
	}
	wg.Wait()
	synctest.Wait()
	s := h.server
	if s.sent.underWay > 0 {
		v.problem("%d requests are still under way after the end", s.sent.underWay)
	}
	if most := h.concurrency * len(h.parts); s.sent.most > most {
		v.problem("got %d requests at once, want at most %d", s.sent.most, most)
	}
	if s.sent.exhausted {
		v.problem("more than %d requests", s.patience)
	}
	// Each concurrent request may exceed the limit at each halving, three times if the connection is reset.
	if most := v.ranges * (h.concurrency*3*14 + 60); s.sent.refused > most {
		v.problem("%d of %d requests had a body that is too large", s.sent.refused, s.sent.requests)
	}
	for _, what := range s.sent.foreign[:min(3, len(s.sent.foreign))] {
		v.problem("the client sent a request that the server refuses: %s", what)
	}
	v.requests = s.sent.requests
	// Four failures in a row of the same request cannot be distinguished from a broken conversation.
	v.allowance = float64(v.requests) * math.Pow(s.faults.random, 4)
	if v.wronglyBlamed > 0 && s.faults.random == 0 {
		v.problem("%d conversations were blamed that were never broken", v.wronglyBlamed)
	}
	return v
}

// tries is how often a range is resumed after an error; halfway through, transient failures stop.
const tries = 30

// stop ends a range early: by a break, by a cancelled context, or by a break after which the whole is ranged over again.
type stop struct {
	kind string
	when int
}

// someStops returns random stops, mostly none.
func (h *history) someStops() []stop {
	stops := make([]stop, []int{0, 0, 0, 1, 3}[h.rnd.IntN(5)])
	for i := range stops {
		stops[i] = stop{[]string{"break", "cancel", "range twice"}[h.rnd.IntN(3)], h.rnd.IntN(60)}
		h.is("stop: " + stops[i].kind)
	}
	return stops
}

// chain reads a part to its end, resuming after whatever ends a range.
func (h *history) chain(ctx context.Context, v *verdict, after, until int64, stops []stop) {
	for failed := 0; until == 0 || after < until; {
		var end stop
		if len(stops) > 0 {
			end, stops = stops[0], stops[1:]
		}
		r := h.step(ctx, v, after, until, end)
		if r.whole() {
			return
		}
		after = max(after, r.reached)
		if r.err != nil && !r.cancelled {
			if failed++; failed == 1 && h.calm() {
				v.problem("ended without a reason, with %v", r.err)
			}
			h.server.mu.Lock()
			h.server.faults.over = h.server.faults.over || failed > tries/2
			h.server.mu.Unlock()
			time.Sleep(time.Duration(1+7*failed%60) * time.Second)
		}
		if failed == tries {
			if h.readable(after, until) {
				v.stuck++
				v.problem("STUCK after id %d and %d errors: %v", after, failed, r.err)
			}
			return
		}
	}
}

// calm reports whether nothing is wrong with the server.
func (h *history) calm() bool {
	f := &h.server.faults
	bad := slices.ContainsFunc(h.server.convs, func(c *conversation) bool { return c.broken || c.drops })
	bad = bad || slices.Contains(h.features, "conversations break and heal meanwhile")
	return !bad && !f.passing() && f.bodyLimit == 0 && f.queryLimit == 0 && f.deepList == 0
}

// step ranges over a scan once or twice.
func (h *history) step(ctx context.Context, v *verdict, after, until int64, end stop) *ranged {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &ranged{}
	options := cfchat.ConversationScanOptions{
		After: after, Until: until, Concurrency: h.concurrency,
		Progress: func(p cfchat.ScanProgress) { r.reached = max(r.reached, p.LastID) },
	}
	seq := h.account.Conversations.Scan(ctx, filterOf(h.server.rules), options)
	breakAfter := -1
	switch end.kind {
	case "break", "range twice":
		breakAfter = 1 + end.when
	case "cancel":
		r.cancelled = true
		defer time.AfterFunc(time.Duration(end.when*end.when)*time.Millisecond, cancel).Stop()
	}
	h.once(v, r, seq, after, until, breakAfter)
	if end.kind == "range twice" {
		*r = ranged{}
		h.once(v, r, seq, after, until, -1)
	}
	return r
}

// once ranges over a scan and judges the result.
func (h *history) once(v *verdict, r *ranged, seq iter.Seq2[*cfchat.Conversation, error], after, until int64, breakAfter int) {
	s := h.server
	before, bound := s.asked(), h.bound(after, until)
	if len(h.parts) == 1 {
		s.mu.Lock()
		s.patience = s.sent.requests + 3*bound
		s.mu.Unlock()
	}
	w := s.watch(after, until)
	r.read(seq, breakAfter)
	s.unwatch(w)
	time.Sleep(time.Millisecond) // let abandoned requests end
	w.judge(v, r)
	if asked := s.asked() - before; len(h.parts) == 1 && asked > bound {
		v.problem("got %d requests from %d to %d, want at most %d", asked, after, until, bound)
	}
}

// String returns the command that plays the history again.
func (h *history) String() string {
	return fmt.Sprintf("go test ./internal/histories -run TestScanLosesNothing -history=%d -v", h.seed)
}
