package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestFilesOfALine checks that files that are missing or outside the folder are refused by name, and that nothing is sent of
// the line or of later ones.
func TestFilesOfALine(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"secret.txt": "s", "folder/empty.txt": "", "folder/sub/a.txt": "abc"} {
		write(t, filepath.Join(dir, name), text)
	}
	if err := os.Symlink("../secret.txt", filepath.Join(folder, "link.txt")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"none.txt":                       `file "none.txt": no such file`,
		"../secret.txt":                  `file "../secret.txt": path escapes`,
		filepath.Join(dir, "secret.txt"): "path escapes",
		"sub/../../secret.txt":           "path escapes",
		"link.txt":                       `file "link.txt": path escapes`,
		"sub":                            `file "sub": is not a file`,
		"empty.txt":                      `file "empty.txt": is empty`,
		"":                               `file ""`,
		"sub/a.txt":                      "a: sent as message 1 of conversation 1, with sub/a.txt\n",
	} {
		server := cfchattest.New(t)
		id := server.AddConversation(cfchattest.Conversation{})
		queue := filepath.Join(folder, "queue")
		write(t, queue, "")
		write(t, queue+".notes", "")
		enqueue(t, queue, entry{ID: "a", Conversation: id, Files: []string{name}})
		enqueue(t, queue, entry{ID: "b", Conversation: id, Content: "hi"})
		var out strings.Builder
		if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil {
			out.WriteString(err.Error())
			if len(server.Requests()) > 0 || len(read(t, queue+".notes")) > 0 {
				t.Errorf("%s: there are requests, or notes: %s", name, read(t, queue+".notes"))
			}
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %s, want %s", name, &out, want)
		}
	}
}

// TestFileGone checks that a file that is missing when a message is retried is named, and is not needed if the message
// exists.
func TestFileGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cfchattest.New(t)
		id := server.AddConversation(cfchattest.Conversation{})
		queue := filepath.Join(t.TempDir(), "queue")
		file := filepath.Join(filepath.Dir(queue), "a.txt")
		begun := fmt.Sprintf("{\"id\":\"a\",\"tried\":%q}\n", time.Now().Format(time.RFC3339))
		enqueue(t, queue, entry{ID: "a", Conversation: id, Files: []string{"a.txt"}})
		for _, c := range []struct {
			isThere bool
			want    string
		}{
			{false, `nothing was sent: Files[0] "a.txt": openat a.txt: no such file`},
			{true, "a: sent as message 1 of conversation 1, with a.txt\n"},
			{false, "a: already there as message 1 of conversation 1, with a.txt\n"},
		} {
			if c.isThere {
				write(t, file, "abc")
			} else {
				_ = os.Remove(file)
			}
			write(t, queue+".notes", begun) // as if it were killed after the first note
			var out strings.Builder
			if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil {
				out.WriteString(err.Error())
			}
			if !strings.Contains(out.String(), c.want) {
				t.Errorf("%s, want %s", &out, c.want)
			}
		}
	})
}
