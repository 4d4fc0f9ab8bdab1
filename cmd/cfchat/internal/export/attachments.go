package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

// storedFile is a row of files.ndjson, which maps attachments to files.
type storedFile struct {
	AttachmentID   int64  `json:"attachment_id"`
	MessageID      int64  `json:"message_id"`
	ConversationID int64  `json:"conversation_id"`
	FileType       string `json:"file_type"`
	Name           string `json:"name"` // as its address ends
	ContentType    string `json:"content_type,omitempty"`
	Bytes          int64  `json:"bytes"`
	SHA256         string `json:"sha256"` // which is its name in the folder
}

// attachments downloads the files of the written messages, all files of a message at once.
func (x *exporter) attachments(ctx context.Context) error {
	if !x.Attachments {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(x.Dir, archive.FilesFolder), 0o700); err != nil {
		return err
	}
	total, done := x.folder.Rows(archive.Message), int64(0)
	err := x.folder.Lines(archive.Message, x.folder.Manifest().Position.Offset, func(line []byte, behind int64) error {
		done++
		if err := x.filesOf(ctx, line, func(*cfchat.Attachment) bool { return true }); err != nil {
			return err
		}
		x.show(done, total, time.Time{})
		return x.mark(archive.Position{Phase: archive.Attachments, Offset: behind})
	})
	if err != nil {
		return err
	}
	return x.missingFiles(ctx)
}

// missingFiles retries the unavailable files, because their storage may have been unreachable.
func (x *exporter) missingFiles(ctx context.Context) error {
	missing := map[int64]bool{}
	for _, u := range x.folder.Manifest().Unreadable {
		if u.What == attachedFile {
			missing[u.AttachmentID] = true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	end := x.folder.Manifest().Position
	return x.folder.Lines(archive.Message, 0, func(line []byte, _ int64) error {
		if err := x.filesOf(ctx, line, func(a *cfchat.Attachment) bool { return missing[a.ID] }); err != nil {
			return err
		}
		return x.mark(end)
	})
}

// attachedFile is the manifest's name for an unavailable file.
const attachedFile = "file"

// filesOf downloads the wanted files of a message.
func (x *exporter) filesOf(ctx context.Context, line []byte, wanted func(*cfchat.Attachment) bool) error {
	var m cfchat.Message
	if !bytes.Contains(line, []byte(`"attachments"`)) {
		return nil
	}
	if err := json.Unmarshal(line, &m); err != nil {
		return err
	}
	attachments := slices.DeleteFunc(m.Attachments, func(a *cfchat.Attachment) bool { return a == nil || hasNoFile(a) || !wanted(a) })
	stored := make([]storedFile, len(attachments))
	failed := make([]error, len(attachments))
	slots := make(chan struct{}, max(x.Concurrency, 1))
	var running sync.WaitGroup
	for i, attachment := range attachments {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			stored[i], failed[i] = x.download(ctx, attachment)
		})
	}
	running.Wait()
	for i, attachment := range attachments {
		file := stored[i]
		file.AttachmentID, file.MessageID, file.ConversationID = attachment.ID, m.ID, m.ConversationID
		file.FileType, file.ContentType, file.Name = string(attachment.GetFileType()), attachment.GetContentType(), nameOf(attachment)
		switch err := failed[i]; {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			if err := x.cannotBeHad(ctx, file, err); err != nil {
				return err
			}
		default:
			row, err := json.Marshal(file)
			if err != nil {
				return err
			}
			if err := x.write(archive.StoredFile, row); err != nil {
				return err
			}
			x.folder.Readable(func(u archive.Unreadable) bool { return u.What == attachedFile && u.AttachmentID == file.AttachmentID })
		}
	}
	return nil
}

// hasNoFile reports whether an attachment is one of the kinds that have none.
func hasNoFile(a *cfchat.Attachment) bool {
	switch a.GetFileType() {
	case cfchat.AttachmentTypeLocation, cfchat.AttachmentTypeContact, cfchat.AttachmentTypeFallback, cfchat.AttachmentTypeEmbed:
		return true
	}
	return false
}

// nameOf returns the name of a file, as far as its address has it.
func nameOf(a *cfchat.Attachment) string {
	address, err := url.Parse(a.GetDataURL())
	if err != nil || address.Path == "" {
		return ""
	}
	return path.Base(address.Path)
}

// cannotBeHad records an unavailable file, if the server answers at all.
func (x *exporter) cannotBeHad(ctx context.Context, file storedFile, err error) error {
	if _, isOfCall := errors.AsType[*cfchat.Error](err); !isOfCall {
		return err // of the disk
	}
	if _, gone := x.chat.Profile(ctx); gone != nil {
		return errors.Join(err, gone)
	}
	x.folder.Unreadable(archive.Unreadable{
		What: attachedFile, ConversationID: file.ConversationID, MessageID: file.MessageID, AttachmentID: file.AttachmentID, Why: err.Error(),
	})
	return nil
}

// maxFile is the largest file in bytes. Files are streamed to disk.
const maxFile = 1 << 40

// download stores a file under its hash.
func (x *exporter) download(ctx context.Context, attachment *cfchat.Attachment) (stored storedFile, err error) {
	hash := sha256.New()
	into := filepath.Join(x.Dir, archive.FilesFolder)
	name := func() string { return hex.EncodeToString(hash.Sum(nil)) }
	err = archive.Store(into, name, func(f *os.File) error {
		to := &disk{Writer: io.MultiWriter(f, hash)}
		n, err := x.account.Messages.Download(ctx, attachment, to, cfchat.WithMaxBody(maxFile))
		stored.Bytes = n
		if to.err != nil {
			return fmt.Errorf("a file of message %d: %w", attachment.MessageID, to.err)
		}
		return err
	})
	stored.SHA256 = name()
	return stored, err
}

// disk keeps a write error, which is not the server's fault.
type disk struct {
	io.Writer
	err error
}

func (d *disk) Write(p []byte) (n int, err error) {
	n, d.err = d.Writer.Write(p)
	return n, d.err
}
