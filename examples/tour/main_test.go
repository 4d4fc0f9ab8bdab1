package main

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestTour takes the tour on the stand-in and looks for what each step shows.
func TestTour(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), nil, func(string) string { return "" }, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"(conversation_list_meta)", "open         9   3 assigned, 6 not",
		"(conversation_list)", "42  open      Priya    Grace Agent  vip, billing",
		"(get_details_of_a_conversation)", `last message: "`,
		"(list_all_labels_of_a_conversation)\n\n  bug\n",
		"(conversation_filter)", "49  open    Liv      nobody",
		"none lost", "13 conversations, up to id 72 of 72; requests: ",
		"(new_conversation)", `last message: "Hello from the tour"`,
		"(toggle_status_of_a_conversation)", "now snoozed until 20", "now resolved",
		"404 Resource could not be found",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the tour does not show %q", want)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestRealAccount takes the tour as on a real account: it reads unless asked, and then writes to what it created.
func TestRealAccount(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		writes []string
	}{
		"read":                {nil, nil},
		"write without where": {[]string{"-write"}, nil},
		"where without write": {[]string{"-inbox", "1", "-contact", "1"}, nil},
		"write":               {[]string{"-write", "-inbox", "1", "-contact", "1"}, []string{"", "/2", "/2", "/2", "/2"}},
	} {
		server := cfchattest.New(t)
		server.AddConversation(cfchattest.Conversation{}) // brings its inbox and contact
		env := map[string]string{
			"CFCHAT_USER_API_KEY": server.AdminKey(), "CFCHAT_SERVER": server.URL(),
			"CFCHAT_ACCOUNT_ID": strconv.FormatInt(server.AccountID(), 10),
		}
		var out strings.Builder
		if err := run(t.Context(), c.args, func(name string) string { return env[name] }, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var writes []string
		for _, r := range server.Requests() {
			if r.Method == http.MethodPost && !strings.HasSuffix(r.Path, "/filter") {
				_, target, _ := strings.Cut(r.Path, "/conversations")
				writes = append(writes, strings.TrimSuffix(target, "/toggle_status"))
			}
		}
		if !slices.Equal(writes, c.writes) {
			t.Errorf("%s: it wrote to %q", name, writes)
		}
	}
}

// TestHalfAnEnvironment is refused.
func TestHalfAnEnvironment(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"set both CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID, or neither, and no CFCHAT_SERVER, for the stand-in": {"CFCHAT_USER_API_KEY": "k"},
		"CFCHAT_ACCOUNT_ID: it is not a number": {"CFCHAT_USER_API_KEY": "k", "CFCHAT_ACCOUNT_ID": "x"},
	} {
		err := run(t.Context(), nil, func(name string) string { return env[name] }, io.Discard)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestRefused takes no tour with arguments that it would not use.
func TestRefused(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"; -h shows the flags`: {"x"},
		"-inbox: must be 0 or more":                   {"-inbox", "-1"},
		"-contact: must be 0 or more":                 {"-contact", "-1"},
		"on the stand-in -contact and -inbox are not used; set CFCHAT_ACCOUNT_ID and a key for a real account": {"-inbox", "1", "-contact", "1"},
	} {
		var out strings.Builder
		if err := run(t.Context(), args, func(string) string { return "" }, &out); err == nil || err.Error() != want || out.Len() > 0 {
			t.Errorf("got %v, want %s, and it says %s", err, want, &out)
		}
	}
}

// TestInterrupted says so.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, nil, func(string) string { return "" }, io.Discard); err == nil || !strings.HasPrefix(err.Error(), "interrupted: ") {
		t.Errorf("got %v", err)
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
			t.Errorf("after %s comes %s", now, got)
		}
	}
}
