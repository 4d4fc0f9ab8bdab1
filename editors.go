package cfchat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// OperationOf returns the operationId of the call that a context belongs to, such as "conversationList". It is for what runs
// within a call and is given its context: a RoundTripper, a limiter, a request editor, a log handler. It is false outside of
// calls, and for a request that is no operation of openapi.yaml.
func OperationOf(ctx context.Context) (id string, ok bool) {
	call := operation.CallOf(ctx)
	if call == nil || !call.Known() {
		return "", false
	}
	return call.ID, true
}

// remember is the first editor of a call that Raw makes. The generated client knows no operation, so that is found by the
// address, before another editor can change it. A call that the context belongs to is another one.
func remember(_ context.Context, req *http.Request) error {
	*req = *req.WithContext(operation.WithCall(req.Context(), rawCall(operation.Of(req))))
	return nil
}

// guarded makes the failures of request editors failures of the call: an *Error of its operation, and nothing was sent. The
// request keeps its call, also when an editor puts a request of its own in place of the given one.
func guarded(editors []RequestEditorFn) []RequestEditorFn {
	all := make([]RequestEditorFn, len(editors))
	for i, edit := range editors {
		all[i] = func(ctx context.Context, req *http.Request) error {
			call := operation.CallOf(req.Context())
			if call == nil { // of a client from which somebody took remember
				return edit(ctx, req)
			}
			if operation.CallOf(ctx) != call {
				ctx = operation.WithCall(ctx, call)
			}
			if err := edit(ctx, req); err != nil {
				return named(call.Operation, &Error{Err: fmt.Errorf("request editor: %w", err), marks: []error{ErrNotSent}})
			}
			if operation.CallOf(req.Context()) != call {
				*req = *req.WithContext(operation.WithCall(req.Context(), call))
			}
			return nil
		}
	}
	return all
}
