package histories_test

import (
	"net/http"
	"slices"
	"time"
)

// faults are the ways in which a server fails, besides broken conversations. With the zero value nothing fails.
type faults struct {
	bodyLimit   int           // of a proxy, in bytes; 0 for none
	bodyRefusal string        // "413", "403", "400" or "reset"
	perID       time.Duration // the database's time for each id of a list
	queryLimit  time.Duration // the longest time for a query; 0 for no limit
	queryStatus int           // of an answer after it
	deepList    int           // list pages after this one are a 500; 0 for none

	// Transient failures.
	random  float64  // the fraction of requests that fail
	kinds   []string // their kinds: "500", "502", "503", "504", "cut"
	outages []*outage
	once    func(n int, rows []*conversation) *answer // for tests that choose the failing request
	over    bool                                      // none of these happens any more
}

// outage is an outage that begins with a given request.
type outage struct {
	request int
	lasts   time.Duration
	whole   bool // everything is a 503; otherwise pages with rows are a 500, while empty pages and counts are answered
	begun   time.Time
}

// refusal returns a proxy's answer to a body that is too large for it.
func (f *faults) refusal() *answer {
	switch f.bodyRefusal {
	case "403":
		return &answer{status: http.StatusForbidden}
	case "400":
		return &answer{status: http.StatusBadRequest}
	case "reset":
		return &answer{reset: true}
	}
	return &answer{status: http.StatusRequestEntityTooLarge}
}

// passing reports whether there are transient failures.
func (f *faults) passing() bool {
	return f.random > 0 || len(f.outages) > 0 || f.once != nil
}

// fails returns a failure in place of the real answer, or nil. The caller holds the lock.
func (s *server) fails(n int, rows []*conversation) *answer {
	if !s.faults.over {
		if a := s.passes(n, rows); a != nil {
			s.sent.failed++
			return a
		}
	}
	if slices.ContainsFunc(rows, func(c *conversation) bool { return c.drops }) {
		return &answer{reset: true}
	}
	if slices.ContainsFunc(rows, func(c *conversation) bool { return c.broken }) {
		return &answer{status: http.StatusInternalServerError}
	}
	return nil
}

// passes returns a transient failure, which has nothing to do with the request, or nil.
func (s *server) passes(n int, rows []*conversation) *answer {
	f := &s.faults
	if f.once != nil {
		if a := f.once(n, rows); a != nil {
			return a
		}
	}
	for _, o := range f.outages {
		if n >= o.request && o.begun.IsZero() {
			o.begun = time.Now()
		}
		if o.begun.IsZero() || time.Since(o.begun) > o.lasts {
			continue
		}
		if o.whole {
			return &answer{status: http.StatusServiceUnavailable}
		}
		if len(rows) > 0 {
			return &answer{status: http.StatusInternalServerError}
		}
	}
	if f.random == 0 || s.rnd.Float64() >= f.random {
		return nil
	}
	switch f.kinds[s.rnd.IntN(len(f.kinds))] {
	case "502":
		return &answer{status: http.StatusBadGateway}
	case "503":
		return &answer{status: http.StatusServiceUnavailable}
	case "504":
		return &answer{status: http.StatusGatewayTimeout}
	case "cut":
		return &answer{status: http.StatusOK, body: `{"meta":{"all_count":0},"payload":[]}`, cut: true}
	}
	return &answer{status: http.StatusInternalServerError}
}
