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

// Failure is how one call fails. The zero value does not.
type Failure struct {
	// Status is answered instead of carrying out the operation. With 0 the operation is carried out, so that together with
	// Cut or Delay it is a write that happened although the caller cannot know it.
	Status int
	// Body is the body that goes with Status. With "" it is what the server or a proxy before it would write.
	Body string
	// Header is added to the answer.
	Header http.Header
	// Cut drops the connection in the middle of the answer's body, before the status if there is no body.
	Cut bool
	// Delay is how long the answer takes, or until the caller gives up.
	Delay time.Duration
	// Refused refuses the connection, so that provably nothing is sent: [cfchat.ErrNotSent], of reads and writes. It is
	// no request of [Server.Requests]. It needs the client of [Server.Chat], or another one over [Server.Transport]; over
	// [Server.URL] it fails the test.
	Refused bool
}

// fault is a failure that waits for its call.
type fault struct {
	operation string
	every     int // it waits for every n-th call; 0 for the next one only
	calls     int // of the operation since then
	Failure
}

// FailNext makes the next call of an operation fail, once. The operation is an operationId such as
// [cfchat.OperationConversationList], or the documented name, or "" for any request, also one of no operation. Several
// for one operation are used up in the order in which they were given. An operation that there is not, or a Failure that
// cannot be, fails the test.
func (s *Server) FailNext(operation string, f Failure) {
	s.addFault("FailNext", fault{operation: operation, Failure: f})
}

// FailEvery makes every n-th call of an operation fail, from now on: with n = 3 the third, the sixth, and so on. Where
// several failures fit a call, the first one given is played. With n = 0 an outage ends: what FailEvery was given for the same
// operation is taken back. An n below 0, and what [Server.FailNext] would not take, fail the test.
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

// operation returns the operationId of an operation that a test names by that or by its documented name, "" for any request.
func (s *Server) operation(method, name string) string {
	if op := operation.ByDocumented(name); op != nil {
		return op.ID
	}
	if name != "" && operation.ByID(name) == nil {
		s.mistake(method, "there is no operation %q, only %s", name, operation.All)
	}
	return name
}

// checkFailure fails the test if nothing can fail so.
func (s *Server) checkFailure(f Failure) {
	switch {
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		s.mistake("Failure.Status", "%d is not the status of an answer", f.Status)
	case f.Status == 0 && f.Body != "":
		s.mistake("Failure.Body", "it goes with a Status; without one the operation is carried out, and answers itself")
	case f.Delay < 0:
		s.mistake("Failure.Delay", "no answer takes %s", f.Delay)
	case f.Refused && (f.Status != 0 || f.Header != nil || f.Cut):
		s.mistake("Failure.Refused", "where the connection is refused nothing is answered; leave out Status, Header and Cut")
	}
}

// takeFault finds the first failure whose turn it is with a call of the operation, and removes it if it was for one call.
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

// instead returns the answer in place of the operation's own, nil if there is none.
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

// play writes the answer as the failure wants it.
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

// refuse refuses the connection, which is too late where there is one.
func (s *Server) refuse(w http.ResponseWriter) {
	inMemory, ok := w.(*recorder)
	if !ok {
		s.complain("cfchattest: Failure.Refused: over URL there is a connection already; take the client of Chat, or Transport")
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
