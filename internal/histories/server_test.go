package histories_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// conversation is a conversation of the model. Times are in seconds since 1970.
type conversation struct {
	id, inbox, assignee, team int64 // 0 for none
	status                    string
	labels                    []string
	tier                      string // a custom attribute of type text
	created, activity         int64
	broken                    bool // a page with it is a 500
	drops                     bool // a page with it kills the worker: the connection is reset
	gone                      bool // deleted
}

// server answers the requests that a scan may make: filter, list, meta, show, and GET /api with a 404.
type server struct {
	// Its version and settings.
	rowsPerLabel bool           // up to 3.1.0: a row, and a count, for each label
	strict       bool           // from 3.8.0: a 422 instead of a 500
	filterScoped bool           // from 4.1.0: an agent's filter covers only that person's inboxes
	sortsByName  bool           // from 3.4.0: sort_by=created_at_asc and the like
	inboxes      map[int64]bool // of the key's person; nil for an administrator
	listPage     int            // rows of a list's page
	latency      time.Duration  // of each answer, half before the database is asked, half after
	jitter       time.Duration  // the mean additional latency
	perMinute    int            // of rack-attack; 0 for no limit
	noDate       bool           // no Date header
	skew         time.Duration  // of the server's clock
	faults       faults
	patience     int // further requests are not answered; 0 for no limit

	mu        sync.Mutex
	rnd       *rand.Rand
	convs     []*conversation // by id
	byCreated []*conversation // by created
	byID      map[int64]*conversation
	commits   []commit
	rules     []rule   // the caller's filter
	happens   func()   // between any two looks at the database, with the lock held
	watches   []*watch // of the oracle
	minute    int64
	inMinute  int
	sent      tally
}

// commit is a conversation that has its id but is not visible yet.
type commit struct {
	at time.Time
	c  *conversation
}

// tally counts and records the requests to a server.
type tally struct {
	requests, limited, refused, failed, maxBody, underWay, most int
	foreign                                                     []string // requests that a client should never send
	log                                                         []string // brief, if logging
	logging, exhausted                                          bool
}

// newServer returns a server of the newest version, without conversations, whose answers take no time.
func newServer(seed uint64) *server {
	return &server{
		strict: true, filterScoped: true, sortsByName: true, listPage: 25,
		rnd: rand.New(rand.NewPCG(seed, 1)), byID: map[int64]*conversation{},
	}
}

// old makes it a server of 2.16.0.
func (s *server) old() *server {
	s.rowsPerLabel, s.strict, s.filterScoped, s.sortsByName, s.listPage = true, false, false, false, 25
	return s
}

// add inserts a conversation. If it has no times, it is created now.
func (s *server) add(c *conversation) *conversation {
	if c.status == "" {
		c.status = "open"
	}
	if c.inbox == 0 {
		c.inbox = 1
	}
	if c.created == 0 {
		c.created = time.Now().Unix()
	}
	if c.activity == 0 {
		c.activity = c.created
	}
	put := func(list []*conversation, after func(*conversation) bool) []*conversation {
		if n := len(list); n == 0 || !after(list[n-1]) {
			return append(list, c)
		}
		return slices.Insert(list, sort.Search(len(list), func(i int) bool { return after(list[i]) }), c)
	}
	s.convs = put(s.convs, func(o *conversation) bool { return o.id > c.id })
	s.byCreated = put(s.byCreated, func(o *conversation) bool { return o.created > c.created })
	s.byID[c.id] = c
	return c
}

// fill adds conversations from lo to hi, the newest of them created now, with apart seconds between two. Existing ones
// become older.
func (s *server) fill(lo, hi, step, apart int64) *server {
	for _, c := range s.convs {
		c.created -= (hi-lo)/step*apart + apart
		c.activity -= (hi-lo)/step*apart + apart
	}
	created := time.Now().Unix() - (hi-lo)/step*apart
	for id := lo; id <= hi; id += step {
		s.add(&conversation{id: id, created: created})
		created += apart
	}
	return s
}

// last returns the highest id.
func (s *server) last() int64 {
	if n := len(s.convs); n > 0 {
		return s.convs[n-1].id
	}
	return 0
}

// account returns account 1 of a public client.
func (s *server) account(t testing.TB) *cfchat.Account {
	t.Helper()
	key := auth.NewKey("histories-key-0123456789")
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: key}, Server: "https://chat.test", HTTPClient: &http.Client{Transport: s},
	})
	if err != nil {
		t.Fatal(err)
	}
	return chat.Account(1)
}

// RoundTrip passes a request through the proxy, the limit per minute and the application, in this order.
func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	n, lag, early := s.arrives(len(body))
	defer s.leaves()
	if !sleep(req, lag/2) {
		return nil, req.Context().Err()
	}
	a := early
	if a == nil {
		a = s.answer(n, req, body)
		if limit := s.faults.queryLimit; limit > 0 && a.took > limit {
			a = &answer{status: s.faults.queryStatus, took: limit}
		}
	}
	if !sleep(req, a.took+lag-lag/2) {
		return nil, req.Context().Err()
	}
	return s.respond(a)
}

// arrives counts a request, makes due commits visible, and returns an early answer if it does not reach the application.
func (s *server) arrives(size int) (n int, lag time.Duration, early *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent.requests++
	s.sent.underWay++
	s.sent.most = max(s.sent.most, s.sent.underWay)
	s.sent.maxBody = max(s.sent.maxBody, size)
	lag = s.latency
	if s.jitter > 0 {
		lag += time.Duration(s.rnd.ExpFloat64() * float64(s.jitter))
	}
	s.commit()
	if s.patience > 0 && s.sent.requests > s.patience {
		s.sent.exhausted = true
		return 0, 0, &answer{reset: true}
	}
	if limit := s.faults.bodyLimit; limit > 0 && size > limit {
		s.sent.refused++
		return 0, lag, s.faults.refusal()
	}
	if s.perMinute > 0 {
		if m := time.Now().Add(s.skew).Unix() / 60; m != s.minute {
			s.minute, s.inMinute = m, 0
		}
		if s.inMinute++; s.inMinute > s.perMinute {
			s.sent.limited++
			return 0, lag, &answer{status: http.StatusTooManyRequests, kind: "text/plain", body: "Retry later\n"}
		}
	}
	return s.sent.requests, lag, nil
}

// commit makes the conversations visible whose time has come.
func (s *server) commit() {
	s.commits = slices.DeleteFunc(s.commits, func(c commit) bool {
		if time.Now().Before(c.at) {
			return false
		}
		s.noted(s.add(c.c))
		return true
	})
}

// leaves counts an answer.
func (s *server) leaves() {
	s.mu.Lock()
	s.sent.underWay--
	s.mu.Unlock()
}

// asked returns how many requests were sent, without those that the limit per minute refused.
func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent.requests - s.sent.limited
}

// foreign records a request that the server would answer with a 422 or a 500, or that the model does not know. The caller
// holds the lock.
func (s *server) foreign(what string) {
	s.sent.foreign = append(s.sent.foreign, what)
}

// sleep waits, and reports false if the request is cancelled meanwhile.
func sleep(req *http.Request, d time.Duration) bool {
	if d <= 0 {
		return req.Context().Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-req.Context().Done():
		return false
	}
}

// path returns the method and the path after the account, such as "GET conversations".
func path(req *http.Request) string {
	return req.Method + " " + strings.TrimPrefix(req.URL.Path, "/api/v1/accounts/1/")
}
