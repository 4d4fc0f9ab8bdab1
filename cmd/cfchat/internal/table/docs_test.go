package table_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/table"
)

// TestDocumented checks that docs/export.md lists each column of each table, in order.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/export.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range table.Kinds() {
		var want strings.Builder
		_, _ = fmt.Fprintf(&want, "`%s.csv`:\n\n| column | |\n|---|---|\n", kind)
		for _, column := range table.Columns(kind) {
			_, _ = fmt.Fprintf(&want, "| `%s` | %s |\n", column.Name, column.About)
		}
		if !strings.Contains(string(page), want.String()) {
			t.Errorf("docs/export.md does not have\n%s", &want)
		}
	}
}
