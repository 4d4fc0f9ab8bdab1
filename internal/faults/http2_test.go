package faults_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// The HTTP/2 frames and errors that these tests use (RFC 9113).
const (
	frameData      = 0
	frameHeaders   = 1
	frameReset     = 3
	frameSettings  = 4
	framePing      = 6
	frameGoAway    = 7
	flagEnd        = 1 // of a stream; on SETTINGS and PING it acknowledges
	flagEndHeaders = 4
	protocolError  = 1
	refusedStream  = 7
)

// h2Step is a handwritten HTTP/2 server's reaction to one request.
type h2Step int

const (
	h2Answer        h2Step = iota
	h2GoAway               // nothing was processed; the connection ends
	h2Refuse               // the stream is refused before it is processed
	h2Reset                // the stream ends; it may have been processed or not
	h2ResetProtocol        // the same, but with a code after which net/http sends again by itself
	h2Silent               // from now on the connection swallows everything
)

// h2Server is a handwritten HTTP/2 server without TLS at the other end of a net.Pipe.
type h2Server struct {
	good  string
	steps []h2Step // for the requests, in order; later requests are answered

	mu       sync.Mutex
	requests []int // the connection of each request
	answered int
	conns    []net.Conn
}

func (s *h2Server) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, server)
	go s.serve(len(s.conns), server)
	return client, nil
}

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	head := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(head, stream), payload...)
}

func (s *h2Server) serve(n int, c net.Conn) {
	defer c.Close()
	// A separate goroutine writes: if both ends of a pipe wrote at the same time, they would wait for each other.
	out := make(chan []byte, 64)
	defer close(out)
	go func() {
		for data := range out {
			if _, err := c.Write(data); err != nil {
				return
			}
		}
	}()
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(c, preface); err != nil {
		return
	}
	out <- frame(frameSettings, 0, 0, nil)
	for silent := false; ; {
		head := make([]byte, 9)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(c, payload); err != nil {
			return
		}
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		switch {
		case silent:
		case kind == frameSettings && flags&flagEnd == 0:
			out <- frame(frameSettings, flagEnd, 0, nil)
		case kind == framePing && flags&flagEnd == 0:
			out <- frame(framePing, flagEnd, 0, payload)
		case (kind == frameHeaders || kind == frameData) && flags&flagEnd != 0:
			step := s.next(n)
			silent = step == h2Silent
			for _, data := range s.play(step, stream) {
				out <- data
			}
		}
	}
}

func (s *h2Server) next(conn int) h2Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, conn)
	if n := len(s.requests); n <= len(s.steps) && s.steps[n-1] != h2Answer {
		return s.steps[n-1]
	}
	s.answered++
	return h2Answer
}

// play returns the frames of a step.
func (s *h2Server) play(step h2Step, stream uint32) [][]byte {
	switch step {
	case h2GoAway:
		return [][]byte{frame(frameGoAway, 0, 0, make([]byte, 8))} // the last stream was 0, no error
	case h2Refuse:
		return [][]byte{frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, refusedStream))}
	case h2Reset:
		return [][]byte{frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, 2))}
	case h2ResetProtocol:
		return [][]byte{frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, protocolError))}
	case h2Silent:
		return nil
	}
	const kind = "application/json"
	// HPACK: :status 200 is entry 8 of the static table, the name content-type is entry 31.
	headers := append([]byte{0x88, 0x0f, 31 - 15, byte(len(kind))}, kind...)
	return [][]byte{frame(frameHeaders, flagEndHeaders, stream, headers), frame(frameData, flagEnd, stream, []byte(s.good))}
}

func (s *h2Server) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

// overDefaultTransport returns a client without an http.Client, so that New makes its transport from the given one.
func overDefaultTransport(t *testing.T, transport http.RoundTripper) *cfchat.Chat {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = transport
	defer func() { http.DefaultTransport = before }()
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.NewKey(userKey), AgentBot: auth.NewKey(botKey)}, Server: "http://127.0.0.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

// connect returns a client with the transport that New makes by default, over HTTP/2.
func (s *h2Server) connect(t *testing.T) *cfchat.Chat {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(func() {
		s.hangUp()
		synctest.Wait()
	})
	return overDefaultTransport(t, &http.Transport{DialContext: s.dial, Protocols: protocols})
}

