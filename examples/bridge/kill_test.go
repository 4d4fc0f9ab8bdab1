package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// errKilled is the error of everything that a killed program still tries to do. It has no effect.
var errKilled = errors.New("killed")

// life is one run of the bridge, which is killed at a random point: at a request, before the server sees it, after it has
// answered, or with the request still on its way; or at a note, which is written not at all, partly or completely.
type life struct {
	t      *testing.T
	random *rand.Rand
	server *cfchattest.Server
	kill   context.CancelFunc
	left   int // points to live; 0 for dead
	how    string
	notes  string
	wrote  []byte // the contents of the notes when it was killed
}

// ends counts a point, and reports whether it is the last one.
func (l *life) ends() bool {
	l.left--
	return l.left == 0
}

func (l *life) die(how string) {
	l.how = how
	l.wrote = read(l.t, l.notes)
	l.kill()
}

// RoundTrip sends the request to the server while the program lives.
func (l *life) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.left <= 0 {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errKilled
	}
	if !l.ends() {
		return l.server.Transport().RoundTrip(req)
	}
	late := req.Clone(context.WithoutCancel(req.Context()))
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err := errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
		late.Body = io.NopCloser(bytes.NewReader(body))
	}
	switch l.random.IntN(3) {
	case 0:
		l.die("before " + req.Method)
		return nil, errKilled
	case 1:
		resp, err := l.server.Transport().RoundTrip(late)
		if err == nil {
			_ = resp.Body.Close()
		}
		l.die("after " + req.Method)
		return nil, errKilled
	}
	after := time.Duration(l.random.Int64N(int64(59 * time.Second)))
	go func() {
		time.Sleep(after)
		if resp, err := l.server.Transport().RoundTrip(late); err == nil {
			_ = resp.Body.Close()
		}
	}()
	l.die("during " + req.Method)
	return nil, errKilled
}

// dying is the notes file of a life.
type dying struct {
	*life

	file io.Writer
}

func (d dying) Write(line []byte) (int, error) {
	switch {
	case d.left <= 0:
		return 0, errKilled
	case !d.ends():
		return d.file.Write(line)
	}
	part := []int{0, d.random.IntN(len(line)), len(line)}[d.random.IntN(3)]
	if _, err := d.file.Write(line[:part]); err != nil {
		return 0, err
	}
	d.die("note")
	return 0, errKilled
}

// played is the outcome of a queue.
type played struct {
	messages, kills, doubles, losses int
	people                           int // contacts and conversations too many or too few
	ends                             map[string]int
}

// game is a server and a queue for the bridge.
type game struct {
	*cfchattest.Server

	t             *testing.T
	random        *rand.Rand
	queue         string
	conversations []int64
	inboxes       []int64
	entries       []entry
}

func newGame(t *testing.T, seed uint64, version string) *game {
	g := &game{Server: cfchattest.New(t, cfchattest.Version(version)), t: t, random: rand.New(rand.NewPCG(seed, 200))}
	g.queue = filepath.Join(t.TempDir(), "queue.ndjson")
	for range 3 {
		g.conversations = append(g.conversations, g.AddConversation(cfchattest.Conversation{}))
	}
	g.inboxes = []int64{g.AddInbox(cfchattest.Inbox{}), g.AddInbox(cfchattest.Inbox{Locked: true})}
	for _, name := range []string{"a.txt", "b.txt"} {
		write(t, filepath.Join(filepath.Dir(g.queue), name), name)
	}
	return g
}

// add adds a message to the queue: about half of them are for a person; many of these are new, and half have an e-mail
// address.
func (g *game) add() {
	n := len(g.entries)
	e := entry{ID: fmt.Sprint("m", n), Content: []string{"Thank you.", "It is {{late}}."}[g.random.IntN(2)]}
	e.From = []string{"", fromContact}[g.random.IntN(2)]
	e.Files = [][]string{nil, {"a.txt"}, {"a.txt", "b.txt"}}[g.random.IntN(3)]
	if g.random.IntN(2) == 0 {
		e.Conversation = g.conversations[g.random.IntN(3)]
	} else {
		number := g.random.IntN(n + 1)
		e.person = person{Inbox: g.inboxes[g.random.IntN(2)], SourceID: fmt.Sprint("user-", number), Name: "Jo"}
		if number%2 == 0 {
			e.Email = fmt.Sprint(e.SourceID, "@customer.test")
		}
	}
	g.entries = append(g.entries, e)
	enqueue(g.t, g.queue, e)
}

// live runs the bridge once, and returns the point at which it was killed: "" if it reached the end of the queue.
func (g *game) live(points int, change func(*bridge)) string {
	ctx, cancel := context.WithCancel(g.t.Context())
	defer cancel()
	l := &life{t: g.t, random: g.random, server: g.Server, kill: cancel, left: points, notes: g.queue + ".notes"}
	chat := g.Chat(g.t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: l} })
	b := newBridge(chat, chat.Account(g.AccountID()), g.queue, io.Discard)
	b.through = func(file io.Writer) io.Writer { return dying{l, file} }
	if change != nil {
		change(b)
	}
	err := b.work(ctx)
	if l.how == "" && err != nil {
		g.t.Fatalf("the bridge failed without being killed: %v", err)
	}
	if l.how != "" && !bytes.Equal(read(g.t, l.notes), l.wrote) {
		g.t.Fatalf("a killed bridge has written notes: %v", err)
	}
	return l.how
}

