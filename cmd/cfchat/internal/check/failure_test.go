package check

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// TestNotChecked checks that a check that could not be made ends with status 2 and a remedy.
func TestNotChecked(t *testing.T) {
	srv := standIn(t)
	bot := srv.BotKey()
	closed := httptest.NewServer(nil)
	closed.Close()
	page := func(status int, header http.Header) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), header)
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>" + canary))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	plan := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":"API access is not enabled for this account"}`))
	}))
	defer plan.Close()
	html := http.Header{"Content-Type": {"text/html"}}
	for name, c := range map[string]struct {
		address, key string
		account      int64
		want         string
	}{
		"wrong key":       {srv.URL(), "not-the-key-not-the-key", 1, "copy the access token again from your profile settings there into CFCHAT_USER_API_KEY"},
		"no key":          {srv.URL(), "", 1, "there is no key; set CFCHAT_USER_API_KEY to your access token"},
		"no key at all":   {srv.URL(), "key\nkey-key-key", 1, "CFCHAT_USER_API_KEY: the key has a space, a line break"},
		"a bot's key":     {srv.URL(), bot, 1, "set CFCHAT_USER_API_KEY to the key of a person"},
		"another account": {srv.URL(), srv.AdminKey(), 77, "has no account 77, or is not a server of ClickFunnels Chat: check --account and --server"},
		"unreachable":     {closed.URL, srv.AdminKey(), 1, "there is no answer from " + closed.URL + ": dial tcp"},
		"plain http":      {"http://chat.example.com", srv.AdminKey(), 1, "--server: plain http would send the key unencrypted; use https"},
		"no address":      {"chat.example.com", srv.AdminKey(), 1, "--server: it is not an address such as https://chat.example.com"},
		"a login page":    {page(200, html), srv.AdminKey(), 1, "is not the API of ClickFunnels Chat: is --server right?"},
		"a 404 page":      {page(404, html), srv.AdminKey(), 1, "check --account and --server"},
		"a firewall":      {page(403, html), srv.AdminKey(), 1, "a proxy or firewall in front of it refuses this machine"},
		"no such plan":    {plan.URL, srv.AdminKey(), 1, "the plan of account 1 has no API access"},
		"down":            {page(503, html), srv.AdminKey(), 1, "answers 503 Service Unavailable: it is down, or its proxy cannot reach it; try again later"},
		"too many":        {page(429, nil), srv.AdminKey(), 1, "try again in the next"},
		"moved":           {page(301, http.Header{"Location": {"https://other.example.com/x?y=z"}}), srv.AdminKey(), 1, "redirects: to https://other.example.com: redirects are not followed"},
		"another 401":     {page(401, html), srv.AdminKey(), 1, "the server answers 401"},
	} {
		before := len(srv.Requests())
		text, err := checked(t, Options{Account: c.account, Server: c.address, Key: c.key})
		if exit.Status(err) != 2 || !strings.Contains(err.Error(), c.want) || text != "" {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		if sent := len(srv.Requests()) - before; sent > 1 {
			t.Errorf("%s: it sent %d more requests", name, sent-1)
		}
		printed, err := checked(t, Options{Account: c.account, Server: c.address, Key: c.key, JSON: true})
		var r report
		if jsonErr := json.Unmarshal([]byte(printed), &r); jsonErr != nil || r.Result != resultUnchecked || err == nil || r.Error != err.Error() {
			t.Errorf("%s: %v, and as JSON %v\n%s", name, err, jsonErr, printed)
		}
	}
}

// TestNoSpellingArrives checks that a removed key header is distinguished from a wrong key.
func TestNoSpellingArrives(t *testing.T) {
	srv := standIn(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header = http.Header{}
		srv.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	if _, err := checkedText(t, proxy.URL, srv.AdminKey()); exit.Status(err) != 2 || !strings.Contains(err.Error(), "with either spelling of its header") {
		t.Error(err)
	}
}

// TestStopsInBetween checks that the findings from before the server stopped answering are kept.
func TestStopsInBetween(t *testing.T) {
	srv := standIn(t)
	srv.FailNext(opGet, cfchattest.Failure{Status: 429})
	r, err := printedJSON(t, srv.URL(), srv.AdminKey())
	if exit.Status(err) != 2 || r.Result != resultUnchecked || r.of(opList).Result != resultOK ||
		r.of(opGet).Result != resultUnchecked || r.of(opFilter).Result != resultNotTried || r.of(opFilter).Because != "the check ended before its turn" {
		t.Errorf("%v: %+v", err, r)
	}
	srv.FailNext(opFilter, cfchattest.Failure{Cut: true})
	r, err = printedJSON(t, srv.URL(), srv.AdminKey())
	if exit.Status(err) != 2 || !strings.Contains(r.Error, "broke off: unexpected EOF; try again") || r.of(opFilter).Result != resultUnchecked || len(r.Drift) > 0 {
		t.Errorf("%v: %+v", err, r)
	}
	srv.FailNext(opList, cfchattest.Failure{Status: 500})
	srv.FailNext(opGet, cfchattest.Failure{Status: 429})
	text, err := checkedText(t, srv.URL(), srv.AdminKey())
	if exit.Status(err) != 1 || !strings.Contains(text, "Not everything could be checked: the server has had enough requests for this minute") {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestEmptyAccount checks that an empty account cannot be checked, but that its refusals still narrow down the version.
func TestEmptyAccount(t *testing.T) {
	for _, c := range []struct {
		opts []cfchattest.Option
		want string
	}{
		{nil, "4.0.4 or later, before 4.10.0"},
		{[]cfchattest.Option{cfchattest.Version("2.16.0")}, "before 2.17.0"},
	} {
		srv := cfchattest.New(t, c.opts...)
		address, _ := says(t, srv, "<html>") // so that only the signs show the version
		r, err := checkedJSON(t, address, srv.AdminKey())
		if exit.Status(err) != 2 || !strings.Contains(err.Error(), "this key sees no conversation") || r.Version.words() != c.want ||
			r.of(opGet).Result != resultUnchecked || r.of(opFilter).Result != resultOK {
			t.Errorf("%v: %+v", err, r)
		}
	}
}

// TestInterrupted checks that an interrupted check says so.
func TestInterrupted(t *testing.T) {
	srv := standIn(t)
	ctx, cancel := context.WithCancel(t.Context())
	address := changed(t, srv, func(r *http.Request, _ int, body string) string {
		if !isList(r) && r.Method == http.MethodGet {
			cancel()
		}
		return body
	})
	var out strings.Builder
	err := Run(ctx, Options{Account: 1, Server: address, Key: srv.AdminKey()}, &out)
	if exit.Status(err) != 2 || err.Error() != "it was stopped before it finished" {
		t.Errorf("%v\n%s", err, &out)
	}
}
