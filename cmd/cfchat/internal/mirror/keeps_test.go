package mirror_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
)

// TestListedWithoutMessages checks that a conversation that is listed although the server says that it has no messages is
// kept: by a round, by an unfinished walk, and by a finished one.
func TestListedWithoutMessages(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	server := old(t, 40, time.Now)
	id := server.AddMessage(7, cfchattest.Message{Content: "dear"})
	mirrored(t, server, address, never)
	ctx, kill := context.WithCancel(t.Context())
	kills := true
	closed := via(server, func(r *http.Request) *http.Response {
		if kills && strings.HasSuffix(r.URL.Path, "/contacts") {
			kill()
		}
		if strings.HasSuffix(r.URL.Path, "/conversations/7/messages") {
			return answer(r, http.StatusNotFound, asJSON, gone)
		}
		return nil
	})
	isThere := func() {
		t.Helper()
		wants(t, address, fmt.Sprint("select content from messages where id = ", id), "dear")
		wants(t, address, "select id from conversations where id = 7", "7")
		wants(t, address, "select what, conversation_id from unreadable", "conversation|7")
	}
	if _, err := run(ctx, t, server, address, mirror.Options{Repair: always}, closed); err == nil {
		t.Fatal("the walk was not killed")
	}
	isThere()
	kills = false
	if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: always}, closed); err != nil {
		t.Fatal(err)
	}
	isThere()
	mirrored(t, server, address, always)
	wants(t, address, "select count(*) from unreadable", "0")
}
