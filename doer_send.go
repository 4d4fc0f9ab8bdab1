package cfchat

import (
	"errors"
	"net/http"
	"time"
)

// send hands a try to the Transport, and not to the http.Client around it: a Transport follows no redirect, which would
// carry the key to another host and turn a POST into a GET. Of the client only the cookies are left to see to.
func send(client http.Client) link {
	return func(req *http.Request) (*http.Response, error) {
		if client.Jar != nil {
			for _, cookie := range client.Jar.Cookies(req.URL) {
				req.AddCookie(cookie)
			}
		}
		resp, err := client.Transport.RoundTrip(req)
		switch {
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
				client.Jar.SetCookies(req.URL, cookies)
			}
		}
		return resp, nil
	}
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
