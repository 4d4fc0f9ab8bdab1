package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// The names in a folder that are not those of rows.
const (
	ManifestName = "manifest.json"
	FilesFolder  = "files" // of attachments, each by the name of its SHA-256
	lockName     = ".lock"
	unfinished   = ".unfinished-" // what a file's name begins with until all of it is there
)

// Format is the version of the manifest that this program writes, and reads.
const Format = 1

// Head is what every run of an export must agree about. A folder is one server's, one account's and one kind of key's.
type Head struct {
	Server  string `json:"server"`
	Account int64  `json:"account"`
	// Key is whose eyes it was read with: "an administrator", or "agent 12", who sees only some inboxes.
	Key   string        `json:"key"`
	Since *time.Time    `json:"since,omitempty"`
	Shard *shards.Shard `json:"shard,omitempty"`
	// Attachments is whether the files of attachments are there too.
	Attachments bool `json:"attachments,omitempty"`

	ServerVersion string `json:"server_version,omitempty"` // when it was last asked, which need not stay the same
}

// Manifest is what manifest.json says.
type Manifest struct {
	Format int `json:"format"`
	Head

	// From and To are when the first run began and the last one ended, by the server's clock where it tells.
	From time.Time  `json:"from,omitzero"`
	To   *time.Time `json:"to,omitempty"`
	// NextSince is what to give to --since to have what has changed since this export.
	NextSince time.Time `json:"next_since,omitzero"`
	Complete  bool      `json:"complete"`

	Files      []File       `json:"files"`
	Unreadable []Unreadable `json:"unreadable"`
	Position   Position     `json:"position"`

	unreadable int // how many of them belong to the mark
}

// File is one of rows, or of what was made of them.
type File struct {
	Name   string `json:"file"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Unreadable is something that could not be read, and why.
type Unreadable struct {
	What           string `json:"what"` // conversation, message, file, or the name of a list
	ConversationID int64  `json:"conversation_id,omitempty"`
	MessageID      int64  `json:"message_id,omitempty"`
	AttachmentID   int64  `json:"attachment_id,omitempty"`
	Why            string `json:"why"`
}

func (u Unreadable) isAbout(v Unreadable) bool {
	v.Why = u.Why
	return u == v
}

// Written returns how many rows are there, without those of tables that were made of them.
func (m *Manifest) Written() (rows int64) {
	for _, file := range m.Files {
		if filepath.Ext(file.Name) == ".ndjson" {
			rows += file.Rows
		}
	}
	return rows
}

// Phase is a part of an export. They come one after the other.
type Phase string

// The phases, in their order.
const (
	Conversations Phase = "conversations" // with their messages
	Names         Phase = "names"
	Contacts      Phase = "contacts"
	Senders       Phase = "contacts of conversations"
	Attachments   Phase = "files"
	Done          Phase = "done"
)

var phases = []Phase{Conversations, Names, Contacts, Senders, Attachments, Done}

// Position is how far an export has come.
type Position struct {
	Phase          Phase `json:"phase"`
	ConversationID int64 `json:"conversation_id,omitempty"` // that was dealt with last
	MessageID      int64 `json:"message_id,omitempty"`      // of it up to which all were dealt with
	Row            bool  `json:"row,omitempty"`             // whether the conversation itself has been written
	Offset         int64 `json:"offset,omitempty"`          // how many bytes of the file have been read that a phase works through
}

// isOf reports what an earlier run did not agree about.
func (m *Manifest) isOf(head Head) error {
	switch {
	case m.Format != Format:
		return fmt.Errorf("has the format %d of another version of this program, and not %d; name another folder", m.Format, Format)
	case account.ServerName(m.Server) != account.ServerName(head.Server):
		return fmt.Errorf("is an export of %s, and not of %s; name another folder", m.Server, head.Server)
	case m.Account != head.Account:
		return fmt.Errorf("is an export of account %d, and not of %d; name another folder", m.Account, head.Account)
	case m.Key != head.Key:
		return fmt.Errorf("was read with the key of %s, and not with that of %s, who may see other conversations; name another folder",
			m.Key, head.Key)
	case !sameTime(m.Since, head.Since):
		return fmt.Errorf("has %s, and not %s; say it as before, or name another folder", sinceText(m.Since), sinceText(head.Since))
	case m.Shard.String() != head.Shard.String():
		return fmt.Errorf("is %s, and not %s; say it as before, or name another folder", m.Shard, head.Shard)
	case m.Attachments != head.Attachments:
		if m.Attachments {
			return errors.New("was begun with --files; add --files, or name another folder")
		}
		return errors.New("was begun without --files; leave it out, or name another folder")
	}
	return nil
}

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

func sinceText(since *time.Time) string {
	if since == nil {
		return "everything"
	}
	return "what has changed since " + since.Format(time.RFC3339) + " (--since)"
}

// Read reads the manifest of a folder.
func Read(dir string) (*Manifest, error) {
	name := filepath.Join(dir, ManifestName)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields() // it would be lost when the manifest is written again
	if err := decoder.Decode(m); err != nil {
		return nil, fmt.Errorf("%s is no manifest of an export: %w", name, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s is no manifest of an export: there is something behind it", name)
	}
	if err := m.makesSense(); err != nil {
		return nil, fmt.Errorf("%s is not as an export writes it: %w", name, err)
	}
	m.unreadable = len(m.Unreadable)
	return m, nil
}

// marked returns the manifest as of the last mark, which does not change any more.
func (m *Manifest) marked() Manifest {
	marked := *m
	marked.Unreadable = append([]Unreadable{}, m.Unreadable[:m.unreadable]...)
	marked.Files = append([]File{}, m.Files...)
	return marked
}

// makesSense reports what no export writes.
func (m *Manifest) makesSense() error {
	switch {
	case m.Format != Format: // which is for isOf to tell
	case !slices.Contains(phases, m.Position.Phase):
		return fmt.Errorf("there is no phase %q", m.Position.Phase)
	case m.Position.Phase != phases[0] && len(m.Files) == 0:
		return fmt.Errorf("there are no files in the phase %q", m.Position.Phase)
	case m.Complete && m.To == nil:
		return errors.New("it is complete, and has no end")
	}
	return nil
}

// write puts a manifest in place of the one before, in one step.
func (m *Manifest) write(dir string) error {
	data, err := json.MarshalIndent(m.marked(), "", "  ")
	if err != nil {
		return err
	}
	return Replace(dir, ManifestName, func(f *os.File) error {
		_, err := f.Write(append(data, '\n'))
		return err
	})
}

// Replace writes a file of a folder anew. The one before stays until all of the new one is on the disk.
func Replace(dir, name string, write func(*os.File) error) error {
	return Store(dir, func() string { return name }, write)
}

// Store is Replace for a file whose name is known when it has been written.
func Store(dir string, name func() string, write func(*os.File) error) error {
	f, err := os.CreateTemp(dir, unfinished) // which nobody else may read
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name()))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(dir)
}

// syncFolder brings the names in a folder to the disk, where the system lets a program do that.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
