package cfchat

import (
	"net/http"
	"net/url"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// checkKey refuses a request for which there is no key, or one that an editor has sent to where no key must go.
func checkKey(req *http.Request, keys auth.Keys, server *url.URL) error {
	if req.URL.Scheme != server.Scheme || req.URL.Host != server.Host {
		return invalid("request editor", "it changed the host to %s; keys go to the configured server only", req.URL.Host)
	}
	switch names := auth.HeaderNames(req.Header); {
	case len(names) == 0:
		for _, scheme := range operation.CallOf(req.Context()).Schemes(req.Context()) {
			if hasKey(keys, scheme) {
				return nil
			}
		}
		bare := http.Request{Method: req.Method, URL: req.URL}
		return &Error{Err: keys.Edit(req.Context(), bare.WithContext(req.Context())), marks: []error{ErrNotSent}} // which key is missing
	case len(names) > 1 || len(req.Header[names[0]]) != 1:
		return invalid("request editor", "there are %d headers for the key; set one, with one value", len(names))
	}
	return nil
}

// setKey puts the key on the copy of the request that a try sends. One that an editor has set stays.
func setKey(next link, keys auth.Keys) link {
	return func(req *http.Request) (*answer, error) {
		if len(auth.HeaderNames(req.Header)) == 0 {
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
	names := auth.HeaderNames(req.Header)
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
