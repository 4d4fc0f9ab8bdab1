package cfchat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// minSettled is the minimum time after sending within which a missing message may still be stored.
const minSettled = time.Minute

// SentSince limits the search for a sent message. The zero value means everywhere, and an unknown time.
type SentSince struct {
	// MessageID is the id of a message on the server that was there before; only greater ids are read. Zero reads the
	// conversation from its start.
	MessageID int64
	// Time is when the sending started, by the server's clock or by this machine's. Of messages more than two seconds older
	// only the mark counts. Without it, it is unknown whether the message may still be stored.
	Time time.Time
}

func (s SentSince) check(field string, r *refusal) {
	r.optionalID(field+".MessageID", s.MessageID)
}

// Sent is a message that was sent and found again.
type Sent struct {
	Message *Message // as it is stored now
	Certain bool     // it is the one: it has the Mark
}

// FindSent looks for a sent message if the outcome of [MessagesService.Send] is unknown: pass the same message, keys and
// context. It finds the one with the Mark of the message, or else the first without a mark that may be it: of its kind,
// sender and text, or of its kind and sender and deleted, since the Time of since. The latter is not Certain: somebody may
// have written the same. From 4.9.0 on a message loses its Mark when it is deleted or resent, so the match may be such a
// message too. With two keys a message of either owner counts. Messages with another mark are left out. Texts are compared
// without surrounding blanks; the text that a server fills in, with Template, is unknown, so any counts.
//
// If nothing is found, it is ErrUnknownOutcome for a minute, or twice [Config].Timeout if that is longer, because the
// message may be stored later; [Error].RetryAfter is the remaining time. The minute counts from the Time of since, and from
// the end of this Chat's last Send to the conversation with an unknown outcome. After it, it is ErrNotFound: the message was
// not stored, and may be sent again. Without a Time it stays ErrUnknownOutcome. A program that was killed while sending
// passes the time of its restart. The server's clock and this machine's need not agree: the later minute counts. A missing
// conversation is not ErrNotFound here.
//
// It reads every message since, as [MessagesService.Scan] does: with one request if they are fewer than 1,000, as they
// usually are with a MessageID. A message that cannot be read may be the one, so if nothing else is found it is
// ErrUnknownOutcome until a MessageID starts the search after it. Servers from 3.4.0 to 4.8 are first asked for the
// conversation, once; the server is also asked whose the key is if a user's message may be it, and if it does not say, every
// user's counts. It takes a user's key.
func (s MessagesService) FindSent(ctx context.Context, conversationID int64, message MessageCreate, since SentSince, opts ...CallOption) (*Sent, error) {
	var input refusal
	input.id("conversationID", conversationID)
	message.check(&input)
	since.check("since", &input)
	optionsOf(opts, &input)
	s.core.check(ctx, &input)
	place, err := s.placeOf(ctx, conversationID, message, opts, &input)
	if err == nil {
		err = input.err(s.core.call(messagesCall.operation, conversationID))
	}
	if err != nil {
		return nil, notSaidToBeMissing(err)
	}
	q := sentSearch{MessagesService: s, conversationID: conversationID, message: message, place: place, since: since, opts: forLooking(opts)}
	q.sentWith(ctx, opts)
	found, err := q.find(auth.WithScheme(ctx, auth.UserAPIKey)) // the context may name who sends
	return found, notSaidToBeMissing(err)
}

// sentSearch looks for one message.
type sentSearch struct {
	MessagesService

	conversationID int64
	message        MessageCreate
	place          markPlace
	since          SentSince
	ended          time.Time // when the last try to send it had ended, by this machine's clock; zero if only since.Time is known
	opts           []CallOption
	markOnly       bool // a message without the mark does not count

	byUser, byBot bool  // who may have sent it
	user          int64 // whose the key is, 0 for anybody's
	asked         bool  // for whose the key is

	highest int64 // the highest id that was seen
	sent    Sent
	doubt   doubt // about found
}

// doubt is how much speaks against a message without the mark: the least is best.
type doubt int

const (
	noDoubt    doubt = iota
	sourceOnly       // the mark is its source_id, although the server has another place for it
	textOnly         // it has the text
	senderOnly       // it is deleted, or its text is unknown
)

