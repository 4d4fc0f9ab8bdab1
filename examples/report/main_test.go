package main

import (
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

var evening = time.Date(2026, time.March, 29, 20, 0, 0, 0, time.UTC) // the day on which clocks in Europe go forward

// office returns a server with conversations of different ages: unassigned, of a person, of a bot, answered, and resolved.
func office(t *testing.T, version string) *cfchattest.Server {
	s := cfchattest.New(t, cfchattest.Version(version), cfchattest.Clock(func() time.Time { return evening }))
	mail := s.AddInbox(cfchattest.Inbox{Name: "Support\x1b[2J mail", Channel: cfchat.ChannelEmail})
	add := func(ago time.Duration, c cfchattest.Conversation, name string) int64 {
		c.CreatedAt, c.Contact = evening.Add(-ago), s.AddContact(cfchattest.Contact{Name: name})
		return s.AddConversation(c)
	}
	add(time.Hour, cfchattest.Conversation{Inbox: 1, Assignee: 2}, "Mia")
	add(30*time.Hour, cfchattest.Conversation{Inbox: mail}, "Noah with a name that is far too long")
	answered := add(50*time.Hour, cfchattest.Conversation{Inbox: 1, Assignee: 2}, "Liv")
	s.AddMessage(answered, cfchattest.Message{Type: cfchat.MessageTypeOutgoing})
	add(90*time.Hour, cfchattest.Conversation{Inbox: 1, Status: cfchat.StatusResolved}, "Emil")
	if version == "4.16.2" {
		bot, _ := s.AddBot(cfchattest.Bot{Name: "Night Bot"})
		add(20*time.Minute, cfchattest.Conversation{Inbox: 1, Bot: bot}, "")
	}
	return s
}

// reported returns the report of a server.
func reported(t *testing.T, s *cfchattest.Server, zone string, longest int) (string, *report) {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	r, err := read(t.Context(), s.Account(t))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r.print(&out, evening.In(location), longest)
	return out.String(), r
}

// TestReport checks that the report has names in place of ids, the longest wait first, per inbox and agent and in total, and
// times in the zone.
func TestReport(t *testing.T) {
	const want = `Open conversations of account 1 on Sunday 29 March 2026, 22:00 CEST

INBOX            AGENT            OPEN  WAITING  LONGEST
Support[2J mail  nobody           1     1        1d 6h
API inbox        Grace Agent      2     1        1h 0m
API inbox        Night Bot (bot)  1     1        20m
all                               4     3        1d 6h

WAITING  SINCE             ID  INBOX            AGENT            CONTACT
1d 6h    Sat 28 Mar 15:00  2   Support[2J mail  nobody           Noah with a name that i…
1h 0m    Sun 29 Mar 21:00  1   API inbox        Grace Agent      Mia
20m      Sun 29 Mar 21:40  5   API inbox        Night Bot (bot)  Contact 5
`
	got, _ := reported(t, office(t, "4.16.2"), "Europe/Oslo", 20)
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, _ = reported(t, office(t, "4.16.2"), "UTC", 1); !strings.Contains(got, "Sat 28 Mar 14:00") || strings.Contains(got, "Mia") {
		t.Errorf("limited to the longest wait it is\n%s", got)
	}
}

// TestByVersion checks that the report shows waits from 3.1.0 on; before, it shows the time since the last activity, and
// says so.
func TestByVersion(t *testing.T) {
	for version, want := range map[string]string{
		"2.16.0": "The server does not show who waits. Instead, this is the time since the last activity. INBOX AGENT OPEN IDLE LONGEST",
		"3.1.0":  "INBOX AGENT OPEN WAITING LONGEST",
		"4.7.0":  "INBOX AGENT OPEN WAITING LONGEST",
	} {
		got, _ := reported(t, office(t, version), "UTC", 20)
		rows := "API inbox Grace Agent 2 1 1h 0m all 3 2 1d 6h"
		if version == "2.16.0" {
			rows = "API inbox Grace Agent 2 2 1h 0m all 3 3 1d 6h"
		}
		text := strings.Join(strings.Fields(got), " ")
		if !strings.Contains(text, want) || !strings.Contains(text, rows) || strings.Contains(text, "IDLE") != (version == "2.16.0") {
			t.Errorf("%s: got\n%s", version, got)
		}
	}
}

// TestOwner checks the names of owners and inboxes, including people, bots and inboxes that no longer exist.
func TestOwner(t *testing.T) {
	r := &report{names: new(cfchat.Names)}
	for _, c := range []struct {
		meta cfchat.ConversationMeta
		want string
	}{
		{cfchat.ConversationMeta{}, "nobody"},
		{cfchat.ConversationMeta{Assignee: &cfchat.Agent{ID: 7, Name: "Ada"}}, "Ada (has left)"},
		{cfchat.ConversationMeta{Assignee: &cfchat.Agent{ID: 7}}, "agent 7 (has left)"},
		{cfchat.ConversationMeta{AssigneeBot: &cfchat.AgentBot{ID: 7}}, "bot 7 (bot)"},
	} {
		if r.add(&cfchat.Conversation{InboxID: 3, Meta: c.meta}); r.rows[len(r.rows)-1].place != (place{"inbox 3", c.want}) {
			t.Errorf("got %+v, want %s", r.rows[len(r.rows)-1], c.want)
		}
	}
}

// TestBroken checks that the report includes everything but an unrenderable conversation, and names that one.
func TestBroken(t *testing.T) {
	s := cfchattest.New(t, cfchattest.Clock(func() time.Time { return evening }))
	for range 30 {
		s.AddConversation(cfchattest.Conversation{})
	}
	contact := s.AddContact(cfchattest.Contact{})
	broken := s.AddConversation(cfchattest.Conversation{Contact: contact})
	for range 30 {
		s.AddConversation(cfchattest.Conversation{})
	}
	s.DeleteContact(contact)
	got, r := reported(t, s, "UTC", 0)
	if len(r.rows) != 60 || len(r.unread) != 1 || !strings.Contains(got, "\nConversation "+strconv.FormatInt(broken, 10)+" is not in the report: cfchat: ") {
		t.Errorf("with %d rows and %v unread the report is\n%s", len(r.rows), r.unread, got)
	}
}

// TestEmpty checks the report of an empty account.
func TestEmpty(t *testing.T) {
	got, _ := reported(t, cfchattest.New(t), "UTC", 20)
	if !strings.HasSuffix(got, "\n\nINBOX  AGENT  OPEN  WAITING  LONGEST\nall           0     0        -\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestRun runs the program without an account, and checks that wrong arguments are refused.
func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-zone", "Asia/Tokyo"}, func(string) string { return "" }, &out); err != nil || !strings.Contains(out.String(), " JST\n") {
		t.Errorf("%v, and it says\n%s", err, out.String())
	}
	for want, args := range map[string][]string{
		`unexpected argument "x"; -h shows the flags`: {"x"}, "-zone: unknown time zone Mars/Base": {"-zone", "Mars/Base"},
		"-longest: must be 0 or more": {"-longest", "-1"},
	} {
		out.Reset()
		if err := run(t.Context(), args, func(string) string { return "" }, &out); err == nil || err.Error() != want || out.Len() > 0 {
			t.Errorf("got %v, want %s, and it says %s", err, want, &out)
		}
	}
}

// TestInterrupted checks that an interrupted program says so, and nothing else.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, nil, func(string) string { return "" }, new(strings.Builder)); err == nil || err.Error() != "interrupted" {
		t.Errorf("got %v", err)
	}
}

// TestPage checks that docs/names.md shows what the program prints for the command given there, at a fixed time.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/names.md")
	if err != nil {
		t.Fatal(err)
	}
	oslo, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.November, 28, 18, 35, 0, 0, oslo)
	server := standIn(now)
	defer server.Close()
	r, err := read(t.Context(), server.Account(t))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r.print(&out, now, 20)
	const command = "`go run ./examples/report -zone Europe/Oslo`"
	shown := "\n\n" + regexp.MustCompile("(?m)^.").ReplaceAllString(strings.TrimSpace(out.String()), "    $0") + "\n\n"
	if !strings.Contains(string(page), command) || !strings.Contains(string(page), shown) {
		t.Errorf("docs/names.md does not have %s and\n%s", command, shown)
	}
}
