package mirror_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
)

// swapped sends requests with another key, starting with the n-th request to a path; those to the other path keep their own
// key.
func swapped(server *cfchattest.Server, key, from string, n int, but string) func(*cfchat.Config) {
	return via(server, func(r *http.Request) *http.Response {
		if strings.HasSuffix(r.URL.Path, from) {
			n--
		}
		if n <= 0 && !strings.HasSuffix(r.URL.Path, but) {
			for name := range r.Header {
				if strings.EqualFold(name, "api_access_token") {
					r.Header[name] = []string{key}
				}
			}
		}
		return nil
	})
}

// TestDemoted checks that nothing is deleted if an administrator became an agent before a walk or in the middle of one.
func TestDemoted(t *testing.T) {
	for from, n := range map[string]int{"/profile": 2, "/inboxes": 1, "/contacts": 1} {
		t.Run(strings.TrimPrefix(from, "/"), func(t *testing.T) {
			address := filepath.Join(t.TempDir(), "chat.db")
			server := old(t, 30, time.Now)
			_, key := server.AddAgent(cfchattest.Agent{Name: "Boss"})
			mirrored(t, server, address, never)
			_, err := run(t.Context(), t, server, address, mirror.Options{Repair: always}, swapped(server, key, from, n, "none"))
			if err == nil || !strings.Contains(err.Error(), "made with the key of an administrator") {
				t.Error(err)
			}
			wants(t, address, "select count(*) from conversations", "30")
			if n == 2 {
				wants(t, address, "select phase from cfchat_positions", "done")
			}
		})
	}
}

// TestAgentLosesInbox checks that what an agent saw of an inbox that is now closed to them is kept, and that what is gone
// from an open inbox is deleted.
func TestAgentLosesInbox(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		server := old(t, 0, time.Now)
		ann, key := server.AddAgent(cfchattest.Agent{Name: "Ann"})
		less, lesser := server.AddAgent(cfchattest.Agent{Name: "Ann"})
		lost := server.AddInbox(cfchattest.Inbox{Name: "Lost", Members: []int64{ann}})
		kept := server.AddInbox(cfchattest.Inbox{Name: "Kept", Members: []int64{ann, less}})
		for _, inbox := range []int64{lost, kept} {
			id := server.AddConversation(cfchattest.Conversation{Inbox: inbox, Labels: []string{"vip"}})
			server.AddMessage(id, cfchattest.Message{Content: "dear"})
		}
		as := func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} }
		if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: never}, as); err != nil {
			t.Fatal(err)
		}
		before := query(t, address, "select id, conversation_id from messages order by id")
		exec(t, address, "insert into messages (id, conversation_id, message_type, attachments_count, received, walk) values (1000, 2, 'incoming', 0, '{}', 1)")
		for from, n := range map[string]int{"/inboxes": 1, "/filter": 1} {
			if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: always}, as, swapped(server, lesser, from, n, "/profile")); err != nil {
				t.Fatal(err)
			}
			wants(t, address, "select inbox_id from conversations order by id", fmt.Sprint(lost), fmt.Sprint(kept))
			if after := query(t, address, "select id, conversation_id from messages order by id"); !slices.Equal(after, before) {
				t.Errorf("got messages %s, want %s", after, before)
			}
			wants(t, address, "select count(*) from conversation_labels", "2")
		}
	})
}
