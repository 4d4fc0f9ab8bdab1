package chain

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// answer lets only a success pass that the call can decode as its operation's answer.
func answer(next Link) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		a, f := next(req)
		call := callOf(req)
		if f != nil || call.Decode == nil { // which is no operation of openapi.yaml, or wants the bytes
			return a, f
		}
		hidden := secretsOf(req)
		err := checkKind(a.Response, call.Known(), hidden)
		if err == nil {
			err = call.Decode(a.body.Bytes())
		}
		if err == nil {
			return a, nil
		}
		settingsOf(req.Context()).Record.hide(hidden)
		f = failureOf(req, a.Response, a.body.Bytes())
		f.Message, f.Cause, f.Attributes, f.Decode = http.StatusText(a.StatusCode), hidden.cause(err), nil, true
		a.Release()
		return nil, f
	}
}

// checkKind wants JSON, and of an operation status 200.
func checkKind(resp *http.Response, known bool, hidden secrets) error {
	if resp.StatusCode != http.StatusOK && known {
		return errors.New("the servers answer 200")
	}
	given := resp.Header.Get("Content-Type")
	kind, _, _ := strings.Cut(strings.ToLower(given), ";")
	if kind = strings.TrimSpace(kind); kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fmt.Errorf("the content type is %q, not JSON", hidden.in(given))
	}
	if !strings.Contains(given, "json") { // as the generated client looks for it
		resp.Header = resp.Header.Clone()
		resp.Header.Set("Content-Type", strings.ToLower(given))
	}
	return nil
}
