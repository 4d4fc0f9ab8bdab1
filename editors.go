package cfchat

import (
	"context"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// builtFor is the context key of the operation that the generated client built a request for.
type builtFor struct{}

// remember is the first editor of every request: it keeps the operation before another editor can change the path.
func remember(ctx context.Context, req *http.Request) error {
	*req = *req.WithContext(context.WithValue(ctx, builtFor{}, operation.Of(req).ID))
	return nil
}

// guarded makes the failures of request editors failures of the call: an *Error of its operation, and nothing was sent.
func guarded(editors []RequestEditorFn) []RequestEditorFn {
	all := make([]RequestEditorFn, len(editors))
	for i, edit := range editors {
		all[i] = func(ctx context.Context, req *http.Request) error {
			if err := edit(ctx, req); err != nil {
				return named(operation.Of(req), &Error{Err: fmt.Errorf("request editor: %w", err), marks: []error{ErrNotSent}})
			}
			return nil
		}
	}
	return all
}
