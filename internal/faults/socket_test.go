package faults_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestT6Reset plays a server that resets the connection after it has read a write.
func TestT6Reset(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var requests atomic.Int64
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.Copy(io.Discard, req.Body)
				requests.Add(1)
			}
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = c.Close()
		}
	}()
	chat := socketChat(t, "http://"+listener.Addr().String(), &http.Transport{})
	for i, c := range trial.Writes {
		value, err := c.Do(t.Context(), chat)
		outcome{is: []error{cfchat.ErrUnknownOutcome}}.judge(t, c, value, err)
		if requests.Load() != int64(i+1) {
			t.Errorf("T6 %s: %d requests, want %d", c.ID, requests.Load(), i+1)
		}
	}
}

// TestT15NoTrust plays a server that does not speak TLS, or whose certificate is unknown. Nothing is sent to it, and trying
// again would be pointless.
func TestT15NoTrust(t *testing.T) {
	var requests, conns atomic.Int64
	start := func(tls bool) *httptest.Server {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				conns.Add(1)
			}
		}
		if tls {
			s.StartTLS()
		} else {
			s.Start()
		}
		return s
	}
	for name, tls := range map[string]bool{"T15 plain HTTP on an https address": false, "T15 an unknown certificate": true} {
		t.Run(name, func(t *testing.T) {
			server := start(tls)
			defer server.Close()
			for _, c := range trial.Calls {
				conns.Store(0)
				chat := socketChat(t, "https://"+server.Listener.Addr().String(), &http.Transport{})
				value, err := c.Do(t.Context(), chat)
				want := outcome{is: []error{cfchat.ErrNotSent}}
				if !tls {
					want.also = []error{http.ErrSchemeMismatch}
				}
				want.judge(t, c, value, err)
				if conns.Load() != 1 {
					t.Errorf("%s: %d connections, want 1", c.ID, conns.Load())
				}
			}
		})
	}
	if requests.Load() != 0 {
		t.Errorf("%d requests", requests.Load())
	}
}

// TestT15AnotherProtocol plays a server on an https address that speaks neither TLS nor HTTP.
func TestT15AnotherProtocol(t *testing.T) {
	for _, c := range trial.Calls {
		inBubble(t, c.ID, func(t *testing.T) {
			dials := 0
			chat := socketChat(t, "https://chat.test", &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				dials++
				client, server := net.Pipe()
				go func() { _, _ = io.Copy(io.Discard, server) }()
				go func() { _, _ = io.WriteString(server, "SSH-2.0-OpenSSH_9.6\r\n") }()
				return client, nil
			}})
			value, err := c.Do(t.Context(), chat)
			outcome{is: []error{cfchat.ErrNotSent}, says: "TLS"}.judge(t, c, value, err)
			if dials != 1 || errors.Is(err, http.ErrSchemeMismatch) {
				t.Errorf("got %v after %d dials", err, dials)
			}
		})
	}
}

// TestT16Proxy plays a proxy that is dead or refuses: the server is not reached, the proxy does not get the key, and the
// password in the proxy's address is not shown.
func TestT16Proxy(t *testing.T) {
	const password = "pAsSwOrD"
	for _, c := range []struct {
		name     string
		proxy    string
		refusals []error
		steps    []step
		requests int
	}{
		{"T16 dead", "http://user:" + password + "@proxy.example:3128", []error{errRefused}, nil, 0},
		{"T16 dead, SOCKS", "socks5://user:" + password + "@proxy.example:1080", []error{errRefused}, nil, 0},
		{"T16 it asks for a password", "http://user:" + password + "@proxy.example:3128", nil, []step{says(407, "", "").thenCloses()}, 3},
		{"T16 it does not reach the server", "http://user:" + password + "@proxy.example:3128", nil, []step{says(502, "", "").thenCloses()}, 3},
		{"T16 it hangs up", "http://user:" + password + "@proxy.example:3128", nil, []step{hangUp}, 3},
	} {
		address, err := url.Parse(c.proxy)
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range trial.Calls {
			inBubble(t, c.name+", "+of.ID, func(t *testing.T) {
				s := &faultServer{refusals: c.refusals, steps: c.steps}
				chat, _ := s.connect(t, func(config *cfchat.Config) {
					config.Server = "https://chat.test"
					config.HTTPClient.Transport = &http.Transport{DialContext: s.dial, Proxy: http.ProxyURL(address)}
				})
				value, err := of.Do(t.Context(), chat)
				outcome{is: []error{cfchat.ErrNotSent}}.judge(t, of, value, err)
				for _, link := range layers(err) {
					if text := strings.Join(printed(link), " "); strings.Contains(text, password) {
						t.Errorf("the proxy's password is in %.300q", text)
					}
				}
				if len(s.requests) != c.requests || len(s.dialed) != 3 {
					t.Errorf("%d requests on %d connections, want %d on 3", len(s.requests), len(s.dialed), c.requests)
				}
				for _, r := range s.requests {
					if !strings.HasPrefix(r.head, "CONNECT chat.test:443 ") || leakIn(r.head) != "" {
						t.Errorf("the proxy got\n%s", r.head)
					}
				}
			})
		}
	}
}

// TestT17NoSuchHost asks a name server that knows no names. The failure is permanent, so there is only one dial.
func TestT17NoSuchHost(t *testing.T) {
	var dials atomic.Int64
	dialer := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go knowNoNames(server)
		return client, nil
	}}}
	chat := socketChat(t, "https://chat.test", &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return dialer.DialContext(ctx, network, address)
	}})
	for i, c := range trial.Calls {
		value, err := c.Do(t.Context(), chat)
		outcome{is: []error{cfchat.ErrNotSent}, says: "no such host"}.judge(t, c, value, err)
		if e, ok := errors.AsType[*net.DNSError](err); !ok || !e.IsNotFound {
			t.Errorf("%s: got %v", c.ID, err)
		}
		if dials.Load() != int64(i+1) {
			t.Errorf("T17 %s: %d dials, want %d", c.ID, dials.Load(), i+1)
		}
	}
}

// knowNoNames answers every DNS question with NXDOMAIN. Each message is preceded by its length, as over TCP.
func knowNoNames(c net.Conn) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, question); err != nil || len(question) < 17 {
			return
		}
		end := 12 // of the header; the labels of the name, the type and the class follow
		for end < len(question)-5 && question[end] != 0 {
			end += int(question[end]) + 1
		}
		end += 5
		if end > len(question) {
			return
		}
		answer := append([]byte{question[0], question[1], 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// lossyConn is a connection that accepts a given number of writes, and loses all later ones.
type lossyConn struct {
	net.Conn
	left atomic.Int32
}

func (c *lossyConn) Write(p []byte) (int, error) {
	if c.left.Add(-1) < 0 {
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(p)
}

// TestWriteOverLostConnection checks that a write counts as sent once if net/http, over HTTP/1, sends it on another
// connection because no byte of it went out on an idle one.
func TestWriteOverLostConnection(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, trial.GoodConversation)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		lossy := &lossyConn{Conn: conn}
		lossy.left.Store(1)
		return lossy, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	chat := trial.Chat(t, transport, func(c *cfchat.Config) { c.Server = server.URL })
	for n := range int32(3) {
		if _, err := trial.Create.Do(t.Context(), chat); err != nil || asked.Load() != n+1 {
			t.Fatalf("write %d: %v, %d arrived", n+1, err, asked.Load())
		}
	}
}
