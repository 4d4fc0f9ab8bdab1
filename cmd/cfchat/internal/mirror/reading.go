package mirror

import (
	"context"
	"errors"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
)

// reading is the state of reading a part of the account.
type reading struct {
	*mirror
	window *database.Window
	asked  time.Time // by the server's clock, before the first request
	from   cfchat.MessageScanAllOptions
	at     int64 // the conversation being read
	skips  bool  // that conversation is another shard's
	whole  bool  // it is committed at its end, and is not part of a walk
	pauses bool  // it has been interrupted, because a round is due
	leave  context.CancelFunc
	err    error // of a commit
}

// read reads a part of the account.
func (r *reading) read(ctx context.Context, part cfchat.MessageScanAllOptions) error {
	within, leave := context.WithCancel(ctx)
	defer leave()
	r.leave = leave
	part.Concurrency, part.Conversation = r.Concurrency, r.conversation
	part.Progress = func(p cfchat.MessageScanAllProgress) { r.progress(ctx, p) }
	for m, err := range r.account.Messages.ScanAll(within, cfchat.Filter{}, part, cfchat.KeepJSON()) {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case r.err != nil:
			return r.err
		case r.pauses:
			return nil
		case ok && e.ConversationID != 0:
			r.unreadable(e)
		case err != nil:
			return err
		default:
			r.message(m)
		}
	}
	if r.err != nil || r.pauses || r.whole {
		return r.err
	}
	_, err := r.commit(ctx, r.window)
	return err
}

// isOver reports whether whatever still arrives must be dropped.
func (r *reading) isOver() bool { return r.err != nil || r.pauses }

// conversation writes a conversation.
func (r *reading) conversation(c *cfchat.Conversation) {
	if r.isOver() {
		return
	}
	r.at, r.skips = c.ID, !r.Shard.Owns(c.ID)
	if r.skips {
		return
	}
	isResumed := r.from.After != 0 && c.ID == r.from.ConversationID
	if !isResumed {
		r.window.Readable(c.ID)
	}
	r.err = r.window.Conversation(c, !isResumed && r.isSettled(c, r.asked))
}

// message writes a message.
func (r *reading) message(m *cfchat.Message) {
	if !r.skips {
		r.window.Message(m)
	}
}

// unreadable records what cannot be read. A conversation that the server says is gone stays until a walk does not find it.
func (r *reading) unreadable(e *cfchat.Error) {
	if e.ConversationID != r.at {
		r.at, r.skips = e.ConversationID, !r.Shard.Owns(e.ConversationID)
	}
	switch {
	case r.skips:
	case e.MessageID != 0:
		r.window.Unreadable("message", e.ConversationID, e.MessageID, e.Error())
	default:
		r.window.Unreadable("conversation", e.ConversationID, 0, e.Error())
	}
}

// progress records how far the reading has come, commits that now and then, and interrupts the reading when a round is due,
// but only once it has come further, because an interruption drops what was read ahead.
func (r *reading) progress(ctx context.Context, p cfchat.MessageScanAllProgress) {
	if r.isOver() {
		return
	}
	r.show(p.ConversationID, p.WaitingUntil)
	if r.whole {
		return
	}
	r.position.ConversationID, r.position.MessageID = p.ConversationID, p.LastID
	hasMoved := p.ConversationID != r.from.ConversationID || p.LastID != r.from.After
	pauses := hasMoved && r.isRoundDue()
	if !pauses && !r.isFull(r.window) {
		return
	}
	if r.window, r.err = r.commit(ctx, r.window); r.err != nil || pauses {
		r.pauses = r.err == nil
		r.leave()
	}
}
