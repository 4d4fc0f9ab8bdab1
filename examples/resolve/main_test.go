package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

var today = time.Date(2026, time.June, 30, 12, 0, 0, 0, time.UTC)

// standIn is a server with the time of today, in which a test can act before a request.
type standIn struct {
	*cfchattest.Server
	before map[string]func() // by method and the end of the path
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{
		Server: cfchattest.New(t, cfchattest.Clock(func() time.Time { return today })),
		before: map[string]func(){},
	}
	s.Before("", func(r cfchattest.Request) {
		_, target, _ := strings.Cut(r.Path, "/conversations")
		if step := s.before[r.Method+" "+target]; step != nil {
			step()
		}
	})
	return s
}

// add adds n conversations that were last active the given number of days ago, and returns the id of the last one.
func (s *standIn) add(n, days int, status cfchat.Status) (id int64) {
	for range n {
		id = s.AddConversation(cfchattest.Conversation{Status: status, LastActivity: today.AddDate(0, 0, -days)})
	}
	return id
}

// run runs the program against the server.
func (s *standIn) run(ctx context.Context, botKey string, args ...string) (string, error) {
	env := map[string]string{
		"CFCHAT_USER_API_KEY": s.AdminKey(), "CFCHAT_AGENT_BOT_API_KEY": botKey, "CFCHAT_SERVER": s.URL(),
		"CFCHAT_ACCOUNT_ID": strconv.FormatInt(s.AccountID(), 10),
	}
	var out strings.Builder
	err := run(ctx, args, func(name string) string { return env[name] }, &out)
	return out.String(), err
}

// writes counts the writes to each conversation.
func (s *standIn) writes() map[string]int {
	count := map[string]int{}
	for _, r := range s.Requests() {
		if _, target, _ := strings.Cut(r.Path, "/conversations"); r.Method == http.MethodPost && target != "/filter" {
			count[target]++
		}
	}
	return count
}

// TestResolvesAll checks that all idle conversations are resolved during the scan, and no others.
func TestResolvesAll(t *testing.T) {
	for by, botKey := range map[string]func(*standIn) string{
		"Ada Admin":  func(*standIn) string { return "" },
		"Helper Bot": func(s *standIn) string { return s.BotKey() },
	} {
		s := newStandIn(t)
		s.add(10, 400, cfchat.StatusPending)
		s.add(40, 31, cfchat.StatusOpen)
		s.add(10, 30, cfchat.StatusOpen) // not more than 30 days ago
		s.add(27, 400, cfchat.StatusOpen)
		s.add(10, 400, cfchat.StatusSnoozed)
		out, err := s.run(t.Context(), botKey(s), "-yes")
		if err != nil || !strings.Contains(out, "\n67 found: 67 resolved\n") {
			t.Errorf("the program ended with %v and printed\n%s", err, out)
		}
		for id := int64(1); id <= 97; id++ {
			c, err := s.Account(t).Conversations.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			idle := id > 10 && id <= 50 || id > 60 && id <= 87
			if idle != (c.Status == cfchat.StatusResolved) || s.writes()[fmt.Sprintf("/%d/toggle_status", id)] > 1 {
				t.Errorf("conversation %d is %s after %v", id, c.Status, s.writes())
			}
			if want := "Conversation was marked resolved by " + by; idle && (len(c.Messages) != 1 || c.Messages[0].GetContent() != want) {
				t.Errorf("conversation %d was not resolved by %s", id, by)
			}
		}
	}
}

// TestDryRun checks that a dry run prints the same conversations and writes nothing.
func TestDryRun(t *testing.T) {
	for _, args := range [][]string{{"-dry-run"}, {"-dry-run", "-yes"}} {
		s := newStandIn(t)
		s.add(67, 40, cfchat.StatusOpen)
		out, err := s.run(t.Context(), s.BotKey(), args...)
		if err != nil || strings.Count(out, "2026-05-21 12:00  would be resolved\n") != 67 || !strings.Contains(out, "67 found: 67 would be resolved\n") {
			t.Errorf("it ended with %v and said\n%s", err, out)
		}
		if len(s.writes()) > 0 {
			t.Errorf("it wrote %v", s.writes())
		}
	}
}

