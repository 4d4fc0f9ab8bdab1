package cfchat

import (
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// judgeOutcome says of a failed try whether it provably sent nothing, and of a failed create or toggle whether it may
// have happened all the same.
//
// Proof is a connection that was asked for and never had. Whether a byte of the request was written would be a closer
// look, but when a context ends, net/http gives up while another goroutine may still be writing. A transport that is
// not net/http's proves nothing; one that falls back to another way of sending after net/http has failed to connect must
// report that way to httptrace too.
func judgeOutcome(next link) link {
	return func(req *http.Request) (*answer, error) {
		var asked, got atomic.Bool
		ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GetConn: func(string) { asked.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
		})
		a, err := next(req.WithContext(ctx))
		if err == nil {
			return a, nil
		}
		call := operation.CallOf(req.Context())
		e := named(call.Operation, err)
		switch {
		case e.StatusCode == 0 && asked.Load() && !got.Load():
			e.marks = append(e.marks, ErrNotSent)
		case call.Write && mayHaveHappened(e.StatusCode):
			e.marks = append(e.marks, ErrUnknownOutcome)
		}
		return nil, e
	}
}

// mayHaveHappened tells by the status of a failed write, 0 for none, whether the server may have done it. It refuses
// with 4xx before it does anything, and what a proxy redirects did not reach it. A 500 of create may come after the
// conversation was stored (contract, section 3).
func mayHaveHappened(status int) bool { return status < 300 || status >= 500 }
