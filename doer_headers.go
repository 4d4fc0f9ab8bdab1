package cfchat

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// setHeaders puts the fixed headers on a request, once for all its tries, and refuses what must not be sent.
//
// Content-Type is always JSON, also without a body: with any other type the server does not see the body, and a request
// to set a status flips it instead (contract, section 1.0). Accept makes errors JSON.
func setHeaders(next link, config Config) link {
	server, _ := url.Parse(config.Server) // New has checked it
	return func(req *http.Request) (*answer, error) {
		if err := checkKey(req, config.Keys, server); err != nil {
			return nil, &Error{Err: err, marks: []error{ErrNotSent}}
		}
		if err := checkHeader(req.Header); err != nil {
			return nil, err
		}
		if req.Header == nil { // an editor may have dropped it
			req.Header = http.Header{}
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
		if req.Header.Get("User-Agent") == "" {
			req.Header.Set("User-Agent", config.UserAgent)
		}
		a, err := next(req)
		if err == nil {
			a.Request = withoutKey(req)
		}
		return a, err
	}
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
