package histories_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
)

// history is an account, the events in it, and the way in which it is scanned, all determined by one seed.
type history struct {
	seed        uint64
	rnd         *rand.Rand
	server      *server
	account     *cfchat.Account
	ids         []int64 // at the start
	next        int64   // the last id in use
	created     int
	concurrency int
	parts       [][2]int64 // After and Until
	features    []string
}

// newHistory plans a history. It is called within a bubble, whose clock it sets to some time of day in 2026.
func newHistory(t testing.TB, seed uint64) *history {
	h := &history{seed: seed, rnd: rand.New(rand.NewPCG(seed, 0)), server: newServer(seed)}
	time.Sleep(26*365*24*time.Hour + time.Duration(h.rnd.Int64N(int64(48*time.Hour))))
	if h.chance(5, "midnight passes") {
		time.Sleep(time.Until(time.Now().Truncate(24 * time.Hour).Add(24*time.Hour - time.Duration(h.rnd.IntN(2_000))*time.Millisecond)))
	}
	h.version()
	h.network()
	h.populate()
	h.breakSome()
	h.server.rules = someRules(h.rnd, h.server)
	if len(h.server.rules) > 0 {
		h.is("rules")
	}
	if branches(h.server.rules) > 1 {
		h.is("rules joined by OR")
	}
	h.passingFaults()
	h.live()
	h.concurrency = []int{1, 2, 3, 4, 4, 8, 16}[h.rnd.IntN(7)]
	h.divide()
	h.account = h.server.account(t)
	return h
}

// is records a feature.
func (h *history) is(feature string) { h.features = append(h.features, feature) }

// chance reports true with a given percentage, and then records the feature.
func (h *history) chance(of100 int, feature string) bool {
	if h.rnd.IntN(100) >= of100 {
		return false
	}
	h.is(feature)
	return true
}

// version picks a version at which something changed.
func (h *history) version() {
	s := h.server
	switch h.rnd.IntN(6) {
	case 0, 1:
		h.is("version 2.16.0: a row per label")
		s.old()
	case 2:
		h.is("version 3.1.1")
		s.strict, s.filterScoped, s.sortsByName = false, false, false
	case 3:
		h.is("version 3.8.0")
		s.filterScoped = false
	default:
		h.is("version 4.1.0: an agent's filter is scoped")
	}
	if s.sortsByName && h.chance(10, "list pages of another size") {
		s.listPage = []int{10, 50, 100}[h.rnd.IntN(3)]
	}
}

// network picks the proxy in front of the application, its limits, and its speed.
func (h *history) network() {
	s := h.server
	s.latency = time.Duration(1+h.rnd.IntN(50)) * time.Millisecond
	if h.chance(40, "uneven latency") {
		s.jitter = s.latency
	}
	if h.chance(15, "a body limit of 8 KB to 1 MB") {
		s.faults.bodyLimit = []int{8 << 10, 16 << 10, 64 << 10, 128 << 10, 1 << 20}[h.rnd.IntN(5)]
		s.faults.bodyRefusal = []string{"413", "413", "403", "400", "reset"}[h.rnd.IntN(5)]
		h.is("a body limit: " + s.faults.bodyRefusal)
	}
	if h.chance(7, "a slow database") {
		s.faults.perID = time.Duration(1+h.rnd.IntN(20)) * time.Millisecond
		s.faults.queryLimit, s.faults.queryStatus = 14*time.Second, []int{500, 504}[h.rnd.IntN(2)]
	}
	if h.chance(5, "deep pages of the list are a 500") {
		s.faults.deepList = 1 + h.rnd.IntN(5)
	}
	if h.chance(10, "300 requests per minute") {
		s.perMinute = 300
		if h.chance(50, "300 requests per minute, no Date header") {
			s.noDate = true
		} else {
			s.skew = time.Duration(h.rnd.IntN(5_000)-2_500) * time.Millisecond
		}
	}
}

// slow reports whether a request can have only a few ids.
func (h *history) slow() bool { return h.width() < 2_000 }

