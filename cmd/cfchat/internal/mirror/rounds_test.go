package mirror_test

import (
	"context"
	"errors"
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
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestEndedInRound checks that an error is returned if the context ends after any request of a round that has nothing to
// write.
func TestEndedInRound(t *testing.T) {
	for last := 1; last <= 4; last++ {
		address := filepath.Join(t.TempDir(), "chat.db")
		synctest.Test(t, func(t *testing.T) {
			server := old(t, 3, time.Now)
			time.Sleep(time.Hour)
			mirrored(t, server, address, never)
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			behind := func(c *cfchat.Config) {
				c.HTTPClient = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
					defer func() {
						if n++; n == last {
							cancel()
						}
					}()
					return server.Transport().RoundTrip(r)
				})}
			}
			if _, err := run(ctx, t, server, address, mirror.Options{Every: time.Minute, Repair: never, Failed: func(error) {}}, behind); !errors.Is(err, context.Canceled) {
				t.Errorf("ended after request %d: got %v, want the context's error", last, err)
			}
		})
	}
}

// TestRoundsInSlowWalk checks that rounds are made while a repair takes hours, and that the repair proceeds though a round
// is always due.
func TestRoundsInSlowWalk(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		l := listen(t, address, mirror.Options{Every: 20 * time.Second, Repair: 20 * time.Minute})
		l.LoseDeliveries(hook, 1000)
		l.delay.Store(int64(10 * time.Second))
		time.Sleep(20 * time.Minute)
		wants(t, address, "select phase from cfchat_positions", "conversations")
		l.AddMessage(40, cfchattest.Message{Content: "unheard"})
		time.Sleep(3 * time.Minute)
		wants(t, address, "select phase from cfchat_positions", "conversations")
		wants(t, address, "select count(*) from messages where content = 'unheard'", "1")
		begun := query(t, address, "select begun_at from cfchat_positions")
		time.Sleep(time.Hour)
		wants(t, address, "select walked_at from cfchat_positions", begun...)
	})
}

// TestEndsOnInvalidCall checks that a run ends if a call is invalid, for example because of a corrupt position, and does not
// retry it forever.
func TestEndsOnInvalidCall(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 3, time.Now)
		mirrored(t, server, address, never)
		exec(t, address, "update cfchat_positions set phase = 'conversations', conversation_id = 1, message_id = -1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		failed := func(err error) { t.Error(err) }
		if _, err := run(ctx, t, server, address, mirror.Options{Every: time.Minute, Repair: never, Failed: failed}); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Error(err)
		}
	})
}

// TestSettled checks that a conversation in which something may still happen is not settled, whether a walk or a round reads
// it, even if the last update was not an activity; and neither is one that could not be read.
func TestSettled(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	const unsettled = "select id from conversations where not settled order by id"
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 4, time.Now, cfchattest.Version("4.16.2"))
		time.Sleep(time.Hour)
		server.SetCustomAttributes(2, map[string]any{"plan": "pro"})
		mirrored(t, server, address, never)
		wants(t, address, unsettled, "2")
		time.Sleep(time.Hour)
		mirrored(t, server, address, never)
		wants(t, address, unsettled)
		server.AddMessage(3, cfchattest.Message{})
		mirrored(t, server, address, never)
		wants(t, address, unsettled, "3")
		time.Sleep(time.Hour)
		server.BreakConversation(4)
		mirrored(t, server, address, always)
		wants(t, address, unsettled, "4")
	})
}

// TestStoredLate checks that messages that a server stores a while after their timestamp are found: after a first walk, and
// after a round.
func TestStoredLate(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 4, time.Now)
		time.Sleep(time.Hour)
		mirrored(t, server, address, never)
		for id := int64(2); id <= 4; id++ {
			server.AddMessage(id, cfchattest.Message{Content: "late", CreatedAt: time.Now().Add(-50 * time.Second)})
			mirrored(t, server, address, never)
			wants(t, address, "select conversation_id from messages where content = 'late' order by id desc limit 1", fmt.Sprint(id))
			time.Sleep(2 * time.Minute)
			server.AddMessage(1, cfchattest.Message{Content: "in time"}) // the next round starts from its time
			mirrored(t, server, address, never)
		}
	})
}

