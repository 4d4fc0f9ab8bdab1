package cfchat_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestDefaultTransport checks that DefaultTransport has the module's limits, whatever http.DefaultTransport is, and is new
// each time.
func TestDefaultTransport(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	changed := cfchat.DefaultTransport()
	changed.MaxIdleConns = 7
	for name, standard := range map[string]http.RoundTripper{
		"net/http's": before, "changed": changed, "foreign": trial.Broken{}, "nil": nil, "a nil pointer": (*http.Transport)(nil),
	} {
		http.DefaultTransport = standard
		one, other := cfchat.DefaultTransport(), cfchat.DefaultTransport()
		if one == other || one == standard {
			t.Errorf("%s: the transport is not new", name)
		}
		if one.MaxIdleConnsPerHost != 16 || one.MaxResponseHeaderBytes != 256<<10 || one.HTTP2.SendPingTimeout != 15*time.Second ||
			one.HTTP2.PingTimeout != 5*time.Second || !one.ForceAttemptHTTP2 || one.Proxy == nil || one.DialContext == nil ||
			one.TLSHandshakeTimeout != 10*time.Second || one.IdleConnTimeout != 90*time.Second {
			t.Errorf("%s: %+v", name, one)
		}
		if want := map[bool]int{true: 7, false: 100}[name == "changed"]; one.MaxIdleConns != want {
			t.Errorf("%s: MaxIdleConns %d, want %d", name, one.MaxIdleConns, want)
		}
	}
}

// TestCloseIdleConnections checks that the Chat's idle connections are closed, and that the Chat continues to work.
func TestCloseIdleConnections(t *testing.T) {
	var open atomic.Int64
	closed := make(chan struct{}, 10)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(trial.GoodConversation))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	for name, transport := range map[string]http.RoundTripper{"its own": nil, "a client's": cfchat.DefaultTransport()} {
		chat := trial.Chat(t, transport, func(c *cfchat.Config) { c.Server = server.URL })
		for range 2 {
			if _, err := trial.Get.Do(t.Context(), chat); err != nil {
				t.Fatal(err)
			}
			if open.Load() != 1 {
				t.Errorf("%s: %d connections", name, open.Load())
			}
			chat.CloseIdleConnections()
			<-closed
		}
	}
	trial.Chat(t, trial.Broken{}).CloseIdleConnections() // a transport that cannot close any
	(*cfchat.Chat)(nil).CloseIdleConnections()
	new(cfchat.Chat).CloseIdleConnections()
}
