package cfchat

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// send hands a try to the Transport, and not to the http.Client around it: a Transport follows no redirect, which would
// carry the key to another host and turn a POST into a GET. What else an http.Client does is done here in the same way:
// cookies, a user and password that an editor has put into the address, and the name of an error.
func send(client http.Client) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		if client.Jar != nil {
			for _, cookie := range client.Jar.Cookies(cookieURL(req)) {
				req.AddCookie(cookie)
			}
		}
		if user := req.URL.User; user != nil && req.Header.Get("Authorization") == "" {
			password, _ := user.Password()
			req.SetBasicAuth(user.Username(), password)
		}
		resp, err := client.Transport.RoundTrip(req)
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
		if client.Jar != nil {
			if cookies := resp.Cookies(); len(cookies) > 0 {
				client.Jar.SetCookies(cookieURL(req), cookies)
			}
		}
		return resp, nil
	}
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
	tlsErr, ok := errors.AsType[tls.RecordHeaderError](err)
	return ok && string(tlsErr.RecordHeader[:]) == "HTTP/"
}

// newTransport is net/http's default with three bounds of our own: 16 idle connections per host, where the default of 2
// would reconnect all the time; the answer's headers; and a dead HTTP/2 connection, which the default would keep using.
// A program that has replaced the default, by one that keeps records for instance, keeps its own.
func newTransport() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := standard.Clone()
	t.MaxIdleConnsPerHost = 16
	t.MaxResponseHeaderBytes = 256 << 10
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	return t
}