// TestHTTP2Faults plays T21 and T23 on the transport that New makes.
func TestHTTP2Faults(t *testing.T) {
	for _, c := range []struct {
		name  string
		on    []trial.Call
		steps []h2Step
		want  outcome
		conns []int // of the requests
	}{
		// A write is sent once, whatever the server claims to have done.
		{"T21 GOAWAY, the server says that it did nothing, read", trial.Reads, []h2Step{h2GoAway}, outcome{ok: true}, []int{1, 2}},
		{"T21 GOAWAY, the server says that it did nothing, write", trial.Writes, []h2Step{h2GoAway}, outcome{is: []error{cfchat.ErrUnknownOutcome}}, []int{1}},
		{"T21 REFUSED_STREAM, read", trial.Reads, []h2Step{h2Refuse}, outcome{ok: true}, []int{1, 1}},
		{"T21 REFUSED_STREAM, write", trial.Writes, []h2Step{h2Refuse}, outcome{is: []error{cfchat.ErrUnknownOutcome}}, []int{1}},
		{"the stream is reset by PROTOCOL_ERROR, read", trial.Reads, []h2Step{h2ResetProtocol}, outcome{ok: true}, []int{1, 2}},
		{"the stream is reset by PROTOCOL_ERROR, write", trial.Writes, []h2Step{h2ResetProtocol}, outcome{is: []error{cfchat.ErrUnknownOutcome}}, []int{1}},
		{"T22 the stream is reset, read", trial.Reads, []h2Step{h2Reset}, outcome{ok: true, took: firstWait}, []int{1, 1}},
		{"T22 the stream is reset, write", trial.Writes, []h2Step{h2Reset}, outcome{is: []error{cfchat.ErrUnknownOutcome}}, []int{1}},
		// A ping is sent after 15 s of silence, and may take 5 s.
		{"T23 the peer goes silent, read", trial.Reads, []h2Step{h2Silent}, outcome{ok: true, took: span{20*time.Second + firstWait.from, 20*time.Second + firstWait.to}}, []int{1, 2}},
		{"T23 the peer goes silent, write", trial.Writes, []h2Step{h2Silent}, outcome{is: []error{cfchat.ErrUnknownOutcome}, took: exactly(20 * time.Second)}, []int{1}},
	} {
		for _, of := range c.on {
			inBubble(t, c.name+", "+of.ID, func(t *testing.T) {
				s := &h2Server{good: of.Good, steps: c.steps}
				chat, begun := s.connect(t), time.Now()
				value, err := of.Do(t.Context(), chat)
				took := time.Since(begun)
				c.want.judge(t, of, value, err)
				if !slices.Equal(inOrderOfUse(s.requests), c.conns) || !c.want.took.holds(took) {
					t.Errorf("requests on the connections %d, want %d, in %v", s.requests, c.conns, took)
				}
				if c.want.ok && s.answered != 1 {
					t.Errorf("processed %d times", s.answered)
				}
				synctest.Wait()
				if err := trial.By(of)(t.Context(), chat); err != nil {
					t.Errorf("the next call failed: %v", err)
				}
			})
		}
	}
	inBubble(t, "T23 the peer goes silent between calls", func(t *testing.T) {
		s := &h2Server{good: trial.GoodConversation, steps: []h2Step{h2Answer, h2Silent}}
		chat := s.connect(t)
		if err := trial.By(trial.Create)(t.Context(), chat); err != nil {
			t.Fatal(err)
		}
		if err := trial.By(trial.Create)(t.Context(), chat); !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Errorf("got %v", err)
		}
		if err := trial.By(trial.Create)(t.Context(), chat); err != nil || !slices.Equal(inOrderOfUse(s.requests), []int{1, 1, 2}) {
			t.Errorf("got %v, requests on the connections %d", err, s.requests)
		}
	})
}

// inOrderOfUse numbers connections by their first request, because net/http may have dialed another that it did not use.
func inOrderOfUse(conns []int) []int {
	var used, order []int
	for _, c := range conns {
		if !slices.Contains(used, c) {
			used = append(used, c)
		}
		order = append(order, slices.Index(used, c)+1)
	}
	return order
}

