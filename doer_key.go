package cfchat

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// checkKey refuses a request for which there is no key, or one that an editor has sent to where no key must go.
func checkKey(req *http.Request, keys auth.Keys, server *url.URL) error {
	if req.URL.Scheme != server.Scheme || req.URL.Host != server.Host {
		return fmt.Errorf("%w: a request editor changed the host to %s; keys go to the configured server only",
			ErrInvalidInput, req.URL.Host)
	}
	switch names := auth.Names(req.Header); {
	case len(names) == 0:
		_, err := keys.Scheme(req.Context(), operation.CallOf(req.Context()).ID)
		return err
	case len(names) > 1 || len(req.Header[names[0]]) != 1:
		return fmt.Errorf("%w: request editors set %d headers for the key; set one, with one value", ErrInvalidInput, len(names))
	}
	return nil
}

// setKey puts the key on the copy of the request that a try sends. One that an editor has set stays.
func setKey(next link, keys auth.Keys) link {
	return func(req *http.Request) (*answer, error) {
		if len(auth.Names(req.Header)) == 0 {
			if err := keys.Edit(req.Context(), req); err != nil {
				return nil, &Error{Err: err, marks: []error{ErrNotSent}}
			}
		}
		return next(req)
	}
}

// withoutKey is the request that an answer points back to, because answers get logged: without a key that an editor has
// set.
func withoutKey(req *http.Request) *http.Request {
	names := auth.Names(req.Header)
	if len(names) == 0 {
		return req
	}
	shown := *req
	shown.Header = req.Header.Clone()
	for _, name := range names {
		delete(shown.Header, name)
	}
	return &shown
}