// TestLabelsRemoved checks that a label that a conversation no longer has is removed.
func TestLabelsRemoved(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		server := old(t, 2, time.Now)
		server.SetLabels(1, "late", "vip")
		mirrored(t, server, address, never)
		server.SetLabels(1, "vip")
		mirrored(t, server, address, always)
		wants(t, address, "select label from conversation_labels", "vip")
	})
}

// TestTwiceInOneWindow checks that the last version of a message is written if a window has it twice, among others in the
// same statement.
func TestTwiceInOneWindow(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		server := old(t, 1, time.Now)
		for range 60 {
			server.AddMessage(1, cfchattest.Message{})
		}
		w, first := db.NewWindow(1), int64(0)
		for message, err := range server.Account(t).Messages.Scan(t.Context(), 1, cfchat.MessageScanOptions{}, cfchat.KeepJSON()) {
			if err != nil {
				t.Fatal(err)
			}
			w.Message(message)
			if first == 0 {
				first = message.ID
				again := *message
				again.Content = new("again")
				w.Message(&again)
			}
		}
		if err := db.Commit(t.Context(), w, database.Position{}); err != nil {
			t.Fatal(err)
		}
		wants(t, address, "select id from messages where content = 'again'", fmt.Sprint(first))
		wants(t, address, "select count(*) from messages", fmt.Sprint(w.Rows()))
	})
}

// TestShardAlone checks that nothing of another shard is written: neither by a walk, beyond the newest known id, nor by a
// round.
func TestShardAlone(t *testing.T) {
	address := inPostgres(t)
	server := old(t, 300, time.Now)
	broken := int64(251) // which the walk only sees as an error
	server.AddMessage(broken, cfchattest.Message{})
	server.AddMessage(270, cfchattest.Message{})
	server.BreakConversation(broken)
	nothing := func() {
		t.Helper()
		for _, table := range []string{"messages", "unreadable"} {
			wants(t, address, "select conversation_id from "+table+" where conversation_id > 250")
		}
		wants(t, address, "select id from conversations where id > 250")
	}
	for _, repair := range []time.Duration{never, never, always} {
		if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: repair, Shard: &shards.Shard{Index: 0, Of: 2}}); err != nil {
			t.Fatal(err)
		}
		nothing()
	}
}

// TestRoundReadsInPart checks that a round continues after the page that failed, and keeps the records of what cannot be
// read of a conversation.
func TestRoundReadsInPart(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	server := old(t, 2, time.Now)
	for range 1500 {
		server.AddMessage(2, cfchattest.Message{})
	}
	mirrored(t, server, address, never)
	server.AddMessage(2, cfchattest.Message{Content: "last"})
	var asked atomic.Int64
	_, err := run(t.Context(), t, server, address, mirror.Options{Repair: never}, via(server, func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, "/conversations/2/messages") {
			if asked.Add(1) == 2 {
				return answer(r, http.StatusTeapot, asJSON, `{"error":"x"}`)
			}
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	wants(t, address, "select count(*) from messages where conversation_id = 2 and message_type = 'incoming'", "1501")
	wants(t, address, "select phase, conversation_id from cfchat_positions", "done|0")
}

// TestResumedInConversation checks that a walk resumes in the middle of a conversation after the last committed message, and
// does not consider that conversation settled.
func TestResumedInConversation(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 3, time.Now)
		for range 2500 {
			server.AddMessage(2, cfchattest.Message{})
		}
		time.Sleep(time.Hour)
		mirrored(t, server, address, never)
		exec(t, address, "delete from messages where conversation_id = 2")
		var asked atomic.Int64
		_, err := run(t.Context(), t, server, address, mirror.Options{Repair: always}, via(server, func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/conversations/2/messages") && asked.Add(1) > 2 {
				select { // until the preceding rows are committed
				case <-time.After(time.Second):
				case <-r.Context().Done():
				}
				return answer(r, http.StatusTeapot, asJSON, `{"error":"x"}`)
			}
			return nil
		}))
		if err == nil {
			t.Fatal("the walk did not fail")
		}
		wants(t, address, "select count(*) > 0, count(*) < 2500 from messages where conversation_id = 2", "1|1")
		wants(t, address, "select phase, conversation_id, message_id > 0 from cfchat_positions", "conversations|2|1")
		mirrored(t, server, address, never)
		wants(t, address, "select count(*) from messages where conversation_id = 2 and message_type = 'incoming'", "2500")
		wants(t, address, "select id from conversations where not settled", "2")
	})
}
