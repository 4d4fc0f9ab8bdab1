package export

import (
	"context"
	"errors"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// conversations writes the conversations, each with its messages.
func (x *exporter) conversations(ctx context.Context) error {
	if x.Since != nil {
		return x.changed(ctx)
	}
	at := x.folder.Manifest().Position
	x.folder.Readable(func(u archive.Unreadable) bool { // they are tried again
		return u.ConversationID == at.ConversationID && u.ConversationID != 0 && (u.MessageID == 0 || u.MessageID > at.MessageID)
	})
	newest, total, err := account.Newest(ctx, x.account)
	if err != nil {
		return err
	}
	if x.Shard != nil {
		total /= int64(x.Shard.Of)
	}
	for _, part := range shards.Parts(x.Shard, at.ConversationID, newest) {
		r := &reading{exporter: x, total: total, wrote: at}
		if x.Shard != nil && part.Until == 0 {
			return r.rest(ctx, part.ConversationID)
		}
		if part.ConversationID <= at.ConversationID {
			part.ConversationID, part.After = at.ConversationID, at.MessageID
		}
		if err := r.read(ctx, part); err != nil {
			return err
		}
		if part.Until == 0 {
			break // the next phase starts after it
		}
		at = archive.Position{Phase: archive.Conversations, ConversationID: part.Until + 1}
		if err := x.mark(at); err != nil {
			return err
		}
	}
	return nil
}

// reading is the reading of a part of the account.
type reading struct {
	*exporter
	total int64            // conversations of the account, 0 if unknown
	wrote archive.Position // how far rows have been written
	whole bool             // nothing is marked before the end
	err   error            // of writing a row
}

// read reads a part of the account.
func (r *reading) read(ctx context.Context, part cfchat.MessageScanAllOptions) error {
	part.Concurrency, part.Conversation, part.Progress = r.Concurrency, r.conversation, r.progress
	for m, err := range r.account.Messages.ScanAll(ctx, cfchat.Filter{}, part, cfchat.KeepJSON()) {
		switch e, ok := errors.AsType[*cfchat.Error](err); {
		case ok && e.ConversationID != 0:
			r.unreadable(e)
		case err != nil:
			return err
		default:
			r.message(m)
		}
		if r.err != nil {
			return r.err
		}
	}
	return r.err
}

// conversation writes a conversation, unless a former run has.
func (r *reading) conversation(c *cfchat.Conversation) {
	isResumed := r.wrote.ConversationID == c.ID && r.wrote.Row
	if isResumed || r.err != nil {
		return
	}
	r.wrote = archive.Position{Phase: archive.Conversations, ConversationID: c.ID, Row: true}
	r.err = r.write(archive.Conversation, c.JSON())
}

// rest reads the shard's conversations from an id on, one at a time, because there are few.
func (r *reading) rest(ctx context.Context, from int64) error {
	r.whole = true
	options := cfchat.ConversationScanOptions{After: max(from-1, 0), Concurrency: r.Concurrency}
	for c, err := range r.account.Conversations.Scan(ctx, cfchat.Filter{}, options, cfchat.KeepJSON()) {
		var id int64
		switch e, ok := errors.AsType[*cfchat.Error](err); {
		case ok && e.ConversationID != 0:
			id = e.ConversationID
			if r.Shard.Owns(id) {
				r.unreadable(e)
			}
		case err != nil:
			return err
		default:
			id = c.ID
			if r.Shard.Owns(id) {
				r.err = r.one(ctx, c)
			}
		}
		if r.err != nil {
			return r.err
		}
		r.show(r.folder.Rows(archive.Conversation), r.total, time.Time{})
		if err := r.mark(archive.Position{Phase: archive.Conversations, ConversationID: id + 1}); err != nil {
			return err
		}
	}
	return nil
}

// message writes a message.
func (r *reading) message(m *cfchat.Message) {
	if r.err == nil {
		r.wrote.MessageID = m.ID
		r.err = r.write(archive.Message, m.JSON())
	}
}

// unreadable records what cannot be read.
func (r *reading) unreadable(e *cfchat.Error) {
	u := archive.Unreadable{What: "conversation", ConversationID: e.ConversationID, MessageID: e.MessageID, Why: e.Error()}
	if e.MessageID != 0 {
		u.What, r.wrote.MessageID = "message", e.MessageID
	}
	if e.ConversationID != r.wrote.ConversationID {
		r.wrote = archive.Position{Phase: archive.Conversations, ConversationID: e.ConversationID}
	}
	r.folder.Unreadable(u)
}

// progress marks how far the reading has come. Conversations created since the export started may be stored late with a
// smaller id, and are left to the next export; those that existed at the start have been read.
func (r *reading) progress(p cfchat.MessageScanAllProgress) {
	r.show(r.folder.Rows(archive.Conversation), r.total, p.WaitingUntil)
	if !r.whole && r.err == nil {
		r.err = r.mark(r.wrote)
	}
}

// changed writes the changed conversations, each with all of its messages, because an imported or deleted message shows in
// no other way.
func (x *exporter) changed(ctx context.Context) error {
	written, err := x.ids(archive.Conversation)
	if err != nil {
		return err
	}
	x.folder.Readable(func(u archive.Unreadable) bool {
		return u.What == "conversation" || u.What == "message" && !written[u.ConversationID]
	})
	for c, err := range x.account.Conversations.Changed(ctx, *x.Since, cfchat.ConversationChangedOptions{}, cfchat.KeepJSON()).All() {
		e, isError := errors.AsType[*cfchat.Error](err)
		switch {
		case isError && e.ConversationID != 0 && x.Shard.Owns(e.ConversationID):
			x.folder.Unreadable(archive.Unreadable{What: "conversation", ConversationID: e.ConversationID, Why: e.Error()})
		case isError && e.ConversationID != 0:
		case err != nil:
			return err
		case x.Shard.Owns(c.ID) && !written[c.ID]:
			r := &reading{exporter: x, whole: true}
			if err := r.one(ctx, c); err != nil {
				return err
			}
		}
		x.show(x.folder.Rows(archive.Conversation), 0, time.Time{})
		if err := x.mark(archive.Position{Phase: archive.Conversations}); err != nil {
			return err
		}
	}
	return nil
}

// one writes a conversation and its messages.
func (r *reading) one(ctx context.Context, c *cfchat.Conversation) error {
	r.conversation(c)
	for m, err := range r.account.Messages.Scan(ctx, c.ID, cfchat.MessageScanOptions{After: r.wrote.MessageID}, cfchat.KeepJSON()) {
		switch e, ok := errors.AsType[*cfchat.Error](err); {
		case ok && e.MessageID != 0:
			r.unreadable(e)
		case err != nil: // a scan of several shows whether it is the conversation's fault
			return r.read(ctx, cfchat.MessageScanAllOptions{ConversationID: c.ID, After: r.wrote.MessageID, Until: c.ID})
		default:
			r.message(m)
		}
		if r.err != nil {
			return r.err
		}
	}
	return r.err
}
