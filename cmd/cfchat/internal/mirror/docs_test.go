package mirror_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestDocumentedQueries runs the queries of docs/sync.md, three for each view that is about the account.
func TestDocumentedQueries(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/sync.md")
	if err != nil {
		t.Fatal(err)
	}
	inEach(t, func(t *testing.T, address string) {
		server := old(t, 3, time.Now)
		mirrored(t, server, address, never)
		file := `[{"file_type": "image", "data_url": "https://files.example.com/1"}]`
		exec(t, address, `update messages set attachments_count = 1, received = '{"attachments": `+file+`}'`)
		of, addresses := map[string]int{}, 0
		for block := range strings.SplitSeq(string(page), "```sql\n") {
			text, _, isQuery := strings.Cut(block, ";\n```")
			if isPostgres := strings.HasPrefix(address, "postgres"); !isQuery || isPostgres && isOf(text, "SQLite", "unixepoch") || !isPostgres && isOf(text, "PostgreSQL") {
				continue
			}
			rows := query(t, address, text)
			if strings.Contains(text, "data_url") && len(rows) == 1 && strings.HasSuffix(rows[0], "|image|https://files.example.com/1") {
				addresses++
			}
			_, from, _ := strings.Cut(text, "from ")
			of[strings.Fields(from)[0]]++
		}
		for _, view := range []string{"first_response_times", "open_per_inbox_and_day", "messages_per_agent"} {
			if of[view] != 3 {
				t.Errorf("%s has %d queries, want 3", view, of[view])
			}
		}
		if addresses != 1 {
			t.Errorf("%d queries returned the address of an attachment, want 1", addresses)
		}
		wants(t, address, "select received ->> 'status' from conversations where id = 1", "open")
	})
}

// isOf reports whether a query contains a word that only one kind of database uses.
func isOf(query string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(query, word) })
}

// TestDocumentedColumns checks that docs/sync.md lists each column, in order, of each table and view except the internal
// ones.
func TestDocumentedColumns(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/sync.md")
	if err != nil {
		t.Fatal(err)
	}
	inEach(t, func(t *testing.T, address string) {
		db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		tables := "select name from sqlite_master where type in ('table', 'view') and name not like 'cfchat%' and name not like 'sqlite%'"
		columns := "select name from pragma_table_info('%s') order by cid"
		if strings.HasPrefix(address, "postgres") {
			tables = "select table_name from information_schema.tables where table_schema = current_schema() and table_name not like 'cfchat%'"
			columns = "select column_name from information_schema.columns where table_schema = current_schema() and table_name = '%s' order by ordinal_position"
		}
		for _, table := range query(t, address, tables) {
			want := fmt.Sprintf("| `%s` | `%s` |", table, strings.Join(query(t, address, fmt.Sprintf(columns, table)), "`, `"))
			if !strings.Contains(string(page), want+"\n") {
				t.Errorf("docs/sync.md does not have\n%s", want)
			}
		}
	})
}
