package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// office is a stand-in with an inbox that has three members, and a transport that calls a function before each request.
type office struct {
	*cfchattest.Server

	inbox    int64
	people   []int64
	mu       sync.Mutex
	requests int
	before   func(request int, req *http.Request)
}

func newOffice(t *testing.T, version string) *office {
	o := &office{Server: cfchattest.New(t, cfchattest.Version(version))}
	for _, name := range []string{"Ada", "Ben", "Cleo"} {
		id, _ := o.AddAgent(cfchattest.Agent{Name: name, Online: name != "Ben"})
		o.people = append(o.people, id)
	}
	o.inbox = o.AddInbox(cfchattest.Inbox{Members: o.people})
	return o
}

func (o *office) RoundTrip(req *http.Request) (*http.Response, error) {
	o.mu.Lock()
	o.requests++
	request, before := o.requests, o.before
	o.mu.Unlock()
	if before != nil {
		before(request, req)
	}
	return o.Transport().RoundTrip(req)
}

func (o *office) robin(t *testing.T, out io.Writer) *robin {
	account := o.Account(t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: o} })
	return &robin{account: account, inbox: o.inbox, out: out}
}

// add adds unassigned conversations.
func (o *office) add(count int) {
	for range count {
		o.AddConversation(cfchattest.Conversation{Inbox: o.inbox})
	}
}

// has returns the number of conversations assigned to each member.
func (o *office) has() []int {
	counts := make([]int, len(o.people))
	for _, c := range o.Conversations() {
		if i := slices.Index(o.people, c.Meta.Assignee.GetID()); i >= 0 {
			counts[i]++
		}
	}
	return counts
}

// TestTurns checks that a pass continues where the last one ended, and ignores conversations that are assigned, a bot's,
// resolved, or in another inbox.
func TestTurns(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		o := newOffice(t, version)
		r := o.robin(t, io.Discard)
		o.AddConversation(cfchattest.Conversation{Inbox: o.inbox, Status: cfchat.StatusResolved})
		o.AddConversation(cfchattest.Conversation{})
		if version == "4.16.2" {
			bot, _ := o.AddBot(cfchattest.Bot{})
			o.AddConversation(cfchattest.Conversation{Inbox: o.inbox, Bot: bot})
		}
		for _, step := range []struct {
			added int
			want  []int
		}{{2, []int{1, 1, 0}}, {2, []int{2, 1, 1}}, {0, []int{2, 1, 1}}, {5, []int{3, 2, 2}}, {0, []int{3, 3, 3}}} {
			o.add(step.added)
			if err := r.pass(t.Context()); err != nil || !slices.Equal(o.has(), step.want) {
				t.Errorf("%s: they have %v, want %v, %v", version, o.has(), step.want, err)
			}
		}
	}
}

// TestOnline checks that nothing is assigned to members who are not online.
func TestOnline(t *testing.T) {
	o := newOffice(t, "4.7.0")
	r := o.robin(t, io.Discard)
	r.online = true
	o.add(3)
	if err := r.pass(t.Context()); err != nil || !slices.Equal(o.has(), []int{1, 0, 1}) {
		t.Errorf("they have %v, %v", o.has(), err)
	}
}

// TestFaults makes each request of a pass fail in each way, and checks that everything is assigned after a few more passes,
// with at most one conversation per member and pass.
func TestFaults(t *testing.T) {
	for _, fault := range []cfchattest.Failure{{Status: 500}, {Status: 504, Delay: 40 * time.Second}, {Cut: true}, {Delay: 40 * time.Second}} {
		for at := 1; at <= 12; at++ {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(t, "4.16.2")
				o.before = func(request int, _ *http.Request) {
					if request == at {
						o.FailNext("", fault)
					}
				}
				r := o.robin(t, io.Discard)
				o.add(6)
				for range 4 {
					before := o.has()
					_ = r.pass(t.Context()) // the next pass continues
					for i, now := range o.has() {
						if now > before[i]+1 {
							t.Errorf("%+v at %d: from %v to %v in a pass", fault, at, before, o.has())
						}
					}
				}
				if has := o.has(); has[0]+has[1]+has[2] != 6 {
					t.Errorf("%+v at %d: they have %v", fault, at, o.has())
				}
			})
		}
	}
}

// TestAnotherProgram lets another program assign at the same time. It keeps its conversation, and the member whose turn it
// was gets the next one.
func TestAnotherProgram(t *testing.T) {
	for _, ahead := range []bool{true, false} {
		o := newOffice(t, "4.7.0")
		o.add(3)
		other, gets := o.Account(t), 0
		o.before = func(_ int, req *http.Request) {
			if req.Method != http.MethodGet || !strings.HasSuffix(req.URL.Path, "/conversations/1") {
				return
			}
			if gets++; ahead == (gets == 1) {
				if _, err := other.Conversations.Assign(req.Context(), 1, 2); err != nil {
					t.Error(err)
				}
			}
		}
		var out bytes.Buffer
		if err := o.robin(t, &out).pass(t.Context()); err != nil || !slices.Equal(o.has(), []int{1, 1, 0}) {
			t.Errorf("ahead %t: they have %v, %v", ahead, o.has(), err)
		}
		if !strings.Contains(out.String(), "Grace Agent has") || strings.Contains(out.String(), "left") {
			t.Errorf("ahead %t:\n%s", ahead, &out)
		}
	}
}

