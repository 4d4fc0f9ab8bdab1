package check

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// says starts a server in front of another, which answers GET /api, and keeps the header of the last request for it.
func says(t *testing.T, srv *cfchattest.Server, answer string) (address string, header *http.Header) {
	t.Helper()
	var got http.Header
	return changed(t, srv, func(r *http.Request, _ int, body string) string {
		if r.URL.Path != "/api" {
			return body
		}
		got = r.Header.Clone()
		return answer
	}), &got
}

// TestSaysItsVersion checks that the version that a server reports is used, and requested without the key.
func TestSaysItsVersion(t *testing.T) {
	t.Parallel()
	srv := standIn(t)
	address, header := says(t, srv, `{"version":"4.7.0","timestamp":"2026-11-26 00:04:06"}`)
	r, err := checkedJSON(t, address, srv.AdminKey())
	if err != nil || r.Version.Said != (version{4, 7, 0}) || r.Version.words() != "4.7.0" {
		t.Errorf("%v: %+v", err, r.Version)
	}
	if text := fmt.Sprint(*header); *header == nil || strings.Contains(text, srv.AdminKey()) {
		t.Errorf("GET /api was asked with %s", text)
	}
}

// TestHiddenVersion checks that a hidden version is not drift: a proxy may answer anything.
func TestHiddenVersion(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`<html>`, `{"version":"` + canary + `"}`} {
		srv := standIn(t)
		address, _ := says(t, srv, answer)
		r, err := checkedJSON(t, address, srv.AdminKey())
		if err != nil || !r.Version.Said.isZero() || r.of(opInfo).Because != "nothing shows the version; a proxy may hide it" {
			t.Errorf("%s: %v, %+v", answer, err, r.Version)
		}
	}
}

// TestBrokenVersion checks that a truncated answer to GET /api does not affect the findings about other answers.
func TestBrokenVersion(t *testing.T) {
	t.Parallel()
	srv := standIn(t)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api" {
			w.Header().Set("Content-Length", "100")
			return
		}
		srv.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	srv.FailNext(opList, cfchattest.Failure{Status: 500})
	if r, err := printedJSON(t, proxy.URL, srv.AdminKey()); exit.Status(err) != 1 || r.Error != "" {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestSaysAnotherVersion checks that a reported version that contradicts the server's answers is drift.
func TestSaysAnotherVersion(t *testing.T) {
	t.Parallel()
	srv := standIn(t)
	address, _ := says(t, srv, `{"version":"4.16.2"}`)
	r, err := checkedJSON(t, address, srv.AdminKey())
	if exit.Status(err) != 1 || r.Result != resultDrift || !r.Version.Contradictory {
		t.Errorf("%v: %+v", err, r)
	}
	text, _ := checkedText(t, address, srv.AdminKey())
	for _, want := range []string{
		"Server version: not the 4.16.2 that it claims to be; its answers are those of 4.7.0 or later, before 4.8.0\n",
		"  4.16.2, because GET /api says so\n",
		"  before 4.8.0, because assignees come without an assignee_type\n",
		"  This is drift: something that the server's version has is missing",
		"The server has drifted from the contract",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestGoneFields checks that missing fields are drift although the spec does not require them: each version since a certain
// one sends them.
func TestGoneFields(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"uuid", "priority", "waiting_since", "last_activity_at", "sla_policy_id", "sentiment", "blocked"} {
		srv := standIn(t)
		address := edited(t, srv, func(_ *http.Request, answer any) any { return without(answer, field) })
		r, err := checkedJSON(t, address, srv.AdminKey())
		if exit.Status(err) != 1 || len(r.Drift) > 0 || r.Version.words() != "no one version; the signs contradict each other" {
			t.Errorf("without %s: %v, %+v", field, err, r.Version)
		}
	}
}

// without removes a field from every object in a value.
func without(value any, field string) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = without(v[i], field)
		}
	case map[string]any:
		delete(v, field)
		for name := range v {
			v[name] = without(v[name], field)
		}
	}
	return value
}
