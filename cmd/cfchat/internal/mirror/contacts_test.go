package mirror_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestForgotten checks that contacts no longer in the list are fetched: only the server's own message deletes a contact. Any
// other answer keeps it and records it as unreadable, and the walk finishes.
func TestForgotten(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		kind, body string
		isGone     bool
	}{
		"gone":         {http.StatusNotFound, asJSON, gone, true},
		"proxy":        {http.StatusNotFound, "text/html", "<html>404 Not Found</html>", false},
		"forbidden":    {http.StatusForbidden, asJSON, `{"error":"x"}`, false},
		"unauthorized": {http.StatusUnauthorized, asJSON, `{"error":"You are not authorized to do this action"}`, false},
		"broken":       {http.StatusInternalServerError, asJSON, `{"error":"x"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			address := filepath.Join(t.TempDir(), "chat.db")
			synctest.Test(t, func(t *testing.T) {
				server := old(t, 3, time.Now)
				id := server.AddContact(cfchattest.Contact{Name: "Cy", Email: "cy@example.com"})
				mirrored(t, server, address, never)
				hides := via(server, func(r *http.Request) *http.Response {
					switch {
					case strings.HasSuffix(r.URL.Path, fmt.Sprint("/contacts/", id)):
						return answer(r, test.status, test.kind, test.body)
					case strings.HasSuffix(r.URL.Path, "/contacts"):
						return answer(r, http.StatusOK, asJSON, `{"meta":{"count":0,"current_page":"1"},"payload":[]}`)
					}
					return nil
				})
				if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: always}, hides); err != nil {
					t.Fatal(err)
				}
				wants(t, address, "select phase from cfchat_positions", "done")
				there, named := []string{fmt.Sprint(id)}, []string{fmt.Sprint("contact ", id)}
				if test.isGone {
					there, named = nil, nil
				}
				wants(t, address, "select id from contacts where name = 'Cy' and walk = (select walk from cfchat_positions)", there...)
				wants(t, address, "select what from unreadable", named...)
				mirrored(t, server, address, always)
				wants(t, address, "select count(*) from unreadable", "0")
			})
		})
	}
}

// TestContactsInOrder has two shards write the same contacts at the same time, one of which is gone for the first shard. It
// checks that they do not deadlock.
func TestContactsInOrder(t *testing.T) {
	address := inPostgres(t)
	server := old(t, 2, time.Now)
	list := server.Conversations()
	low, high := &list[0].Meta.Sender, &list[1].Meta.Sender
	if low.ID > high.ID {
		low, high = high, low
	}
	parts := make([]*database.DB, 2)
	for i := range parts {
		var err error
		if parts[i], err = database.Open(t.Context(), address, shards.Shard{Index: i, Of: 2}); err != nil {
			t.Fatal(err)
		}
		defer parts[i].Close()
	}
	w := parts[0].NewWindow(1)
	w.Contact(low, []byte("{}"))
	w.Contact(high, []byte("{}"))
	if err := parts[0].Commit(t.Context(), w, database.Position{}); err != nil {
		t.Fatal(err)
	}
	exec(t, address, "create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return new; end $$")
	exec(t, address, "create trigger slowly after insert or update on contacts for each row execute function slowly()")
	first, second := parts[0].NewWindow(2), parts[1].NewWindow(2)
	first.Contact(high, []byte("{}"))
	first.Gone(low.ID)
	second.Contact(low, []byte("{}"))
	second.Contact(high, []byte("{}"))
	var running sync.WaitGroup
	for i, w := range []*database.Window{first, second} {
		running.Go(func() {
			if err := parts[i].Commit(t.Context(), w, database.Position{}); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
}
