package cfchat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// TriedSince tells [MessagesService.SendOnce] that the program may have tried to send the message before, and was killed
// meanwhile: when the first try started, by its own notes, and by when the last one had ended, which is when the program was
// restarted. Take this time once, when the program starts: with time.Now() in each call the minute never ends, and nothing
// is sent. Leave it out for a message that this run tries first: a since after ended is refused, because the Chat knows its
// own tries. No other method accepts it.
func TriedSince(since SentSince, ended time.Time) CallOption { return triedSince{since, ended} }

type triedSince struct {
	SentSince

	ended time.Time // by this machine's clock
}

func (triedSince) apply(_ *callOptions, input *refusal) {
	input.add("TriedSince", "only SendOnce looks for an earlier try; leave it out")
}

// SendOnce sends a message unless its Mark shows that it is already there, and returns it and whether it was sent now. It
// reads the conversation, sends, and if the outcome is unknown looks again. It may be called any number of times: one after
// another, these calls make one message. It is refused without a Mark, and if the server keeps none.
//
// ErrUnknownOutcome means that the message may be stored, as it does from Send with the same Mark; call again. For a minute,
// or twice [Config].Timeout, further calls send nothing, and only check whether the message has arrived; after that a call
// sends it once more. [Error].RetryAfter says when that is. Only this Chat remembers that: a program that can be killed
// should note that it is about to call, and after a restart pass [TriedSince], which has the same effect. With any other
// error this call has not sent it, or the error says that it did.
//
// From 4.9.0 on a message that was deleted or resent has lost its Mark. After a call of unknown outcome, or with TriedSince,
// a later message that may be it, as described at [MessagesService.FindSent], is returned with ErrUnknownOutcome, and
// nothing is sent; look at it and decide. Otherwise it is not recognized, and the message is sent again. A message that
// cannot be read may always be it, which is ErrUnknownOutcome until TriedSince has a MessageID after which to look.
//
// Within a Chat calls with one Mark for a conversation wait for each other. Two programs that call at once, or two Chats,
// can both look before either sends, and then there are two messages, which no server prevents. It makes the requests of
// FindSent without a MessageID, and one that sends; the second look is mostly one.
func (s MessagesService) SendOnce(ctx context.Context, conversationID int64, message MessageCreate, opts ...CallOption) (sent *Message, now bool, err error) {
	var input refusal
	input.id("conversationID", conversationID)
	message.check(&input)
	if message.Mark == "" {
		input.add("Mark", "it is empty, so nothing would distinguish the message from others; set one, such as the id of an order")
	}
	tried, opts := withoutTried(opts)
	input.tried(tried)
	optionsOf(opts, &input)
	s.core.check(ctx, &input)
	place, err := s.placeOf(ctx, conversationID, message, opts, &input)
	call := s.core.call(sendCall.operation, conversationID)
	if err == nil {
		err = input.err(call)
	} else {
		err = notLookedFor(err)
	}
	if err != nil {
		return nil, false, err
	}
	key := turnKey{conversationKey: conversationKey{s.core.id, conversationID}, mark: message.Mark}
	turn, done, err := s.core.turn(ctx, key, call)
	if err != nil {
		return nil, false, err
	}
	defer done()
	if sent := s.core.chat.unsure.get(key); turn.tried == nil && time.Since(sent.ended) < s.core.chat.settled {
		turn.tried = &triedSince{SentSince{Time: sent.began}, sent.ended} // noted by Send
	}
	if turn.tried == nil || tried != nil && tried.ended.After(turn.tried.ended) {
		turn.tried = tried
	}
	q := sentSearch{MessagesService: s, conversationID: conversationID, message: message, place: place, opts: forLooking(opts)}
	q.sentWith(ctx, opts)
	return q.sendOnce(ctx, turn, opts)
}

// sendOnce looks, sends, and looks again if it has to. The turn remembers a try of unknown outcome.
func (q *sentSearch) sendOnce(ctx context.Context, turn *sendTurn, opts []CallOption) (sent *Message, now bool, err error) {
	asUser := auth.WithScheme(ctx, auth.UserAPIKey)
	if q.markOnly = turn.tried == nil; turn.tried != nil {
		q.since, q.ended = turn.tried.SentSince, turn.tried.ended
	}
	found, err := q.find(asUser)
	if !isMissing(err) {
		return q.foundOnce(found, turn, err)
	}
	tried := SentSince{MessageID: max(q.highest, q.since.MessageID), Time: q.core.now()}
	sent, err = q.Send(ctx, q.conversationID, q.message, opts...)
	if !errors.Is(err, ErrUnknownOutcome) {
		turn.tried = nil
		return sent, err == nil, err
	}
	turn.tried = &triedSince{tried, time.Now()}
	failed, _ := errors.AsType[*Error](err)
	if ctx.Err() != nil {
		return nil, false, failed.with("it was not looked for, because the context has ended")
	}
	q.since, q.ended, q.markOnly = tried, turn.tried.ended, false
	found, err = q.find(asUser)
	switch {
	case err == nil:
		return q.foundOnce(found, turn, nil)
	case errors.Is(err, ErrUnknownOutcome):
		looked, _ := errors.AsType[*Error](err)
		return nil, false, failed.with(q.storedYet()).again("call again", looked.RetryAfter)
	}
	return nil, false, failed.with(fmt.Sprintf("and looking for it failed: %v", err))
}

