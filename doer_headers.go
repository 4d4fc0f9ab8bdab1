package cfchat

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// setHeaders puts the fixed headers on a request, once for all its tries, and refuses what must not be sent.
//
// Content-Type of an operation is always JSON, also without a body: with any other type the server does not see the body, and a request
// to set a status flips it instead (contract, section 1.0). Accept makes errors JSON.
func setHeaders(next link, config Config) link {
	server, _ := url.Parse(config.Server) // New has checked it
	return func(req *http.Request) (*answer, error) {
		if err := checkKey(req, config.Keys, server); err != nil {
			return nil, err
		}
		if err := checkHeader(req.Header); err != nil {
			return nil, err
		}
		if req.Header == nil { // an editor may have dropped it
			req.Header = http.Header{}
		}
		if operation.CallOf(req.Context()).Known() || req.Header.Get("Content-Type") == "" { // a file has another
			req.Header.Set("Content-Type", "application/json")
		}
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

// checkHeader refuses headers of request editors that net/http would not send, or would treat as permission to repeat a write.
// Of several it names the first.
func checkHeader(header http.Header) error {
	worst, wrong := "", ""
	for name, values := range header {
		if problem := headerProblem(name, values); problem != "" && (wrong == "" || name < worst) {
			worst, wrong = name, problem
		}
	}
	if wrong == "" {
		return nil
	}
	return invalid(fmt.Sprintf("header %q", worst), "%s", wrong)
}

func headerProblem(name string, values []string) string {
	switch {
	case strings.EqualFold(name, "Idempotency-Key"), strings.EqualFold(name, "X-Idempotency-Key"):
		return "net/http would repeat the request by itself; do not set it"
	case name == "" || strings.ContainsFunc(name, isNotToken):
		return "HTTP has no such name"
	case slices.ContainsFunc(values, func(v string) bool { return strings.ContainsFunc(v, isControl) }):
		return "the value has a line break or another control character"
	}
	return ""
}

func isNotToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
