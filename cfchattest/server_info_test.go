package cfchattest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestServerInfo asks a server for its version, without a key.
func TestServerInfo(t *testing.T) {
	noon := cfchattest.Clock(func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) })
	for want, options := range map[string][]cfchattest.Option{
		"4.7.0": {noon}, "4.16.2": {noon, cfchattest.Version("4.16.2")}, "2.17.0": {cfchattest.Version("v2.17"), noon},
	} {
		want = `{"data_services":"ok","queue_services":"ok","timestamp":"2026-03-01 12:00:00","version":"` + want + `"}`
		srv := cfchattest.New(t, options...)
		if status, body := call(t, srv, "", "GET", "/api", ""); status != 200 || body != want {
			t.Errorf("%d %s, want %s", status, body, want)
		}
		if status, _ := call(t, srv, "", "POST", "/api", ""); status != 404 {
			t.Errorf("POST: %d, want 404", status)
		}
	}
}

// TestServerInfoIsNotReplaced checks that a handler for all other paths does not replace it.
func TestServerInfoIsNotReplaced(t *testing.T) {
	srv := cfchattest.New(t)
	srv.Handle("/", answerWith(http.StatusTeapot))
	if status, body := call(t, srv, "", "GET", "/api", ""); status != 200 {
		t.Errorf("%d %s", status, body)
	}
}
