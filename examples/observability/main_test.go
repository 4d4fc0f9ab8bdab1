package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func nothing(string) string { return "" }

// observed makes the calls on a stand-in, and returns the observations and the output.
func observed(t *testing.T, server *cfchattest.Server) (*seen, string) {
	t.Helper()
	var out strings.Builder
	s := newSeen(&out)
	account, err := s.accountOf(server)
	if err != nil {
		t.Fatal(err)
	}
	if failed := calls(t.Context(), s.tracing.Tracer("test"), account); failed != 1 {
		t.Errorf("%d calls failed, want only the filter", failed)
	}
	if err := s.print(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, out.String()
}

// tries returns the child spans, as operation and status, in the order in which they began.
func tries(s *seen) (all []string) {
	for _, span := range s.spans.ended { // which print has sorted
		if !span.Parent().IsValid() {
			continue
		}
		status := ""
		for _, a := range span.Attributes() {
			if a.Key == "http.response.status_code" {
				status = a.Value.String()
			}
		}
		all = append(all, span.Name()+" "+status)
	}
	return all
}

// TestSpans checks that each request that arrived at the server has a span with its operation and status.
func TestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := standIn()
		defer server.Close()
		s, _ := observed(t, server)
		var want []string
		for _, request := range server.Requests() {
			name := request.Operation
			if name == "" {
				name = "do"
			}
			want = append(want, fmt.Sprintf("%s %d", name, request.Status))
		}
		if got := tries(s); strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != 7 {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestSecrets checks that neither the key nor the search text is in the spans or in the output.
func TestSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := standIn()
		defer server.Close()
		s, all := observed(t, server)
		for _, span := range s.spans.ended {
			all += fmt.Sprintln(span.Name(), span.Status(), span.Attributes(), span.Events(), span.Resource(), span.InstrumentationScope())
		}
		if !strings.Contains(all, "/api/v1/accounts/1/conversations") {
			t.Errorf("the address is not in\n%s", all)
		}
		for _, secret := range []string{server.AdminKey(), "api_access_token", "q=refund", "would like"} {
			if strings.Contains(all, secret) {
				t.Errorf("%q is in\n%s", secret, all)
			}
		}
	})
}

// TestCounts checks that each try is counted, and that an answer that breaks off after a 200 counts as a failure.
func TestCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := standIn()
		defer server.Close()
		s, out := observed(t, server)
		rows := strings.Join(strings.Fields(out), " ")
		for _, want := range []string{
			"conversationFilter 500 1 1 ", "conversationList 200 2 0 ", "conversationList 503 1 1 ", "do 200 1 0 ",
			"listAllMessages 200 1 0 ", "listAllMessages 200 1 1 ",
		} {
			if !strings.Contains(rows, want) {
				t.Errorf("%q is not in\n%s", want, out)
			}
		}
		for _, span := range s.spans.ended {
			if id := span.SpanContext().TraceID().String(); !span.Parent().IsValid() && !strings.Contains(out, "trace_id="+id) {
				t.Errorf("the log has no line for %s with the trace %s", span.Name(), id)
			}
		}
	})
}

// TestQuiet checks that tries below the log's level are counted, too, and those logged by a derived logger.
func TestQuiet(t *testing.T) {
	var out strings.Builder
	s := newSeen(&out)
	quiet := slog.New(counted(slog.NewTextHandler(&out, nil), s.metering.Meter("test")))
	server := cfchattest.New(t)
	account := server.Account(t, func(c *cfchat.Config) { c.Logger = quiet.With("program", "test").WithGroup("chat") })
	if _, err := account.Labels.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("it says %s", &out)
	}
	if err := s.print(t.Context()); err != nil || !strings.Contains(out.String(), "\n"+server.Requests()[0].Operation+" ") {
		t.Errorf("%v, and it counts\n%s", err, &out)
	}
}

// TestUntraced checks that a call outside the program's spans is logged without a trace id.
func TestUntraced(t *testing.T) {
	var out strings.Builder
	s := newSeen(&out)
	account, err := s.accountOf(cfchattest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.Labels.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "attempt=1") || strings.Contains(out.String(), "trace_id") {
		t.Errorf("it says %s", &out)
	}
}

// TestRun checks that everything is printed without an account.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), nil, nothing, &out); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Using a stand-in server. ", "\nmsg=\"cfchat try\" ", "\n  conversationList ", "\nlistAllMessages "} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is not in\n%s", want, &out)
			}
		}
	})
}

// TestReal observes an account on a server, and checks that the number of failed calls is reported.
func TestReal(t *testing.T) {
	server := cfchattest.New(t)
	server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{})
	env := func(name string) string {
		return map[string]string{
			"CFCHAT_USER_API_KEY": server.AdminKey(), "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_SERVER": server.URL(),
		}[name]
	}
	var out strings.Builder
	if err := run(t.Context(), nil, env, &out); err == nil || err.Error() != "failed calls: 1" {
		t.Errorf("got %v, want one failed call, to an address that the server does not have", err)
	}
	if !strings.Contains(out.String(), "404 ") || strings.Contains(out.String(), server.AdminKey()) {
		t.Errorf("it says\n%s", &out)
	}
}

// TestFlags checks that -h shows the environment variables, and that wrong arguments are refused.
func TestFlags(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-h"}, nothing, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "CFCHAT_USER_API_KEY") {
		t.Errorf("%v, and it says\n%s", err, &out)
	}
	if err := run(t.Context(), []string{"x"}, nothing, io.Discard); err == nil || !strings.Contains(err.Error(), `unexpected argument "x"`) {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted checks that an interrupted program prints its observations until then, and says so.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	if err := run(ctx, nil, nothing, &out); err == nil || err.Error() != "interrupted" || !strings.Contains(out.String(), "\nSPAN ") {
		t.Errorf("%v, and it says\n%s", err, &out)
	}
}
