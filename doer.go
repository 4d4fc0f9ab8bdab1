package cfchat

import (
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// link is one step of the chain that every request of the generated client goes through.
type link func(*http.Request) (*answer, error)

// Do makes the chain the generated client's HttpRequestDoer. The call that the request's context belongs to is its own if it
// is sent for the first time. Otherwise the request was made within another call, or past the generated client, and its
// address says which operation it is.
func (l link) Do(req *http.Request) (*http.Response, error) {
	if call := operation.CallOf(req.Context()); !call.Claim() {
		req = req.WithContext(operation.WithCall(req.Context(), rawCall(operation.Of(req))))
	}
	a, err := l(req)
	if err != nil {
		return nil, err
	}
	return a.response(), nil
}

// newChain puts the links together, the innermost first. The order is the point:
//
//   - each try has its time limit around everything that can hang: connecting, the answer's head, and its body;
//   - the body is read in whole within a try, because a cut one must count as a failed try, not as a success;
//   - whether a try was sent is decided where its answer has been read and judged, and the retry above asks for that;
//   - headers are set once, above the retry, so that every try sends the same; the key goes onto the copy that a try sends,
//     so that the request that an answer points back to has none;
//   - on top every failure becomes an *Error with its operation, so that services and Raw return the same errors.
//
// The context of a request carries its call: every link acts by the operation of that.
func newChain(config Config) link {
	l := readBody(send(*config.HTTPClient), config.MaxBody)
	l = refuseFailure(l)
	l = checkAnswer(l)
	l = judgeOutcome(l)
	l = setKey(l, config.Keys)
	l = limitTry(l, config.Timeout)
	l = retry(l, config.Retry, config.Logger)
	l = setHeaders(l, config)
	return nameFailure(refuseStray(l))
}

// nameFailure makes every failure an *Error that names its operation.
func nameFailure(next link) link {
	return func(req *http.Request) (*answer, error) {
		a, err := next(req)
		if err != nil {
			return nil, named(operation.CallOf(req.Context()).Operation, err)
		}
		return a, nil
	}
}

// refuseStray refuses what must not be sent: an address that an editor has taken away, or made another operation's, and
// everything when the context is over already.
func refuseStray(next link) link {
	return func(req *http.Request) (*answer, error) {
		if req.URL == nil {
			return nil, invalid("request editor", "it took the address away")
		}
		if call := operation.CallOf(req.Context()); !call.Is(req) {
			return nil, invalid("request editor", "it made %q of the request", operation.Of(req))
		}
		if req.URL.Opaque != "" {
			return nil, invalid("request editor", "it set URL.Opaque, which would be sent in place of the path")
		}
		if req.Context().Err() != nil {
			return nil, &Error{Err: contextError(req.Context()), marks: []error{ErrNotSent}}
		}
		return next(req)
	}
}

// named makes a failure an *Error of an operation. It looks at the error itself and not at what that wraps: the cause of a
// cancelled context may be the *Error of another call.
func named(op *operation.Operation, err error) *Error {
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Err: err}
	}
	e.Operation = op.ID
	return e
}
