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

// The names in a folder besides those of rows.
const (
	ManifestName = "manifest.json"
	FilesFolder  = "files" // of attachments, each named by its SHA-256
	lockName     = ".lock"
	unfinished   = ".unfinished-" // the prefix of a file's name until it is complete
)

// Format is the manifest version that this program writes and reads.
const Format = 1

// Head is the part of the manifest that must be the same in every run of an export. A folder belongs to one server, one
// account and one kind of key.
type Head struct {
	Server  string `json:"server"`
	Account int64  `json:"account"`
	// Key is whose view it was read with: "an administrator" or, for example, "agent 12", who sees only some inboxes.
	Key   string        `json:"key"`
	Since *time.Time    `json:"since,omitempty"`
	Shard *shards.Shard `json:"shard,omitempty"`
	// Attachments is whether the files of attachments are included.
	Attachments bool `json:"attachments,omitempty"`

	ServerVersion string `json:"server_version,omitempty"` // when it was last asked, which need not stay the same
}

// Manifest is the content of manifest.json.
type Manifest struct {
	Format int `json:"format"`
	Head

	// From and To are when the first run started and the last one ended, by the server's clock if it is known.
	From time.Time  `json:"from,omitzero"`
	To   *time.Time `json:"to,omitempty"`
	// NextSince is the value of --since for an export of later changes.
	NextSince time.Time `json:"next_since,omitzero"`
	Complete  bool      `json:"complete"`

	Files      []File       `json:"files"`
	Unreadable []Unreadable `json:"unreadable"`
	Position   Position     `json:"position"`

	unreadable int // how many of them are part of the mark
}

// File is a file of rows, or one made from rows.
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

// Written returns the number of rows, without those of the tables made from them.
func (m *Manifest) Written() (rows int64) {
	for _, file := range m.Files {
		if filepath.Ext(file.Name) == ".ndjson" {
			rows += file.Rows
		}
	}
	return rows
}

// Phase is a part of an export. Phases run one after another.
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

// isOf returns an error if an earlier run had a different head.
func (m *Manifest) isOf(head Head) error {
	switch {
	case m.Format != Format:
		return fmt.Errorf("has the format %d of another version of this program, not %d; use another folder", m.Format, Format)
	case account.ServerName(m.Server) != account.ServerName(head.Server):
		return fmt.Errorf("is an export of %s, not of %s; use another folder", m.Server, head.Server)
	case m.Account != head.Account:
		return fmt.Errorf("is an export of account %d, not of %d; use another folder", m.Account, head.Account)
	case m.Key != head.Key:
		return fmt.Errorf("was read with the key of %s, not of %s, who may see other conversations; use another folder",
			m.Key, head.Key)
	case !sameTime(m.Since, head.Since):
		return fmt.Errorf("has %s, not %s; use the same option as before, or another folder", sinceText(m.Since), sinceText(head.Since))
	case m.Shard.String() != head.Shard.String():
		return fmt.Errorf("is %s, not %s; use the same option as before, or another folder", m.Shard, head.Shard)
	case m.Attachments != head.Attachments:
		if m.Attachments {
			return errors.New("was started with --files; add --files, or use another folder")
		}
		return errors.New("was started without --files; leave it out, or use another folder")
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
	decoder.DisallowUnknownFields() // an unknown field would be lost when the manifest is written again
	if err := decoder.Decode(m); err != nil {
		return nil, fmt.Errorf("%s is not a manifest of an export: %w", name, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s is not a manifest of an export: it has trailing data", name)
	}
	if err := m.makesSense(); err != nil {
		return nil, fmt.Errorf("%s is not as an export writes it: %w", name, err)
	}
	m.unreadable = len(m.Unreadable)
	return m, nil
}

// marked returns a copy of the manifest as of the last mark, which no longer changes.
func (m *Manifest) marked() Manifest {
	marked := *m
	marked.Unreadable = append([]Unreadable{}, m.Unreadable[:m.unreadable]...)
	marked.Files = append([]File{}, m.Files...)
	return marked
}

// makesSense returns an error for content that no export writes.
func (m *Manifest) makesSense() error {
	switch {
	case m.Format != Format: // isOf reports that
	case !slices.Contains(phases, m.Position.Phase):
		return fmt.Errorf("there is no phase %q", m.Position.Phase)
	case m.Position.Phase != phases[0] && len(m.Files) == 0:
		return fmt.Errorf("there are no files in the phase %q", m.Position.Phase)
	case m.Complete && m.To == nil:
		return errors.New("it is complete, but has no end")
	}
	return nil
}

// write replaces the manifest with a new one, atomically.
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

// Replace rewrites a file in a folder. The old one stays until the new one is completely on disk.
func Replace(dir, name string, write func(*os.File) error) error {
	return Store(dir, func() string { return name }, write)
}

// Store is Replace for a file whose name is known only after writing it.
func Store(dir string, name func() string, write func(*os.File) error) error {
	f, err := os.CreateTemp(dir, unfinished) // readable by nobody else
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

// syncFolder writes the names in a folder to disk, if the system allows that.
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
