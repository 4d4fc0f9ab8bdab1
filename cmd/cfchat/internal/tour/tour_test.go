package tour

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestStandIn checks what each step of the tour shows on the stand-in, and that it fits a terminal.
func TestStandIn(t *testing.T) {
	var out strings.Builder
	if err := RunOnStandIn(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"(conversation_list_meta)", "open         9   3 assigned, 6 not",
		"(conversation_list)", "42  open      Priya    Grace Agent  vip, billing",
		"(get_details_of_a_conversation)", `last message: "`,
		"(list_all_labels_of_a_conversation)\n\n  bug\n",
		"(conversation_filter)", "49  open    Liv      nobody",
		"none lost", "conversations: 13, up to id 72 of 72; requests: ",
		"(new_conversation)", `last message: "Hello from the tour"`,
		"(toggle_status_of_a_conversation)", "now snoozed until ", "now resolved",
		"404\n  Message         Resource could not be found",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tour does not show %q", want)
		}
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// anAccount starts a server, with a conversation of contact 1 in inbox 1, that the tour treats as a real account.
func anAccount(t *testing.T) *cfchattest.Server {
	t.Helper()
	server := cfchattest.New(t)
	server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(cfchattest.Contact{Name: "Priya"})})
	return server
}

// writes returns the targets of the requests that change something: "" for a created conversation, else "/" and its number.
func writes(server *cfchattest.Server) (targets []string) {
	for _, r := range server.Requests() {
		if r.Method != http.MethodGet && !strings.HasSuffix(r.Path, "/filter") {
			_, target, _ := strings.Cut(r.Path, "/conversations")
			targets = append(targets, strings.TrimSuffix(target, "/toggle_status"))
		}
	}
	return targets
}

// TestRealAccount checks that a real account is only read unless the tour may write, that it then only writes to what it has
// created, and that it says what it writes either way.
func TestRealAccount(t *testing.T) {
	for name, c := range map[string]struct {
		options Options
		want    []string
		writes  []string
	}{
		"read": {Options{}, []string{
			"(left out)", "Account 1 was only read. With --write the tour would\n",
			"a conversation in the inbox of --inbox\n    for the contact of --contact,\n",
			"add --write --inbox <number> --contact <number>\n",
		}, nil},
		"where without write": {Options{Inbox: 1, Contact: 1}, []string{
			"With --write the tour would\n", "a conversation in inbox 1 (API inbox)\n    for contact 1 (Priya),\n",
			"add --write --inbox 1 --contact 1\n",
		}, nil},
		"write": {Options{Write: true, Inbox: 1, Contact: 1}, []string{
			"(written now, by --write)", "The tour writes to account 1 now: it will\n",
			"a conversation in inbox 1 (API inbox)\n    for contact 1 (Priya),\n", "which the inbox may deliver,\n    and with the custom attribute source, \"tour\"\n",
		}, []string{"", "/2", "/2", "/2", "/2"}},
	} {
		server := anAccount(t)
		c.options.Server = "https://chat.example.com"
		var out strings.Builder
		if err := Run(t.Context(), server.Account(t), c.options, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range append(c.want, "Account 1 of https://chat.example.com\n") {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: it does not print %q\n%s", name, want, &out)
			}
		}
		if got := writes(server); !slices.Equal(got, c.writes) {
			t.Errorf("%s: it wrote to %q", name, got)
		}
	}
}

// announced records how many writes a server had received when the tour announced them.
type announced struct {
	strings.Builder
	server *cfchattest.Server
	writes int // -1 before
}

func (a *announced) Write(p []byte) (int, error) {
	if a.writes < 0 && strings.Contains(string(p), "leave it resolved") {
		a.writes = len(writes(a.server))
	}
	return a.Builder.Write(p)
}

// TestAnnouncesWrites checks that the tour prints what it will write before it writes.
func TestAnnouncesWrites(t *testing.T) {
	server := anAccount(t)
	out := &announced{server: server, writes: -1}
	err := Run(t.Context(), server.Account(t), Options{Write: true, Inbox: 1, Contact: 1}, out)
	if err != nil || out.writes != 0 || len(writes(server)) != 5 {
		t.Errorf("%v, after %d of %d writes", err, out.writes, len(writes(server)))
	}
}

// TestUnreadableNames checks that unreadable names do not keep the tour from writing: a key may write where it may not read.
func TestUnreadableNames(t *testing.T) {
	server := anAccount(t)
	server.FailNext(cfchat.OperationGetInbox, cfchattest.Failure{Status: http.StatusUnauthorized})
	var out strings.Builder
	err := Run(t.Context(), server.Account(t), Options{Write: true, Inbox: 1, Contact: 1}, &out)
	if err != nil || !strings.Contains(out.String(), "inbox 1 (its name cannot be read: 401 Unauthorized)") || len(writes(server)) != 5 {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestNowhere checks that the error names the flags if the inbox or the contact does not exist.
func TestNowhere(t *testing.T) {
	err := Run(t.Context(), anAccount(t).Account(t), Options{Write: true, Inbox: 77, Contact: 1}, io.Discard)
	if err == nil || !strings.HasSuffix(err.Error(), "; does the account have the inbox of --inbox and the contact of --contact?") {
		t.Errorf("got %v", err)
	}
}

// TestStops checks that the error names the conversation that the tour leaves behind.
func TestStops(t *testing.T) {
	server := anAccount(t)
	server.FailNext(cfchat.OperationToggleStatusOfAConversation, cfchattest.Failure{Status: http.StatusForbidden})
	err := Run(t.Context(), server.Account(t), Options{Write: true, Inbox: 1, Contact: 1}, io.Discard)
	if err == nil || !strings.HasPrefix(err.Error(), "conversation 2, which the tour has created, stays: ") {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted checks that the tour ends with the context.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := RunOnStandIn(ctx, io.Discard); err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("got %v", err)
	}
}

// TestShort checks that short removes everything that a terminal would obey.
func TestShort(t *testing.T) {
	for text, want := range map[string]string{
		"a\tb\n c": "a b c", "\x1b[2Jgone": "[2Jgone", "\u202eabc": "abc", "0123456789abc": "0123456789a…", "0123456789ab": "0123456789ab",
	} {
		if got := short(text, 12); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestNextFriday(t *testing.T) {
	for now, want := range map[string]string{
		"2026-11-22": "2026-11-27", "2026-11-26": "2026-11-27", "2026-11-27": "2026-12-04", "2026-11-28": "2026-12-04",
	} {
		day, err := time.Parse(time.DateOnly, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := nextFriday(day).Format("2006-01-02 15:04"); got != want+" 09:00" {
			t.Errorf("after %s: got %s, want %s 09:00", now, got, want)
		}
	}
}
