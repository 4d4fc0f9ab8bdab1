package chain

import (
	"context"
	"net/http"
	"net/url"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// key puts the key on the copy of the request that a try sends. A key set by an editor stays.
func key(next Link, keys auth.Keys) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		call := callOf(req)
		if call.IsPublic() || len(auth.HeaderNames(req.Header)) > 0 {
			return next(req)
		}
		keys := call.keysOr(keys)
		scheme, _ := call.Scheme(req.Context(), keys)
		if err := keys.Edit(operation.WithChoice(req.Context(), call.Operation, scheme), req); err != nil {
			return nil, &Failure{Cause: err, NotSent: true}
		}
		return next(req)
	}
}

// keysOr returns the keys of a call, or those of the Config if it has none of its own.
func (c *Call) keysOr(configured auth.Keys) auth.Keys {
	if c.Keys != nil {
		return *c.Keys
	}
	return configured
}

// Scheme returns the kind of key that a call sends: by its operation, because the address of a plain request may be another
// operation's.
func (c *Call) Scheme(ctx context.Context, keys auth.Keys) (scheme string, ok bool) {
	for _, scheme := range c.Schemes(ctx) {
		if hasKey(keys, scheme) {
			return scheme, true
		}
	}
	return "", false
}

func hasKey(keys auth.Keys, scheme string) bool {
	return scheme == operation.UserAPIKey && !keys.User.IsZero() || scheme == operation.AgentBotAPIKey && !keys.AgentBot.IsZero()
}

// checkKey refuses a request for which there is no key, or that an editor has redirected to where no key must go.
func checkKey(req *http.Request, keys auth.Keys, server *url.URL) *Failure {
	if req.URL.Scheme != server.Scheme || req.URL.Host != server.Host {
		return Refused("request editor", "it changed the host to %s; keys go to the configured server only", req.URL.Host)
	}
	switch names := auth.HeaderNames(req.Header); {
	case len(names) == 0 && callOf(req).IsPublic():
		return nil
	case len(names) == 0:
		call := callOf(req)
		keys := call.keysOr(keys)
		if _, ok := call.Scheme(req.Context(), keys); ok {
			return nil
		}
		bare := http.Request{Method: req.Method, URL: req.URL}
		return &Failure{Cause: keys.Edit(req.Context(), bare.WithContext(req.Context())), NotSent: true} // which key is missing
	case len(names) > 1 || len(req.Header[names[0]]) != 1:
		return Refused("request editor", "it set several keys or none; set one header, with one value")
	}
	return nil
}
