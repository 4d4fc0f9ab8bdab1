package cfchat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// RequestEditorFn changes a request before it is sent. A failure is the call's, and nothing is sent.
type RequestEditorFn func(ctx context.Context, req *http.Request) error

// OperationOf returns the operationId of the call that a context belongs to, such as [OperationConversationList]. It is
// for what runs within a call and is given its context: a RoundTripper, a limiter, a request editor, a log handler. It is
// false outside of calls, and for a request that is no operation of openapi.yaml.
func OperationOf(ctx context.Context) (id string, ok bool) {
	call := chain.CallOf(ctx)
	if call == nil || !call.Known() {
		return "", false
	}
	return call.ID, true
}

// edited has editors see a request. The failure of one is a failure of the call: an *Error of its operation, and nothing was
// sent. The request keeps its call, also when an editor puts a request of its own in place of the given one.
func edited(ctx context.Context, req *http.Request, lists ...[]RequestEditorFn) error {
	chain.Watch(req)
	call := chain.CallOf(ctx)
	for _, editors := range lists {
		for _, edit := range editors {
			call.Edited = true
			if err := chain.Run(ctx, "it", func() error { return edit(ctx, req) }); err != nil {
				return errorOf(call, &chain.Failure{Cause: fmt.Errorf("request editor: %w", chain.Clean(req, err)), NotSent: true})
			}
			if chain.CallOf(req.Context()) != call {
				*req = *req.WithContext(chain.WithCall(req.Context(), call))
			}
		}
	}
	return nil
}

// editor refuses one of a call that is nil.
func (r *refusal) editor(edit RequestEditorFn) {
	if edit == nil {
		r.add("RequestEditorFn", "it is nil; leave it out")
	}
}
