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
	return func(req *http.Request) (*answer, error) {
		a, err := next(req)
		if err != nil || a.StatusCode/100 == 2 {
			return a, err
		}
		defer a.release()
		e := errorOf(req, a.Response, a.body.Bytes())
		e.RetryAfter, e.wait = retryAfter(a.StatusCode, a.Header, time.Now())
		switch a.StatusCode / 100 {
		case 3:
			e.Message, e.Err = http.StatusText(a.StatusCode), redirected(req, a.Response)
		case 1:
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
