package cfchat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// RequestEditorFn changes a request before it is sent. If it fails, the call fails and nothing is sent.
type RequestEditorFn func(ctx context.Context, req *http.Request) error

// OperationOf returns the operationId of the call that a context belongs to, such as [OperationConversationList]. It serves
// code that runs within a call and receives its context: a RoundTripper, a limiter, a request editor, a log handler. It
// reports false outside of calls, and for a request that is not an operation of openapi.yaml.
func OperationOf(ctx context.Context) (id string, ok bool) {
	call := chain.CallOf(ctx)
	if call == nil || !call.Known() {
		return "", false
	}
	return call.ID, true
}

// edited passes a request to editors. The failure of one is a failure of the call: an *Error of its operation, and nothing
// was sent. The request keeps its call even if an editor replaces it with one of its own.
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

// editor refuses a call's editor that is nil.
func (r *refusal) editor(edit RequestEditorFn) {
	if edit == nil {
		r.add("RequestEditorFn", "it is nil; leave it out")
	}
}
