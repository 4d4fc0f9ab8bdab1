package mirror

import (
	"context"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// How a walk works. It reads everything and writes its own number to each row that it finds, and so do the rounds in
// between. Only when it has reached the end do rows with another number belong to deleted items; they are then deleted.
// Unreadable rows get the number too.
//
// A walk and a round take turns. When a round is due, the walk drops what it has read ahead, and reads it again after the
// round: so nothing older overwrites what a round has written.

// begin begins a walk. It asks again whose key it is: its user may have lost access to something since.
func (m *mirror) begin(ctx context.Context) error {
	if err := m.claim(ctx); err != nil {
		return err
	}
	p := &m.position
	p.BegunAt = m.now()
	p.Walk = max(p.Walk+1, p.BegunAt.UnixMilli())
	p.Phase, p.ConversationID, p.MessageID = database.Names, 0, 0
	_, err := m.commit(ctx, m.newWindow())
	return err
}

// walk goes through the remaining phases.
func (m *mirror) walk(ctx context.Context) error {
	for m.position.Phase != database.Done {
		phase := m.position.Phase
		m.state = progress.State{Phase: string(phase), Rows: m.state.Rows}
		var err error
		switch phase {
		case database.Names:
			err = m.names(ctx)
		case database.Conversations:
			err = m.conversations(ctx)
		case database.Contacts:
			err = m.contacts(ctx)
		default:
			err = m.sweep(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// conversations reads the conversations of the shard with their messages.
func (m *mirror) conversations(ctx context.Context) error {
	var newest int64
	if m.Shard != nil && m.Shard.Of > 1 {
		var err error
		if newest, _, err = account.Newest(ctx, m.account); err != nil {
			return err
		}
	}
	for _, part := range shards.Parts(m.Shard, m.position.ConversationID, newest) {
		if err := m.part(ctx, part); err != nil {
			return err
		}
		if part.Until == 0 {
			break // it reads to the end
		}
		m.position.ConversationID, m.position.MessageID = part.Until+1, 0
	}
	m.position.Phase, m.position.ConversationID, m.position.MessageID = database.Contacts, 0, 0
	_, err := m.commit(ctx, m.newWindow())
	return err
}

// part reads a part of the account, and lets due rounds go first.
func (m *mirror) part(ctx context.Context, part cfchat.MessageScanAllOptions) error {
	for {
		if at := m.position; part.ConversationID <= at.ConversationID {
			part.ConversationID, part.After = at.ConversationID, at.MessageID
		}
		r := &reading{mirror: m, window: m.newWindow(), asked: m.now(), from: part}
		if err := r.read(ctx, part); err != nil || !r.pauses {
			return err
		}
		if err := m.dueRound(ctx); err != nil {
			return err
		}
	}
}

// sweep deletes what is gone, and ends the walk. Conversations that the key's user can no longer see are not gone.
func (m *mirror) sweep(ctx context.Context) error {
	w := m.newWindow()
	inboxes, err := m.seenInboxes(ctx, w)
	if err != nil {
		return err
	}
	if err := m.claim(ctx); err != nil {
		return err
	}
	if m.key == account.Administrator {
		w.Sweep()
	} else {
		w.SweepInboxes(inboxes)
	}
	p := &m.position
	p.Phase, p.WalkedAt = database.Done, p.BegunAt
	if p.Since.IsZero() {
		p.Since = p.BegunAt.Add(-account.Margin)
	}
	_, err = m.commit(ctx, w)
	return err
}

// seenInboxes returns the inboxes that the user of a key who does not see all of them can see, none if their list cannot be
// read.
func (m *mirror) seenInboxes(ctx context.Context, w *database.Window) (ids []int64, err error) {
	if m.key == account.Administrator {
		return nil, nil
	}
	why, err := account.Tried(ctx, m.account, func() error {
		list, err := m.account.Inboxes.List(ctx, account.Patience)
		for i := range list {
			ids = append(ids, list[i].ID)
		}
		return err
	})
	if why != "" {
		w.Unreadable("inboxes", 0, 0, why)
	}
	return ids, err
}
