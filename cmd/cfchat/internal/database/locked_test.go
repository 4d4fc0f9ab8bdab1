package database

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// TestFileWithTwoNames checks that only one program can keep a file, by whichever name each opens it.
func TestFileWithTwoNames(t *testing.T) {
	t.Chdir(t.TempDir())
	file, link := filepath.Join(t.TempDir(), "chat.db"), "link.db"
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), link, shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, link, "./link.db"} {
		if _, err := Open(t.Context(), name, shards.Shard{Of: 1}); err == nil || !strings.Contains(err.Error(), "another program") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestLaterWalk checks that nothing is written once another program has begun a later walk, and that nothing is deleted that
// a later walk has found.
func TestLaterWalk(t *testing.T) {
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "chat.db"), shards.Shard{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := db.NewWindow(7)
	w.Unreadable("conversation", 1, 0, "before")
	if err := db.Commit(t.Context(), w, Position{Walk: 7}); err != nil {
		t.Fatal(err)
	}
	w = db.NewWindow(6)
	w.Unreadable("conversation", 2, 0, "late")
	if err := db.Commit(t.Context(), w, Position{Walk: 6}); err == nil || !strings.Contains(err.Error(), "another program is keeping this copy") {
		t.Error(err)
	}
	if n, err := db.Unreadable(t.Context()); n != 1 || err != nil {
		t.Errorf("got %d rows, %v", n, err)
	}
	w = db.NewWindow(6)
	w.Sweep()
	if err := db.Commit(t.Context(), w, Position{Walk: 7}); err != nil {
		t.Error(err)
	}
	if n, err := db.Unreadable(t.Context()); n != 1 || err != nil {
		t.Errorf("after the sweep: got %d rows, %v", n, err)
	}
}
