package cfchat

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// refuseFailure makes every status but 2xx an *Error.
func refuseFailure(next link) link {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next(req)
		if err != nil || resp.StatusCode/100 == 2 {
			return resp, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body) // from memory: readBody has it
		if err != nil {
			return nil, err
		}
		e := errorOf(req, resp, body)
		e.RetryAfter, e.wait = retryAfter(resp.StatusCode, resp.Header, time.Now())
		switch {
		case resp.StatusCode/100 == 3:
			e.Message, e.Err = http.StatusText(resp.StatusCode), redirected(resp)
		case resp.StatusCode/100 == 1:
			e.Err = errors.New("the server speaks another protocol")
		}
		return nil, e
	}
}
