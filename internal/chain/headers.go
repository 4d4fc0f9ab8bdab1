package chain

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
)

// headers puts the fixed headers on a request, once for all its tries, and refuses what must not be sent.
//
// The Content-Type of an operation is always JSON, or that of its form, even without a body: with any other type the server
// does not see the body, and a request to set a status flips it instead. Accept makes errors JSON.
func headers(next Link, userAgent string, keys auth.Keys, server *url.URL) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		if f := checkKey(req, keys, server); f != nil {
			return nil, f
		}
		if f := checkHeader(req.Header); f != nil {
			return nil, f
		}
		header := req.Header.Clone() // an editor may share one among all requests
		if header == nil {
			header = http.Header{}
		}
		fixed := [...]string{cmp.Or(callOf(req).Form, "application/json"), "application/json", userAgent} // adjacent in memory
		if callOf(req).Known() || header.Get("Content-Type") == "" {                                      // a file may have another
			header["Content-Type"] = fixed[0:1:1]
		}
		header["Accept"] = fixed[1:2:2]
		if header.Get("User-Agent") == "" {
			header["User-Agent"] = fixed[2:3:3]
		}
		req.Header = header // the request is a copy made by the link above
		a, f := next(req)
		if f == nil {
			a.Request = withoutKey(req)
		}
		return a, f
	}
}

// checkHeader refuses headers of request editors that net/http would not send, or would treat as permission to repeat a
// write. It names the first of several.
func checkHeader(header http.Header) *Failure {
	worst, wrong := "", ""
	for name, values := range header {
		if problem := headerProblem(name, values); problem != "" && (wrong == "" || name < worst) {
			worst, wrong = name, problem
		}
	}
	if wrong == "" {
		return nil
	}
	return Refused(fmt.Sprintf("header %q", worst), "%s", wrong)
}

func headerProblem(name string, values []string) string {
	switch {
	case strings.EqualFold(name, "Idempotency-Key"), strings.EqualFold(name, "X-Idempotency-Key"):
		return "net/http would retry the request on its own; do not set it"
	case name == "" || strings.ContainsFunc(name, isNotToken):
		return "it is not a valid name in HTTP; use letters, digits and hyphens"
	case slices.ContainsFunc(values, func(v string) bool { return strings.ContainsFunc(v, isControl) }):
		return "the value has a line break or another control character; remove it"
	}
	return ""
}

func isNotToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// withoutKey returns the request that an answer points back to, because answers get logged: without a key that an editor
// has set.
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
