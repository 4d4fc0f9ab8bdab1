package mirror_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestForeign checks that a database with any table or view of another program is refused and left unchanged.
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
				if err == nil || !strings.Contains(err.Error(), "that cfchat did not create; name") {
					t.Errorf("%s: %v", made, err)
				}
			}
			if !file {
				wants(t, address, "select count(*) from pg_class where relkind in ('r', 'v') and relnamespace = current_schema()::regnamespace", "1")
				return
			}
			if after, _ = os.ReadFile(address); !bytes.Equal(before, after) {
				t.Errorf("%s: the file was changed", made)
			}
		})
	}
}

// TestWAL checks that readers of a file do not wait for the writer.
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

// TestBeginTogether checks that the programs of several shards can start with an empty schema at the same time.
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

// TestServerNames checks that a copy belongs to its server however the server's address is written, and to no other server.
func TestServerNames(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, server := range []string{"https://Chat.example.com/", "https://chat.example.com", "https://chat.example.com:443/"} {
		if err := db.Belong(t.Context(), database.Identity{Server: server, Account: 1, Key: "agent 2"}); err != nil {
			t.Error(err)
		}
	}
	if err := db.Belong(t.Context(), database.Identity{Server: "https://chat.example.com:8443", Account: 1, Key: "agent 2"}); err == nil {
		t.Error("a copy of another server was accepted")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	exec(t, address, "update cfchat_copy set server = 'https://new.example.com'") // as docs/sync.md advises
	if db, err = database.Open(t.Context(), address, shards.Shard{Of: 1}); err != nil {
		t.Fatal(err)
	}
	if err := db.Belong(t.Context(), database.Identity{Server: "https://new.example.com", Account: 1, Key: "agent 2"}); err != nil {
		t.Error(err)
	}
}

// TestSchemas checks that a schema can be chosen as for PostgreSQL's own programs, and that the error for an unusable one
// has a remedy.
func TestSchemas(t *testing.T) {
	address := inPostgres(t)
	at, schema, _ := strings.Cut(address, "search_path=")
	role := schema + "_role"
	exec(t, address, "create role "+role+" login")
	t.Cleanup(func() { exec(t, address, "drop owned by "+role+"; drop role "+role) })
	exec(t, address, "grant usage on schema "+schema+" to "+role)
	db, err := database.Open(t.Context(), at+"options=-csearch_path%3D"+schema, shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	wants(t, address, "select count(*) from cfchat_positions", "0")
	empty := inPostgres(t)
	exec(t, empty, "grant usage on schema "+empty[strings.LastIndex(empty, "=")+1:]+" to "+role)
	as := func(address string) string { return strings.Replace(address, "://postgres@", "://"+role+"@", 1) }
	for address, says := range map[string]string{
		at + "search_path=none_of_the_kind": "cannot use any schema in its search_path, none_of_the_kind; create the schema",
		at + "keepalives=1":                 "leave out of the address the options that only PostgreSQL's own programs accept",
		as(empty):                           "cannot create tables in the schema test_",
		as(address):                         "; connect as the role that made the tables",
		at + "port=1":                       "; check the host and the port",
	} {
		_, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
		if err == nil || !strings.HasPrefix(err.Error(), address+": ") || !strings.Contains(err.Error(), says) || strings.ContainsAny(err.Error(), "\n\t") {
			t.Errorf("got %v, want %s", err, says)
		}
	}
}

// TestFailures checks that errors name the file and a remedy.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.db")
	if err := os.WriteFile(text, bytes.Repeat([]byte("no database "), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{
		text:                                  "; name a new file, or one that this command has made",
		filepath.Join(dir, "none", "chat.db"): "; create the folder first",
	} {
		_, err := database.Open(t.Context(), file, shards.Shard{Of: 1})
		if err == nil || !strings.HasPrefix(err.Error(), file+": ") || !strings.HasSuffix(err.Error(), says) {
			t.Errorf("got %v, want %s", err, says)
		}
	}
}

// TestTerminated checks that the error for a lost connection names the database.
func TestTerminated(t *testing.T) {
	address := inPostgres(t)
	db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	const locked = "locktype = 'advisory' and classid::bigint = hashtext('cfchat ' || current_schema())::bigint & 4294967295"
	wants(t, address, "select pg_terminate_backend(pid, 10000) from pg_locks where "+locked, "true")
	if _, err := db.Position(t.Context()); err == nil || !strings.HasPrefix(err.Error(), address+": ") || !mirror.IsPassing(err) {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
