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
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// answer is the body of an answer that is already here. Close gives its buffer back.
type answer struct {
	bytes.Reader
	buffer *bytes.Buffer
	value  any // what checkAnswer made of it
}

func (a *answer) Close() error {
	if a.buffer != nil && a.buffer.Cap() <= maxPooledBody {
		bodies.Put(a.buffer)
	}
	a.buffer = nil
	a.Reset(nil)
	return nil
}

// readBody reads the whole body, decompressed and up to a limit, and closes it, so that the connection is free again. A
// body that is cut or too large is a failure, but not where the status is one already: then it is enough to have some.
func readBody(next link, limit int64) link {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next(req)
		if err != nil {
			return nil, &Error{Err: safeCause(err, req)}
		}
		defer resp.Body.Close()
		body := &answer{buffer: bodies.Get().(*bytes.Buffer)}
		body.buffer.Reset()
		if resp.StatusCode >= 200 { // after 101 the body is the connection, and has no end
			err = fill(body.buffer, resp, req, limit)
		}
		if err != nil {
			_ = body.Close()
			return nil, err
		}
		body.Reset(body.buffer.Bytes())
		whole := *resp // a transport that caches may hand out the same answer again
		whole.Body, whole.ContentLength = body, int64(body.Len())
		return &whole, nil
	}
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
