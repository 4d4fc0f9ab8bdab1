package cfchat

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// setHeaders puts the key and the fixed headers on a request, once for all its tries.
//
// Content-Type is always JSON, also without a body: with any other type the server does not see the body, and a request
// to set a status flips it instead (contract, section 1.0). Accept makes errors JSON. A key that an editor has set stays.
// The request that an answer points back to has no key, because answers get logged.
func setHeaders(next link, config Config) link {
	server, _ := url.Parse(config.Server) // New has checked it
	return func(req *http.Request) (*http.Response, error) {
		if built, ok := req.Context().Value(builtFor{}).(string); ok && built != operation.Of(req).ID {
			return nil, invalid("a request editor made %s of the request", operation.Of(req).ID)
		}
		if err := setKey(req, config.Keys, server); err != nil {
			return nil, &Error{Err: err, marks: []error{ErrNotSent}}
		}
		if err := checkHeader(req.Header); err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
		if req.Header.Get("User-Agent") == "" {
			req.Header.Set("User-Agent", config.UserAgent)
		}
		resp, err := next(req)
		if err == nil {
			resp.Request = withoutKey(req)
		}
		return resp, err
	}
}

// withoutKey is a copy of a request that can be logged.
func withoutKey(req *http.Request) *http.Request {
	shown := *req
	shown.Header = req.Header.Clone()
	for _, name := range auth.Names(shown.Header) {
		delete(shown.Header, name)
	}
	return &shown
}

// setKey gives the request its key, unless an editor has, and only for the configured server.
func setKey(req *http.Request, keys auth.Keys, server *url.URL) error {
	if req.URL.Scheme != server.Scheme || req.URL.Host != server.Host {
		return fmt.Errorf("%w: a request editor changed the host to %s; keys go to the configured server only",
			ErrInvalidInput, req.URL.Host)
	}
	switch names := auth.Names(req.Header); {
	case len(names) == 0:
		return keys.Edit(req.Context(), req)
	case len(names) > 1 || len(req.Header[names[0]]) != 1:
		return fmt.Errorf("%w: request editors set %d headers for the key; set one, with one value", ErrInvalidInput, len(names))
	}
	return nil
}

// checkHeader refuses headers of request editors that net/http would not send, or would take as leave to repeat a write.
func checkHeader(header http.Header) error {
	for name, values := range header {
		switch {
		case strings.EqualFold(name, "Idempotency-Key"), strings.EqualFold(name, "X-Idempotency-Key"):
			return invalid("header %s: net/http would repeat the request by itself; do not set it", name)
		case name == "" || strings.ContainsFunc(name, isNotToken):
			return invalid("header %q: HTTP has no such name", name)
		case slices.ContainsFunc(values, func(v string) bool { return strings.ContainsFunc(v, isControl) }):
			return invalid("header %s: the value has a line break or another control character", name)
		}
	}
	return nil
}

func isNotToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
