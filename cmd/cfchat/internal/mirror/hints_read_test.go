package mirror_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/webhook"
)

// TestHintsOfOne checks that a conversation is read from the earliest message that any of several events names, in whatever
// order the events arrive.
func TestHintsOfOne(t *testing.T) {
	for name, events := range map[string]func(early, late int64) []webhook.Event{
		"later after earlier": func(early, late int64) []webhook.Event {
			return []webhook.Event{ofMessage(2, early), ofMessage(2, late)}
		},
		"earlier after later": func(early, late int64) []webhook.Event {
			return []webhook.Event{ofMessage(2, late), ofMessage(2, early)}
		},
		"none after a message": func(early, _ int64) []webhook.Event { return []webhook.Event{ofMessage(2, early), ofConversation(2)} },
		"a message after none": func(early, _ int64) []webhook.Event { return []webhook.Event{ofConversation(2), ofMessage(2, early)} },
		"then a negative id":   func(early, _ int64) []webhook.Event { return []webhook.Event{ofMessage(2, early), ofMessage(2, -5)} },
		"after a negative id":  func(early, _ int64) []webhook.Event { return []webhook.Event{ofMessage(2, -5), ofMessage(2, early)} },
		"beyond the copy": func(early, late int64) []webhook.Event {
			return []webhook.Event{ofMessage(2, early), ofMessage(2, late+1000)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			address := filepath.Join(t.TempDir(), "chat.db")
			synctest.Test(t, func(t *testing.T) {
				server := old(t, 3, time.Now, cfchattest.Version("4.16.2"))
				early, late := server.AddMessage(2, cfchattest.Message{}), server.AddMessage(2, cfchattest.Message{})
				time.Sleep(time.Hour)
				mirrored(t, server, address, never)
				if _, err := server.Account(t).Messages.Delete(t.Context(), 2, early); err != nil {
					t.Fatal(err)
				}
				hints := mirror.NewHints()
				take(t, hints, events(early, late)...)
				if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: never, Hints: hints}); err != nil {
					t.Fatal(err)
				}
				wants(t, address, fmt.Sprint("select content from messages where id = ", early), deleted)
			})
		})
	}
}

// TestHintsOfLost checks that the messages between the newest one in the copy and the named one are read.
func TestHintsOfLost(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: 12 * time.Hour})
		l.LoseDeliveries(hook, 100)
		for range 30 {
			l.AddMessage(1, cfchattest.Message{Content: "lost"})
		}
		take(t, l.hints, ofMessage(1, l.AddMessage(1, cfchattest.Message{Content: "lost"})))
		time.Sleep(time.Minute)
		wants(t, address, "select count(*) from messages where content = 'lost'", "31")
	})
}

// TestHintsWithoutIDs checks that an event without an id causes no request, and that one with an invalid message id causes
// new messages to be read.
func TestHintsWithoutIDs(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: 12 * time.Hour})
		before := len(l.Requests())
		take(t, l.hints, ofConversation(0), ofConversation(-1), ofContact(0), ofContact(-1), ofMessage(0, 5), webhook.Event{})
		time.Sleep(time.Minute)
		if n := len(l.Requests()) - before; n != 0 {
			t.Errorf("got %d requests, want none", n)
		}
		l.LoseDeliveries(hook, 100)
		l.AddMessage(1, cfchattest.Message{Content: "news"})
		take(t, l.hints, ofMessage(1, -5))
		time.Sleep(time.Minute)
		wants(t, address, "select count(*) from messages where content = 'news'", "1")
		if n := l.failures.Load(); n != 0 {
			t.Errorf("got %d failures, want none", n)
		}
	})
}

// TestHintsGathered checks that a contact named by several events within a second is fetched once, and again after a later
// event.
func TestHintsGathered(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: 12 * time.Hour})
		var asked atomic.Int64
		l.answers.Store(new(func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/contacts/7") {
				asked.Add(1)
			}
			return nil
		}))
		for n := range int64(3) {
			for range 5 {
				take(t, l.hints, ofContact(7))
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			if got := asked.Load(); got != n+1 {
				t.Errorf("got %d requests, want %d", got, n+1)
			}
		}
	})
}

// TestHintsUnsettled checks that a conversation that a hint read new or in part stays unsettled, so that the next rounds
// read it again, and that its records of unreadable messages are kept.
func TestHintsUnsettled(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 3, time.Now, cfchattest.Version("4.16.2"))
		message := server.AddMessage(2, cfchattest.Message{})
		time.Sleep(time.Hour)
		mirrored(t, server, address, never)
		wants(t, address, "select settled from conversations", "1", "1", "1")
		exec(t, address, "insert into unreadable (what, conversation_id, message_id, why, walk) select 'message', 2, 1, 'x', walk from cfchat_positions")
		hints, asked := mirror.NewHints(), new(atomic.Int64)
		take(t, hints, ofMessage(2, message), ofConversation(4))
		// the round has finished when the conversation is created
		_, err := run(t.Context(), t, server, address, mirror.Options{Repair: never, Hints: hints}, via(server, func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/conversations/2/messages") {
				if asked.Add(1) == 1 {
					server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: "new"})
				}
			}
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		wants(t, address, "select id from conversations where not settled order by id", "2", "4")
		wants(t, address, "select count(*) from messages where content = 'new'", "1")
		wants(t, address, "select conversation_id, message_id from unreadable", "2|1")
	})
}

// TestHintsUnlisted checks that a contact that has lost the fields it was listed by is stored as the server has it.
func TestHintsUnlisted(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l, ctx := listen(t, address, mirror.Options{Every: 12 * time.Hour}), t.Context()
		c, _ := l.Conversation(4)
		id := c.Meta.Sender.ID
		if _, err := l.admin.Contacts.Update(ctx, id, cfchat.ContactUpdate{Name: new("Nobody"), Clear: []cfchat.ContactField{cfchat.ContactFieldEmail}}); err != nil {
			t.Fatal(err)
		}
		l.delivered()
		contact, err := l.admin.Contacts.Get(ctx, id, cfchat.KeepJSON())
		if err != nil {
			t.Fatal(err)
		}
		wants(t, address, fmt.Sprint("select name, coalesce(email, ''), listed, received from contacts where id = ", id), "Nobody||0|"+string(contact.JSON()))
	})
}
