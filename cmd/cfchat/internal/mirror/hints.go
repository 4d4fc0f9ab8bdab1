package mirror

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/webhook"
)

// Hints are the ids of what webhooks say that something has happened to, and nothing else of them, because what the API answers
// counts. They are safe for concurrent use.
type Hints struct {
	mu            sync.Mutex
	conversations map[int64]int64 // and the first message that something has happened to, 0 for none
	contacts      map[int64]bool
	came          chan struct{}
}

// NewHints returns hints of nothing.
func NewHints() *Hints {
	return &Hints{conversations: map[int64]int64{}, contacts: map[int64]bool{}, came: make(chan struct{}, 1)}
}

// maxHints is how many ids are kept at most. What is beyond them the rounds and the next repair find.
const maxHints = 100_000

// Take keeps the ids of an event, as the function of a [webhook.Handler].
func (h *Hints) Take(_ context.Context, e webhook.Event) error {
	switch {
	case e.Contact != nil:
		h.add(nil, []int64{e.Contact.ID})
	case e.Message != nil:
		h.add(map[int64]int64{e.ConversationID(): e.Message.ID}, nil)
	case e.Conversation != nil:
		h.add(map[int64]int64{e.ConversationID(): 0}, nil)
	default:
		return nil
	}
	select {
	case h.came <- struct{}{}:
	default: // of others it is told already
	}
	return nil
}

// add keeps ids.
func (h *Hints) add(conversations map[int64]int64, contacts []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, message := range conversations {
		if first, there := h.conversations[id]; there {
			h.conversations[id] = earlier(first, message)
		} else if id > 0 && h.hasRoom() {
			h.conversations[id] = message
		}
	}
	for _, id := range contacts {
		if id > 0 && h.hasRoom() {
			h.contacts[id] = true
		}
	}
}

func (h *Hints) hasRoom() bool { return len(h.conversations)+len(h.contacts) < maxHints }

// earlier returns the earlier one of two messages, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// taken returns what there is, and keeps it no longer.
func (h *Hints) taken() (conversations map[int64]int64, contacts []int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	conversations, contacts = maps.Clone(h.conversations), slices.Sorted(maps.Keys(h.contacts))
	clear(h.conversations)
	clear(h.contacts)
	return conversations, contacts
}

// gather is how long a first hint waits for others, since one change of an account is several events.
const gather = time.Second

// rest waits until the next round is due, and follows hints meanwhile.
func (m *mirror) rest(ctx context.Context) error {
	var came <-chan struct{}
	if m.Hints != nil {
		came = m.Hints.came
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(m.roundAt)):
			return nil
		case <-came:
		}
		if err := sleep(ctx, min(gather, time.Until(m.roundAt))); err != nil {
			return err
		}
		if err := m.follow(ctx); err != nil {
			if ctx.Err() != nil || !isPassing(err) {
				return err
			}
			m.Failed(err)
			came = nil // the round that comes follows them too
		}
	}
}

// follow asks for what hints name, until a round is due. It does so between walks only: one that reads a list would write what it has
// read before over what is newer. Hints that there was no time for, or that a failing server has no answer to, are kept.
func (m *mirror) follow(ctx context.Context) error {
	if m.Hints == nil {
		return nil
	}
	if err := m.resume(ctx); err != nil || m.position.Phase != database.Done {
		return err
	}
	m.state = progress.State{Phase: "changes", Rows: m.state.Rows}
	conversations, contacts := m.Hints.taken()
	defer func() { m.Hints.add(conversations, contacts) }()
	for _, id := range slices.Sorted(maps.Keys(conversations)) {
		if m.isRoundDue() {
			return nil
		}
		if err := m.hintedConversation(ctx, id, conversations[id]); err != nil {
			return err
		}
		delete(conversations, id)
	}
	for ; len(contacts) > 0 && !m.isRoundDue(); contacts = contacts[1:] {
		if err := m.hintedContact(ctx, contacts[0]); err != nil {
			return err
		}
	}
	return nil
}

// hintedConversation reads a conversation, and its messages from one on, 0 for those that are new. The next round in which it is reads
// it whole, because it is not settled; one that the copy does not have is read whole here.
func (m *mirror) hintedConversation(ctx context.Context, id, message int64) error {
	if !m.Shard.Owns(id) {
		return nil
	}
	newest, err := m.db.NewestMessage(ctx, id)
	if err != nil {
		return err
	}
	part := cfchat.MessageScanAllOptions{ConversationID: id, After: newest, Until: id}
	if message != 0 {
		part.After = min(newest, message-1)
	}
	r := &reading{mirror: m, window: m.newWindow(), asked: m.now(), from: part, whole: true}
	if err := r.read(ctx, part); err != nil {
		return err
	}
	m.show(m.state.Done+1, time.Time{})
	_, err = m.commit(ctx, r.window)
	return err
}

// hintedContact reads a contact. What alone cannot be read, or is gone, is left to the next repair.
func (m *mirror) hintedContact(ctx context.Context, id int64) error {
	if !m.Shard.IsFirst() {
		return nil
	}
	var contact *cfchat.Contact
	_, err := account.Tried(ctx, m.account, func() (err error) {
		if contact, err = m.account.Contacts.Get(ctx, id, cfchat.KeepJSON()); errors.Is(err, cfchat.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil || contact == nil {
		return err
	}
	w := m.newWindow()
	if isListed := cmp.Or(contact.GetEmail(), contact.GetPhoneNumber(), contact.GetIdentifier()) != ""; isListed {
		w.Contact(contact, contact.JSON())
	}
	m.show(m.state.Done+1, time.Time{})
	_, err = m.commit(ctx, w)
	return err
}
