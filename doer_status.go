package cfchat

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// refuseFailure makes every status but 2xx an *Error.
func refuseFailure(next link) link {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next(req)
		if err != nil || resp.StatusCode/100 == 2 {
			return resp, err
		}
		body := resp.Body.(*answer)
		defer body.Close()
		e := errorOf(req, resp, body.buffer.Bytes())
		e.RetryAfter, e.wait = retryAfter(resp.StatusCode, resp.Header, time.Now())
		switch {
		case resp.StatusCode/100 == 3:
			e.Message, e.Err = http.StatusText(resp.StatusCode), redirected(req, resp)
		case resp.StatusCode/100 == 1:
			e.Err = errors.New("the server speaks another protocol")
		}
		return nil, e
	}
}

// redirected names the host that an answer points to, and not the rest of the address, which repeats the query.
func redirected(req *http.Request, resp *http.Response) error {
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Host == "" {
		return errors.New("redirects are not followed; set Config.Server to the address that answers itself")
	}
	return fmt.Errorf("to %s: redirects are not followed, because the key would go along; "+
		"if that is the right server, set Config.Server to it", withoutSecrets((&url.URL{Scheme: to.Scheme, Host: to.Host}).String(), req))
}
