package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of rows whose ids are checked.
const (
	Conversation = "conversations.ndjson"
	Message      = "messages.ndjson"
	Contact      = "contacts.ndjson"
	StoredFile   = "files.ndjson"
)

// Verify reads a folder and checks that it matches its manifest: complete, each file with its rows and its SHA-256, no row
// twice, no message without its conversation, and each attachment's file present and complete.
func Verify(ctx context.Context, dir string) (*Manifest, error) {
	m, err := Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not an export: it has no %s", dir, ManifestName)
	}
	if err != nil {
		return nil, err
	}
	if !m.Complete {
		return nil, fmt.Errorf("%s is not complete; run its export again to continue", dir)
	}
	v := verifier{dir: dir, conversations: map[int64]bool{}, contacts: map[int64]bool{}}
	var errs []error
	for _, file := range m.Files {
		if err := v.file(ctx, file); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", filepath.Join(dir, file.Name), err))
		}
	}
	return m, errors.Join(errs...)
}

// isThere returns an error if a complete folder lacks something, so that a run with nothing to do does not report success.
func (m *Manifest) isThere(dir string) error {
	for _, file := range m.Files {
		name := filepath.Join(dir, file.Name)
		if err := isFile(name, file); err != nil {
			return fmt.Errorf("%s has changed since the export was complete: %w", name, err)
		}
	}
	return nil
}

// verifier records what it has seen in a folder.
type verifier struct {
	dir           string
	conversations map[int64]bool // true until one of its messages has been seen
	contacts      map[int64]bool
	conversation  int64 // of the last message
	message       int64 // the last
}

// row has the fields that tell where a row belongs.
type row struct {
	ID, Conversation, Message, Attachment, Bytes int64
	SHA256                                       string
}

// rowOf reads only the fields of a row that are checked: a server may put anything into the rest. Lists of names have no
// such fields.
func rowOf(file string, line []byte) (r row, err error) {
	var fields map[string]json.RawMessage // with case-sensitive names
	if json.Unmarshal(line, &fields) != nil || fields == nil {
		return r, errors.New("it is not a JSON object")
	}
	wanted := map[string]any{}
	switch file {
	case Conversation, Contact:
		wanted["id"] = &r.ID
	case Message:
		wanted["id"], wanted["conversation_id"] = &r.ID, &r.Conversation
	case StoredFile:
		wanted["conversation_id"], wanted["message_id"], wanted["attachment_id"] = &r.Conversation, &r.Message, &r.Attachment
		wanted["bytes"], wanted["sha256"] = &r.Bytes, &r.SHA256
	}
	for name, into := range wanted {
		if err := json.Unmarshal(fields[name], into); err != nil {
			return r, fmt.Errorf("its %s: %w", name, err)
		}
	}
	return r, nil
}

// IDOf returns the id of a conversation, a message or a contact from its row.
func IDOf(line []byte) (int64, error) {
	r, err := rowOf(Contact, line)
	return r.ID, err
}

func (v *verifier) file(ctx context.Context, file File) error {
	hash, rows, bytes := sha256.New(), int64(0), int64(0)
	name := filepath.Join(v.dir, file.Name)
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if filepath.Ext(name) != ".ndjson" {
		return isFile(name, file)
	}
	for line, err := range linesOf(name, 0, info.Size()) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		hash.Write(line)
		rows, bytes = rows+1, bytes+int64(len(line))
		r, err := rowOf(file.Name, line)
		if err != nil {
			return fmt.Errorf("it has changed since the export: line %d: %w", rows, err)
		}
		if err := v.row(file.Name, r); err != nil {
			return fmt.Errorf("line %d: %w", rows, err)
		}
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); rows != file.Rows || bytes != file.Bytes || sum != file.SHA256 {
		return fmt.Errorf("it has %d rows, %d bytes and the SHA-256 %s, where the manifest says %d, %d and %s", rows, bytes, sum, file.Rows, file.Bytes, file.SHA256)
	}
	return nil
}

// row checks where a row belongs.
func (v *verifier) row(file string, r row) error {
	switch file {
	case Conversation:
		if _, again := v.conversations[r.ID]; again {
			return fmt.Errorf("conversation %d appears twice", r.ID)
		}
		v.conversations[r.ID] = true
	case Contact:
		if v.contacts[r.ID] {
			return fmt.Errorf("contact %d appears twice", r.ID)
		}
		v.contacts[r.ID] = true
	case Message:
		isNew, isThere := v.conversations[r.Conversation]
		switch {
		case !isThere:
			return fmt.Errorf("message %d is of conversation %d, which is missing", r.ID, r.Conversation)
		case r.Conversation != v.conversation && !isNew, r.Conversation == v.conversation && r.ID <= v.message:
			return fmt.Errorf("message %d of conversation %d appears twice, or out of order", r.ID, r.Conversation)
		}
		v.conversations[r.Conversation] = false
		v.conversation, v.message = r.Conversation, r.ID
	case StoredFile:
		if err := isFile(filepath.Join(v.dir, FilesFolder, r.SHA256), File{Bytes: r.Bytes, SHA256: r.SHA256}); err != nil {
			return fmt.Errorf("the file of attachment %d of message %d: %w", r.Attachment, r.Message, err)
		}
	}
	return nil
}

// isFile returns an error if a file is not what it should be.
func isFile(name string, want File) error {
	opened, err := os.Open(name)
	if err != nil {
		return err
	}
	defer opened.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, opened)
	if err != nil {
		return err
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); n != want.Bytes || sum != want.SHA256 {
		return fmt.Errorf("%s has %d bytes and the SHA-256 %s, where it should have %d and %s", name, n, sum, want.Bytes, want.SHA256)
	}
	return nil
}
