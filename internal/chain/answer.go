package chain

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// answer lets only a success pass that the call can decode as its operation's answer.
func answer(next Link) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		a, f := next(req)
		if f != nil {
			return nil, f
		}
		done, err := judge(callOf(req), a)
		if err == nil {
			return a, nil
		}
		defer a.Release()
		return nil, a.Failed(&Failure{Cause: secretsOf(req).cause(err), Decode: true, Done: done})
	}
}

// judge returns why an answer is not the one that a call expects. A plain request still counts as done if the server reports
// success and only the shape of its answer is unexpected.
func judge(call *Call, a *Answer) (done bool, err error) {
	body := a.body.Bytes()
	switch {
	case call.AsIs:
		return true, nil
	case call.Known() && a.StatusCode != http.StatusOK:
		return false, errors.New("servers answer 200")
	case !call.Known() && len(bytes.TrimSpace(body)) == 0:
		if call.Decode == nil {
			return true, nil
		}
		return true, errors.New("the answer is empty; give nil if none is expected")
	case call.Decode == nil:
		if kind := kindOf(a.Response); kind == "text/html" || kind == "application/xhtml+xml" { // a login page
			return false, errors.New("it is a page of HTML, which the API never sends")
		}
		return true, nil
	}
	if err := checkJSON(a); err != nil {
		return false, err
	}
	return !call.Known(), call.Decode(body)
}

// kindOf returns the content type of an answer, in lower case and without parameters.
func kindOf(resp *http.Response) string {
	kind, _, _ := strings.Cut(strings.ToLower(resp.Header.Get("Content-Type")), ";")
	return strings.TrimSpace(kind)
}

func checkJSON(a *Answer) error {
	given := a.Header.Get("Content-Type")
	if kind := kindOf(a.Response); kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fmt.Errorf("the content type is %q, not JSON; does Config.Server name the API?", secretsOf(a.asked).inStart(given))
	}
	if !strings.Contains(given, "json") { // as the generated client looks for it
		a.Header = a.Header.Clone()
		a.Header.Set("Content-Type", strings.ToLower(given))
	}
	return nil
}
