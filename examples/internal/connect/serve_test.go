package connect_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// one is a listener with one connection. Then it waits until it is closed.
type one chan net.Conn

func (l one) Accept() (net.Conn, error) {
	if conn, ok := <-l; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l one) Close() error   { close(l); return nil }
func (l one) Addr() net.Addr { return &net.TCPAddr{} }

// TestServe checks that Serve does not return before the requests that it has begun have ended.
func TestServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		ended := false
		h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			stop()
			time.Sleep(time.Second) // virtual time
			ended = true
		})
		ours, theirs := net.Pipe()
		listener := make(one, 1)
		listener <- theirs
		go func() {
			_, _ = io.WriteString(ours, "GET / HTTP/1.1\r\nHost: chat.test\r\nConnection: close\r\n\r\n")
			_, _ = io.Copy(io.Discard, ours)
		}()
		if err := connect.Serve(ctx, listener, h, time.Minute); err != nil || !ended {
			t.Errorf("%v, ended %t", err, ended)
		}
	})
}
