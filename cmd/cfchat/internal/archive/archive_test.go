package archive_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

var head = archive.Head{Server: "https://chat.test", Account: 7, Key: "administrator"}

// open opens a folder, and fails the test if that is impossible.
func open(t *testing.T, dir string) *archive.Folder {
	t.Helper()
	f, err := archive.Open(dir, head, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func appended(t *testing.T, f *archive.Folder, name string, rows ...string) {
	t.Helper()
	for _, row := range rows {
		if err := f.Append(name, json.RawMessage(row)); err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestResume checks that a resumed export keeps what was committed and drops the rest: rows after the mark, half a row, a
// file that is in no mark, records of unreadable items, and a file that was being written.
func TestResume(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	f := open(t, dir)
	appended(t, f, "a.ndjson", `{"id": 1}`, "{\"text\":\n\"\u2028é\"}")
	f.Unreadable(archive.Unreadable{What: "conversation", ConversationID: 3, Why: "because"})
	f.Mark(archive.Position{Phase: archive.Conversations, ConversationID: 2, Row: true})
	appended(t, f, "a.ndjson", `{"id":3}`)
	appended(t, f, "b.ndjson", `{"id":4}`)
	f.Unreadable(archive.Unreadable{What: "conversation", ConversationID: 5, Why: "because"})
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.ndjson": "{\"id\":", ".unfinished-1": "{"} {
		left, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		_, err = left.WriteString(text)
		if err := errors.Join(err, left.Close()); err != nil {
			t.Fatal(err)
		}
	}

	f = open(t, dir)
	m := f.Manifest()
	if m.Position != (archive.Position{Phase: archive.Conversations, ConversationID: 2, Row: true}) || len(m.Unreadable) != 1 ||
		f.Rows("a.ndjson") != 2 || f.Rows("b.ndjson") != 0 {
		t.Errorf("%+v", m)
	}
	appended(t, f, "b.ndjson", `{"id":6}`)
	appended(t, f, "a.ndjson", `{"id":7}`)
	if err := f.Complete(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := content(t, dir, "a.ndjson"), "{\"id\":1}\n{\"text\":\"\u2028é\"}\n{\"id\":7}\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := content(t, dir, "b.ndjson"); got != "{\"id\":6}\n" {
		t.Errorf("%q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, ".unfinished-1")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if m, err := archive.Verify(t.Context(), dir); err != nil || !m.NextSince.Equal(time.Date(2026, 11, 1, 11, 59, 0, 0, time.UTC)) {
		t.Errorf("%v, %+v", err, m)
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	if info, errOf := os.Stat(dir); err != nil || errOf != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v, %v", err, errOf, info)
	}
}

// TestChanged checks that an export does not resume with files that were changed.
func TestChanged(t *testing.T) {
	for name, change := range map[string]func(name string) error{
		"changed":   func(name string) error { return os.WriteFile(name, []byte("{\"id\":2}\n"), 0o600) },
		"shortened": func(name string) error { return os.Truncate(name, 3) },
		"removed":   os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := open(t, dir)
			appended(t, f, "a.ndjson", `{"id":1}`)
			f.Mark(archive.Position{Phase: archive.Contacts})
			if err := errors.Join(f.Commit(), f.Close(), change(filepath.Join(dir, "a.ndjson"))); err != nil {
				t.Fatal(err)
			}
			if _, err := archive.Open(dir, head, time.Now()); err == nil || !strings.Contains(err.Error(), "a.ndjson was changed after the export wrote it") {
				t.Error(err)
			}
		})
	}
}

// TestManifestRefused checks that a manifest that this program did not write is refused.
func TestManifestRefused(t *testing.T) {
	for text, says := range map[string]string{
		"":                          "is not a manifest",
		"{}":                        "has the format 0",
		`{"format":2}`:              "has the format 2",
		`{"format":1,"tomorrow":1}`: "is not a manifest",
		`[]`:                        "is not a manifest",
		`{"format":1,"server":"https://chat.test","account":7,"key":"administrator","position":{"phase":"later"}} `:   `no phase "later"`,
		`{"format":1,"server":"https://chat.test","account":7,"key":"administrator","position":{"phase":"contacts"}}`: "there are no files",
		`{"format":1,"server":"https://chat.test","account":7,"key":"administrator","position":{"phase":"done"}} {}`:  "trailing data",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, archive.ManifestName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Open(dir, head, time.Now()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
		if got := content(t, dir, archive.ManifestName); got != text {
			t.Errorf("%s was changed to %s", text, got)
		}
	}
}

// TestMergeIntoAnother checks that a merge into a folder with an incomplete export, or with a complete one, is refused.
func TestMergeIntoAnother(t *testing.T) {
	parts := []string{t.TempDir(), t.TempDir()}
	for i, dir := range parts {
		of := head
		of.Shard = &shards.Shard{Index: i, Of: 2}
		f, err := archive.Open(dir, of, time.Now().Add(time.Duration(i)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Ensure(archive.Conversation), f.Complete(time.Now().Add(time.Duration(i)*time.Hour)), f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	f := open(t, out)
	appended(t, f, archive.Conversation, `{"id":1}`)
	f.Mark(archive.Position{Phase: archive.Conversations, ConversationID: 1})
	if err := errors.Join(f.Commit(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Merge(t.Context(), out, parts); err == nil || !strings.Contains(err.Error(), "has an incomplete export") {
		t.Error(err)
	}
	merged := t.TempDir()
	m, err := archive.Merge(t.Context(), merged, parts)
	first, errFirst := archive.Read(parts[0])
	last, errLast := archive.Read(parts[1])
	if errors.Join(err, errFirst, errLast) != nil || !m.From.Equal(first.From) || !m.NextSince.Equal(first.NextSince) || !m.To.Equal(*last.To) {
		t.Errorf("%v, %+v", err, m)
	}
	if _, err := archive.Merge(t.Context(), merged, parts); err == nil || !strings.Contains(err.Error(), "is already complete") {
		t.Error(err)
	}
}

// TestVerify checks that Verify finds what is missing, duplicated, or changed.
func TestVerify(t *testing.T) {
	for says, rows := range map[string][][2]string{
		"conversation 1 appears twice":           {{archive.Conversation, `{"id":1}`}, {archive.Conversation, `{"id":1}`}},
		"contact 5 appears twice":                {{archive.Contact, `{"id":5}`}, {archive.Contact, `{"id":5}`}},
		"which is missing":                       {{archive.Message, `{"id":9,"conversation_id":1}`}},
		"message 9 of conversation 1 appears tw": {{archive.Conversation, `{"id":1}`}, {archive.Message, `{"id":9,"conversation_id":1}`}, {archive.Message, `{"id":9,"conversation_id":1}`}},
		"message 8 of conversation 1 appears tw": {{archive.Conversation, `{"id":1}`}, {archive.Message, `{"id":9,"conversation_id":1}`}, {archive.Message, `{"id":8,"conversation_id":1}`}},
		"message 7 of conversation 1 appears tw": {
			{archive.Conversation, `{"id":1}`}, {archive.Conversation, `{"id":2}`}, {archive.Message, `{"id":3,"conversation_id":1}`},
			{archive.Message, `{"id":4,"conversation_id":2}`}, {archive.Message, `{"id":7,"conversation_id":1}`},
		},
		"no such file": {{archive.StoredFile, `{"sha256":"00","bytes":1,"attachment_id":1,"message_id":2,"conversation_id":3}`}},
		"": {
			{archive.Conversation, `{"id":1}`}, {archive.Conversation, `{"id":2}`}, {archive.Message, `{"id":3,"conversation_id":1}`},
			{archive.Message, `{"id":4,"conversation_id":1}`}, {archive.Message, `{"id":4,"conversation_id":2}`}, {archive.Contact, `{"id":4}`},
		},
	} {
		dir := t.TempDir()
		f := open(t, dir)
		if err := f.Ensure(archive.Conversation); err != nil { // first, as an export does
			t.Fatal(err)
		}
		for _, row := range rows {
			appended(t, f, row[0], row[1])
		}
		if err := errors.Join(f.Complete(time.Now()), f.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Verify(t.Context(), dir); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	dir := t.TempDir()
	if err := open(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Verify(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "is not complete") {
		t.Error(err)
	}
}
