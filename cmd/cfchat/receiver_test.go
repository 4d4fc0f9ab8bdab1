package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

// pipes is a listener with connections in memory, where the test's clock applies.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepted:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial connects as soon as the connection is accepted.
func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.accepted <- far:
		return near, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// receiving is a receiver for account 1, in memory.
type receiving struct {
	*pipes
	t      *testing.T
	client *http.Client
	stop   func()
	taken  atomic.Int64
	takes  time.Duration // how long processing one takes
	failed atomic.Int64
}

var hookSecret = webhook.NewSecret("the secret of the webhook")

func receive(t *testing.T) *receiving {
	t.Helper()
	r := &receiving{pipes: &pipes{make(chan net.Conn), make(chan struct{})}, t: t}
	r.client = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return r.dial(ctx) }, MaxIdleConnsPerHost: 1000,
	}}
	take := func(context.Context, webhook.Event) error {
		time.Sleep(r.takes)
		r.taken.Add(1)
		return nil
	}
	r.stop = (&receiver{secret: hookSecret, signed: true, path: "/"}).serveAt(t.Context(), r, 1, take, func(error) { r.failed.Add(1) })
	return r
}

// end releases everything.
func (r *receiving) end() {
	r.client.CloseIdleConnections()
	r.stop()
}

// post delivers a body, signed or not, and returns the status of the answer.
func (r *receiving) post(body string, signed bool) int {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, "http://copy.example/", bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	if signed {
		webhook.Sign(hookSecret, q.Header, []byte(body), time.Now())
	}
	answer, err := r.client.Do(q)
	if err != nil {
		r.t.Error(err)
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}

const renamed = `{"event":"contact_updated","id":99,"account":{"id":1}}`

// TestReceiver checks that the receiver accepts signed deliveries and none of another account, reports refusals now and
// then, and finishes deliveries that it has begun to process.
func TestReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t)
		for range 5 {
			if status := r.post(renamed, false); status != http.StatusUnauthorized {
				t.Error(status)
			}
		}
		time.Sleep(time.Second)
		if n := r.failed.Load(); n != 1 {
			t.Errorf("five refusals were reported %d times", n)
		}
		time.Sleep(2 * time.Minute)
		if status := r.post(`{"event":"contact_updated","id":99,"account":{"id":2}}`, true); status != http.StatusForbidden {
			t.Error(status)
		}
		time.Sleep(time.Second)
		if told, taken := r.failed.Load(), r.taken.Load(); told != 2 || taken != 0 {
			t.Errorf("%d refusals were reported, and %d deliveries accepted", told, taken)
		}
		r.takes = 2 * time.Second
		go func() {
			if status := r.post(renamed, true); status != http.StatusOK {
				t.Error(status)
			}
		}()
		time.Sleep(time.Second)
		r.end()
		if n := r.taken.Load(); n != 1 {
			t.Errorf("%d deliveries were accepted", n)
		}
		if _, err := r.dial(t.Context()); err == nil {
			t.Error("it still listens")
		}
		synctest.Wait()
	})
}

// TestReceiverSlow checks that the receiver does not wait for clients that send or read too slowly.
func TestReceiverSlow(t *testing.T) {
	const head = "POST /elsewhere HTTP/1.1\r\nHost: copy.example\r\n"
	for name, c := range map[string]struct {
		sent  string
		reads bool
	}{
		"no request":        {"", true},
		"half of a head":    {head, true},
		"half of a body":    {head + "Content-Length: 100\r\n\r\nhalf", true},
		"no reading of any": {head + "\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := receive(t)
				defer r.end()
				conn, err := r.dial(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := io.WriteString(conn, c.sent); err != nil {
					t.Fatal(err)
				}
				if !c.reads {
					time.Sleep(readTimeout + time.Second)
				}
				err = conn.SetReadDeadline(time.Now().Add(readTimeout + idleTimeout + time.Second))
				if isClosed := err != nil; isClosed == c.reads {
					t.Errorf("closed: %t", isClosed)
				}
				if !c.reads {
					return
				}
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestReceiverFull checks that connections are limited, and that a stranger who holds all of them idle does not lock the
// server out for long.
func TestReceiverFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t)
		defer r.end()
		var strangers []net.Conn
		for range maxConnections {
			conn, err := r.dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, "GET /elsewhere HTTP/1.1\r\nHost: copy.example\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			strangers = append(strangers, conn)
		}
		begun := time.Now()
		within, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.dial(within); err == nil {
			t.Errorf("%d connections are open", maxConnections+1)
		}
		if status := r.post(renamed, true); status != http.StatusOK {
			t.Error(status)
		}
		if waited := time.Since(begun); waited > 5*time.Second {
			t.Errorf("the server was locked out for %s; it gives up after 5s", waited)
		}
		for _, conn := range strangers {
			_ = conn.Close()
		}
	})
}

// TestWebhookVariables checks that a newline appended by a file or a secret store does not become part of the secret or the
// path, and that a path that no request can have is refused.
func TestWebhookVariables(t *testing.T) {
	const path = "b6f1c9e0a27d4f33"
	made := func(variable, value string) (*receiver, error) {
		return newReceiver(func(name string) string { return map[string]string{variable: value}[name] })
	}
	for _, value := range []string{path, "/" + path, " " + path + "\r\n", "\t/" + path + " "} {
		if r, err := made(webhookPathVariable, value); err != nil || r.path != "/"+path || r.signed {
			t.Errorf("%q: %v, %v", value, r, err)
		}
		if r, err := made(webhookSecretVariable, value); err != nil || r.secret.Reveal() != strings.TrimSpace(value) || !r.signed {
			t.Errorf("%q: %v, %v", value, r, err)
		}
	}
	for _, value := range []string{"https://copy.example/" + path, path + "?", path + "#top", path + "%20", path + " " + path} {
		if _, err := made(webhookPathVariable, value); err == nil || !strings.Contains(err.Error(), "must be only the path") || strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", value, err)
		}
	}
	if _, err := made(webhookSecretVariable, " \n"); err == nil {
		t.Error("a blank was accepted as a secret")
	}
}
