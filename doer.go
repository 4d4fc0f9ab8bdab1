package cfchat

import (
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// link is one step of the chain that every request of the generated client goes through. It is an HttpRequestDoer.
type link func(*http.Request) (*http.Response, error)

// Do makes a link an HttpRequestDoer.
func (l link) Do(req *http.Request) (*http.Response, error) { return l(req) }

// newChain puts the links together, the innermost first. The order is the point:
//
//   - each try has its time limit around everything that can hang: connecting, the answer's head, and its body;
//   - the body is read in whole within a try, because a cut one must count as a failed try, not as a success;
//   - whether a try was sent is decided where its answer has been read and judged, and the retry above asks for that;
//   - headers are set once, above the retry, so that every try sends the same; the key goes onto the copy that a try sends,
//     so that the request that an answer points back to has none;
//   - on top every failure becomes an *Error with its operation, so that Account and Raw return the same errors.
func newChain(config Config) link {
	l := send(*config.HTTPClient)
	l = readBody(l, config.MaxBody)
	l = refuseFailure(l)
	l = checkAnswer(l)
	l = judgeOutcome(l)
	l = setKey(l, config.Keys)
	l = limitTry(l, config.Timeout)
	l = retry(l, config.Retry, config.Logger)
	l = setHeaders(l, config)
	return nameFailure(l)
}

// nameFailure makes every failure an *Error that names its operation. Nothing is sent when the context is over already, or
// when an editor has taken the address away, by which an operation is known.
func nameFailure(next link) link {
	return func(req *http.Request) (*http.Response, error) {
		if req.URL == nil {
			e := invalid("a request editor took the address away")
			e.Operation = req.Pattern
			return nil, e
		}
		var resp *http.Response
		err := req.Context().Err()
		if err != nil {
			err = &Error{Err: contextError(req.Context()), marks: []error{ErrNotSent}}
		} else {
			resp, err = next(req)
		}
		if err != nil {
			return nil, named(operation.Of(req), err)
		}
		return resp, nil
	}
}

// named makes a failure an *Error of an operation. It looks at the error itself and not at what that wraps: the cause of a
// cancelled context may be the *Error of another call.
func named(op operation.Operation, err error) *Error {
	e, ok := err.(*Error)
	if !ok {
		e = &Error{Err: err}
	}
	e.Operation = op.ID
	return e
}
