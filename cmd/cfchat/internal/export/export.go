// Package export writes an account to a folder, as received.
package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// Options say what to export, and where to.
type Options struct {
	Dir         string
	Since       *time.Time    // nil for everything
	Shard       *shards.Shard // nil for the whole account
	Attachments bool          // with their files
	CSV         bool          // with tables
	Concurrency int           // how many requests run at once
	Server      string        // the server's name in the manifest
	Note        func(string)  // told where an export resumes, nil for nobody
}

// exporter is one run.
type exporter struct {
	Options
	chat     *cfchat.Chat
	account  *cfchat.Account
	folder   *archive.Folder
	meter    *progress.Meter
	state    progress.State
	requests *requests.Counter
	commitAt time.Time // when to commit the next mark
}

// Run exports an account, or resumes an earlier run, and returns the contents of the folder, even if it fails.
func Run(ctx context.Context, chat *cfchat.Chat, of *cfchat.Account, options Options, requests *requests.Counter, meter *progress.Meter) (archive.Manifest, error) {
	x := &exporter{Options: options, chat: chat, account: of, meter: meter, requests: requests}
	head, begun, err := x.head(ctx)
	if err != nil {
		return archive.Manifest{}, err
	}
	if x.folder, err = archive.Open(options.Dir, head, begun); err != nil {
		return archive.Manifest{}, err
	}
	if err = x.run(ctx); err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w; run the same command again to continue", err)
	}
	err = errors.Join(err, x.folder.Close())
	return x.folder.Committed(), err
}

// head returns whose folder it is, and the time by the server's clock.
func (x *exporter) head(ctx context.Context) (head archive.Head, begun time.Time, err error) {
	head = archive.Head{Server: account.ServerName(x.Server), Account: x.account.ID(), Since: x.Since, Shard: x.Shard, Attachments: x.Attachments}
	if info, err := x.chat.ServerInfo(ctx); err == nil {
		head.ServerVersion = info.Version
	}
	head.Key, begun, err = account.Seen(ctx, x.chat, head.Account)
	return head, begun, err
}

// shown is the name of a phase for people.
var shown = map[archive.Phase]string{
	archive.Names: "names", archive.Conversations: "conversations and messages", archive.Contacts: "contacts",
	archive.Senders: "contacts of conversations", archive.Attachments: "files",
}

// run does the rest of an export.
func (x *exporter) run(ctx context.Context) error {
	switch m := x.folder.Manifest(); {
	case m.Complete:
		return x.tables(ctx)
	case m.Written() > 0 && x.Note != nil:
		x.Note(fmt.Sprintf("Resuming %s after %d rows.", x.Dir, m.Written()))
	}
	if err := x.read(ctx); err != nil {
		if failed := x.folder.Commit(); failed != nil && !errors.Is(err, failed) {
			return fmt.Errorf("%w; %w", err, failed)
		}
		return err
	}
	now, err := account.Clock(ctx, x.chat)
	if err != nil {
		return err
	}
	if err := x.folder.Complete(now); err != nil {
		return err
	}
	return x.tables(ctx)
}

// read runs the remaining phases, and retries what could not be read.
func (x *exporter) read(ctx context.Context) error {
	files := []string{archive.Conversation, archive.Message, archive.Contact}
	if x.Attachments {
		files = append(files, archive.StoredFile)
	}
	if err := x.folder.Ensure(files...); err != nil {
		return err
	}
	phases := []struct {
		phase, next archive.Phase
		run         func(context.Context) error
	}{
		{archive.Conversations, archive.Names, x.conversations},
		{archive.Names, archive.Contacts, x.names},
		{archive.Contacts, archive.Senders, x.contacts},
		{archive.Senders, archive.Attachments, x.senders},
		{archive.Attachments, archive.Done, x.attachments},
	}
	for _, p := range phases {
		if p.phase != x.folder.Manifest().Position.Phase {
			continue // an earlier run has done it
		}
		x.state = progress.State{Phase: shown[p.phase]}
		if err := p.run(ctx); err != nil {
			return err
		}
		if err := x.mark(archive.Position{Phase: p.next}); err != nil {
			return err
		}
	}
	return x.again(ctx)
}

// commitShare is how many times longer than a commit the export runs before the next one: a slow disk does not hold it up,
// and little is repeated after a kill.
const commitShare = 10

// mark assigns everything written so far to a position, and commits it now and then.
func (x *exporter) mark(p archive.Position) error {
	x.folder.Mark(p)
	begun := time.Now()
	if begun.Before(x.commitAt) || !x.folder.HasNews() {
		return nil
	}
	err := x.folder.Commit()
	x.commitAt = time.Now().Add(commitShare * time.Since(begun))
	return err
}

// write appends a row.
func (x *exporter) write(file string, row []byte) error {
	x.state.Rows++
	return x.folder.Append(file, row)
}

// show shows how far a phase has come.
func (x *exporter) show(done, total int64, waiting time.Time) {
	x.state.Done, x.state.Total, x.state.WaitingUntil = done, total, waiting
	x.state.Requests = x.requests.Sent()
	x.meter.Show(x.state)
}