// TestH11OverHTTP2 checks that header names over HTTP/2 are in lower case, as net/http's own server requires, and that one
// key is sent.
func TestH11OverHTTP2(t *testing.T) {
	var problems []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if names := auth.HeaderNames(r.Header); r.ProtoMajor != 2 || len(names) != 1 || len(r.Header[names[0]]) != 1 || r.Header.Get("Content-Type") != "application/json" {
			problems = append(problems, fmt.Sprintf("%s: %q", r.Proto, r.Header))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, trial.CallOf(operation.Of(r).ID).Good)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	chat := socketChat(t, server.URL, server.Client().Transport)
	for _, c := range trial.Keyed {
		if err := trial.By(c)(t.Context(), chat); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
	if len(problems) != 0 {
		t.Error(problems)
	}
}

// TestSentOnceOverTLS has a peer reset every stream, in each way after which net/http sends again by itself: a write is sent
// once, and a read at most three times per try.
func TestSentOnceOverTLS(t *testing.T) {
	for name, step := range map[string]h2Step{"PROTOCOL_ERROR": h2ResetProtocol, "REFUSED_STREAM": h2Refuse, "GOAWAY": h2GoAway} {
		for _, c := range []trial.Call{trial.Get, trial.Create, trial.Toggle} {
			if step == h2Refuse && !c.Write {
				continue // net/http sleeps for seconds between these tries
			}
			t.Run(name+", "+c.ID, func(t *testing.T) {
				s := &h2Server{good: c.Good, steps: slices.Repeat([]h2Step{step}, 1000)}
				chat := s.overTLS(t)
				_, err := c.In(t.Context(), chat, accountID, trial.One, cfchat.WithRetry(cfchat.Retry{MaxTries: 1}))
				s.mu.Lock()
				defer s.mu.Unlock()
				switch sent := len(s.requests); {
				case c.Write && (sent != 1 || !errors.Is(err, cfchat.ErrUnknownOutcome) || errors.Is(err, cfchat.ErrNotSent)):
					t.Errorf("sent %d times, %v", sent, err)
				case !c.Write && (sent > 3 || err == nil):
					t.Errorf("sent %d times in one try, %v", sent, err)
				}
			})
		}
	}
}

// overTLS returns a client of the server on a socket.
func (s *h2Server) overTLS(t *testing.T) *cfchat.Chat {
	t.Helper()
	known := httptest.NewUnstartedServer(http.NotFoundHandler()) // provides a certificate, and a client that trusts it
	known.EnableHTTP2 = true
	known.StartTLS()
	t.Cleanup(known.Close)
	config := known.TLS.Clone()
	config.NextProtos = []string{"h2"}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = listener.Close()
		s.hangUp()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			n := len(s.conns)
			s.mu.Unlock()
			go s.serve(n, conn)
		}
	}()
	return socketChat(t, "https://"+listener.Addr().String(), known.Client().Transport)
}

// TestRequestsWithinATry checks that a Transport's request to another server, under the context of a try, does not count as
// sending the call again.
func TestRequestsWithinATry(t *testing.T) {
	serve := func(h http.HandlerFunc) *httptest.Server {
		server := httptest.NewUnstartedServer(h)
		server.EnableHTTP2 = true
		server.StartTLS()
		t.Cleanup(server.Close)
		return server
	}
	asked := 0
	tokens := serve(func(http.ResponseWriter, *http.Request) {})
	api := serve(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
	})
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		token, err := http.NewRequestWithContext(req.Context(), http.MethodGet, tokens.URL, http.NoBody)
		if err != nil {
			return nil, err
		}
		resp, err := tokens.Client().Do(token)
		if err != nil {
			return nil, err
		}
		_ = resp.Body.Close()
		return api.Client().Transport.RoundTrip(req)
	}), func(c *cfchat.Config) { c.Server = api.URL })
	for range 3 {
		if err := chat.Account(1).Do(t.Context(), "POST", "x", nil, nil); err != nil {
			t.Error(err)
		}
	}
	if asked != 3 {
		t.Errorf("3 writes were sent %d times in total", asked)
	}
}

// TestDownloadSentAFewTimes has a peer reset every stream of a download, which net/http would request again endlessly.
func TestDownloadSentAFewTimes(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		s := &h2Server{steps: slices.Repeat([]h2Step{h2Refuse}, 1000)}
		protocols := new(http.Protocols)
		protocols.SetUnencryptedHTTP2(true)
		transport := &http.Transport{DialContext: s.dial, Protocols: protocols}
		defer synctest.Wait()
		defer s.hangUp()
		n, err := withDownloads(t, transport).Account(accountID).Messages.Download(t.Context(),
			&cfchat.Attachment{DataURL: new("http://127.0.0.1/file")}, io.Discard, cfchat.WithRetry(cfchat.Retry{MaxTries: 1}))
		const says = "the connection was lost after the request was sent"
		if n != 0 || err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "panic") || len(s.requests) != 3 {
			t.Errorf("asked %d times, %d bytes, %v", len(s.requests), n, err)
		}
	})
}
