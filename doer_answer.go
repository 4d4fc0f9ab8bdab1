package cfchat

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// checkAnswer lets only a 200 pass that the call can decode as its operation's answer.
func checkAnswer(next link) link {
	return func(req *http.Request) (*answer, error) {
		a, err := next(req)
		if err != nil {
			return nil, err
		}
		call := operation.CallOf(req.Context())
		if call.Decode == nil { // no operation of openapi.yaml, or one without a method
			return a, nil
		}
		if err = checkKind(req, a.Response); err == nil {
			err = call.Decode(a.body.Bytes())
		}
		if err == nil {
			return a, nil
		}
		settingsOf(req.Context()).response.hide(req)
		e := errorOf(req, a.Response, a.body.Bytes())
		e.Message, e.Err, e.marks = http.StatusText(a.StatusCode), safeCause(err, req), []error{ErrDecode}
		a.release()
		return nil, e
	}
}

// checkKind wants JSON, and of an operation status 200.
func checkKind(req *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK && operation.CallOf(req.Context()).Known() {
		return errors.New("the servers answer 200")
	}
	given := resp.Header.Get("Content-Type")
	kind, _, _ := strings.Cut(strings.ToLower(given), ";")
	if kind = strings.TrimSpace(kind); kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fmt.Errorf("the content type is %q, not JSON", withoutSecrets(given, req))
	}
	if !strings.Contains(given, "json") { // as the generated client looks for it
		resp.Header = resp.Header.Clone()
		resp.Header.Set("Content-Type", strings.ToLower(given))
	}
	return nil
}