// width returns how many ids one request can have, at most 10,000.
func (h *history) width() int64 {
	f := &h.server.faults
	width := int64(10_000)
	if f.bodyLimit > 0 {
		width = min(width, int64(f.bodyLimit)/12)
	}
	if f.perID > 0 {
		width = min(width, int64(f.queryLimit/f.perID))
	}
	return max(1, width/int64(branches(h.server.rules)))
}

// passingFaults picks transient failures.
func (h *history) passingFaults() {
	f := &h.server.faults
	if h.chance(14, "random failures of 1 % to 20 %") {
		f.random = []float64{0.01, 0.02, 0.05, 0.1, 0.2}[h.rnd.IntN(5)]
		f.kinds = [][]string{{"500"}, {"500"}, {"502", "503", "504"}, {"cut"}, {"500", "502", "503", "504", "cut"}}[h.rnd.IntN(5)]
		h.is("random failures: " + f.kinds[0] + []string{" only", " and more"}[min(1, len(f.kinds)-1)])
	}
	if h.chance(9, "an outage of rendering") {
		f.outages = append(f.outages, &outage{request: 1 + h.rnd.IntN(60), lasts: time.Duration(1+h.rnd.IntN(120)) * time.Second})
	}
	if h.chance(6, "a full outage") {
		f.outages = append(f.outages, &outage{request: 1 + h.rnd.IntN(60), lasts: time.Duration(30+h.rnd.IntN(270)) * time.Second, whole: true})
	}
}

// divide divides the account into parts, mostly just one.
func (h *history) divide() {
	first, last := int64(1), h.server.last()
	if len(h.ids) > 0 {
		first = h.ids[0]
	}
	after := int64(0)
	if far := max(100_000, 60*h.width()); first > far || h.slow() && last > 400*h.width() {
		h.is("begins after most ids")
		after = max(first-1-h.rnd.Int64N(3_000), 0)
		if h.slow() && last-first > 400*h.width() {
			after = last - h.rnd.Int64N(400*h.width())
		}
	}
	span := max(1, last-after)
	until := int64(0)
	switch {
	case h.chance(20, "several shards at the same time"):
		cuts := []int64{after}
		for range 1 + h.rnd.IntN(4) {
			next := cuts[len(cuts)-1] + 1 + h.rnd.Int64N(span/2+1)
			if next >= math.MaxInt32 {
				break
			}
			h.parts = append(h.parts, [2]int64{cuts[len(cuts)-1], next})
			cuts = append(cuts, next)
		}
		h.parts = append(h.parts, [2]int64{cuts[len(cuts)-1], 0})
		return
	case h.chance(10, "a part of the ids"):
		after += h.rnd.Int64N(span)
		until = after + 1 + h.rnd.Int64N(span)
	case h.chance(3, "an Until after every id"):
		until = min(last+1+h.rnd.Int64N(20*h.width()), math.MaxInt32)
	}
	h.parts = [][2]int64{{after, until}}
}

// bound returns how many requests a range may take. It is generous, because its only purpose is to find scans that do not
// end: four times the windows of the span, a request for every five rows, as many as may be needed to isolate a broken
// conversation by halving, and a constant for the ends. With random failures, requests are made several times.
func (h *history) bound(after, until int64) int {
	s := h.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if until == 0 {
		until = s.last()
	}
	rows, bad := 0, 0
	for _, c := range s.convs {
		if c.id > after {
			rows += max(1, len(c.labels))
		}
		if c.broken || c.drops {
			bad++
		}
	}
	n := 600 + int(4*max(0, until-after)/h.width()) + rows/5 + 250 + 150*bad
	if s.faults.random > 0 || len(s.faults.outages) > 0 {
		n *= 6
	}
	return n
}

// readable reports whether two conversations in a range of ids match and can be read, as is necessary to blame another.
func (h *history) readable(after, until int64) bool {
	s := h.server
	s.mu.Lock()
	defer s.mu.Unlock()
	healthy := 0
	for _, c := range s.convs {
		if c.id > after && (until == 0 || c.id <= until) && !c.broken && !c.drops && s.means(c) {
			healthy++
		}
	}
	return healthy >= 2
}
