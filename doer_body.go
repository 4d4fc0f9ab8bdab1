package cfchat

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
)

const (
	maxErrorBody  = 1 << 20 // bytes read of an answer that is not a success
	maxPooledBody = 1 << 20 // a larger buffer is not worth keeping
)

// bodies holds buffers between calls: most answers come chunked, and a new buffer would grow by copying, again and again.
var bodies sync.Pool

// answer is an answer whose whole body is already here.
type answer struct {
	*http.Response // its Body is closed

	body *bytes.Buffer
}

// release gives the buffer back, when nobody reads the body any more.
func (a *answer) release() {
	if a.body.Cap() <= maxPooledBody {
		bodies.Put(a.body)
	}
}

// response is the answer for the generated client, which reads the body and closes it.
func (a *answer) response() *http.Response {
	r := &bodyReader{answer: a}
	r.Reset(a.body.Bytes())
	a.Body, a.ContentLength = r, int64(r.Len())
	return a.Response
}

// bodyReader reads the body of an answer until it is closed.
type bodyReader struct {
	bytes.Reader

	answer *answer // nil once it is closed
}

func (r *bodyReader) Close() error {
	if r.answer != nil {
		r.answer.release()
	}
	r.answer = nil
	r.Reset(nil)
	return nil
}

// readBody reads the whole body, decompressed and up to a limit, and closes it, so that the connection is free again. A
// body that is cut or too large is a failure, but not where the status is one already: then it is enough to have some.
func readBody(next func(*http.Request) (*http.Response, error), limit int64) link {
	return func(req *http.Request) (*answer, error) {
		resp, err := next(req)
		if err != nil {
			return nil, &Error{Err: safeCause(err, req)}
		}
		defer resp.Body.Close()
		whole := *resp // a transport that caches may hand out the same answer again
		a := &answer{&whole, emptyBuffer()}
		if resp.StatusCode >= 200 { // after 101 the body is the connection, and has no end
			err = fill(a.body, resp, req, limit)
		}
		kept := settingsOf(req.Context()).response
		kept.keep(req, resp, a.body.Bytes())
		if err != nil {
			kept.hide(req)
			a.release()
			return nil, err
		}
		return a, nil
	}
}

func emptyBuffer() *bytes.Buffer {
	buffer, ok := bodies.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

// fill reads the body of an answer into a buffer.
func fill(buffer *bytes.Buffer, resp *http.Response, req *http.Request, limit int64) error {
	success := resp.StatusCode/100 == 2
	limit = min(limit, math.MaxInt64-1)
	if !success {
		limit = min(limit, maxErrorBody)
	}
	_, err := buffer.ReadFrom(io.LimitReader(resp.Body, limit+1))
	tooLarge := int64(buffer.Len()) > limit
	switch {
	case !success:
		buffer.Truncate(min(buffer.Len(), int(limit)))
		return nil
	case tooLarge:
		e := errorOf(req, resp, nil)
		e.Err, e.marks = fmt.Errorf("more than %d bytes (Config.MaxBody)", limit), []error{ErrTooLarge}
		return e
	case err != nil:
		e := errorOf(req, resp, nil)
		e.Err, e.cut, e.marks = fmt.Errorf("the body was cut: %w", safeCause(err, req)), true, []error{ErrDecode}
		return e
	}
	return nil
}
