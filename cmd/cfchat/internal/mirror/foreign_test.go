package mirror_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestForeign refuses a database that has anything of somebody else's, and changes nothing in it.
func TestForeign(t *testing.T) {
	for _, made := range []string{
		"create table messages (x integer)", "create table unreadable (x integer)", "create table bookmarks (x integer)",
		"create view messages_per_agent as select 1 as x",
	} {
		inEach(t, func(t *testing.T, address string) {
			exec(t, address, made)
			file := !strings.HasPrefix(address, "postgres")
			var before, after []byte
			if file {
				before, _ = os.ReadFile(address)
			}
			for range 2 {
				_, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
				if err == nil || !strings.Contains(err.Error(), "of something else; name") {
					t.Errorf("%s: %v", made, err)
				}
			}
			if !file {
				wants(t, address, "select count(*) from pg_class where relkind in ('r', 'v') and relnamespace = current_schema()::regnamespace", "1")
				return
			}
			if after, _ = os.ReadFile(address); !bytes.Equal(before, after) {
				t.Errorf("%s: the file has changed", made)
			}
		})
	}
}

// TestWAL has readers of a file not wait for the writer.
func TestWAL(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	wants(t, address, "pragma journal_mode", "wal")
}

// TestBeginTogether lets the programs of several shards begin with an empty schema at once.
func TestBeginTogether(t *testing.T) {
	for range 5 {
		address := inPostgres(t)
		var running sync.WaitGroup
		for i := range 4 {
			running.Go(func() {
				db, err := database.Open(t.Context(), address, shards.Shard{Index: i, Of: 4})
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
	}
}
