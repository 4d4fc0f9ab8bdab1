package histories_test

import (
	"net/http"
	"slices"
	"time"
)

// faults are what goes wrong with a server, besides conversations that are broken. The zero value is a good day.
type faults struct {
	bodyLimit   int           // of a proxy, in bytes; 0 is none
	bodyRefusal string        // "413", "403", "400" or "reset"
	perID       time.Duration // what the database takes for each id of a list
	queryLimit  time.Duration // how long it may; 0 is any time
	queryStatus int           // then
	deepList    int           // pages of a list behind this one are a 500; 0 is none

	// What passes.
	random  float64  // how many of the requests fail
	kinds   []string // how: "500", "502", "503", "504", "cut"
	outages []*outage
	once    func(n int, rows []*conversation) *answer // for tests that say which request fails
	over    bool                                      // all of it has passed
}

// outage is one that begins with a request.
type outage struct {
	request int
	lasts   time.Duration
	whole   bool // everything is a 503; else pages with rows are a 500, while empty ones and counts are answered
	begun   time.Time
}

// refusal is how a proxy answers a body that is too large for it.
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

// passing says whether anything is wrong that will be over.
func (f *faults) passing() bool {
	return f.random > 0 || len(f.outages) > 0 || f.once != nil
}

// fails is an answer in place of the real one, or nil. The lock is held.
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

// passes is a failure that has nothing to do with the request.
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
