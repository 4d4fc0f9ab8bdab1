package chain

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Call is carried by the context of a request: its operation, how its answer is judged, and what its options change.
type Call struct {
	*operation.Operation
	operation.Subject

	// Decode decodes and checks the body of a 200. With nil every 2xx passes that is not a page of HTML.
	Decode func(body []byte) error
	AsIs   bool // every 2xx passes
	Edited bool // an editor has seen the request, and may have changed it

	// Redact removes secrets from a body before an error keeps it; nil removes nothing.
	Redact func(body []byte) []byte

	// Lacks reports whether the server surely lacks what was added in a version; nil if that is unknown.
	Lacks func(ctx context.Context, since string) bool

	// Form is the Content-Type of a body that is not JSON but a form with files, "" for JSON. It is not read from memory,
	// even if it can be sent again.
	Form string

	Keys   *auth.Keys // in place of the Config's
	Retry  *Policy    // in place of the Config's
	Record *Record    // where the answer is kept

	MaxBody int64 // in place of the Config's, 0 for that

	// Waiting is called before each wait between two tries, with its end by the local clock; nil is not called. Waits of the
	// limiter are not included.
	Waiting func(until time.Time)

	claimed atomic.Bool
	stream  bool          // its body is not in memory, at least before the editors
	body    io.ReadCloser // as before the editors, if it is in memory
	try     int           // from 1
	brought int           // the last try that brought a good part of a download, 0 for none
	waited  time.Duration // before the try
	sends   int           // how often net/http has sent the try
	end     func()        // ends the try
}

// Claim reports whether nobody has claimed the call before. A call's context is passed on to everything done within it, and
// a request sent there is another call.
func (c *Call) Claim() bool { return c != nil && c.claimed.CompareAndSwap(false, true) }

// Release lets the call be claimed again.
func (c *Call) Release() { c.claimed.Store(false) }

type callKey struct{}

// WithCall returns a context for one call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf returns the call that a context belongs to, nil if it belongs to none.
func CallOf(ctx context.Context) *Call {
	if ctx == nil {
		return nil
	}
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// callOf returns the call of a request, put into its context before the chain.
func callOf(req *http.Request) *Call { return CallOf(req.Context()) }
