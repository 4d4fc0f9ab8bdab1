package cfchat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// remember is the first editor of every request: it keeps the operation before another editor can change the path. It does
// so in Pattern, a field for servers that clients do not look at, because a context would mean another copy of the request.
func remember(_ context.Context, req *http.Request) error {
	req.Pattern = operation.Of(req).ID
	return nil
}

// guarded makes the failures of request editors failures of the call: an *Error of its operation, and nothing was sent. What
// remember has kept stays, also when an editor puts a request of its own in place of the given one.
func guarded(editors []RequestEditorFn) []RequestEditorFn {
	all := make([]RequestEditorFn, len(editors))
	for i, edit := range editors {
		all[i] = func(ctx context.Context, req *http.Request) error {
			id := req.Pattern
			if err := edit(ctx, req); err != nil {
				return &Error{Operation: id, Err: fmt.Errorf("request editor: %w", err), marks: []error{ErrNotSent}}
			}
			req.Pattern = id
			return nil
		}
	}
	return all
}
