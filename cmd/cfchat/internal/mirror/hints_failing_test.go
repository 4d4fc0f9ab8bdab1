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
)

// refuse makes something in between answer all requests whose path has one of the given endings.
func (l *listening) refuse(status int, ends ...string) {
	l.answers.Store(new(func(r *http.Request) *http.Response {
		for _, end := range ends {
			if strings.HasSuffix(r.URL.Path, end) {
				return answer(r, status, "text/html", "<html>no</html>")
			}
		}
		return nil
	}))
}

// delete deletes a message that existed when the copy was made. No list of changes shows that.
func (l *listening) delete(conversation int64) (message int64) {
	l.t.Helper()
	page, err := l.admin.Messages.List(l.t.Context(), conversation, cfchat.MessageListOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	for _, m := range page.Payload {
		if m.MessageType == cfchat.MessageTypeIncoming && m.GetContent() != deleted {
			if _, err := l.admin.Messages.Delete(l.t.Context(), conversation, m.ID); err != nil {
				l.t.Fatal(err)
			}
			return m.ID
		}
	}
	l.t.Fatalf("conversation %d has no message to delete", conversation)
	return 0
}

// isDeleted checks that the copy knows that a message was deleted.
func (l *listening) isDeleted(message int64) {
	l.t.Helper()
	wants(l.t, l.address, fmt.Sprint("select content from messages where id = ", message), deleted)
}

const deleted = "This message was deleted"

// rename renames a contact, which no list of changes shows, and returns a query for its name.
func (l *listening) rename(conversation int64) (query string) {
	l.t.Helper()
	c, _ := l.Conversation(conversation)
	if _, err := l.admin.Contacts.Update(l.t.Context(), c.Meta.Sender.ID, cfchat.ContactUpdate{Name: new("Renamed")}); err != nil {
		l.t.Fatal(err)
	}
	return fmt.Sprint("select name from contacts where id = ", c.Meta.Sender.ID)
}

// goesOn reports an error if the program has ended.
func (l *listening) goesOn() {
	l.t.Helper()
	select {
	case <-l.ended:
		l.t.Error("the program has ended")
	default:
	}
}

// TestHintsRefused checks that the hints after a conversation that something in between refuses are followed, and that the
// run continues.
func TestHintsRefused(t *testing.T) {
	for _, status := range []int{
		http.StatusForbidden, http.StatusNotFound, http.StatusTeapot, http.StatusGatewayTimeout, http.StatusUnauthorized, http.StatusTooManyRequests,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			address := filepath.Join(t.TempDir(), "chat.db")
			synctest.Test(t, func(t *testing.T) {
				l := listen(t, address, mirror.Options{Every: 5 * time.Minute})
				l.refuse(status, "/conversations/2/messages")
				l.delete(2) // no round reads this conversation
				renamed := l.rename(1)
				time.Sleep(7 * time.Minute)
				wants(t, address, renamed, "Renamed")
				time.Sleep(time.Hour)
				l.goesOn()
				renamed = l.rename(3)
				l.delivered()
				wants(t, address, renamed, "Renamed")
			})
		})
	}
}

// TestHintsFirstRefused checks that several failures in a row are blamed on the server and wait for the next round, which
// then follows the hints after them, and that hints that have failed often are given up.
func TestHintsFirstRefused(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: time.Hour})
		var tries atomic.Int64
		l.answers.Store(new(func(r *http.Request) *http.Response {
			if strings.Contains(r.URL.Path, "/contacts/") {
				tries.Add(1)
				return answer(r, http.StatusTeapot, asJSON, `{"error":"x"}`)
			}
			return nil
		}))
		for id := range int64(10) {
			take(t, l.hints, ofContact(1+id))
		}
		message := l.delete(2) // no round reads this conversation
		l.delivered()
		if n := tries.Load(); n != 3 {
			t.Errorf("got %d tries at first, want 3", n)
		}
		time.Sleep(4 * time.Hour)
		l.isDeleted(message)
		time.Sleep(24 * time.Hour)
		if n := tries.Load(); n != 50 {
			t.Errorf("got %d tries in all, want 50", n)
		}
		l.goesOn()
	})
}

// TestHintsBesideRounds checks that hints are followed even if a round takes longer than the interval, many of them if each
// is short.
func TestHintsBesideRounds(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: time.Second})
		l.delay.Store(int64(600 * time.Millisecond))
		time.Sleep(time.Minute)
		message := l.delete(1)
		l.delivered()
		l.isDeleted(message)
	})
	address = filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: 10 * time.Second})
		l.answers.Store(new(func(r *http.Request) *http.Response {
			if !strings.Contains(r.URL.Path, "/contacts/") {
				select { // nothing may sleep when the test ends
				case <-time.After(10 * time.Second):
				case <-r.Context().Done():
				}
			}
			return nil
		}))
		time.Sleep(time.Minute)
		for id := range int64(30) {
			l.rename(1 + id)
		}
		l.delivered()
		time.Sleep(time.Minute)
		wants(t, address, "select count(*) from contacts where name = 'Renamed'", "30")
	})
}

// TestRoundsBesideHints checks that rounds continue while there are more hints than can be followed.
func TestRoundsBesideHints(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: time.Minute})
		l.delay.Store(int64(2 * time.Second))
		time.Sleep(2*time.Minute + 30*time.Second) // between two rounds
		for id := range int64(400) {
			take(t, l.hints, ofContact(1000+id))
		}
		l.LoseDeliveries(hook, 10)
		l.AddMessage(5, cfchattest.Message{Content: "unheard"})
		time.Sleep(3 * time.Minute)
		wants(t, address, "select count(*) from messages where content = 'unheard'", "1")
	})
}

// TestHintsInOrder checks that a hint of a contact and of a conversation is followed while others arrive faster than they
// can be followed.
func TestHintsInOrder(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: 12 * time.Hour})
		l.delay.Store(int64(300 * time.Millisecond))
		for i := range int64(1200) {
			take(t, l.hints, ofConversation(2+i%30), ofContact(2+i%30))
			switch i {
			case 600:
				l.rename(1)
				l.delete(1)
			case 1199:
				wants(t, address, "select name from contacts where id = 1", "Renamed")
				wants(t, address, "select count(*) from messages where content = '"+deleted+"'", "1")
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// TestHintsDespiteRepair checks that hints are followed while no repair finishes.
func TestHintsDespiteRepair(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: time.Hour, Repair: 30 * time.Minute})
		l.refuse(http.StatusTeapot, "/contacts")
		time.Sleep(5 * time.Hour)
		message, renamed := l.delete(1), l.rename(2)
		l.delivered()
		wants(t, address, "select phase from cfchat_positions", "contacts")
		l.isDeleted(message)
		wants(t, address, renamed, "Renamed")
	})
}
