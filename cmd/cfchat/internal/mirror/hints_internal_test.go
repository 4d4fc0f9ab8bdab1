package mirror

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestHintsBounded checks that the number of hints is limited, and that those already kept are still updated.
func TestHintsBounded(t *testing.T) {
	h := NewHints()
	for id := range int64(maxHints + 10) {
		h.add(subject{id: id + 1}, hint{message: 20})
	}
	h.add(subject{id: 1}, hint{message: 10})
	if len(h.queue) != maxHints || len(h.hints) != maxHints {
		t.Errorf("it keeps %d hints, and %d in the queue", len(h.hints), len(h.queue))
	}
	if of, is, ok := h.next(); of.id != 1 || is.message != 10 || !ok {
		t.Errorf("the first is %v of %v, %t", is, of, ok)
	}
}

// TestHintsMoveNoWalk checks that following a hint does not move the committed position of a walk, whatever has been read
// after that.
func TestHintsMoveNoWalk(t *testing.T) {
	server := cfchattest.New(t)
	for range 40 {
		server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{})
	}
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "chat.db"), shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	chat := server.Chat(t)
	m := &mirror{
		Options: Options{Hints: NewHints(), Concurrency: 4, Server: "stand-in"}, chat: chat, account: chat.Account(server.AccountID()), db: db,
		requests: new(requests.Counter), meter: progress.New(io.Discard, progress.Quiet),
	}
	if err := m.resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.position.Phase, m.position.ConversationID, m.position.MessageID = database.Conversations, 20, 20
	m.Hints.add(subject{id: 39}, hint{})
	if err := m.follow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := db.NewestMessage(t.Context(), 39); n == 0 || err != nil {
		t.Errorf("the hint was not followed: %v", err)
	}
	is, err := db.Position(t.Context())
	if is != want || err != nil {
		t.Errorf("the walk is at %v, want %v, %v", is, want, err)
	}
}
