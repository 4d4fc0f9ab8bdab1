package main

import (
	"bytes"
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

// errKilled is what everything says that a killed program would still do. It has no effect.
var errKilled = errors.New("killed")

// life is one run of the bridge, which is killed at a random point: at a request, before the server sees it, after it has
// answered, or with the request still on its way; or at a note, of which nothing, a part or all is written.
type life struct {
	t      *testing.T
	random *rand.Rand
	server *cfchattest.Server
	kill   context.CancelFunc
	left   int // points to live; 0 for dead
	how    string
	notes  string
	wrote  []byte // the notes when it was killed
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

// RoundTrip asks the server, while the program lives.
func (l *life) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.left <= 0 {
		return nil, errKilled
	}
	if !l.ends() {
		return l.server.Transport().RoundTrip(req)
	}
	late := req.Clone(context.WithoutCancel(req.Context()))
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
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

// dying is the file of the notes of a life.
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

// played is what became of a queue.
type played struct {
	messages, kills, doubles, losses int
	ends                             map[string]int
}

// play forwards messages, of which many say the same, and kills the bridge again and again; then it lets it come to the end.
func play(t *testing.T, seed uint64, version string, kills int, change func(*bridge)) (all played) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 200))
		server := cfchattest.New(t, cfchattest.Version(version))
		queue := filepath.Join(t.TempDir(), "queue.ndjson")
		conversations := []int64{
			server.AddConversation(cfchattest.Conversation{}), server.AddConversation(cfchattest.Conversation{}), server.AddConversation(cfchattest.Conversation{}),
		}
		var ids []string
		all.ends = map[string]int{}
		for alive := false; !alive; time.Sleep(time.Duration(random.Int64N(int64(3 * time.Second)))) {
			alive = all.kills == kills
			for len(ids) < sentBy(queue)+6 { // more than a life can forward
				e := entry{fmt.Sprint("m", len(ids)), conversations[random.IntN(3)], []string{"Thank you.", "It is {{late}}."}[random.IntN(2)]}
				ids = append(ids, e.ID)
				enqueue(t, queue, e)
			}
			ctx, cancel := context.WithCancel(t.Context())
			l := &life{t: t, random: random, server: server, kill: cancel, left: 1 + random.IntN(25), notes: queue + ".notes"}
			if alive {
				l.left = 1 << 40
			}
			account := server.Account(t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: l} })
			b := newBridge(account, queue, io.Discard)
			b.through = func(file io.Writer) io.Writer { return dying{l, file} }
			if change != nil {
				change(b)
			}
			err := b.work(ctx)
			cancel()
			if l.how == "" && err != nil {
				t.Fatalf("seed %d: it was not killed, and failed: %v", seed, err)
			}
			if l.how != "" {
				all.kills++
				all.ends[l.how]++
				if !bytes.Equal(read(t, l.notes), l.wrote) {
					t.Fatalf("seed %d: the dead write: %v", seed, err)
				}
			}
		}
		time.Sleep(time.Minute) // what is on its way arrives
		came := marksIn(t, server, conversations)
		for _, id := range ids {
			all.doubles += max(came[id]-1, 0)
			all.losses += max(1-came[id], 0)
		}
		all.messages = len(ids)
	})
	return all
}

// TestKilled kills the bridge 200 times on each version, and finds every message once.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.7.0", "4.16.2"} {
		seed := rand.Uint64()
		all := play(t, seed, version, 200, nil)
		t.Logf("%s: %+v", version, all)
		if all.doubles+all.losses > 0 || all.kills != 200 || len(all.ends) < 7 {
			t.Errorf("%s, seed %d: %+v", version, seed, all)
		}
	}
}

// TestKilledOtherwise shows that TestKilled can fail: Send makes doubles, and so does SendOnce where nobody tells it of an
// earlier try that is still on its way.
func TestKilledOtherwise(t *testing.T) {
	t.Parallel()
	for name, forward := range map[string]func(*bridge, context.Context, entry) (*cfchat.Message, bool, error){
		"Send": func(b *bridge, ctx context.Context, e entry) (*cfchat.Message, bool, error) {
			sent, err := b.account.Messages.Send(ctx, e.Conversation, cfchat.MessageCreate{Content: e.Content, Mark: e.ID})
			return sent, true, err
		},
		"SendOnce without notes": func(b *bridge, ctx context.Context, e entry) (*cfchat.Message, bool, error) {
			return b.sendOnce(ctx, e, time.Time{})
		},
	} {
		all := play(t, 1, "4.16.2", 200, func(b *bridge) {
			b.forward = func(ctx context.Context, e entry, _ time.Time) (*cfchat.Message, bool, error) {
				return forward(b, ctx, e)
			}
		})
		t.Logf("%s: %+v", name, all)
		if all.doubles == 0 {
			t.Errorf("%s: there are no doubles, so the test tells nothing", name)
		}
	}
}

// sentBy counts the messages that the notes beside a queue say were sent.
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

// marksIn counts the messages of conversations that went out, by their marks.
func marksIn(t *testing.T, server *cfchattest.Server, conversations []int64) map[string]int {
	t.Helper()
	came := map[string]int{}
	for _, id := range conversations {
		delivered := server.Delivered(id)
		for after := int64(1); ; {
			page, err := server.Account(t).Messages.List(t.Context(), id, cfchat.MessageListOptions{After: after, Before: after + 1000})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page.Payload {
				mark, _ := m.ContentAttributes.Text(cfchat.MarkAttribute)
				came[mark+m.GetSourceID()]++
				delivered = delivered[1:]
			}
			if after += 1000; len(delivered) == 0 {
				break
			}
		}
	}
	return came
}
