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

// Hints are the ids of the conversations, messages and contacts that webhook events name, and nothing else from the events,
// because only the API's answers count. They are safe for concurrent use.
type Hints struct {
	mu    sync.Mutex
	queue []subject // in order of arrival, each once
	hints map[subject]hint
	came  chan struct{}
}

// subject is a conversation or contact that an event named.
type subject struct {
	isContact bool
	id        int64
}

// hint is what is known about a subject.
type hint struct {
	message int64 // of a conversation: the first one that an event named, 0 for none
	tries   int   // failed so far
}

// NewHints returns an empty set of hints.
func NewHints() *Hints { return &Hints{hints: map[subject]hint{}, came: make(chan struct{}, 1)} }

const (
	maxHints = 100_000 // kept at a time
	maxTries = 5       // of one hint; rounds and the next repair find what is given up or beyond maxHints
)

// Take keeps the ids of an event. It is the function for a [webhook.Handler].
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
	default: // a notification is already pending
	}
	return nil
}

// add keeps a hint, merged with what is already known.
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

// earlier returns the earlier of two messages, where 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// next removes and returns the hint that has waited longest.
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

// gather is how long the first hint waits for others, since one change of an account causes several events.
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
			came = nil // the next round follows them too
		}
	}
}

const (
	hintShare     = 2 // hints get at least 1/hintShare of the interval, even if rounds use up all of it
	failuresInAll = 3 // of hints in a row, after which the server is to blame
)

// passing marks a failure that may be gone the next time, whatever it is.
type passing struct{ error }

// Unwrap returns the failure.
func (p passing) Unwrap() error { return p.error }

// follow reads what the hints name, until a round is due. No walk is under way then: a walk that reads a list would
// overwrite newer rows with what it had read before. What cannot be read now is tried again later, after the others, and the
// last failure is returned: whatever it is, the next round shows whether the key is still accepted.
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

// hinted reads the subject of a hint.
func (m *mirror) hinted(ctx context.Context, of subject, is hint) error {
	if of.isContact {
		return m.hintedContact(ctx, of.id)
	}
	return m.hintedConversation(ctx, of.id, is.message)
}

// patience is the shortest timeout for reading one hint. The timeout keeps a rate limit on that read alone from holding up a
// round for long.
const patience = time.Minute

// patiently returns a context that limits the wait for the answer about one hint.
func (m *mirror) patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(patience, m.Every))
}

// hintedConversation reads a conversation, and its messages starting with a given one, or with 0 only the new ones. The next
// round that includes it reads it whole, because it is not settled; one that the copy does not have is read whole here.
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

// hintedContact reads a contact. If only this contact cannot be read, or it is gone, that is left to the next repair.
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
