package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// lines receives a program's output line by line.
type lines chan string

func (l lines) Write(text []byte) (int, error) {
	for line := range strings.Lines(string(text)) {
		l <- strings.TrimSuffix(line, "\n")
	}
	return len(text), nil
}

// TestSyncTells checks that sync reports where it listens, which rounds failed and what was refused, in words or, with
// --json, only in JSON, and that the receiver ends with the command.
func TestSyncTells(t *testing.T) {
	for flag, listens := range map[string]bool{"--quiet=false": true, "--quiet": false, "--json": false} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			server := cfchattest.New(t)
			var fails atomic.Bool
			begun := make(chan struct{}, 1000)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				begun <- struct{}{}
				if fails.Load() {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				server.ServeHTTP(w, r)
			}))
			defer front.Close()
			at := unused(t)
			env := map[string]string{"CFCHAT_ACCOUNT_ID": "1", "CFCHAT_USER_API_KEY": server.AdminKey(), "CFCHAT_SERVER": front.URL, webhookSecretVariable: " secret\n"}
			command := newCommand(func(name string) string { return env[name] })
			said := make(lines, 1000)
			command.SetOut(said)
			command.SetErr(said)
			command.SetArgs([]string{"sync", "--to", filepath.Join(t.TempDir(), "chat.db"), "--every", "1s", "--listen", at, flag})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- command.ExecuteContext(ctx); close(said) }()
			select {
			case <-begun: // so it listens
			case err := <-ended:
				t.Fatal(err)
			}
			fails.Store(true)
			for range 2 {
				if status := post(t.Context(), t, "http://"+at+"/", `{"event":"contact_updated","id":99}`, nil); status != http.StatusUnauthorized {
					t.Error(status)
				}
			}
			wanted, hasListened := []string{"problem with --listen: webhook: ", "; trying again within 1s"}, false
			for line := range said {
				if flag == "--json" {
					var report struct{ Warning string }
					if err := json.Unmarshal([]byte(line), &report); err != nil {
						t.Errorf("%v: %s", err, line)
						cancel()
					}
					line = report.Warning
				}
				hasListened = hasListened || strings.Contains(line, "listening at "+at)
				if len(wanted) > 0 && strings.Contains(line, wanted[0]) {
					wanted = wanted[1:]
				}
				if len(wanted) == 0 {
					cancel()
				}
			}
			if err := <-ended; err == nil || hasListened != listens || len(wanted) > 0 {
				t.Errorf("%v; it printed where it listens: %t; not printed: %q", err, hasListened, wanted)
			}
			if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at); err == nil {
				_ = conn.Close()
				t.Error("it still listens")
			}
		})
	}
}

// unused returns an address at which nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
