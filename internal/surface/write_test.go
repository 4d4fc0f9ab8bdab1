package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWrite checks that write replaces the text between markers, the second time with no change, and refuses a page whose
// markers are out of order.
func TestWrite(t *testing.T) {
	both := map[string]string{"a": "A\n", "b": "B\n"}
	page := filepath.Join(t.TempDir(), "page.md")
	for text, want := range map[string]string{
		"x\n<!-- table: a -->\nold\n<!-- end -->\ny\n<!-- table: b -->\n<!-- end -->\nz\n":                    "x\n<!-- table: a -->\n\nA\n\n<!-- end -->\ny\n<!-- table: b -->\n\nB\n\n<!-- end -->\nz\n",
		"<!-- table: a -->\nold\n<!-- table: b -->\n<!-- end -->\n":                                           "",
		"<!-- table: a -->\n<!-- end -->\n":                                                                   "",
		"<!-- table: a -->\n<!-- end -->\n<!-- table: b -->\n<!-- end -->\n<!-- table: a -->\n<!-- end -->\n": "",
		"<!-- end -->\n<!-- table: a -->\n<!-- table: b -->\n":                                                "",
	} {
		for range 2 {
			if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := write(page, both)
			got, readErr := os.ReadFile(page)
			switch {
			case readErr != nil:
				t.Fatal(readErr)
			case want == "" && (err == nil || string(got) != text || !strings.Contains(err.Error(), page)):
				t.Errorf("%q: %v, %q", text, err, got)
			case want != "" && (err != nil || string(got) != want):
				t.Errorf("%q: %v, %q", text, err, got)
			}
			if want != "" {
				text = want
			}
		}
	}
}