// foundOnce returns what was found by looking, or why nothing was. A message that only may be it is returned with an error.
func (q *sentSearch) foundOnce(found *Sent, turn *sendTurn, err error) (*Message, bool, error) {
	switch {
	case err != nil:
		return nil, false, notLookedFor(err)
	case found.Certain:
		turn.tried = nil
		if other := q.message.notAsBot(found.Message); other != nil && found.Message.Sender != nil { // otherwise the bot is gone
			return found.Message, false, errorOf(q.core.call(sendCall.operation, q.conversationID), other)
		}
		return found.Message, false, nil
	}
	doubtful := fmt.Errorf("message %d may be it, without its Mark; check it before you send another", found.Message.ID)
	return found.Message, false, errorOf(q.core.call(sendCall.operation, q.conversationID), &chain.Failure{Cause: doubtful, Unknown: true})
}

// notLookedFor returns the failure of a look, which says that nothing was sent unless the message may be there.
func notLookedFor(failure error) error {
	if e, ok := errors.AsType[*Error](failure); ok && !e.Is(ErrUnknownOutcome) {
		return e.notSent("the search for it failed")
	}
	return failure
}

// tried refuses a value that does not say when the earlier tries started and ended; nil is none.
func (r *refusal) tried(t *triedSince) {
	if t == nil {
		return
	}
	switch {
	case t.Time.IsZero() || t.ended.IsZero():
		r.add("TriedSince", "set SentSince.Time to when the first try began, and ended to when this program started")
	case t.ended.Before(t.Time):
		r.add("TriedSince", "the first try began after this program started; leave it out, because the Chat knows its own tries")
	}
	t.check("TriedSince", r)
}

// withoutTried removes TriedSince from options. Of several the last one counts.
func withoutTried(opts []CallOption) (since *triedSince, others []CallOption) {
	for _, option := range opts {
		if tried, ok := option.(triedSince); ok {
			since = &tried
		} else {
			others = append(others, option)
		}
	}
	return since, others
}

// turnKey identifies what one call does at a time: sending a message with a mark once; changing a contact, in place of a
// conversation, or opening its conversation in an inbox; or setting what an operation has read before.
type turnKey struct {
	conversationKey

	mark  string
	inbox int64
	sets  *operation.Operation
}

// sendTurn is the turn of one SendOnce at a time.
type sendTurn struct {
	busy  chan struct{} // held by the caller whose turn it is
	users int           // callers that have it or wait for it
	tried *triedSince   // the last try of unknown outcome, nil for none
}

// maxTurns is how many tries of unknown outcome are remembered for more than an hour.
const maxTurns = 10_000

// sendTurns makes the calls for one message take turns, and remembers those with an unknown outcome.
type sendTurns struct {
	mu  sync.Mutex
	all map[turnKey]*sendTurn
}

// turn waits, on behalf of a call of the account, until no other call of the Chat does the same. Others wait until done is
// called.
func (c *core) turn(ctx context.Context, key turnKey, call *chain.Call) (turn *sendTurn, done func(), err error) {
	if turn = c.chat.turns.take(ctx, key); turn == nil {
		return nil, nil, errorOf(call, chain.Ended(ctx))
	}
	return turn, func() { c.chat.turns.give(key, turn) }, nil
}

// take waits for a turn; it returns nil if the context ends before.
func (t *sendTurns) take(ctx context.Context, key turnKey) *sendTurn {
	t.mu.Lock()
	if t.all == nil {
		t.all = map[turnKey]*sendTurn{}
	}
	turn := t.all[key]
	if turn == nil {
		t.tidy()
		turn = &sendTurn{busy: make(chan struct{}, 1)}
		t.all[key] = turn
	}
	turn.users++
	t.mu.Unlock()
	select {
	case turn.busy <- struct{}{}:
		return turn
	case <-ctx.Done():
		t.leave(key, turn)
		return nil
	}
}

// tidy forgets tries that nobody has asked about for an hour, when there are many.
func (t *sendTurns) tidy() {
	if len(t.all) < maxTurns {
		return
	}
	maps.DeleteFunc(t.all, func(_ turnKey, turn *sendTurn) bool {
		return turn.users == 0 && time.Since(turn.tried.ended) > time.Hour
	})
}

// give ends a turn.
func (t *sendTurns) give(key turnKey, turn *sendTurn) {
	t.leave(key, turn)
	<-turn.busy
}

// leave forgets a turn that nobody waits for and whose outcome is known.
func (t *sendTurns) leave(key turnKey, turn *sendTurn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if turn.users--; turn.users == 0 && turn.tried == nil {
		delete(t.all, key)
	}
}