// sentWith notes who sends with a call's keys.
func (q *sentSearch) sentWith(ctx context.Context, opts []CallOption) {
	keys := cmp.Or(optionsOf(opts, new(refusal)).keys, &q.core.chat.keys)
	call := chain.Call{Operation: operation.CreateANewMessageInAConversation}
	for _, scheme := range call.Schemes(ctx) {
		q.byUser = q.byUser || scheme == operation.UserAPIKey && !keys.User.IsZero()
		q.byBot = q.byBot || scheme == operation.AgentBotAPIKey && !keys.AgentBot.IsZero()
	}
}

// find reads the messages since in order of their ids, until one has the mark. Finding nothing is an error.
func (q *sentSearch) find(ctx context.Context) (*Sent, error) {
	began := time.Now()
	var unread int64 // a message that cannot be read
	for m, err := range q.Scan(ctx, q.conversationID, MessageScanOptions{After: q.since.MessageID}, q.opts...) {
		if e, ok := errors.AsType[*Error](err); ok && e.MessageID != 0 {
			q.highest, unread = e.MessageID, e.MessageID
			continue
		}
		if err != nil {
			return nil, err
		}
		q.highest = m.ID
		if err := q.see(ctx, m); err != nil {
			return nil, err
		}
		if q.sent.Certain {
			break
		}
	}
	if q.sent.Message != nil {
		return &q.sent, nil
	}
	return nil, q.nothing(unread, time.Since(began))
}

// storedYet returns what is known about a message that has not been found so soon. A mark shows which of several it is.
func (q *sentSearch) storedYet() string {
	which := "it"
	if q.message.Mark != "" {
		which = fmt.Sprintf("the message marked %q", q.message.Mark)
	}
	return which + " is not there now, and may still be stored"
}

// nothing returns the error of having found nothing in a search of this length, during which the message may have been
// stored.
func (q *sentSearch) nothing(unread int64, took time.Duration) error {
	call := q.core.call(messagesCall.operation, q.conversationID)
	unsettled := q.unsettled() + took
	switch {
	case unread != 0:
		unknown := fmt.Errorf("message %d cannot be read, and may be it; set a MessageID to look after it", unread)
		return errorOf(call, &chain.Failure{Cause: unknown, Unknown: true})
	case q.markOnly: // independent of when it was sent
	case q.since.Time.IsZero():
		unknown := errors.New(q.storedYet() + "; set the Time at which it was sent")
		return errorOf(call, &chain.Failure{Cause: unknown, Unknown: true})
	case unsettled > 0:
		return errorOf(call, &chain.Failure{Cause: errors.New(q.storedYet()), Unknown: true}).again("look again", unsettled)
	}
	return errorOf(call, &chain.Failure{Cause: errors.New("it was not stored"), Missing: true})
}

// isMissing reports whether a search has found nothing, and a message was not stored.
func isMissing(failure error) bool {
	e, ok := failure.(*Error)
	return ok && e.StatusCode == 0 && e.Is(ErrNotFound)
}

// notSaidToBeMissing returns the failure of a search whose 404, from a proxy say, does not prove that a message was not
// stored.
func notSaidToBeMissing(failure error) error {
	e, ok := failure.(*Error)
	if !ok || !e.Is(ErrNotFound) || isMissing(e) {
		return failure
	}
	about := *e
	about.noRoute = true
	return &about
}

// unsettled returns for how long the message may still be stored, by the clock that gives more time.
func (q *sentSearch) unsettled() time.Duration {
	if !q.ended.IsZero() {
		return q.core.chat.settled - time.Since(q.ended)
	}
	last := q.core.chat.unsure.get(turnKey{conversationKey: conversationKey{q.core.id, q.conversationID}})
	return q.core.chat.settled - min(q.core.now().Sub(q.since.Time), time.Since(q.since.Time), time.Since(last.ended))
}

// see looks at a message, and keeps it if it is a better match than the one found.
func (q *sentSearch) see(ctx context.Context, m *Message) error {
	if m.MessageType != q.message.MessageType.stored() || m.GetPrivate() != q.message.Private {
		return nil
	}
	wrong := q.doubtOf(m)
	switch {
	case wrong == noDoubt:
		q.sent, q.doubt = Sent{Message: m, Certain: true}, noDoubt
		return nil
	case wrong < 0, q.markOnly && wrong > sourceOnly, q.sent.Message != nil && wrong >= q.doubt, q.tooEarly(m):
		return nil
	}
	is, err := q.isBySender(ctx, m)
	if is {
		q.sent, q.doubt = Sent{Message: m}, wrong
	}
	return err
}

