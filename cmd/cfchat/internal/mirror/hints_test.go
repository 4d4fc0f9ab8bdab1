package mirror_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
	"github.com/cfchat/cfchat-go/webhook"
)

// listening is a copy that is kept current by webhooks, with rounds far apart.
type listening struct {
	*cfchattest.Server
	t        *testing.T
	admin    *cfchat.Account
	address  string
	hints    *mirror.Hints
	failures atomic.Int64
	down     atomic.Bool  // whether requests are answered with 502
	delay    atomic.Int64 // of each request
	answers  atomic.Pointer[func(*http.Request) *http.Response]
	ended    chan struct{}
}

const hook = "https://copy.example/hook"

// listen keeps a copy, for the duration of the test, of an account of 40 conversations in which nothing has happened for an
// hour. The rounds only read the first conversation; it has a message, as do the second and the third.
func listen(t *testing.T, address string, options mirror.Options) *listening {
	t.Helper()
	l := &listening{Server: old(t, 40, time.Now, cfchattest.Version("4.16.2")), t: t, address: address}
	l.AddMessage(2, cfchattest.Message{})
	l.AddMessage(3, cfchattest.Message{})
	time.Sleep(time.Hour)
	l.AddMessage(1, cfchattest.Message{})
	l.admin = l.Account(t)
	_, secret := l.AddWebhook(cfchattest.Webhook{URL: hook})
	l.hints = mirror.NewHints()
	options.Repair, options.Hints, options.Failed = cmp.Or(options.Repair, never), l.hints, func(error) { l.failures.Add(1) }
	l.Receive(hook, webhook.Handler(webhook.Options{Secret: secret}, l.hints.Take))
	ctx, cancel := context.WithCancel(t.Context())
	l.ended = make(chan struct{})
	go func() {
		defer close(l.ended)
		_, _ = run(ctx, t, l.Server, address, options, via(l.Server, l.between))
	}()
	t.Cleanup(func() { cancel(); <-l.ended })
	time.Sleep(10 * time.Minute)
	return l
}

// between handles a request on its way to the server.
func (l *listening) between(r *http.Request) *http.Response {
	select {
	case <-time.After(time.Duration(l.delay.Load())):
	case <-r.Context().Done():
	}
	if answers := l.answers.Load(); answers != nil {
		return (*answers)(r)
	}
	if l.down.Load() {
		return answer(r, http.StatusBadGateway, asJSON, `{}`)
	}
	return nil
}

