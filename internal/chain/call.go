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

// Call is what the context of a request carries: which operation it is, how its answer is judged, and what its options
// change.
type Call struct {
	*operation.Operation
	operation.Subject

	// Decode decodes and checks the body of a 200. With nil every 2xx passes that is no page of HTML.
	Decode func(body []byte) error
	AsIs   bool // every 2xx passes
	Edited bool // an editor has seen the request, and may have made another one of it

	// Redact takes out of a body what is secret in it, before an error keeps it; nil leaves it.
	Redact func(body []byte) []byte

	// Lacks reports whether the server surely has not what came with a version; nil where nobody knows.
	Lacks func(ctx context.Context, since string) bool

	// Form is the Content-Type of a body that is not JSON but a form with files, "" for JSON. It is read from somewhere else
	// than memory, also where it can be sent again.
	Form string

	Keys   *auth.Keys // in place of the Config's
	Retry  *Policy    // in place of the Config's
	Record *Record    // where the answer is kept

	MaxBody int64 // in place of the Config's, 0 for that

	// Waiting is told before each wait between two tries until when, by the local clock; nil tells nobody. What the limiter
	// holds a try back is not a part of that.
	Waiting func(until time.Time)

	claimed atomic.Bool
	stream  bool          // its body comes from somewhere else than memory, at least as it was before the editors
	body    io.ReadCloser // as it was before the editors, where it comes from memory
	try     int           // from 1
	brought int           // the last try that has brought a good part of a download, 0 for none
	waited  time.Duration // before the try
	sends   int           // how often net/http has sent the try
	end     func()        // ends the try
}

// Claim reports whether nobody has claimed the call before. A context goes on to whatever is done within a call, and a
// request that is sent there is another call.
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

// callOf returns the call of a request, which whoever hands it to the chain has put into its context.
func callOf(req *http.Request) *Call { return CallOf(req.Context()) }
