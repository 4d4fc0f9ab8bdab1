package cfchattest

import (
	"net/http"
	"slices"
)

// callback is a test's function to call at the requests of an operation.
type callback struct {
	when      moment
	operation string // "" for any request
	call      func(Request)
}

type moment int

const (
	before moment = iota
	after
)

// Before registers a function to call at each request of an operation, before it is carried out or fails: to let somebody
// else be quicker, for example, or to decide on [Server.FailNext] by the request. The operation is as with FailNext, "" for
// any request; the Request has no Status yet. The function may call the Server's methods and use a client of the Server,
// whose requests trigger functions too. Several functions are called in the order of their registration.
func (s *Server) Before(operation string, f func(Request)) {
	s.addCallback("Before", callback{before, operation, f})
}

// After registers a function to call at each request of an operation, after it was carried out or failed and before the
// answer is sent: the answer does not show what the function changes. Everything else is as with [Server.Before]. The
// function is not called if the connection is refused.
func (s *Server) After(operation string, f func(Request)) {
	s.addCallback("After", callback{after, operation, f})
}

func (s *Server) addCallback(method string, c callback) {
	c.operation = s.operation(method, c.operation)
	if c.call == nil {
		s.mistake(method, "the function is nil")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callbacks = append(s.callbacks, c)
}

// callBack calls the functions for a request, without the lock because they may use the server.
func (s *Server) callBack(when moment, asked Request) {
	s.mu.Lock()
	callbacks := slices.Clone(s.callbacks)
	s.mu.Unlock()
	for _, c := range callbacks {
		if c.when == when && (c.operation == "" || c.operation == asked.Operation) {
			c.call(asked)
		}
	}
}

// requestOf returns a request as a test sees it.
func (s *Server) requestOf(r *http.Request, body []byte) Request {
	to := routeOf(r)
	if s.handles(r, to) {
		to = route{}
	}
	return Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Operation: to.id(), Body: string(body)}
}