// count compares the messages, contacts and conversations on the server with those of the queue.
func (g *game) count(all *played) {
	came := g.came()
	people, talks := map[string]bool{}, map[string]bool{}
	for _, e := range g.entries {
		want := fmt.Sprintf("%s from %q with %d files", e.ID, e.From, len(e.Files))
		all.doubles += max(came[want]-1, 0)
		all.losses += max(1-came[want], 0)
		delete(came, want)
		if e.Conversation == 0 {
			talk := fmt.Sprint(e.Inbox, e.SourceID)
			talks[talk] = true
			people[cmp.Or(e.Email, talk)] = true
		}
	}
	all.doubles += len(came)
	all.messages = len(g.entries)
	contacts := 0
	for _, err := range g.Account(g.t).Contacts.ListAll(g.t.Context(), cfchat.ContactListOptions{}) {
		if err != nil {
			g.t.Fatal(err)
		}
		contacts++
	}
	wrong := func(n int) int { return max(n, -n) }
	all.people = wrong(contacts-len(people)) + wrong(len(g.Conversations())-len(g.conversations)-len(talks))
}

// came counts the messages of all conversations by mark, sender and number of files.
func (g *game) came() map[string]int {
	came := map[string]int{}
	options := cfchat.MessageScanAllOptions{WithoutActivity: true}
	for m, err := range g.Account(g.t).Messages.ScanAll(g.t.Context(), cfchat.Filter{}, options) {
		if err != nil {
			g.t.Fatal(err)
		}
		mark, _ := m.ContentAttributes.Text(cfchat.MarkAttribute)
		from := ""
		if m.MessageType == cfchat.MessageTypeIncoming {
			from = fromContact
		}
		came[fmt.Sprintf("%s from %q with %d files", mark+m.GetSourceID(), from, len(m.Attachments))]++
	}
	return came
}

// play forwards messages, many with the same text, and kills the bridge again and again; then it lets it finish.
func play(t *testing.T, seed uint64, version string, kills int, change func(*bridge)) (all played) {
	synctest.Test(t, func(t *testing.T) {
		g := newGame(t, seed, version)
		all.ends = map[string]int{}
		for alive := false; !alive; time.Sleep(time.Duration(g.random.Int64N(int64(3 * time.Second)))) {
			for len(g.entries) < sentBy(g.queue)+8 { // more than the bridge can forward in one life
				g.add()
			}
			points := 1 + g.random.IntN(30)
			if alive = all.kills == kills; alive {
				points = 1 << 40
			}
			if how := g.live(points, change); how != "" {
				all.kills++
				all.ends[how]++
			}
		}
		time.Sleep(time.Minute) // until requests on their way have arrived
		g.count(&all)
	})
	return all
}

// TestKilled kills the bridge 200 times on each version, and checks that every message, file, contact and conversation
// exists once.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.4.0", "4.7.0", "4.16.2"} {
		seed := rand.Uint64()
		all := play(t, seed, version, 200, nil)
		t.Logf("%s: %+v", version, all)
		if all.doubles+all.losses+all.people > 0 || all.kills != 200 || len(all.ends) < 7 {
			t.Errorf("%s, seed %d: %+v", version, seed, all)
		}
	}
}

// TestKilledOtherwise checks that TestKilled can fail: Send makes doubles, and so does SendOnce if it is not told about an
// earlier try that is still on its way. A conversation that is opened again without waiting exists twice.
func TestKilledOtherwise(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bridge){
		"Send": func(b *bridge) {
			b.forward = func(ctx context.Context, e entry, _ time.Time) (*cfchat.Message, bool, error) {
				sent, err := b.account.Messages.Send(ctx, e.Conversation, b.message(e))
				return sent, true, err
			}
		},
		"SendOnce without notes": func(b *bridge) {
			b.forward = func(ctx context.Context, e entry, _ time.Time) (*cfchat.Message, bool, error) {
				return b.sendOnce(ctx, e, time.Time{})
			}
		},
		"OpenConversation at once": func(b *bridge) { b.settle = 0 },
	} {
		all := play(t, 1, "4.16.2", 400, change)
		t.Logf("%s: %+v", name, all)
		if all.doubles+all.people == 0 {
			t.Errorf("%s: everything exists once, so the test proves nothing", name)
		}
	}
}

// sentBy counts the messages that were sent according to the notes beside a queue.
func sentBy(queue string) int {
	data, _ := os.ReadFile(queue + ".notes") // there are none at first
	return bytes.Count(data, []byte(`"sent"`))
}

func enqueue(t *testing.T, queue string, e entry) {
	t.Helper()
	file, err := os.OpenFile(queue, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = errors.Join(json.NewEncoder(file).Encode(e), file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
