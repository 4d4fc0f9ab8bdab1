package main

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// stepped is a server in which a test can act before a request.
type stepped struct {
	*cfchattest.Server
	before map[string]func() // by method and the end of the path
}

func newStepped(t *testing.T) *stepped {
	s := &stepped{Server: cfchattest.New(t), before: map[string]func(){}}
	s.Before("", func(r cfchattest.Request) {
		_, target, _ := strings.Cut(r.Path, "/conversations")
		if step := s.before[r.Method+" "+target]; step != nil {
			step()
		}
	})
	s.AddLabel(cfchattest.Label{Title: "vip"})
	return s
}

// fill adds n conversations: in turn without a label, with billing, and with vip and billing.
func (s *stepped) fill(n int) {
	for i := range n {
		s.AddConversation(cfchattest.Conversation{Labels: [][]string{nil, {"billing"}, {"vip", "billing"}}[i%3]})
	}
}

// run runs the program against the server.
func (s *stepped) run(ctx context.Context, args ...string) (string, error) {
	env := map[string]string{
		"CFCHAT_USER_API_KEY": s.AdminKey(), "CFCHAT_SERVER": s.URL(), "CFCHAT_ACCOUNT_ID": strconv.FormatInt(s.AccountID(), 10),
	}
	var out strings.Builder
	err := run(ctx, append([]string{"-per-minute", "100000"}, args...), func(name string) string { return env[name] }, &out)
	return out.String(), err
}

// writes counts the requests that set labels.
func (s *stepped) writes() (n int) {
	for _, r := range s.Requests() {
		if r.Operation == "conversationAddLabels" {
			n++
		}
	}
	return n
}

