package mirror_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestDocumentedQueries runs the queries of docs/sync.md, three for each view.
func TestDocumentedQueries(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/sync.md")
	if err != nil {
		t.Fatal(err)
	}
	inEach(t, func(t *testing.T, address string) {
		server := old(t, 3, time.Now)
		mirrored(t, server, address, never)
		for _, view := range []string{"first_response_times", "open_per_inbox_and_day", "messages_per_agent"} {
			queries := 0
			for block := range strings.SplitSeq(string(page), "```sql\n") {
				text, _, isQuery := strings.Cut(block, ";\n```")
				if isQuery && strings.Contains(text, "from "+view) {
					queries++
					query(t, address, text)
				}
			}
			if queries != 3 {
				t.Errorf("%s has %d queries", view, queries)
			}
		}
		wants(t, address, "select received ->> 'status' from conversations where id = 1", "open")
	})
}
