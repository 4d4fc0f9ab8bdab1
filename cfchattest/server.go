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

// Server is the stand-in. It is an [http.Handler] and safe for concurrent use. It answers requests one at a time, except
// those passed to a handler of [Server.Handle].
type Server struct {
	t               testing.TB // nil without a test
	dropUnderscores bool
	ownClock        bool
	wrong           error         // a mistake in the options
	limits          *limits       // nil for none
	others          http.ServeMux // for requests of no operation

	mu        sync.Mutex
	state     *state
	faults    []*fault
	requests  []Request
	callbacks []callback
	listener  *httptest.Server
	post      post

	privateNetwork, keepPending bool
}

// Option configures a new server.
type Option func(*Server)

// BehindNginx puts the server behind nginx with its default settings, which drops headers with an underscore in their name.
// Of the key's header, only the spelling Api-Access-Token arrives.
func BehindNginx(s *Server) { s.dropUnderscores = true }

// Clock sets the server's clock. The default is [time.Now]; after [Server.LoadSnapshot], time continues from the snapshot's.
func Clock(now func() time.Time) Option {
	return func(s *Server) {
		if now == nil {
			s.wrong = errors.New("cfchattest: Clock: the function is nil")
			return
		}
		s.state.clock, s.ownClock = now, true
	}
}

// New starts a server and closes it when the test ends. An invalid [Version] fails the test. A nil t panics: use [Start]
// instead.
func New(t testing.TB, opts ...Option) *Server {
	if t == nil {
		panic("cfchattest: New needs a test; without one use Start")
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

// Start starts a server without a test. The caller closes it. [Server.Config] configures a client for it. An invalid
// [Version] panics.
func Start(opts ...Option) *Server {
	s := start(opts)
	if s.wrong != nil {
		panic(s.wrong)
	}
	return s
}

// fail ends the test because of a mistake in it. Without a test it panics.
func (s *Server) fail(format string, args ...any) {
	text := fmt.Sprintf("cfchattest: "+format, args...)
	if s.t == nil {
		panic(text)
	}
	s.t.Helper()
	s.t.Fatal(text + whereAsked())
}

// whereAsked returns the line in the test, or in code that it calls, that called the package.
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

// complain reports a mistake in the test that a request reveals, from any goroutine. Without a test it does nothing.
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

// Close stops the listener, if [Server.URL] started one, and the deliveries. It waits for handlers of [Server.Receive] that
// are still running. The stored data can still be read.
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

// URL returns the address of a listener on the loopback interface. The first call starts it. [Server.Transport] needs no
// listener and accepts any address.
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

// serve carries out a request and records it for [Server.Requests]. It returns the answer, how it is to fail, and the
// deliveries that follow. A request that never arrives has no answer.
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
	if out.header.Get("Date") == "" { // from the same clock as the rest of the answer
		out.header.Set("Date", s.state.clock().UTC().Format(http.TimeFormat))
	}
	if out.header.Get("X-Request-Id") == "" {
		out.header.Set("X-Request-Id", newUUID(s.state.lastRequestID))
	}
	s.keep(r, to, body, out.status)
	return out, plan, s.take()
}

// handle answers a request. The order of the checks is the server's: the parameters, the key, a bot's permissions, the
// account, and finally what the operation looks up (contract, 1.0).
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