// having returns the ids of the conversations that have a label.
func (s *stepped) having(label string) (ids []int64) {
	for _, c := range s.Conversations() {
		if has(c.Labels, label) {
			ids = append(ids, c.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// TestSweep adds a label and removes another, only from conversations that match the filter and need it, and checks that a
// second run does nothing.
func TestSweep(t *testing.T) {
	s := newStepped(t)
	s.fill(60)
	s.AddConversation(cfchattest.Conversation{Status: cfchat.StatusResolved, Labels: []string{"billing", "old"}})
	out, err := s.run(t.Context(), "-add", "VIP", "-remove", "billing", "-yes")
	if err != nil || !strings.HasSuffix(out, "\n60 found: 60 changed\n") || strings.Contains(out, "does not know") {
		t.Errorf("it ended with %v and said\n%s", err, out)
	}
	if vip, billing := s.having("vip"), s.having("billing"); len(vip) != 60 || !slices.Equal(billing, []int64{61}) || s.writes() != 80 {
		t.Errorf("vip have %v, billing %v, after %d writes", vip, billing, s.writes())
	}
	out, err = s.run(t.Context(), "-add", "vip", "-remove", "billing", "-yes")
	if err != nil || !strings.HasSuffix(out, "\n60 found: 60 unchanged\n") || s.writes() != 80 {
		t.Errorf("the second run ended with %v after %d writes and said\n%s", err, s.writes(), out)
	}
	out, err = s.run(t.Context(), "-remove", "old", "-where", "[]", "-yes")
	if err != nil || !strings.HasSuffix(out, "\n61 found: 1 changed, 60 unchanged\n") || len(s.having("old")) != 0 {
		t.Errorf("for all conversations it ended with %v and said\n%s", err, out)
	}
	where := `[{"attribute_key":"status","filter_operator":"equal_to","values":["resolved"],"query_operator":null}]`
	out, err = s.run(t.Context(), "-add", "done", "-where", where, "-yes")
	if err != nil || !strings.Contains(out, `does not know the label "done"`) || !slices.Equal(s.having("done"), []int64{61}) {
		t.Errorf("with a filter it ended with %v and said\n%s", err, out)
	}
}

// TestDryRun checks that a dry run shows the same changes and writes nothing.
func TestDryRun(t *testing.T) {
	s := newStepped(t)
	s.fill(3)
	out, err := s.run(t.Context(), "-add", "vip", "-remove", "billing", "-dry-run")
	for _, want := range []string{
		"       1  would change  labels [\"vip\"]\n", "       2  would change  labels [\"vip\"]\n",
		"       3  would change  labels [\"vip\"]\n", "\n3 found: 3 would change\n",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("it ended with %v and said\n%swithout %q", err, out, want)
		}
	}
	if s.writes() > 0 {
		t.Error("the dry run wrote")
	}
}

// TestFailures checks that the program continues after failures and ends with an error, and that the next run does the rest.
func TestFailures(t *testing.T) {
	s := newStepped(t)
	s.fill(90) // more than two pages
	const set = cfchat.OperationConversationAddLabels
	s.before = map[string]func(){
		"POST /4/labels":  func() { s.FailNext(set, cfchattest.Failure{Status: http.StatusForbidden}) },
		"POST /7/labels":  func() { s.FailNext(set, cfchattest.Failure{Cut: true}) }, // after the change, which the program then finds
		"POST /10/labels": func() { s.FailNext(set, cfchattest.Failure{Status: http.StatusBadGateway}) },
	}
	out, err := s.run(t.Context(), "-add", "vip", "-yes")
	if err == nil || err.Error() != "not known to be done: 2; run it again, which skips what is done" {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{
		"       4  failed        cfchat: conversationAddLabels: conversation 4 of account 1: 403 Forbidden",
		"       7  changed       labels [\"vip\"]\n",
		"      10  unknown       cfchat: conversationAddLabels: conversation 10 of account 1: 502 Bad Gateway",
		"      11  changed       labels [\"billing\" \"vip\"]\n",
		"\n90 found: 58 changed, 30 unchanged, 1 failed, 1 unknown\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	s.before = nil
	if out, err = s.run(t.Context(), "-add", "vip", "-yes"); err != nil || !strings.HasSuffix(out, "\n90 found: 2 changed, 88 unchanged\n") {
		t.Errorf("the second run ended with %v and said\n%s", err, out)
	}
}

// TestInterrupted checks that the program stops during a write, and that the next run continues with that conversation.
func TestInterrupted(t *testing.T) {
	s := newStepped(t)
	s.fill(9)
	ctx, cancel := context.WithCancel(t.Context())
	s.before["POST /4/labels"] = func() {
		cancel()
		s.FailNext(cfchat.OperationConversationAddLabels, cfchattest.Failure{Cut: true})
	}
	out, err := s.run(ctx, "-add", "vip", "-yes")
	if err == nil || err.Error() != "interrupted; to continue, run it again with -after 3" ||
		!strings.Contains(out, "       4  unknown ") || !strings.HasSuffix(out, "\n4 found: 2 changed, 1 unchanged, 1 unknown\n") {
		t.Errorf("it ended with %v and said\n%s", err, out)
	}
	s.before = nil
	out, err = s.run(t.Context(), "-add", "vip", "-after", "3", "-yes")
	if err != nil || strings.Contains(out, "       3  ") || !strings.Contains(out, "\n6 found: ") || len(s.having("vip")) != 9 {
		t.Errorf("the next run ended with %v and said\n%s", err, out)
	}
}

// TestInterruptedAtTheFirst checks that a run interrupted at the first conversation shows it, and names no id to continue
// from.
func TestInterruptedAtTheFirst(t *testing.T) {
	s := newStepped(t)
	s.fill(9)
	ctx, cancel := context.WithCancel(t.Context())
	s.before["GET /1/labels"] = cancel
	if out, err := s.run(ctx, "-add", "vip", "-yes"); err == nil || err.Error() != "interrupted" || !strings.HasPrefix(out, "      ID  OUTCOME\n       1  failed ") {
		t.Errorf("it ended with %v and said\n%s", err, out)
	}
}

// TestInterruptedAfterBroken checks that an interrupted run continues after a conversation that the server cannot render.
func TestInterruptedAfterBroken(t *testing.T) {
	s := newStepped(t)
	contact := s.AddContact(cfchattest.Contact{})
	s.AddConversation(cfchattest.Conversation{Contact: contact})
	s.fill(60)
	s.DeleteContact(contact)
	ctx, cancel := context.WithCancel(t.Context())
	s.before["GET /2/labels"] = cancel
	if out, err := s.run(ctx, "-add", "vip", "-yes"); err == nil || err.Error() != "interrupted; to continue, run it again with -after 1" {
		t.Errorf("it ended with %v and said\n%s", err, out)
	}
}

// TestFailedSearch checks that a failed search names the id to continue from, unless that is the beginning.
func TestFailedSearch(t *testing.T) {
	s := newStepped(t)
	s.FailNext(cfchat.OperationConversationFilter, cfchattest.Failure{Status: http.StatusUnauthorized})
	if out, err := s.run(t.Context(), "-remove", "vip", "-yes"); err == nil || !strings.HasSuffix(err.Error(), "401 Unauthorized") || out != "" {
		t.Errorf("it ended with %v and said %q", err, out)
	}
	s.FailNext(cfchat.OperationConversationFilter, cfchattest.Failure{Status: http.StatusUnauthorized})
	if _, err := s.run(t.Context(), "-remove", "vip", "-yes", "-after", "7"); err == nil || !strings.HasSuffix(err.Error(), "401 Unauthorized; to continue, run it again with -after 7") {
		t.Errorf("after 7 it ended with %v", err)
	}
	s.FailNext(cfchat.OperationListAllLabels, cfchattest.Failure{Status: http.StatusUnauthorized})
	if out, err := s.run(t.Context(), "-add", "vip", "-yes"); err == nil || !strings.HasSuffix(err.Error(), "401 Unauthorized") || out != "" {
		t.Errorf("with a failed list of labels it ended with %v and said %q", err, out)
	}
}

// TestRefused checks that wrong arguments are refused, and nothing is sent.
func TestRefused(t *testing.T) {
	env := map[string]string{"CFCHAT_USER_API_KEY": "k", "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_SERVER": "http://127.0.0.1:1"}
	for want, args := range map[string][]string{
		`unexpected argument "x"; -h shows the flags`:                                   {"x"},
		"name a label with -add or -remove":                                             {"-yes"},
		`the label "VIP" is to be both added and removed`:                               {"-add", "VIP", "-remove", "vip", "-yes"},
		"this is a real account: -dry-run shows what would be done, -yes does it":       {"-add", "vip"},
		"-per-minute: must be 1 or more":                                                {"-add", "vip", "-yes", "-per-minute", "0"},
		"-after: must be 0 or more\n-per-minute: must be 1 or more":                     {"-add", "vip", "-after", "-3", "-per-minute", "-5"},
		`invalid value "a,b" for flag -add: it has a comma`:                             {"-add", "a,b"},
		`it has a comma or a leading quote`:                                             {"-add", `"a`},
		`invalid value "'a" for flag -remove: it has a comma or a leading quote`:        {"-remove", "'a"},
		`invalid value "" for flag -add: it is empty`:                                   {"-add", ""},
		`invalid value " a" for flag -add: it is empty, or starts or ends with a blank`: {"-add", " a"},
		`for flag -add: it has more than 255 characters`:                                {"-add", strings.Repeat("å", 256)},
		`invalid value "{}" for flag -where: not a JSON list of rules`:                  {"-where", "{}"},
		`invalid value "null" for flag -where: not a JSON list of rules`:                {"-where", "null"},
		`rule 1 (status): the server does not know this operator`:                       {"-where", `[{"attribute_key":"status"}]`},
	} {
		var out strings.Builder
		err := run(t.Context(), args, func(name string) string { return env[name] }, &out)
		if err == nil || !strings.Contains(err.Error(), want) || out.Len() > 0 {
			t.Errorf("got %v, want %s, and it says %s", err, want, &out)
		}
	}
	for _, args := range [][]string{{"-after", "-3"}, {"-per-minute", "-5"}, {"-where", `["x"]`}} { // flags that are checked on the stand-in, too
		var out strings.Builder
		if err := run(t.Context(), args, func(string) string { return "" }, &out); err == nil || out.Len() > 0 {
			t.Errorf("%q: got %v, and it says %s", args, err, &out)
		}
	}
}

// TestPage checks that docs/labels.md shows what the program prints for the command given there.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/labels.md")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"-add", "billing", "-dry-run"}, func(string) string { return "" }, &out); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(out.String(), "\n\n") // the part after the note about the stand-in
	const command = "`go run ./examples/labelsweep -add billing -dry-run`"
	shown := "\n\n" + regexp.MustCompile("(?m)^.").ReplaceAllString(strings.TrimSpace(table), "    $0") + "\n\n"
	if !strings.Contains(string(page), command) || !strings.Contains(string(page), shown) {
		t.Errorf("docs/labels.md does not have %s and\n%s", command, shown)
	}
}

// TestStandIn runs the program without an account.
func TestStandIn(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-h"}, func(string) string { return "" }, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "on the stand-in: vip") {
		t.Errorf("-h ended with %v and said\n%s", err, &out)
	}
	if err := run(t.Context(), nil, func(string) string { return "" }, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Using a stand-in server with 6 conversations.\n", "       2  changed       labels [\"billing\" \"vip\"]\n", "\n6 found: 4 changed, 2 unchanged\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// TestInterruptedAfterFailure checks that an interrupted run continues before an earlier failure, so that the next run does
// it.
func TestInterruptedAfterFailure(t *testing.T) {
	s := newStepped(t)
	s.fill(9)
	ctx, cancel := context.WithCancel(t.Context())
	s.before["POST /2/labels"] = func() {
		s.FailNext(cfchat.OperationConversationAddLabels, cfchattest.Failure{Status: http.StatusForbidden})
	}
	s.before["POST /5/labels"] = func() { cancel() }
	out, err := s.run(ctx, "-add", "vip", "-yes")
	if err == nil || !strings.HasSuffix(err.Error(), "-after 1") {
		t.Errorf("%v\n%s", err, out)
	}
	s.before = nil
	if _, err := s.run(t.Context(), "-add", "vip", "-after", "1", "-yes"); err != nil || len(s.having("vip")) != 9 {
		t.Errorf("%v, the label is on %v", err, s.having("vip"))
	}
}
