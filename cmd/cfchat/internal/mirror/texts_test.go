package mirror_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestOddTexts checks that text that a person can have written is unchanged, except for the characters that PostgreSQL
// cannot store.
func TestOddTexts(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		server := old(t, 2, time.Now)
		id := server.AddMessage(2, cfchattest.Message{Content: `a` + "\x00" + `b \u0000 \\u0000 😀`})
		mirrored(t, server, address, never)
		want := `a` + "\x00" + `b \u0000 \\u0000 😀`
		if strings.HasPrefix(address, "postgres") {
			want = strings.ReplaceAll(want, "\x00", "")
		}
		wants(t, address, fmt.Sprint("select content from messages where id = ", id), want)
		wants(t, address, fmt.Sprint("select received ->> 'content' from messages where id = ", id), want)
	})
}

// TestSurrogates checks that PostgreSQL can read a document with half a surrogate pair, a whole one, and an escaped NUL.
func TestSurrogates(t *testing.T) {
	address := inPostgres(t)
	db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := db.NewWindow(1)
	w.Contact(&cfchat.Contact{ID: 1}, []byte(`{"name": "a\ud800b\ud83d\ude00\u0000\\u0000"}`))
	if err := db.Commit(t.Context(), w, database.Position{}); err != nil {
		t.Fatal(err)
	}
	wants(t, address, "select received ->> 'name' from contacts", "a\ufffdb😀"+`\u0000`)
}

// TestOddValues checks that an e-mail address too long for an index of PostgreSQL, and a time outside its range, can be
// written.
func TestOddValues(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var email strings.Builder // random, so that it hardly compresses
		for random := rand.New(rand.NewPCG(1, 2)); email.Len() < 9000; {
			_, _ = fmt.Fprintf(&email, "%x", random.Uint64())
		}
		w := db.NewWindow(1)
		for id, seconds := range []int64{0, 99999999999999, -999999999999999} {
			contact := &cfchat.Contact{ID: int64(id + 1), Email: new(email.String())}
			contact.CreatedAt = &cfchat.UnixTime{Time: time.Unix(seconds, 0)}
			w.Contact(contact, []byte("{}"))
		}
		if err := db.Commit(t.Context(), w, database.Position{}); err != nil {
			t.Fatal(err)
		}
		wants(t, address, "select count(*) from contacts where email = '"+email.String()+"'", "3")
		if strings.HasPrefix(address, "postgres") {
			wants(t, address, "select id from contacts where created_at is not null", "1")
		}
	})
}
