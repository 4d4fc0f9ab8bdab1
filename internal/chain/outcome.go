package chain

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// outcome determines whether a failed try provably sent nothing, and whether a failed write may have happened nevertheless;
// and it makes sure that net/http sends a write only once.
//
// The proof is a connection that was requested and never obtained. Whether a byte of the request was written would be more
// precise, but when a context ends, net/http gives up while another goroutine may still be writing. A TLS handshake that
// succeeded is a connection too: the protocol that it agreed on need not report more. A transport that is not net/http's
// proves nothing; one that falls back to another way of sending after net/http has failed to connect must report that way to
// httptrace too. If no connection was requested, net/http's own transport has not sent anything either, but a write is not
// repeated for it: a protocol that somebody has registered with it need not report its connections.
//
// Over HTTP/2 net/http sends a request again by itself, without a pause and without end, whenever the peer resets its stream
// in a way that may mean that it was not processed. It often was: a proxy resets what it has passed on. So a try of a write
// ends when it obtains a second connection after its headers were written, and a try of a read at the third.
func outcome(next Link, transport http.RoundTripper) Link {
	_, isNetHTTP := transport.(*http.Transport)
	cleartextHTTP2 := speaksCleartextHTTP2(transport)
	return func(req *http.Request) (*Answer, *Failure) {
		call := callOf(req)
		s := sending{call: call, cleartextHTTP2: cleartextHTTP2, most: mostSends}
		if call.Write {
			s.most = 1
		}
		s.trace = httptrace.ClientTrace{
			GetConn:          s.getConn,
			GotConn:          s.gotConn,
			TLSHandshakeDone: s.handshake,
			WroteHeaders:     s.wroteHeaders,
		}
		a, f := next(req.WithContext(httptrace.WithClientTrace(req.Context(), &s.trace)))
		call.sends = s.times()
		if f == nil {
			return a, nil
		}
		if s.again.Load() {
			f.Cause = errAgain
		}
		switch {
		case f.abandoned: // it may still send
			f.Unknown = call.Write
		case f.Status == 0 && s.asked.Load() && !s.got.Load():
			f.NotSent = true
		case f.Status == 0 && isNetHTTP && !s.asked.Load(): // its Proxy function has failed, for instance
			f.NotSent, f.unasked = true, true
		case call.Write && !f.Done && (mayHaveHappened(f.Status) || f.Overdue || f.unsure):
			f.Unknown = true
		}
		return nil, f
	}
}

// mostSends is how often net/http may send a read within one try.
const mostSends = 3

// errAgain is the reason for ending a try before net/http sends its request again.
var errAgain = errors.New("the connection was lost after the request was sent")

// sending is what net/http reports of one try, from several goroutines. Requests that a transport makes by itself within the
// try, for a token say, are reported too: they go to other addresses.
type sending struct {
	trace          httptrace.ClientTrace
	call           *Call
	cleartextHTTP2 bool
	most           int

	asked, got atomic.Bool
	again      atomic.Bool // it was ended before net/http sent it once more

	mu      sync.Mutex
	address string          // of the last requested connection
	had     int             // connections to that address, one for each time that net/http sends
	sent    map[string]int  // connections over which HTTP/2 sends, by address
	written map[string]bool // where headers have been written to
}

func (s *sending) getConn(address string) {
	s.asked.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if address != s.address {
		s.address, s.had = address, 0
	}
}

// times returns how often the request was sent, at least once.
func (s *sending) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.had, 1)
}

func (s *sending) gotConn(info httptrace.GotConnInfo) {
	s.got.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.had++
	if !s.isHTTP2(info.Conn) {
		return // it is sent again only if nothing of it was written
	}
	if s.sent == nil {
		s.sent, s.written = map[string]int{}, map[string]bool{}
	}
	s.sent[s.address]++
	if s.sent[s.address] > s.most && s.written[s.address] {
		s.call.end() // net/http looks at the context before it writes
		s.again.Store(true)
	}
}

func (s *sending) wroteHeaders() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sent != nil { // over HTTP/2
		s.written[s.address] = true
	}
}

func (s *sending) handshake(_ tls.ConnectionState, err error) {
	if err == nil {
		s.got.Store(true)
	}
}

func (s *sending) isHTTP2(conn net.Conn) bool {
	secure, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return s.cleartextHTTP2
	}
	return secure.ConnectionState().NegotiatedProtocol == "h2"
}

// speaksCleartextHTTP2 reports whether a transport speaks HTTP/2, and nothing else, without TLS.
func speaksCleartextHTTP2(transport http.RoundTripper) bool {
	t, ok := transport.(*http.Transport)
	return ok && t.Protocols != nil && t.Protocols.UnencryptedHTTP2() && !t.Protocols.HTTP1()
}

// mayHaveHappened reports whether the server may have performed a write that failed with this status, 0 for none. It refuses
// with 4xx before it does anything, and a request that a proxy redirects did not reach it. A 500 from create may follow
// after the conversation was stored. 422s that may follow after a message was stored are recognized by their texts.
func mayHaveHappened(status int) bool { return status < 300 || status >= 500 }
