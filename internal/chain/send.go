package chain

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"sync/atomic"
	"time"
)

// send hands a try to the Transport, not to the http.Client around it: a Transport follows no redirect, which would carry
// the key to another host and turn a POST into a GET. The other tasks of an http.Client are done here in the same way:
// cookies, a user and password that an editor has put into the address, and the name of an error.
func send(transport http.RoundTripper, jar http.CookieJar, limit int64) func(*http.Request) (exchange, error) {
	return func(req *http.Request) (exchange, error) {
		if err := addCookies(jar, req); err != nil {
			return exchange{}, err
		}
		if user := req.URL.User; user != nil && req.Header.Get("Authorization") == "" {
			password, _ := user.Password()
			req.SetBasicAuth(user.Username(), password)
		}
		if isForeign(req) {
			defer closeInTime(req.Context(), req)()
		}
		x, err := roundTrip(transport, req, cmp.Or(callOf(req).MaxBody, limit))
		if err != nil {
			return exchange{}, err
		}
		keepCookies(jar, req, x.Response)
		return x, nil
	}
}

// exchange is an answer whose body has been read and closed.
type exchange struct {
	*http.Response

	body  *bytes.Buffer
	limit int64 // maximum size in bytes; one more is read if there are more
	err   error // why it does not end well
}

// roundTrip makes the Transport answer. A Transport other than net/http's may ignore the context, or change the request
// although it must not: it gets a copy.
func roundTrip(transport http.RoundTripper, req *http.Request, limit int64) (exchange, error) {
	if obeysContext(transport) {
		return caught("the Transport", func() (exchange, error) { return exchanged(transport, req, limit, false) })
	}
	own := req.Clone(req.Context())
	return Foreign(req.Context(), "the Transport", func() (exchange, error) { return exchanged(transport, own, limit, true) })
}

// obeysContext reports whether a Transport is net/http's, without a Proxy function of the caller's, which it would wait for.
func obeysContext(transport http.RoundTripper) bool {
	t, isNetHTTP := transport.(*http.Transport)
	if !isNetHTTP || t == nil {
		return false
	}
	return t.Proxy == nil || reflect.ValueOf(t.Proxy).Pointer() == reflect.ValueOf(http.ProxyFromEnvironment).Pointer()
}

// exchanged makes the Transport answer, and reads the answer. Watched means that it is not known to obey the context.
func exchanged(transport http.RoundTripper, req *http.Request, limit int64, watched bool) (exchange, error) {
	call := callOf(req) // a Transport may remove it
	resp, err := transport.RoundTrip(req)
	if err != nil && resp != nil && resp.Body != nil { // a Transport must not do this
		_ = resp.Body.Close()
	}
	switch {
	case isPlainHTTP(err):
		return exchange{}, http.ErrSchemeMismatch
	case err != nil:
		return exchange{}, err
	case resp == nil:
		return exchange{}, errors.New("the Transport returned neither an answer nor an error")
	}
	if watched {
		resp = new(*resp)     // a transport that caches may hand out the same answer again
		if resp.Body == nil { // a Transport must not do this, but those of tests do
			resp.Body = http.NoBody
		}
		resp.Body = &untilEnd{&closedOnce{ReadCloser: resp.Body}, req.Context()}
		defer closeLate(req.Context(), resp.Body)()
	}
	defer resp.Body.Close()
	x := exchange{Response: resp, limit: bodyLimit(resp, limit)}
	if resp.StatusCode < 200 { // after 101 the body is the connection, and has no end
		x.body = emptyBuffer()
		return x, nil
	}
	x.body, x.err = readBody(call, resp.Body, x.limit+1)
	return x, nil
}

// closeLate closes a body some time after its context has ended: a hanging Read may then return. The returned func cancels
// that.
func closeLate(ctx context.Context, body io.Closer) (stop func()) {
	var timer atomic.Pointer[time.Timer]
	unwatch := context.AfterFunc(ctx, func() {
		timer.Store(time.AfterFunc(2*patience, func() { _ = body.Close() }))
	})
	return func() {
		unwatch()
		if t := timer.Load(); t != nil {
			t.Stop()
		}
	}
}

// closeInTime closes the body of a request when its context ends, and bodies from GetBody too: net/http waits for a Read of
// the body even when the time is up. The returned func cancels that.
func closeInTime(ctx context.Context, req *http.Request) (stop func()) {
	watched := func(given io.ReadCloser) (io.ReadCloser, func() bool) {
		body := &closedOnce{ReadCloser: given}
		return body, context.AfterFunc(ctx, func() { _ = body.Close() })
	}
	body, callOff := watched(req.Body)
	req.Body = body
	if getBody, length := req.GetBody, req.ContentLength; getBody != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			given, err := getBody()
			if err != nil {
				return nil, err
			}
			if sized, ok := given.(ofLength); ok && sized.Length() != length { // net/http would announce the old length
				_ = given.Close()
				return nil, errors.New("its length has changed")
			}
			again, _ := watched(given)
			return again, nil
		}
	}
	return func() { callOff() }
}

// isForeign reports whether the body is not in memory, so that reading it may fail, or take its time.
func isForeign(req *http.Request) bool {
	return req.Body != nil && req.Body != http.NoBody && (req.GetBody == nil || callOf(req).Form != "")
}

// isStream reports whether the body cannot be sent again.
func isStream(req *http.Request) bool {
	return req.Body != nil && req.Body != http.NoBody && req.GetBody == nil
}

// addCookies adds the cookies of the jar, if there is one, to a request.
func addCookies(jar http.CookieJar, req *http.Request) error {
	if jar == nil {
		return nil
	}
	cookies, err := Foreign(req.Context(), "the Jar", func() ([]*http.Cookie, error) { return jar.Cookies(cookieURL(req)), nil })
	for _, cookie := range cookies {
		if cookie != nil {
			req.AddCookie(cookie)
		}
	}
	return err
}

// keepCookies stores the cookies of an answer in the jar, if there is one.
func keepCookies(jar http.CookieJar, req *http.Request, resp *http.Response) {
	if cookies := resp.Cookies(); jar != nil && len(cookies) > 0 {
		_ = Run(req.Context(), "the Jar", func() error { jar.SetCookies(cookieURL(req), cookies); return nil })
	}
}

// cookieURL returns the address that cookies belong to. Its host is the one that the request names, if an editor has set a
// Host other than that of the address.
func cookieURL(req *http.Request) *url.URL {
	if req.Host == "" || req.Host == req.URL.Host {
		return req.URL
	}
	u := *req.URL
	u.Host = req.Host
	return &u
}

// isPlainHTTP reports whether an answer was in plain HTTP where TLS was expected.
func isPlainHTTP(err error) bool {
	return each(err, func(e error) bool {
		tlsErr, ok := e.(tls.RecordHeaderError)
		return ok && string(tlsErr.RecordHeader[:]) == "HTTP/"
	})
}

// maxErrorBody is how many bytes are read of an answer that is not a success.
const maxErrorBody = 1 << 20

// bodyLimit returns how much of a body may be read, in bytes.
func bodyLimit(resp *http.Response, limit int64) int64 {
	if resp.StatusCode/100 != 2 {
		limit = min(limit, maxErrorBody)
	}
	return min(limit, math.MaxInt64-1)
}
