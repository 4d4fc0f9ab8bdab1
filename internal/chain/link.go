package chain

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Link is one step: a request goes down, an answer or a failure comes back up.
type Link func(*http.Request) (*Answer, *Failure)

// Answer is an answer that has been read to its end.
type Answer struct {
	*http.Response // its Body is closed

	asked *http.Request // with the key
	body  *bytes.Buffer
}

// Failed makes the answer a failure's: it completes what is known about the failure, and removes secrets from what the
// caller keeps.
func (a *Answer) Failed(f *Failure) *Failure {
	call, body := callOf(a.asked), a.body.Bytes()
	call.Record.hide(a.asked)
	all := failureOf(a.asked, a.Response, body)
	all.Message, all.Attributes = "", nil // a success has no error message
	all.Cause, all.Decode, all.Done, all.Unknown, all.Rejected = f.Cause, f.Decode, f.Done, f.Unknown, f.Rejected
	return all
}

// Bytes returns the body. It must not be used after Release.
func (a *Answer) Bytes() []byte { return a.body.Bytes() }

// Release returns the body's buffer to the pool, once nobody reads it any more.
func (a *Answer) Release() {
	if a.body.Cap() <= maxPooledBody {
		bodies.Put(a.body)
	}
}

// Open returns the answer for a caller who reads its body; closing that releases it.
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

// maxPooledBody is the maximum size of a buffer worth keeping, in bytes.
const maxPooledBody = 1 << 20

// bodies holds buffers between calls: most answers are chunked, and a new buffer would grow by repeated copying.
var bodies sync.Pool

func emptyBuffer() *bytes.Buffer {
	buffer, ok := bodies.Get().(*bytes.Buffer)
	if !ok {
		return new(bytes.Buffer)
	}
	buffer.Reset()
	return buffer
}

// lengths maps each operation to the size of its last answer in bytes: a guess for the next one, for new buffers.
var lengths sync.Map // of *operation.Operation, *atomic.Int64

func lengthOf(op *operation.Operation) *atomic.Int64 {
	known, ok := lengths.Load(op)
	if !ok {
		known, _ = lengths.LoadOrStore(op, new(atomic.Int64))
	}
	length, _ := known.(*atomic.Int64)
	return length
}

// readBody reads the body of a call's answer, up to a limit.
func readBody(call *Call, body io.Reader, limit int64) (*bytes.Buffer, error) {
	buffer := emptyBuffer()
	if !call.Known() { // there would be one for each path
		_, err := buffer.ReadFrom(io.LimitReader(body, limit))
		return buffer, err
	}
	length := lengthOf(call.Operation)
	buffer.Grow(int(min(length.Load(), limit)) + bytes.MinRead)
	n, err := buffer.ReadFrom(io.LimitReader(body, limit))
	length.Store(min(n, maxPooledBody))
	return buffer, err
}
