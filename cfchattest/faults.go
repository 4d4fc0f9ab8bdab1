package cfchattest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Failure describes how a call fails. The zero value does not fail it.
type Failure struct {
	// Status is answered instead of carrying out the operation. With 0 it is carried out; together with Cut or Delay, a
	// write then happens although the caller cannot know it.
	Status int
	// Body is the body that goes with Status. "" means what the server, or a proxy in front of it, would write.
	Body string
	// Header is added to the answer.
	Header http.Header
	// Cut drops the connection in the middle of the answer's body, or before the status if there is no body.
	Cut bool
	// Delay delays the answer; it ends early if the caller gives up.
	Delay time.Duration
	// Refused refuses the connection, so that provably nothing is sent: reads and writes fail with [cfchat.ErrNotSent].
	// [Server.Requests] does not list the request. It needs the client of [Server.Chat], or another one that uses
	// [Server.Transport]; over [Server.URL] it fails the test.
	Refused bool
}

// fault is a failure waiting for its call.
type fault struct {
	operation string
	every     int // it waits for every n-th call; 0 for the next one only
	calls     int // of the operation since then
	Failure
}

// FailNext makes the next call of an operation fail, once. The operation is an operationId such as
// [cfchat.OperationConversationList], a documented name, or "" for any request, including requests of no operation. Several
// failures of one operation are used up in order. An unknown operation or an impossible Failure fails the test.
func (s *Server) FailNext(operation string, f Failure) {
	s.addFault("FailNext", fault{operation: operation, Failure: f})
}

// FailEvery makes every n-th call of an operation fail, from now on: with n = 3 the third, the sixth, and so on. If several
// failures match a call, the first one given is used. With n = 0 an outage ends: it takes back what FailEvery was given for the
// same operation. An n below 0, and anything that [Server.FailNext] refuses, fails the test.
func (s *Server) FailEvery(operation string, n int, f Failure) {
	switch {
	case n < 0:
		s.mistake("FailEvery", "every call number %d cannot fail; 1 is every one, and 0 takes back", n)
	case n == 0:
		s.takeBack(s.operation("FailEvery", operation))
	default:
		s.addFault("FailEvery", fault{operation: operation, every: n, Failure: f})
	}
}

// takeBack forgets what every n-th call of an operation fails with.
func (s *Server) takeBack(operation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return f.every > 0 && f.operation == operation })
}

func (s *Server) addFault(method string, f fault) {
	f.operation = s.operation(method, f.operation)
	s.checkFailure(f.Failure)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// operation returns the operationId of an operation, given its operationId or documented name; "" for any request.
func (s *Server) operation(method, name string) string {
	if op := operation.ByDocumented(name); op != nil {
		return op.ID
	}
	if name != "" && operation.ByID(name) == nil {
		s.mistake(method, "there is no operation %q, only %s", name, operation.All)
	}
	return name
}

// checkFailure fails the test if a failure is impossible.
func (s *Server) checkFailure(f Failure) {
	switch {
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		s.mistake("Failure.Status", "%d is not the status of an answer", f.Status)
	case f.Status == 0 && f.Body != "":
		s.mistake("Failure.Body", "it goes with a Status; without one the operation is carried out, and answers itself")
	case f.Delay < 0:
		s.mistake("Failure.Delay", "no answer takes %s", f.Delay)
	case f.Refused && (f.Status != 0 || f.Header != nil || f.Cut):
		s.mistake("Failure.Refused", "a refused connection has no answer; leave out Status, Header and Cut")
	}
}

// takeFault returns the first failure that is due for a call of the operation, and removes it if it was for one call.
func (s *Server) takeFault(operation string) Failure {
	var due *fault
	for _, waiting := range s.faults {
		if waiting.operation != "" && waiting.operation != operation {
			continue
		}
		waiting.calls++
		if due == nil && (waiting.every == 0 || waiting.calls%waiting.every == 0) {
			due = waiting
		}
	}
	if due == nil {
		return Failure{}
	}
	if due.every == 0 {
		s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return f == due })
	}
	return due.Failure
}

// instead returns the answer that replaces the operation's own, nil if none does.
func (f Failure) instead() *reply {
	if f.Status == 0 {
		return nil
	}
	var out *reply
	switch f.Status {
	case http.StatusTooManyRequests:
		out = tooManyRequests()
	case http.StatusInternalServerError:
		out = internalError()
	default:
		text := fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))
		page := "<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\n"
		out = &reply{f.Status, http.Header{"Content-Type": {"text/html"}}, []byte(page)}
	}
	out.body = []byte(cmp.Or(f.Body, string(out.body)))
	return out
}

// play writes the answer as the failure prescribes.
func (s *Server) play(f Failure, w http.ResponseWriter, r *http.Request, out *reply) {
	if f.Refused {
		s.refuse(w)
	}
	if !f.wait(r) || f.Refused {
		panic(http.ErrAbortHandler)
	}
	for name, values := range f.Header {
		out.header[http.CanonicalHeaderKey(name)] = values
	}
	if !f.Cut {
		out.write(w)
		return
	}
	if len(out.body) > 0 {
		out.header.Set("Content-Length", strconv.Itoa(len(out.body)))
		out.body = out.body[:len(out.body)/2]
		out.write(w)
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler) // net/http's way to drop a connection
}

// refuse refuses the connection, which is too late on a real one.
func (s *Server) refuse(w http.ResponseWriter) {
	inMemory, ok := w.(*recorder)
	if !ok {
		s.complain("cfchattest: Failure.Refused: over URL there is a connection already; use the client of Chat, or Transport")
		return
	}
	inMemory.refused = true
}

// wait waits for the delay and reports whether the caller is still there.
func (f Failure) wait(r *http.Request) bool {
	if f.Delay <= 0 {
		return true
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
