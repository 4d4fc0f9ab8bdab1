package cfchattest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Handle registers a handler for what the stand-in has no operation for, by a pattern of [http.ServeMux] such as "GET
// /api/v1/accounts/{account_id}/campaigns". It is called over [Server.URL], [Server.Transport] and [Server.Chat] alike,
// whatever the key, and may call the Server's methods. Its answer is JSON unless it sets another Content-Type, and is sent
// once it is complete. Failures for the operation "" apply to it, and [Server.Requests] lists its requests with the
// Operation "".
//
// The operations of openapi.yaml cannot be replaced: a pattern that names one fails the test, and a broader pattern, such as
// "/", gets only the other requests. A handler also gets requests such as …/conversations/search, with a word in place of an
// id, if its pattern matches. An invalid or duplicate pattern fails the test too.
func (s *Server) Handle(pattern string, h http.Handler) {
	if op := replaced(pattern); op != nil {
		s.mistake("Handle", "%q takes requests of %s, which the stand-in answers itself; FailNext and FailEvery make it fail", pattern, op)
	}
	if wrong := register(&s.others, pattern, h); wrong != nil {
		s.mistake("Handle", "%v", wrong)
	}
}

// register registers a handler and returns the value that [http.ServeMux.Handle] panics with.
func register(mux *http.ServeMux, pattern string, h http.Handler) (wrong any) {
	defer func() { wrong = recover() }()
	mux.Handle(pattern, h)
	return nil
}

// replaced returns the operation that a pattern names, nil if it names none. A pattern that ends in a slash or {name...}
// names no single path.
func replaced(pattern string) *operation.Operation {
	method, path, found := strings.Cut(pattern, " ")
	if !found {
		method, path = "", pattern
	}
	path = path[max(strings.Index(path, "/"), 0):] // after the host
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, "...}") {
		return nil
	}
	steps := strings.Split(strings.TrimSuffix(path, "/{$}"), "/")
	for i, step := range steps {
		if strings.HasPrefix(step, "{") {
			steps[i] = "1"
		}
	}
	for _, op := range operation.All {
		r := &http.Request{Method: op.Method, URL: &url.URL{Path: strings.Join(steps, "/")}}
		if to := routeOf(r); (method == "" || method == op.Method) && !to.isOther() {
			return to.Operation
		}
	}
	return nil
}

// isOther reports whether a request is left to handlers: it is not an operation, or has a word in place of an id.
func (r route) isOther() bool {
	if r.Operation == nil {
		return true
	}
	for _, id := range r.ids {
		if !cast.StartsWithNumber(id) {
			return true
		}
	}
	return false
}

// handles reports whether there is a handler for a request.
func (s *Server) handles(r *http.Request, to route) bool {
	_, pattern := s.others.Handler(r)
	return to.isOther() && pattern != ""
}

// ask returns the answer of a handler, which is called without the lock because it may use the server. A panic, such as
// [http.ErrAbortHandler], ends the request without a status.
func (s *Server) ask(r *http.Request, body []byte) *reply {
	s.mu.Unlock()
	answered := false
	defer func() {
		s.mu.Lock()
		if !answered {
			s.keep(r, route{}, body, 0)
		}
	}()
	asked := r.Clone(r.Context())
	asked.Body = io.NopCloser(bytes.NewReader(body))
	if s.dropUnderscores {
		maps.DeleteFunc(asked.Header, func(name string, _ []string) bool { return strings.Contains(name, "_") })
	}
	w := finalRecorder{httptest.NewRecorder()}
	w.Header().Set("Content-Type", jsonType)
	s.others.ServeHTTP(w, asked)
	answered = true
	answer := w.Result()
	defer answer.Body.Close()
	out := &reply{answer.StatusCode, answer.Header, w.Body.Bytes()}
	if r.Method == http.MethodHead || out.status == http.StatusNoContent || out.status == http.StatusNotModified {
		out.body = nil // which net/http would not send
	}
	return out
}

// finalRecorder records the final answer, ignoring informational ones such as early hints.
type finalRecorder struct{ *httptest.ResponseRecorder }

func (w finalRecorder) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.ResponseRecorder.WriteHeader(status)
	}
}
