package chain

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// status makes every status but 2xx a failure.
func status(next Link) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		a, f := next(req)
		if f != nil || a.StatusCode/100 == 2 {
			return a, f
		}
		defer a.Release()
		f = failureOf(req, a.Response, a.body.Bytes())
		f.tellWait(a.Header, time.Now(), callOf(req).try > 1)
		switch {
		case a.StatusCode == http.StatusNotModified:
			f.Message, f.Cause = "", errors.New("nothing has changed since the answer that the request names")
		case a.StatusCode/100 == 3:
			f.Message, f.Cause = "", redirected(req, a.Response)
			withoutQuery(f.Header)
		case a.StatusCode < 100:
			f.Cause = fmt.Errorf("the Transport returned the status %d, which is not valid", a.StatusCode)
		case a.StatusCode/100 == 1:
			f.Cause = errors.New("the server speaks another protocol")
		}
		return nil, f
	}
}

// redirected names the host that an answer points to, without the rest of the address, which repeats the query.
func redirected(req *http.Request, resp *http.Response) error {
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Host == "" {
		return errors.New("redirects are not followed; set Config.Server to the address that answers directly")
	}
	host := printable(secretsOf(req).inStart((&url.URL{Scheme: to.Scheme, Host: to.Host}).String()))
	return fmt.Errorf("to %s: redirects are not followed, because the key would be sent along; "+
		"if that is the right server, set Config.Server to it", host)
}

// withoutQuery removes from a Location everything that repeats the query, or may.
func withoutQuery(header http.Header) {
	to, err := url.Parse(header.Get("Location"))
	if err != nil {
		header.Del("Location")
		return
	}
	if header.Get("Location") != "" {
		header.Set("Location", (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath}).String())
	}
}
