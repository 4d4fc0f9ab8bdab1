package cfchattest

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"syscall"
)

// Transport returns an [http.RoundTripper] that answers requests in process: no socket, no goroutine, any host. It works
// inside a testing/synctest bubble and honours the request's context.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ server *Server }

// RoundTrip returns the server's answer.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := r.Clone(r.Context()) // a RoundTripper must not change its request
	inner.Body = http.NoBody
	if r.Body != nil {
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		inner.Body = io.NopCloser(bytes.NewReader(body))
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := &recorder{header: http.Header{}}
	aborted := answer.serve(t.server, inner)
	switch {
	case answer.refused:
		return nil, refusedConnection(r)
	case aborted:
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		if answer.status == 0 {
			return nil, io.EOF // as net/http does for a connection closed before an answer
		}
	}
	return answer.response(r), nil
}

// refusedConnection returns the error of net/http when nothing listens, and traces it as net/http does.
func refusedConnection(r *http.Request) error {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	if err := r.Context().Err(); err != nil {
		return err
	}
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// recorder records an answer.
type recorder struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	aborted bool
	refused bool // there never was a connection
}

func (a *recorder) Header() http.Header         { return a.header }
func (a *recorder) WriteHeader(status int)      { a.status = status }
func (a *recorder) Write(p []byte) (int, error) { return a.body.Write(p) }

// serve runs the handler and reports whether it dropped the connection.
func (a *recorder) serve(h http.Handler, r *http.Request) (aborted bool) {
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			a.aborted, aborted = true, true
		default:
			panic(cause)
		}
	}()
	h.ServeHTTP(a, r)
	return false
}

// response returns the answer as a client gets it.
func (a *recorder) response(r *http.Request) *http.Response {
	length := int64(a.body.Len())
	var body io.Reader = &a.body
	if a.aborted {
		length, _ = strconv.ParseInt(a.header.Get("Content-Length"), 10, 64)
		body = io.MultiReader(body, cut{})
	}
	return &http.Response{
		Status:     strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode: a.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}
}

// cut is the end of a truncated body.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
