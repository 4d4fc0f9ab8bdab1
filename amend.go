package cfchat

import (
	"context"
	"errors"
	"fmt"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// amendment changes a part of something that servers can only set as a whole, such as the labels of a conversation: it
// reads, sets, and reads again.
type amendment[T any] struct {
	call *chain.Call // sets

	read func(context.Context) (T, error)
	set  func(context.Context, T) (now *T, err error) // now is what the answer says, nil without one
	next func(now T) (next T, differs bool)           // what to set
	bars func(next T) string                          // why it cannot be set, "" for nothing
	lost func(next, then T) error                     // the change is gone
	left func(set T) string                           // it is unknown whether the change is there
}

// amend makes a change, in a turn of its own, and returns what was seen last, even with an error.
func (a amendment[T]) amend(ctx context.Context) (seen T, err error) {
	now, err := a.read(ctx)
	if err != nil {
		return seen, err
	}
	next, differs := a.next(now)
	if !differs {
		return now, nil
	}
	if because := a.bars(next); because != "" {
		return now, errorOf(a.call, new(chain.Failure)).notSent(because)
	}
	set, err := a.set(ctx, next)
	if set != nil {
		now = *set
	}
	failed, _ := errors.AsType[*Error](err)
	if failed != nil && (!failed.Is(ErrUnknownOutcome) || ctx.Err() != nil) {
		return now, err
	}
	then, err := a.read(ctx)
	if err == nil {
		if _, differs = a.next(then); !differs {
			return then, nil // even if the set failed
		}
	}
	switch {
	case failed != nil && err != nil:
		return now, failed.with(fmt.Sprintf("and looking for it failed: %v", err))
	case failed != nil:
		return then, failed
	case err != nil:
		looked, _ := errors.AsType[*Error](err)
		return now, looked.afterChange(a.left(now))
	}
	return then, errorOf(a.call, &chain.Failure{Cause: a.lost(next, then), Overwritten: true})
}

// turnToSet waits until no other call of the Chat sets the same part of a conversation or contact, and refuses what must not
// be sent. Others wait until done is called.
func (c *core) turnToSet(ctx context.Context, id int64, call *chain.Call, input refusal, opts []CallOption) (done func(), err error) {
	input.id("id", id)
	optionsOf(opts, &input)
	c.check(ctx, &input)
	if err := input.err(call); err != nil {
		return nil, err
	}
	key := turnKey{conversationKey: conversationKey{c.id, id}, sets: call.Operation}
	_, done, err = c.turn(ctx, key, call)
	return done, err
}
