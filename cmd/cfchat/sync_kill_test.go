package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// postgresVariable holds the address of a PostgreSQL in which tests may create schemas; .ci/run starts one.
const postgresVariable = "CFCHAT_TEST_POSTGRES"

// TestSyncKilled kills the program at random requests while the account changes, and then lets it finish. It checks that the
// copy has everything that existed all the time exactly once, and that the table unreadable lists what could not be read.
func TestSyncKilled(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "chat.db")
		syncKilled(t, file, "sqlite", file)
		for _, name := range []string{file, file + ".lock"} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		address := os.Getenv(postgresVariable)
		if address == "" {
			t.Skip(postgresVariable + " has no address of a PostgreSQL, which .ci/run starts")
		}
		schema := fmt.Sprint("killed_", os.Getpid())
		db := opened(t, "pgx", address)
		if _, err := db.Exec("create schema " + schema); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = db.Exec("drop schema " + schema + " cascade") })
		parsed, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		query := parsed.Query()
		query.Set("search_path", schema)
		parsed.RawQuery = query.Encode()
		syncKilled(t, parsed.String(), "pgx", parsed.String())
	})
}

func opened(t *testing.T, driver, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func syncKilled(t *testing.T, to, driver, address string) {
	size, kills := 1000, 50
	if testing.Short() {
		size, kills = 200, 10
	}
	account := newBusyAccount(t, size, 5)
	account.grows = true
	killed, stopped := 0, 0
	for n := 0; ; n++ {
		how, at := syscall.SIGKILL, 4+account.chance(3*int64(size)/int64(kills))
		switch {
		case n >= kills:
			at = 1 << 40
		case n%10 == 9:
			how = syscall.SIGTERM
		}
		status := account.command(t, at, how, "sync", "--to", to)
		if status == 3 {
			break
		}
		if killed++; status == 143 {
			stopped++
		}
	}
	t.Logf("ended %d times, %d of them by SIGTERM", killed, stopped)
	if killed < kills*8/10 || stopped == 0 {
		t.Error("it was not ended often enough for a meaningful test")
	}
	db := opened(t, driver, address)
	conversations, contacts := idsIn(t, db, "select id from conversations"), idsIn(t, db, "select id from contacts")
	unread, unseen := idsIn(t, db, "select conversation_id from unreadable where what = 'conversation'"), idsIn(t, db, "select message_id from unreadable where what = 'message'")
	messages := map[int64]string{}
	rows, err := db.Query("select id, content from messages where content is not null")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var content string
		if err := rows.Scan(&id, &content); err != nil {
			t.Fatal(err)
		}
		messages[id] = content
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for id, contents := range account.contents {
		if conversations[id] == account.broken[id] || unread[id] != account.broken[id] {
			t.Errorf("conversation %d: there %t, broken %t, named %t", id, conversations[id], account.broken[id], unread[id])
		}
		for message, content := range contents {
			there, ok := messages[message]
			if isUnseen := account.broken[id] || account.unseen[message]; ok == isUnseen || ok && there != content || unseen[message] != account.unseen[message] {
				t.Errorf("message %d of conversation %d: %q, want %q; unseen %t", message, id, there, content, isUnseen)
			}
		}
	}
	for id := range account.contacts {
		if !contacts[id] {
			t.Errorf("contact %d is missing", id)
		}
	}
}

// idsIn returns the ids that a query selects.
func idsIn(t *testing.T, db *sql.DB, query string) map[int64]bool {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	ids := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids[id] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestSyncStays checks that sync fetches changes at each interval until it is ended, and continues after a failure.
func TestSyncStays(t *testing.T) {
	account := newBusyAccount(t, 10, 0)
	file := filepath.Join(t.TempDir(), "chat.db")
	account.turn.Store(&turn{at: 1 << 40})
	account.FailNext(cfchat.OperationConversationFilter, cfchattest.Failure{Status: 404})
	if status := account.command(t, 50, syscall.SIGTERM, "sync", "--to", file, "--every", "1s"); status != 143 {
		t.Errorf("it ended with %d", status)
	}
	if n := len(idsIn(t, opened(t, "sqlite", file), "select id from conversations")); n < 10 {
		t.Errorf("%d conversations", n)
	}
}