// TestOutcomes makes something happen to every conversation but the first, between the scan and the write or during it.
func TestOutcomes(t *testing.T) {
	s := newStandIn(t)
	s.add(30, 0, cfchat.StatusOpen) // so that unreadable ones are not on the list's first or last page
	fail := func(operation string, status int) func() {
		return func() { s.FailNext(operation, cfchattest.Failure{Status: status}) }
	}
	const toggle, get = "toggleStatusOfAConversation", "getDetailsOfAConversation"
	s.before = map[string]func(){
		"GET /32":                func() { s.SetStatus(32, cfchat.StatusPending) },
		"GET /33":                func() { s.AddMessage(33, cfchattest.Message{}) },
		"GET /34":                fail(get, http.StatusNotFound),
		"GET /35":                fail(get, http.StatusForbidden),
		"POST /36/toggle_status": fail(toggle, http.StatusInternalServerError),
		"POST /37/toggle_status": func() { s.FailNext(toggle, cfchattest.Failure{Cut: true}) },
		"POST /38/toggle_status": fail(toggle, http.StatusUnprocessableEntity),
	}
	s.add(8, 40, cfchat.StatusOpen)
	contact := s.AddContact(cfchattest.Contact{})
	s.AddConversation(cfchattest.Conversation{Contact: contact, LastActivity: today.AddDate(0, -2, 0)})
	s.DeleteContact(contact)
	s.add(1, 40, cfchat.StatusOpen)
	s.add(30, 0, cfchat.StatusOpen)

	out, err := s.run(t.Context(), s.BotKey(), "-yes")
	if err == nil || err.Error() != "not known to be resolved: 5" {
		t.Errorf("it ended with %v", err)
	}
	for id, want := range map[int]string{
		31: "2026-05-21 12:00  resolved",
		32: "2026-05-21 12:00  skipped: it is pending now",
		33: "2026-05-21 12:00  skipped: it was active 2026-06-30 12:00",
		34: "2026-05-21 12:00  skipped: it is gone",
		35: "2026-05-21 12:00  failed: cfchat: getDetailsOfAConversation: conversation 35 of account 1: 403 Forbidden",
		36: "2026-05-21 12:00  unknown: cfchat: toggleStatusOfAConversation: conversation 36 of account 1: 500 Internal Server Error: the change may have happened or not",
		37: "2026-05-21 12:00  unknown: cfchat: toggleStatusOfAConversation: conversation 37 of account 1: ",
		38: "2026-05-21 12:00  failed: cfchat: toggleStatusOfAConversation: conversation 38 of account 1: 422 Unprocessable Entity",
		39: "-                 failed: cfchat: conversationFilter: conversation 39 of account 1 cannot be read: 500 Internal Server Error",
		40: "2026-05-21 12:00  resolved",
	} {
		line := lineOf(out, id)
		if !strings.HasPrefix(line, fmt.Sprintf("%8d  ", id)) || !strings.Contains(line, want) {
			t.Errorf("no %q in %q", want, line)
		}
		writes, wrote := s.writes()[fmt.Sprintf("/%d/toggle_status", id)], id == 31 || id >= 36 && id != 39
		if wrote && writes != 1 || !wrote && writes != 0 {
			t.Errorf("conversation %d was written to %d times", id, writes)
		}
	}
	if want := "\n10 found: 2 resolved, 3 skipped, 3 failed, 2 unknown\n"; !strings.HasSuffix(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
}

// lineOf returns the line about a conversation.
func lineOf(out string, id int) string {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(line), strconv.Itoa(id)+" ") {
			return line
		}
	}
	return ""
}

// TestInterrupted checks that the program stops during a write, and reports that its outcome is unknown.
func TestInterrupted(t *testing.T) {
	s := newStandIn(t)
	s.add(20, 40, cfchat.StatusOpen)
	ctx, cancel := context.WithCancel(t.Context())
	s.before["POST /3/toggle_status"] = func() {
		cancel()
		s.FailNext(cfchat.OperationToggleStatusOfAConversation, cfchattest.Failure{Cut: true})
	}
	out, err := s.run(ctx, s.BotKey(), "-yes")
	if err == nil || err.Error() != "interrupted" || !strings.Contains(out, "\n3 found: 2 resolved, 1 unknown\n") {
		t.Errorf("it ended with %v and said\n%s", err, out)
	}
	if len(s.writes()) > 3 {
		t.Errorf("it wrote %v", s.writes())
	}
}

// TestFailedSearch checks that a failed search prints nothing.
func TestFailedSearch(t *testing.T) {
	s := newStandIn(t)
	s.FailNext(cfchat.OperationConversationFilter, cfchattest.Failure{Status: http.StatusUnauthorized})
	if out, err := s.run(t.Context(), "", "-yes"); err == nil || !strings.Contains(err.Error(), "401") || out != "" {
		t.Errorf("it ended with %v and said %q", err, out)
	}
}

// TestRefused checks that wrong arguments are refused, and nothing is sent.
func TestRefused(t *testing.T) {
	for want, c := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"-days: must be 1 or more":                    {[]string{"-days", "0"}, nil},
		`unexpected argument "x"; -h shows the flags`: {[]string{"x"}, nil},
		"set both CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID; for the stand-in set neither, and no CFCHAT_SERVER": {nil, map[string]string{"CFCHAT_USER_API_KEY": "k"}},
		"CFCHAT_ACCOUNT_ID: it is not a number":                                           {[]string{"-yes"}, map[string]string{"CFCHAT_USER_API_KEY": "k", "CFCHAT_ACCOUNT_ID": "x"}},
		"this is a real account: -dry-run shows what would be resolved, -yes resolves it": {nil, map[string]string{"CFCHAT_USER_API_KEY": "k", "CFCHAT_ACCOUNT_ID": "1"}},
	} {
		err := run(t.Context(), c.args, func(name string) string { return c.env[name] }, io.Discard)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestStandInAccount runs the program without an account.
func TestStandInAccount(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), nil, func(string) string { return "" }, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Using a stand-in server with 24 open conversations.\n", "  Omar  ", "\n8 found: 8 resolved\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestContact(t *testing.T) {
	for name, want := range map[string]string{
		"Zoë": "Zoë", "\x1b[31mred\n\u202e": "[31mred", "": "-", "Maximiliane von Hohenfels": "Maximiliane von Hoh…",
	} {
		c := cfchat.Conversation{Meta: cfchat.ConversationMeta{Sender: cfchat.Contact{Name: &name}}}
		if got := contact(&c); got != want {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
	if got := contact(&cfchat.Conversation{}); got != "-" {
		t.Errorf("no name is shown as %q", got)
	}
}