// TestRun checks the table of the stand-in, and that wrong arguments are refused.
func TestRun(t *testing.T) {
	none := func(string) string { return "" }
	var out bytes.Buffer
	if err := run(t.Context(), nil, none, &out); err != nil {
		t.Fatal(err)
	}
	const table = `CONVERSATION  CONTACT               AGENT                 OUTCOME
1             Mia                   Ada                   assigned
2             Noah                  Ben                   assigned
3             Zoe                   Cleo                  assigned
1 left for the next pass.
`
	if !strings.HasSuffix(out.String(), table) {
		t.Errorf("got\n%s", &out)
	}
	account := func(name string) string {
		return map[string]string{"CFCHAT_USER_API_KEY": "key", "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_SERVER": "http://localhost:9"}[name]
	}
	for _, c := range []struct {
		args []string
		env  func(string) string
		want string
	}{
		{nil, account, "name the inbox with -inbox"},
		{[]string{"x"}, none, `unexpected argument "x"; -h shows the flags`},
		{[]string{"-inbox", "3"}, account, "connection refused"},
		{[]string{"-inbox", "99"}, none, "on the stand-in -inbox is not used"},
		{[]string{"-inbox", "-3", "-every", "-1s"}, account, "-inbox: must be 0 or more\n-every: must be 0 or more"},
	} {
		if err := run(t.Context(), c.args, c.env, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %s", c.args, err, c.want)
		}
	}
}

// TestLeft checks that the program says how many conversations are left for the next pass, without those of bots, and why
// nobody gets one.
func TestLeft(t *testing.T) {
	o := newOffice(t, "4.16.2")
	bot, _ := o.AddBot(cfchattest.Bot{})
	o.add(60)
	o.AddConversation(cfchattest.Conversation{Inbox: o.inbox, Bot: bot})
	away, _ := o.AddAgent(cfchattest.Agent{Name: "Away"})
	alone, nobody := o.AddInbox(cfchattest.Inbox{Members: []int64{away}}), o.AddInbox(cfchattest.Inbox{})
	for _, c := range []struct {
		inbox int64
		want  string
		fails string
	}{
		{o.inbox, "assigned\n58 left for the next pass.\n", ""},
		{alone, fmt.Sprintf("No member of inbox %d is online. None left.\n", alone), ""},
		{nobody, "", fmt.Sprintf("inbox %d has no members", nobody)},
	} {
		var out bytes.Buffer
		r := o.robin(t, &out)
		r.inbox, r.online = c.inbox, true
		err := r.run(t.Context(), 0)
		if (err != nil) != (c.fails != "") || err != nil && err.Error() != c.fails || !strings.HasSuffix(out.String(), c.want) {
			t.Errorf("inbox %d: %v, want %q, and the output is\n%s", c.inbox, err, c.fails, &out)
		}
	}
}

// TestUnconfirmed checks the reason given if no member is confirmed, whether online or not.
func TestUnconfirmed(t *testing.T) {
	var out bytes.Buffer
	r := &robin{inbox: 3, out: &out}
	if r.sayLeft(2, true); out.String() != "No member of inbox 3 is confirmed. 2 left for the next pass.\n" {
		t.Errorf("it says %s", &out)
	}
}

// TestUsage checks that -h explains what a pass is.
func TestUsage(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, nil, &out); !errors.Is(err, flag.ErrHelp) ||
		!strings.Contains(out.String(), "the time between passes, each of which assigns at most one conversation to every member") {
		t.Errorf("%v, and it says\n%s", err, &out)
	}
}

// TestEvery checks that there is one table heading for all passes, and that an unchanged state is printed once.
func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, "4.16.2")
		o.add(4)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.AfterFunc(5*time.Minute, func() { o.add(1) })
		var out bytes.Buffer
		if err := o.robin(t, &out).run(ctx, time.Minute+time.Second); err != nil {
			t.Error(err)
		}
		said := out.String()
		if strings.Count(said, "CONVERSATION") != 1 || strings.Count(said, " assigned\n") != 5 ||
			strings.Count(said, "1 left for the next pass.\n") != 1 || strings.Count(said, "None left.\n") != 2 {
			t.Errorf("it says\n%s", said)
		}
	})
}

// TestInterrupted checks that an interruption ends a pass, with the error "interrupted".
func TestInterrupted(t *testing.T) {
	o := newOffice(t, "4.16.2")
	o.add(3)
	ctx, cancel := context.WithCancel(t.Context())
	o.before = func(request int, _ *http.Request) {
		if request == 3 {
			cancel()
		}
	}
	var out bytes.Buffer
	if err := o.robin(t, &out).run(ctx, time.Minute); err == nil || err.Error() != "interrupted" {
		t.Errorf("got %v, and it says\n%s", err, &out)
	}
}
