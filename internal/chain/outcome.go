package chain

import (
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// outcome says of a failed try whether it provably sent nothing, and of a failed write whether it may have happened all the
// same.
//
// Proof is a connection that was asked for and never had. Whether a byte of the request was written would be a closer
// look, but when a context ends, net/http gives up while another goroutine may still be writing. A TLS handshake that
// succeeded is a connection too: the protocol that it agreed on need not report more. A transport that is not net/http's
// proves nothing; one that falls back to another way of sending after net/http has failed to connect must report that way to
// httptrace too.
func outcome(next Link) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		var asked, got atomic.Bool
		ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			GetConn: func(string) { asked.Store(true) },
			GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
			TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
				if err == nil {
					got.Store(true)
				}
			},
		})
		a, f := next(req.WithContext(ctx))
		switch {
		case f == nil:
		case f.Status == 0 && asked.Load() && !got.Load():
			f.NotSent = true
		case callOf(req).Write && mayHaveHappened(f.Status):
			f.Unknown = true
		}
		return a, f
	}
}

// mayHaveHappened reports by the status of a failed write, 0 for none, whether the server may have done it. It refuses
// with 4xx before it does anything, and what a proxy redirects did not reach it. A 500 of create may come after the
// conversation was stored.
func mayHaveHappened(status int) bool { return status < 300 || status >= 500 }
