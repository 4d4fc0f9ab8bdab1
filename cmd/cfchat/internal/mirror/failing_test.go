package mirror_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
)

// TestRoundsDespiteRepair checks that rounds continue while no repair finishes, and that the next repair resumes the failed
// one.
func TestRoundsDespiteRepair(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 40, time.Now)
		var fails bool
		limited := via(server, func(r *http.Request) *http.Response {
			if fails && strings.HasSuffix(r.URL.Path, "/contacts") {
				return answer(r, http.StatusTeapot, asJSON, `{"error":"x"}`)
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		failures, ended := 0, make(chan error, 1)
		go func() {
			options := mirror.Options{Every: time.Minute, Repair: time.Hour, Failed: func(error) { failures++ }}
			_, err := run(ctx, t, server, address, options, limited)
			ended <- err
		}()
		time.Sleep(10 * time.Minute)
		fails = true
		time.Sleep(2 * time.Hour)
		id := server.AddMessage(3, cfchattest.Message{Content: "later news"})
		time.Sleep(5 * time.Minute)
		wants(t, address, fmt.Sprint("select content from messages where id = ", id), "later news")
		wants(t, address, "select phase from cfchat_positions", "contacts")
		if failures < 60 {
			t.Errorf("got %d failures, want at least 60", failures)
		}
		fails = false
		time.Sleep(5 * time.Minute)
		wants(t, address, "select phase from cfchat_positions", "done")
		wants(t, address, "select count(*) from conversations", "40")
		cancel()
		if err := <-ended; err == nil {
			t.Error("it ended without an error")
		}
	})
}

// TestNamesUndecodable checks that an answer that is not a list is recorded as unreadable, and that the walk finishes.
func TestNamesUndecodable(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 3, time.Now)
		_, err := run(t.Context(), t, server, address, mirror.Options{Repair: never}, via(server, func(r *http.Request) *http.Response {
			switch {
			case strings.HasSuffix(r.URL.Path, "/custom_attribute_definitions"):
				return answer(r, http.StatusOK, asJSON, `{"payload": "x"}`)
			case strings.HasSuffix(r.URL.Path, "/teams"):
				return answer(r, http.StatusOK, "text/html", "<html>")
			}
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		wants(t, address, "select what from unreadable order by what", "attribute_definitions", "teams")
		wants(t, address, "select phase from cfchat_positions", "done")
	})
}

// TestEnds checks that a run continues after a 403, which may be a firewall's, and ends when the key is no longer accepted.
func TestEnds(t *testing.T) {
	for status, ends := range map[int]bool{http.StatusForbidden: false, http.StatusUnauthorized: true} {
		address := filepath.Join(t.TempDir(), "chat.db")
		synctest.Test(t, func(t *testing.T) {
			server := old(t, 10, time.Now)
			failing := false
			refused := via(server, func(r *http.Request) *http.Response {
				if failing {
					return answer(r, status, "text/html", "<html>Forbidden by a firewall</html>")
				}
				return nil
			})
			ctx, cancel := context.WithCancel(t.Context())
			failures, ended := 0, make(chan error, 1)
			go func() {
				options := mirror.Options{Every: time.Minute, Repair: never, Failed: func(error) { failures++ }}
				_, err := run(ctx, t, server, address, options, refused)
				ended <- err
			}()
			time.Sleep(10*time.Minute + time.Second)
			failing = true
			time.Sleep(5 * time.Minute)
			if hasEnded := len(ended) == 1; hasEnded != ends || (failures == 5) == ends {
				t.Errorf("status %d: ended: %t, after %d failures", status, hasEnded, failures)
			}
			cancel()
			if err := <-ended; err == nil {
				t.Error("it ended without an error")
			}
		})
	}
}

// TestRoundAfterFailedWalk checks that a round commits the walk's last committed position along with its changes, and not
// how far the walk had read when it failed: anything read but not committed is read again.
func TestRoundAfterFailedWalk(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	var ahead atomic.Int64
	server := old(t, 300, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	for id := range int64(300) {
		server.AddMessage(id+1, cfchattest.Message{})
	}
	ahead.Store(int64(time.Hour)) // so that no round includes these messages
	mirrored(t, server, address, never)
	for _, from := range []int64{60, 120, 180, 240} {
		server.AddMessage(1, cfchattest.Message{Content: fmt.Sprint("news ", from)}) // so that the round has something to commit
		failing := via(server, func(r *http.Request) *http.Response {
			var id int64
			_, rest, _ := strings.Cut(r.URL.Path, "/conversations/")
			if n, _ := fmt.Sscanf(rest, "%d/messages", &id); n == 1 && id >= from {
				return answer(r, http.StatusTeapot, asJSON, `{"error":"x"}`)
			}
			return nil
		})
		if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: always}, failing); err == nil {
			t.Fatal("the walk did not fail")
		}
		wants(t, address, fmt.Sprintf("select content from messages where content = 'news %d'", from), fmt.Sprint("news ", from))
	}
	mirrored(t, server, address, never)
	wants(t, address, "select phase from cfchat_positions", "done")
	wants(t, address, "select count(*) from conversations", "300")
	wants(t, address, "select count(distinct conversation_id) from messages", "300")
}

// TestUnsettled checks that the next round reads a conversation again if it was not settled when it was read. That round
// then finds a deletion, which is in no list of changes; otherwise only a repair finds it.
func TestUnsettled(t *testing.T) {
	for name, c := range map[string]struct {
		waits time.Duration // before the first of the rounds
		want  string
	}{
		"read immediately":      {0, "This message was deleted"},
		"read after it settled": {time.Hour, "first"},
	} {
		t.Run(name, func(t *testing.T) {
			address := filepath.Join(t.TempDir(), "chat.db")
			synctest.Test(t, func(t *testing.T) {
				server := old(t, 40, time.Now, cfchattest.Version("4.16.2"))
				id := server.AddMessage(2, cfchattest.Message{Content: "first"})
				server.AddMessage(2, cfchattest.Message{Content: "second"})
				time.Sleep(c.waits)
				mirrored(t, server, address, never)
				if _, err := server.Account(t).Messages.Delete(t.Context(), 2, id); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				mirrored(t, server, address, never)
				wants(t, address, fmt.Sprint("select content from messages where id = ", id), c.want)
			})
		})
	}
}
