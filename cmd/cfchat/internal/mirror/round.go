package mirror

import (
	"context"
	"errors"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
)

const (
	crowd       = 25 // conversations: one page of a list
	crowdMargin = 5 * account.Margin
)

// round fetches the conversations that have changed, and reads each of them whole. When all of them are stored, it advances
// the time from which the next round fetches changes.
//
// That time is a minute before the newest change. If many conversations changed in that minute and nothing happens after it,
// each round would fetch all of them again: so the next one looks at the server's clock, and moves the time to shortly
// before now.
func (m *mirror) round(ctx context.Context) error {
	looks := m.crowded
	if looks {
		if err := m.claim(ctx); err != nil {
			return err
		}
	}
	m.state = progress.State{Phase: "changes", Rows: m.state.Rows}
	asked, found := m.now(), 0
	changes := m.account.Conversations.Changed(ctx, m.position.Since, cfchat.ConversationChangedOptions{}, cfchat.KeepJSON())
	for c, err := range changes.All() {
		found++
		e, isOfCall := errors.AsType[*cfchat.Error](err)
		switch {
		case isOfCall && e.ConversationID != 0:
			err = m.unreadable(ctx, e)
		case err == nil && m.Shard.Owns(c.ID):
			err = m.changed(ctx, c, asked)
		}
		if err != nil {
			return err
		}
		m.show(m.state.Done+1, time.Time{})
	}
	m.show(m.state.Done, time.Time{})
	m.position.Since, m.position.AskedAt = changes.Next(), asked.Truncate(time.Second)
	if looks {
		m.position.Since = later(m.position.Since, asked.Add(-crowdMargin))
	}
	m.crowded = found > crowd && !looks
	_, err := m.commit(ctx, m.newWindow())
	return err
}

// unreadable records a conversation that cannot be read.
func (m *mirror) unreadable(ctx context.Context, e *cfchat.Error) error {
	if !m.Shard.Owns(e.ConversationID) {
		return nil
	}
	w := m.newWindow()
	w.Unreadable("conversation", e.ConversationID, 0, e.Error())
	_, err := m.commit(ctx, w)
	return err
}

// changed reads a conversation whole, because nothing else reveals a message that was imported or deleted. One that is the
// same as when it had settled is skipped: each round returns the conversations of the margin again.
func (m *mirror) changed(ctx context.Context, c *cfchat.Conversation, asked time.Time) error {
	if has, err := m.db.Has(ctx, c.ID, c.JSON()); has || err != nil {
		return err
	}
	r := &reading{mirror: m, window: m.newWindow(), asked: asked, whole: true}
	if r.conversation(c); r.err != nil {
		return r.err
	}
	if err := r.messages(ctx, c.ID); err != nil {
		return err
	}
	_, err := m.commit(ctx, r.window)
	return err
}

// messages reads the messages of a conversation.
func (r *reading) messages(ctx context.Context, conversation int64) error {
	last := int64(0)
	for message, err := range r.account.Messages.Scan(ctx, conversation, cfchat.MessageScanOptions{}, cfchat.KeepJSON()) {
		switch e, ok := errors.AsType[*cfchat.Error](err); {
		case ok && e.MessageID != 0:
			r.unreadable(e)
		case err != nil: // a scan of several conversations reports whether the conversation is to blame
			r.from = cfchat.MessageScanAllOptions{ConversationID: conversation, After: last, Until: conversation}
			return r.read(ctx, r.from)
		default:
			last = message.ID
			r.message(message)
		}
	}
	return nil
}
