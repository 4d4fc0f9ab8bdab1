package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestSyncStandIn checks that each query of docs/sync.md returns rows for the stand-in, except those for attachments, which
// it lacks.
func TestSyncStandIn(t *testing.T) {
	page, err := os.ReadFile("../../docs/sync.md")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "demo.db")
	if out, err := ran(t, nil, "sync", "--stand-in", "--to", file); !strings.Contains(out, file+" is current.\n") {
		t.Fatal(out, err)
	}
	db := opened(t, "sqlite", file)
	if days := 0; db.QueryRow("select count(distinct day) from open_per_inbox_and_day").Scan(&days) != nil || days < 10 {
		t.Errorf("got %d days, want at least 10", days)
	}
	for block := range strings.SplitSeq(string(page), "```sql\n") {
		text, _, isQuery := strings.Cut(block, ";\n```")
		if !isQuery || strings.Contains(text, "PostgreSQL") {
			continue
		}
		rows := 0
		if err := db.QueryRow("select count(*) from (" + text + ")").Scan(&rows); err != nil || rows == 0 && !strings.Contains(text, "attachments") {
			t.Errorf("%v, %d rows\n%s", err, rows, text)
		}
	}
}

// TestSyncOpenToAll checks that sync warns about a file that every user can read, and not about one that it creates.
func TestSyncOpenToAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "demo.db")
	for _, c := range []struct {
		mode os.FileMode
		want bool
	}{{0, false}, {0o644, true}, {0o640, false}} {
		if c.mode != 0 {
			if err := os.Chmod(file, c.mode); err != nil {
				t.Fatal(err)
			}
		}
		out, _ := ran(t, nil, "sync", "--stand-in", "--to", file)
		if said := strings.Contains(out, "cfchat: every user of this machine can read "+file+"; "); said != c.want {
			t.Errorf("mode %o: %s", c.mode, out)
		}
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNews checks that news announces once that the copy is current, and the number of unreadable items when that has
// changed.
func TestNews(t *testing.T) {
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "chat.db"), shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var told []string
	current := news(t.Context(), db, func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) })
	for _, unread := range []int64{0, 0, 2, 2} {
		w := db.NewWindow(1)
		for n := range unread {
			w.Unreadable("conversation", n+1, 0, "why")
		}
		if err := db.Commit(t.Context(), w, database.Position{}); err != nil {
			t.Fatal(err)
		}
		if err := current(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		db.Name + " is current: 0 conversations, 0 messages, 0 contacts, 0 inboxes, 0 agents, 0 agent_bots, 0 teams, 0 labels, 0 attribute_definitions, and 0 rows in unreadable",
		"the table unreadable has 2 rows; it had 0 before",
	}
	if !slices.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
}

// TestSyncRefuses checks that sync advises running the same command again only if that helps.
func TestSyncRefuses(t *testing.T) {
	server := cfchattest.New(t)
	front := httptest.NewServer(server)
	defer front.Close()
	_, agent := server.AddAgent(cfchattest.Agent{Name: "Ann"})
	file := filepath.Join(t.TempDir(), "chat.db")
	for _, c := range []struct {
		account, key, says string
		fails, goesOn      bool
	}{
		{account: "1", key: "a-key-of-nobody", says: "no user or bot on the server has this key"},
		{account: "77", key: server.AdminKey(), says: "who is not in account 77"},
		{account: "1", key: server.AdminKey(), says: "fetchProfile", fails: true, goesOn: true},
		{account: "1", key: server.AdminKey()},
		{account: "1", key: agent, says: "it was made with the key of an administrator, and this is the key of agent "},
	} {
		if c.fails {
			server.FailNext("fetchProfile", cfchattest.Failure{Status: 404})
		}
		env := map[string]string{"CFCHAT_ACCOUNT_ID": c.account, "CFCHAT_USER_API_KEY": c.key, "CFCHAT_SERVER": front.URL + "/"}
		_, err := ran(t, env, "sync", "--to", file)
		text := fmt.Sprint(err)
		if (err == nil) != (c.says == "") || !strings.Contains(text, c.says) || strings.Contains(text, "run the same command again") != c.goesOn {
			t.Errorf("got %v, want %s", err, c.says)
		}
	}
}
