package cfchattest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is the stand-in. It is an [http.Handler] and safe for concurrent use; requests are answered one after another,
// except those that [Server.Handle] has a handler for.
type Server struct {
	t               testing.TB // nil without a test
	dropUnderscores bool
	ownClock        bool
	wrong           error         // what is wrong with the options
	limits          *limits       // nil for none
	others          http.ServeMux // what has no operation

	mu        sync.Mutex
	state     *state
	faults    []*fault
	requests  []Request
	callbacks []callback
	listener  *httptest.Server
	post      post

	privateNetwork, keepPending bool
}

// Option changes what kind of server is made.
type Option func(*Server)

// BehindNginx puts nginx with its defaults in front: it drops headers whose name has an underscore, api_access_token among
// them, so that only the spelling Api-Access-Token arrives.
func BehindNginx(s *Server) { s.dropUnderscores = true }

// Clock sets where the server takes the time from. The default is [time.Now], and the time of the snapshot after
// [Server.LoadSnapshot].
func Clock(now func() time.Time) Option {
	return func(s *Server) {
		if now == nil {
			s.wrong = errors.New("cfchattest: Clock: the function is nil")
			return
		}
		s.state.clock, s.ownClock = now, true
	}
}

// New starts a server that is closed when the test ends. An invalid [Version] fails the test. Without a test it panics:
// take [Start].
func New(t testing.TB, opts ...Option) *Server {
	if t == nil {
		panic("cfchattest: New needs a test; without one take Start")
	}
	t.Helper()
	s := start(opts)
	s.t = t
	if s.wrong != nil {
		t.Fatal(s.wrong)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server without a test. Close it. [Server.Config] makes a client of it. It panics on an invalid [Version].
func Start(opts ...Option) *Server {
	s := start(opts)
	if s.wrong != nil {
		panic(s.wrong)
	}
	return s
}

// fail ends the test: what it asks for and cannot be is a mistake in the test. Without a test it panics.
func (s *Server) fail(format string, args ...any) {
	text := fmt.Sprintf("cfchattest: "+format, args...)
	if s.t == nil {
		panic(text)
	}
	s.t.Helper()
	s.t.Fatal(text + whereAsked())
}

// whereAsked returns the place in the test, or in what it calls, that has called the package.
func whereAsked() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	own, more := frames.Next()
	for more {
		var frame runtime.Frame
		frame, more = frames.Next()
		if filepath.Dir(frame.File) != filepath.Dir(own.File) || strings.HasSuffix(frame.File, "_test.go") {
			return fmt.Sprintf(" (%s:%d)", filepath.Base(frame.File), frame.Line)
		}
	}
	return ""
}

// complain reports a mistake in the test that a request shows, from whatever goroutine. Without a test nobody is told.
func (s *Server) complain(text string) {
	if s.t != nil {
		s.t.Error(text)
	}
}

func start(opts []Option) *Server {
	s := &Server{state: newState(defaultVersion, time.Now)}
	for _, opt := range opts {
		opt(s)
	}
	s.populate()
	return s
}

// Close stops the listener, if [Server.URL] started one, and what is being delivered. It waits for handlers of [Server.Receive] that
// still run. What is stored can still be read.
func (s *Server) Close() {
	s.closePost()
	s.mu.Lock()
	listener := s.listener
	s.listener = nil
	s.mu.Unlock()
	if listener != nil {
		listener.Close()
	}
}

// URL returns the address of a listener on the loopback interface. The first call starts it. A server that is only reached
// through [Server.Transport] may have any address.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		s.listener = httptest.NewServer(s)
	}
	return s.listener.URL
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller went away in the middle of the request: there is nobody to answer
	}
	asked := s.requestOf(r, body)
	s.callBack(before, asked)
	out, plan, deliveries := s.serve(r, body)
	defer s.send(deliveries)
	if out != nil {
		asked.Status = out.status
		s.callBack(after, asked)
	}
	s.play(plan, w, r, out)
}

// serve carries out a request and keeps it for [Server.Requests]. It returns what to answer, how that is to fail, and what is to be
// delivered then. There is no answer to one that never arrives.
func (s *Server) serve(r *http.Request, body []byte) (*reply, Failure, []*outgoing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := routeOf(r)
	other := s.handles(r, to)
	if other {
		to = route{}
	}
	s.state.runJobs()
	plan := s.takeFault(to.id())
	if plan.Refused { // it never arrives
		return nil, plan, s.take()
	}
	out := plan.instead()
	switch {
	case out != nil:
	case s.limits != nil && s.limits.exceed(s, r):
		out = tooManyRequests()
	case other:
		out = s.ask(r, body)
	case isStorage(r):
		out = s.file(r)
	default:
		out = s.handle(r, to, body)
	}
	s.state.lastRequestID++
	if out.header.Get("Date") == "" { // by the clock that the rest of the answer is of
		out.header.Set("Date", s.state.clock().UTC().Format(http.TimeFormat))
	}
	if out.header.Get("X-Request-Id") == "" {
		out.header.Set("X-Request-Id", newUUID(s.state.lastRequestID))
	}
	s.keep(r, to, body, out.status)
	return out, plan, s.take()
}

// handle answers a request. The order of the checks is the server's: the parameters, the key, what a bot may do, the
// account, and only then what the operation looks up (contract, 1.0).
func (s *Server) handle(r *http.Request, to route, body []byte) *reply {
	perform := handlers[to.Operation]
	if perform == nil || !to.isThere(s.state.version) {
		return failure(r, http.StatusNotFound)
	}
	p, err := parseParams(r, body)
	if err != nil {
		return failure(r, http.StatusBadRequest)
	}
	c, err := s.authenticate(r, to)
	if err == nil {
		c.params = p
		var found any
		if found, err = perform(c); err == nil {
			return notModified(r, answer(found))
		}
	}
	if refused, ok := errors.AsType[*reply](err); ok {
		return refused
	}
	return internalError()
}
