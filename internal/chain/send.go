package chain

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
)

// send hands a try to the Transport, and not to the http.Client around it: a Transport follows no redirect, which would
// carry the key to another host and turn a POST into a GET. What else an http.Client does is done here in the same way:
// cookies, a user and password that an editor has put into the address, and the name of an error.
func send(transport http.RoundTripper, jar http.CookieJar) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		if jar != nil {
			for _, cookie := range jar.Cookies(cookieURL(req)) {
				req.AddCookie(cookie)
			}
		}
		if user := req.URL.User; user != nil && req.Header.Get("Authorization") == "" {
			password, _ := user.Password()
			req.SetBasicAuth(user.Username(), password)
		}
		if isStream(req) { // net/http waits for a Read of the body, also when the time is up
			defer context.AfterFunc(req.Context(), func() { _ = req.Body.Close() })()
		}
		own := req
		if _, isNetHTTP := transport.(*http.Transport); !isNetHTTP { // others change what they are given, which they must not
			own = req.Clone(req.Context())
		}
		resp, err := transport.RoundTrip(own)
		switch {
		case isPlainHTTP(err):
			return nil, http.ErrSchemeMismatch
		case err != nil:
			return nil, err
		case resp == nil:
			return nil, errors.New("the Transport gave neither an answer nor an error")
		case resp.Body == nil: // which a Transport must not, and those of tests do
			bare := *resp
			bare.Body = http.NoBody
			resp = &bare
		}
		if jar != nil {
			if cookies := resp.Cookies(); len(cookies) > 0 {
				jar.SetCookies(cookieURL(req), cookies)
			}
		}
		return resp, nil
	}
}

// isStream reports whether the body comes from somewhere else than memory, and so cannot be sent again.
func isStream(req *http.Request) bool {
	return req.Body != nil && req.Body != http.NoBody && req.GetBody == nil
}

// cookieURL is the address that cookies belong to. Its host is the one that the request names, where an editor has set
// another than the one that it goes to.
func cookieURL(req *http.Request) *url.URL {
	if req.Host == "" || req.Host == req.URL.Host {
		return req.URL
	}
	u := *req.URL
	u.Host = req.Host
	return &u
}

// isPlainHTTP reports whether an answer in plain HTTP came where TLS was expected.
func isPlainHTTP(err error) bool {
	return each(err, func(e error) bool {
		tlsErr, ok := e.(tls.RecordHeaderError)
		return ok && string(tlsErr.RecordHeader[:]) == "HTTP/"
	})
}
