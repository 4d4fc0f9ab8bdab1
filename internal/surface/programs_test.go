package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrograms checks that the table has the first sentence of each program's comment, and that another start is refused.
func TestPrograms(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sweep", "main.go")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for comment, want := range map[string]string{
		"// Command sweep sweeps what\n// is open.\n//\n//\tgo run ./examples/sweep\n//\n// It reads.\n": "| [sweep](../examples/sweep/main.go) | sweeps what is open |\n",
		"// Command other sweeps.\n": "",
		"":                           "",
	} {
		if err := os.WriteFile(file, []byte(comment+"package main\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		programs, err := programsIn(dir)
		switch got := examples(programs); {
		case want == "" && (err == nil || !strings.Contains(err.Error(), file)):
			t.Errorf("%q: %v", comment, err)
		case want != "" && (err != nil || !strings.HasSuffix(got, want)):
			t.Errorf("%q: %v, %q", comment, err, got)
		}
	}
}
