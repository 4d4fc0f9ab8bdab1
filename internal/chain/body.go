package chain

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

// body makes an answer of what came: whole, decompressed, and up to a limit. A body that is cut or too large is a failure, but
// not where the status is one already: then it is enough to have some.
func body(next func(*http.Request) (exchange, error), limit int64) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		x, err := next(req)
		if err != nil {
			return nil, &Failure{Cause: secretsOf(req).cause(err), abandoned: isAbandoned(err)}
		}
		a := &Answer{x.Response, req, x.body}
		f := judgeBody(req, x, limit)
		record := callOf(req).Record
		record.keep(a.Response, a.body.Bytes())
		if f != nil || a.StatusCode/100 != 2 {
			record.hide(secretsOf(req))
		}
		if f != nil {
			a.Release()
			return nil, f
		}
		return a, nil
	}
}

func judgeBody(req *http.Request, x exchange, limit int64) *Failure {
	most := bodyLimit(x.Response, limit)
	switch {
	case x.StatusCode/100 != 2:
		x.body.Truncate(int(min(int64(x.body.Len()), most)))
		return nil
	case int64(x.body.Len()) > most:
		f := failureOf(req, x.Response, nil)
		f.Cause, f.TooLarge = fmt.Errorf("more than %d bytes (Config.MaxBody)", most), true
		return f
	case x.err != nil:
		f := failureOf(req, x.Response, nil)
		f.Cause, f.Cut = fmt.Errorf("the body was cut: %w", secretsOf(req).cause(x.err)), true
		return f
	}
	return nil
}

// fill reads the body of an answer into a buffer, and a byte beyond the limit, to see that there is more.
func fill(buffer *bytes.Buffer, resp *http.Response, limit int64) error {
	_, err := buffer.ReadFrom(io.LimitReader(resp.Body, bodyLimit(resp, limit)+1))
	return err
}

// bodyLimit returns how much of a body may be read, in bytes.
func bodyLimit(resp *http.Response, limit int64) int64 {
	if resp.StatusCode/100 != 2 {
		limit = min(limit, maxErrorBody)
	}
	return min(limit, math.MaxInt64-1)
}

// bodies holds buffers between calls: most answers come chunked, and a new buffer would grow by copying, again and again.
var bodies sync.Pool

func emptyBuffer() *bytes.Buffer {
	buffer, ok := bodies.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

// Answer is an answer that has been read to its end.
type Answer struct {
	*http.Response // its Body is closed

	asked *http.Request // with the key
	body  *bytes.Buffer
}

// Failed makes the answer a failure's: it completes what is known of that, and what the caller keeps has no secrets.
func (a *Answer) Failed(f *Failure) *Failure {
	callOf(a.asked).Record.hide(secretsOf(a.asked))
	all := failureOf(a.asked, a.Response, a.body.Bytes())
	all.Message, all.Attributes = http.StatusText(a.StatusCode), nil // an answer that is none of an error
	all.Cause, all.Decode, all.Done, all.Unknown, all.Rejected = f.Cause, f.Decode, f.Done, f.Unknown, f.Rejected
	return all
}

// Bytes returns the body. It must not be used after Release.
func (a *Answer) Bytes() []byte { return a.body.Bytes() }

// Release gives the body's memory back, when nobody reads it any more.
func (a *Answer) Release() {
	if a.body.Cap() <= maxPooledBody {
		bodies.Put(a.body)
	}
}

// Open returns the answer for somebody who reads its body, and releases it by closing that.
func (a *Answer) Open() *http.Response {
	r := &bodyReader{answer: a}
	r.Reset(a.body.Bytes())
	a.Body, a.ContentLength = r, int64(r.Len())
	return a.Response
}

// bodyReader reads the body of an answer until it is closed.
type bodyReader struct {
	bytes.Reader

	answer *Answer // nil once it is closed
}

func (r *bodyReader) Close() error {
	if r.answer != nil {
		r.answer.Release()
	}
	r.answer = nil
	r.Reset(nil)
	return nil
}
