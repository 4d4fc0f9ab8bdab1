package cfchat

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// checkAnswer lets only a 200 pass that is this operation's answer, and keeps what it decoded for Account to pick up.
// Without it a login page, {} or another operation's answer would decode to an empty page, which looks like success.
func checkAnswer(next link) link {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next(req)
		if err != nil {
			return nil, err
		}
		body := resp.Body.(*answer)
		decode, known := answers[operation.Of(req).ID]
		if !known { // an operation that the spec has gained
			return resp, nil
		}
		if err = checkKind(req, resp); err == nil {
			body.value, err = decode(body.buffer.Bytes())
		}
		if err == nil {
			return resp, nil
		}
		e := errorOf(req, resp, body.buffer.Bytes())
		e.Message, e.Err, e.marks = http.StatusText(resp.StatusCode), safeCause(err, req), []error{ErrDecode}
		_ = body.Close()
		return nil, e
	}
}

// checkKind wants status 200 and JSON.
func checkKind(req *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
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
