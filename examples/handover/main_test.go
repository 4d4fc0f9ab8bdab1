package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// handed is a stand-in with a pending conversation, and the output of a bot with no other key that hands it over.
type handed struct {
	*cfchattest.Server

	conversation, cleo int64
	out                bytes.Buffer
	requests           int
	at                 int    // the request that fails, 0 for none
	lost               string // the path whose answers are lost, "" for none
	fault              cfchattest.Failure
}

func (s *handed) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.lost != "" && strings.HasSuffix(req.URL.Path, s.lost) {
		s.FailNext("", cfchattest.Failure{Cut: true})
	}
	if s.requests++; s.requests == s.at {
		s.FailNext("", s.fault)
	}
	return s.Transport().RoundTrip(req)
}

// over hands the conversation over, on a server of the given version.
func (s *handed) over(t *testing.T, version string, agent int64) error {
	t.Helper()
	s.Server = cfchattest.New(t, cfchattest.Version(version))
	s.cleo, _ = s.AddAgent(cfchattest.Agent{Name: "Cleo"})
	s.conversation = s.AddConversation(cfchattest.Conversation{Status: cfchat.StatusPending})
	chat, err := cfchat.New(cfchat.Config{
		Server: "http://localhost", HTTPClient: &http.Client{Transport: s}, Keys: auth.Keys{AgentBot: auth.NewKey(s.BotKey())},
	})
	if err != nil {
		t.Fatal(err)
	}
	if agent < 0 {
		agent = s.cleo
	}
	h := &handover{chat: chat, account: chat.Account(s.AccountID()), conversation: s.conversation, agent: agent, note: "{{contact.email}}", out: &s.out}
	return h.do(t.Context())
}

// came returns the result: the notes, the status, and the assignee.
func (s *handed) came(t *testing.T) string {
	t.Helper()
	var all []string
	for m, err := range s.Account(t).Messages.Scan(t.Context(), s.conversation, cfchat.MessageScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if m.GetPrivate() {
			all = append(all, m.GetContent())
		}
	}
	now, _ := s.Conversation(s.conversation)
	return strings.Join(append(all, string(now.Status), now.Meta.Assignee.GetName()), "|")
}

// TestHandover hands over as far as the version lets a bot do it. A conversation that could not be assigned is open, with an
// error.
func TestHandover(t *testing.T) {
	for _, c := range []struct {
		version    string
		agent      int64 // negative for Cleo
		came, says string
		fails      string
	}{
		{"2.16.0", -1, "{{contact.email}}|open|", "It is open.", "open for anybody, not assigned: bots can assign from 3.6.0 on, and this is 2.16.0"},
		{"3.6.0", -1, "{{contact.email}}|open|Cleo", "Cleo has it.", ""},
		{"4.16.2", -1, "{{contact.email}}|open|Cleo", "Cleo has it.", ""},
		{"4.16.2", 99, "{{contact.email}}|open|", "It is open.", "the account has no agent 99"},
		{"4.16.2", 0, "{{contact.email}}|open|", "It is open.", ""},
	} {
		var s handed
		err := s.over(t, c.version, c.agent)
		if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s, agent %d: %v, want %q", c.version, c.agent, err, c.fails)
		}
		if s.came(t) != c.came || !strings.HasSuffix(s.out.String(), c.says+"\n") {
			t.Errorf("%s, agent %d: %s, %v\n%s", c.version, c.agent, s.came(t), err, &s.out)
		}
	}
}

// TestFaults makes each request fail in each way, and checks that the note is never sent twice, and that the conversation is
// open and Cleo's, or an error says that it is not.
func TestFaults(t *testing.T) {
	for _, fault := range []cfchattest.Failure{{Status: 500}, {Status: 401, Body: "{}"}, {Cut: true}, {Delay: 40 * time.Second}} {
		for at := 1; at <= 6; at++ {
			synctest.Test(t, func(t *testing.T) {
				s := handed{at: at, fault: fault}
				err := s.over(t, "4.16.2", -1)
				came := s.came(t)
				if strings.Count(came, "{{") > 1 || err == nil && !strings.HasSuffix("|"+came, "|open|Cleo") {
					t.Errorf("%+v at %d: %s, %v", fault, at, came, err)
				}
				if open := strings.Contains("|"+came, "|open|"); err != nil && open != strings.HasPrefix(err.Error(), "open") {
					t.Errorf("%+v at %d: %s, and the error is %v", fault, at, came, err)
				}
				if taken := strings.Contains(s.out.String(), "Cleo has it."); taken != (err == nil) {
					t.Errorf("%+v at %d: %s, and the output is\n%s", fault, at, came, &s.out)
				}
			})
		}
	}
}

// TestInterrupted checks that an interrupted program says so, and what has happened.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, nil, func(string) string { return "" }, io.Discard); err == nil || !strings.HasPrefix(err.Error(), "interrupted: cfchat: ") {
		t.Errorf("got %v", err)
	}
}

// TestUnknown loses both answers to the assignment, so that its outcome is unknown.
func TestUnknown(t *testing.T) {
	s := handed{lost: "/assignments"}
	if err := s.over(t, "4.16.2", -1); err == nil || !strings.HasPrefix(err.Error(), "open, but may or may not be assigned; check who has it") {
		t.Errorf("got %v", err)
	}
}

// TestRun hands over on the stand-in, and checks that wrong arguments are refused.
func TestRun(t *testing.T) {
	none := func(string) string { return "" }
	var out bytes.Buffer
	if err := run(t.Context(), nil, none, &out); err != nil || !strings.HasSuffix(out.String(), "The note is there.\nIt is open.\nCleo has it.\n") {
		t.Errorf("%v\n%s", err, &out)
	}
	half := func(name string) string { return map[string]string{"CFCHAT_ACCOUNT_ID": "1"}[name] }
	bad := func(name string) string {
		return map[string]string{"CFCHAT_ACCOUNT_ID": "x", "CFCHAT_AGENT_BOT_API_KEY": "key"}[name]
	}
	whole := func(name string) string {
		return map[string]string{"CFCHAT_ACCOUNT_ID": "1", "CFCHAT_AGENT_BOT_API_KEY": "key"}[name]
	}
	for name, env := range map[string]func(string) string{"half": half, "bad": bad, "no conversation": whole} {
		if err := run(t.Context(), nil, env, io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for want, args := range map[string][]string{
		`unexpected argument "x"`:                                     {"x"},
		"on the stand-in -agent is not used":                          {"-agent", "99"},
		"on the stand-in -agent and -conversation are not used":       {"-conversation", "99", "-agent", "99"},
		"-conversation: must be 0 or more\n-agent: must be 0 or more": {"-conversation", "-1", "-agent", "-1"},
	} {
		if err := run(t.Context(), args, none, io.Discard); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