// doubtOf returns the doubt about a message, below zero if it is not the one.
func (q *sentSearch) doubtOf(m *Message) doubt {
	mark, _ := m.ContentAttributes.Text(MarkAttribute)
	gone, _ := m.ContentAttributes.Bool("deleted")
	source := q.message.Mark != "" && m.GetSourceID() == q.message.Mark
	switch {
	case mark != "" && mark == q.message.Mark, source && q.place == inSourceID:
		return noDoubt
	case mark != "", q.place == inSourceID && m.GetSourceID() != "": // the mark is another message's
		return -1
	case source:
		return sourceOnly // it may have been sent to an older version of the server
	case gone, q.message.Template, q.message.ContentType == MessageContentTypeInputCsat:
		return senderOnly
	case strings.TrimSpace(m.GetContent()) == strings.TrimSpace(q.message.Content):
		return textOnly
	}
	return -1
}

// tooEarly reports whether a message was surely stored before the sending started. Its time is in whole seconds, by the
// server's clock, which must be known.
func (q *sentSearch) tooEarly(m *Message) bool {
	behind := min(time.Until(q.core.now()), 0) // of this machine's clock, which the Time may come from
	return q.core.chat.clock.known() && !q.since.Time.IsZero() && m.CreatedAt.Before(q.since.Time.Add(behind-2*time.Second))
}

// isBySender reports whether a message has the sender of the sought one: the contact if it is not outgoing, and anybody if
// the sender is gone.
func (q *sentSearch) isBySender(ctx context.Context, m *Message) (bool, error) {
	switch {
	case m.Sender == nil:
		return true, nil
	case m.MessageType != MessageTypeOutgoing:
		return m.Sender.Type == SenderKindContact, nil
	case q.message.SenderID != 0 && m.Sender.Type == SenderKindAgentBot:
		return m.Sender.ID == q.message.SenderID, nil
	case m.Sender.Type == SenderKindAgentBot:
		return q.byBot, nil
	case m.Sender.Type != SenderKindUser || !q.byUser:
		return false, nil
	}
	if err := q.askWhose(ctx); err != nil {
		return false, err
	}
	return q.user == 0 || q.user == m.Sender.ID, nil
}

// askWhose asks once whose the user's key is. If the server does not say, every user counts.
func (q *sentSearch) askWhose(ctx context.Context) error {
	if q.asked {
		return nil
	}
	profile, err := q.core.chat.Profile(auth.WithScheme(ctx, auth.UserAPIKey), q.opts...)
	switch {
	case err == nil:
		q.user = profile.ID
	case ctx.Err() != nil:
		return err
	}
	q.asked = true
	return nil
}

// unsureSend is the last Send of unknown outcome, by this machine's clock except for its start.
type unsureSend struct{ began, ended time.Time }

// unsureSends remembers the last of each conversation: with each mark and, under "", with any or none.
type unsureSends struct {
	mu  sync.Mutex
	all map[turnKey]unsureSend
}

func (u *unsureSends) get(key turnKey) unsureSend {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.all[key]
}

// put notes a Send that has just ended, and forgets settled ones.
func (u *unsureSends) put(key turnKey, began time.Time, settled time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[turnKey]unsureSend{}
	}
	maps.DeleteFunc(u.all, func(_ turnKey, sent unsureSend) bool { return time.Since(sent.ended) > settled })
	for _, mark := range []string{"", key.mark} {
		key.mark = mark
		u.all[key] = unsureSend{began, time.Now()}
	}
}

// stored returns the kind of message in an answer for a kind that is sent.
func (k MessageKind) stored() MessageType {
	switch k {
	case MessageKindIncoming:
		return MessageTypeIncoming
	case MessageKindActivity:
		return MessageTypeActivity
	case MessageKindTemplate:
		return MessageTypeTemplate
	}
	return MessageTypeOutgoing
}