// take adds the hints of events.
func take(t *testing.T, hints *mirror.Hints, events ...webhook.Event) {
	t.Helper()
	for _, e := range events {
		if err := hints.Take(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// ofContact, ofConversation and ofMessage return events that name a contact, a conversation and a message.
func ofContact(id int64) webhook.Event { return webhook.Event{Contact: &webhook.Contact{ID: id}} }

func ofConversation(id int64) webhook.Event {
	return webhook.Event{Conversation: &webhook.Conversation{ID: id}}
}

func ofMessage(conversation, id int64) webhook.Event {
	return webhook.Event{Message: &webhook.Message{ID: id, Conversation: webhook.Conversation{ID: conversation}}}
}

// delivered waits until all events are delivered and their hints followed.
func (l *listening) delivered() {
	l.t.Helper()
	if err := l.Settle(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	time.Sleep(time.Minute)
}

// is compares the copy with the account.
func (l *listening) is() {
	l.t.Helper()
	(&history{t: l.t, Server: l.Server, admin: l.admin, address: l.address}).isWhole()
}

// TestHints checks that what webhooks name, and nothing else, is fetched immediately, including changes that no round would
// see.
func TestHints(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l, ctx := listen(t, address, mirror.Options{Every: 12 * time.Hour}), t.Context()
		l.AddMessage(1, cfchattest.Message{Content: "seen"})
		l.SetStatus(2, cfchat.StatusResolved)
		if _, err := l.admin.Conversations.SetLabels(ctx, 3, []string{"vip"}); err != nil {
			t.Fatal(err)
		}
		page, err := l.admin.Messages.List(ctx, 1, cfchat.MessageListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.admin.Messages.Delete(ctx, 1, page.Payload[0].ID); err != nil {
			t.Fatal(err)
		}
		begun := l.AddConversation(cfchattest.Conversation{Contact: l.AddContact(cfchattest.Contact{Email: "new@example.com"})})
		l.AddMessage(begun, cfchattest.Message{Content: "first"})
		l.AddMessage(begun, cfchattest.Message{Content: "second"})
		l.delivered()
		wants(t, address, "select status from conversations where id = 2", "resolved")
		wants(t, address, fmt.Sprint("select content from messages where message_type = 'incoming' and conversation_id = ", begun), "first", "second")
		l.is()
		fourth, _ := l.Conversation(4)
		if _, err := l.admin.Contacts.Update(ctx, fourth.Meta.Sender.ID, cfchat.ContactUpdate{Name: new("Renamed")}); err != nil {
			t.Fatal(err)
		}
		l.delivered()
		wants(t, address, fmt.Sprint("select name from contacts where id = ", fourth.Meta.Sender.ID), "Renamed")
		if n := l.failures.Load(); n != 0 {
			t.Errorf("%d failures", n)
		}
	})
}

// TestHintsKept checks that hints that a failing server could not answer are tried again, though no list of changes has
// them.
func TestHintsKept(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: time.Hour})
		page, err := l.admin.Messages.List(t.Context(), 1, cfchat.MessageListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		l.down.Store(true)
		for _, m := range page.Payload {
			if _, err := l.admin.Messages.Delete(t.Context(), 1, m.ID); err != nil {
				t.Fatal(err)
			}
		}
		contact := l.AddContact(cfchattest.Contact{Email: "new@example.com"})
		l.delivered()
		if n := l.failures.Load(); n != 1 {
			t.Errorf("%d failures", n)
		}
		wants(t, address, fmt.Sprint("select count(*) from contacts where id = ", contact), "0")
		l.down.Store(false)
		time.Sleep(time.Hour)
		wants(t, address, fmt.Sprint("select email from contacts where id = ", contact), "new@example.com")
		l.is()
	})
}

// TestHintsOfOthers checks that hints of another shard, or of something gone or unlisted, are skipped.
func TestHintsOfOthers(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l, ctx := listen(t, address, mirror.Options{Every: 12 * time.Hour}), t.Context()
		gone := l.AddContact(cfchattest.Contact{Email: "gone@example.com"})
		if err := l.admin.Contacts.Delete(ctx, gone); err != nil {
			t.Fatal(err)
		}
		nameless := l.AddContact(cfchattest.Contact{Name: "Nobody"})
		l.BreakConversation(5)
		take(t, l.hints, ofConversation(5))
		l.AddMessage(6, cfchattest.Message{Content: "behind it"})
		l.delivered()
		wants(t, address, fmt.Sprintf("select id from contacts where id in (%d, %d)", gone, nameless))
		wants(t, address, "select conversation_id from unreadable", "5")
		wants(t, address, "select count(*) from messages where content = 'behind it'", "1")
		if n := l.failures.Load(); n != 0 {
			t.Errorf("%d failures", n)
		}
	})
}

// TestHintsOfShards checks that a shard only follows its own hints, and that the first shard fetches contacts.
func TestHintsOfShards(t *testing.T) {
	address := inPostgres(t)
	server := old(t, 300, time.Now, cfchattest.Version("4.16.2"))
	for i, want := range [][]string{{"contacts/7", "conversations/2/messages"}, {"conversations/252/messages"}} {
		options := mirror.Options{Shard: &shards.Shard{Index: i, Of: 2}, Repair: never}
		if _, err := run(t.Context(), t, server, address, options); err != nil {
			t.Fatal(err)
		}
		options.Hints = mirror.NewHints()
		take(t, options.Hints, ofContact(7), ofConversation(2), ofConversation(252))
		var asked []string
		_, err := run(t.Context(), t, server, address, options, via(server, func(r *http.Request) *http.Response {
			// each round reads conversations 1, 101 and 201, those of the last minute
			if _, path, _ := strings.Cut(r.URL.Path, "/accounts/1/"); !strings.Contains(path, "1/messages") && strings.ContainsAny(path, "0123456789") {
				asked = append(asked, path)
			}
			return nil
		}))
		if slices.Sort(asked); err != nil || !slices.Equal(asked, want) {
			t.Errorf("shard %d asked for %q, %v", i, asked, err)
		}
	}
}
