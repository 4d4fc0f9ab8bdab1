package mirror

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/webhook"
)

// Hints are the ids of what webhooks say that something has happened to, and nothing else of them, because what the API answers
// counts. They are safe for concurrent use.
type Hints struct {
	mu    sync.Mutex
	queue []subject // in the order in which they came, each once
	hints map[subject]hint
	came  chan struct{}
}

// subject is what something has happened to.
type subject struct {
	isContact bool
	id        int64
}

// hint is what is known of it.
type hint struct {
	message int64 // of a conversation: the first that something has happened to, 0 for none
	tries   int   // that have failed
}

// NewHints returns hints of nothing.
func NewHints() *Hints { return &Hints{hints: map[subject]hint{}, came: make(chan struct{}, 1)} }

const (
	maxHints = 100_000 // that are kept at most
	maxTries = 5       // of one; what is given up, and what is beyond the most, rounds and the next repair find
)

// Take keeps the ids of an event, as the function of a [webhook.Handler].
func (h *Hints) Take(_ context.Context, e webhook.Event) error {
	switch {
	case e.Contact != nil:
		h.add(subject{isContact: true, id: e.Contact.ID}, hint{})
	case e.Message != nil:
		h.add(subject{id: e.ConversationID()}, hint{message: max(e.Message.ID, 0)})
	case e.Conversation != nil:
		h.add(subject{id: e.ConversationID()}, hint{})
	default:
		return nil
	}
	select {
	case h.came <- struct{}{}:
	default: // of others it is told already
	}
	return nil
}

// add keeps a hint, together with what is known already.
func (h *Hints) add(of subject, is hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	known, isKnown := h.hints[of]
	switch {
	case isKnown:
		is = hint{earlier(known.message, is.message), max(known.tries, is.tries)}
	case of.id <= 0 || len(h.queue) >= maxHints || is.tries >= maxTries:
		return
	default:
		h.queue = append(h.queue, of)
	}
	h.hints[of] = is
}

// earlier returns the earlier one of two messages, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// next returns the hint that has waited longest, and keeps it no longer.
func (h *Hints) next() (of subject, is hint, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return subject{}, hint{}, false
	}
	of, h.queue = h.queue[0], h.queue[1:]
	is = h.hints[of]
	delete(h.hints, of)
	return of, is, true
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

const (
	hintShare     = 2 // what part of the time between rounds hints have at least, where rounds take all of it
	failuresInAll = 3 // of hints in a row, after which it is the server that fails
)

// passing is a failure that may be over the next time, whatever it is.
type passing struct{ error }

// Unwrap returns the failure.
func (p passing) Unwrap() error { return p.error }

// follow asks for what hints name, until a round is due. A walk is not under way then: one that reads a list would write what it has
// read before over what is newer. What cannot be read now is asked for again later, behind the others, and the last failure is
// returned: whatever it is, the next round tells whether the key is still taken.
func (m *mirror) follow(ctx context.Context) (failed error) {
	if m.Hints == nil {
		return nil
	}
	if err := m.resume(ctx); err != nil {
		return err
	}
	m.state = progress.State{Phase: "changes", Rows: m.state.Rows}
	again := map[subject]hint{}
	defer func() {
		for of, is := range again {
			m.Hints.add(of, is)
		}
	}()
	failures, until := 0, later(m.roundAt, time.Now().Add(m.Every/hintShare))
	for goOn := true; goOn; goOn = failures < failuresInAll && (m.Every == 0 || time.Now().Before(until)) {
		of, is, ok := m.Hints.next()
		if !ok {
			break
		}
		err := m.hinted(ctx, of, is)
		switch {
		case err == nil:
			failures = 0
			m.show(m.state.Done+1, time.Time{})
		case ctx.Err() != nil || !isOfCall(err):
			return err
		default:
			failures++
			failed, again[of] = passing{err}, hint{is.message, is.tries + 1}
		}
	}
	return failed
}

// hinted reads what something has happened to.
func (m *mirror) hinted(ctx context.Context, of subject, is hint) error {
	if of.isContact {
		return m.hintedContact(ctx, of.id)
	}
	return m.hintedConversation(ctx, of.id, is.message)
}

// patience is how long the answer about one hint is waited for at least, so that a limit on it alone holds up no round for long.
const patience = time.Minute

// patiently returns a context in which the answer about one hint is waited for.
func (m *mirror) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(patience, m.Every))
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
	within, cancel := m.patiently(ctx)
	defer cancel()
	if err := r.read(within, part); err != nil {
		return err
	}
	_, err = m.commit(ctx, r.window)
	return err
}

// hintedContact reads a contact. What alone cannot be read, or is gone, is left to the next repair.
func (m *mirror) hintedContact(ctx context.Context, id int64) error {
	if !m.Shard.IsFirst() {
		return nil
	}
	within, cancel := m.patiently(ctx)
	defer cancel()
	var contact *cfchat.Contact
	_, err := account.Tried(within, m.account, func() (err error) {
		if contact, err = m.account.Contacts.Get(within, id, cfchat.KeepJSON()); errors.Is(err, cfchat.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil || contact == nil {
		return err
	}
	w := m.newWindow()
	w.ContactAlone(contact, contact.JSON())
	_, err = m.commit(ctx, w)
	return err
}
