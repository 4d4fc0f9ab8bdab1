package cfchat

import (
	"context"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// core is what the services of an account share.
type core struct {
	chat   *Chat
	id     int64
	server bool // it is the server itself, and no account
}

// itself returns the core of what belongs to no account.
func (c *Chat) itself() *core { return &core{chat: c, server: true} }

// call returns a call of the account, about a conversation if that is not 0.
func (c *core) call(op *operation.Operation, conversation int64) *chain.Call {
	call := &chain.Call{Operation: op, Subject: operation.Subject{ConversationID: conversation}}
	if c != nil {
		call.AccountID = c.id
	}
	return call
}

// callOf returns a call of the account about a contact.
func (c *core) callOf(op *operation.Operation, contact int64) *chain.Call {
	call := c.call(op, 0)
	call.ContactID = contact
	return call
}

// now returns the time by the server's clock, as far as known.
func (c *core) now() time.Time {
	if c == nil || c.chat == nil || c.chat.clock == nil {
		return time.Now()
	}
	return c.chat.clock.now()
}

// check refuses what no call can do without.
func (c *core) check(ctx context.Context, input *refusal) {
	if c == nil {
		input.add("account", "there is none; make one with Chat.Account")
		input.context(ctx)
		return
	}
	c.chat.check(ctx, input)
	if !c.server {
		input.account(c.id)
	}
}

// account refuses an id that no account can have.
func (r *refusal) account(id int64) {
	if id <= 0 {
		r.add("Account", "%d is not the id of an account; use the number after /accounts/ in the address bar", id)
	}
}

// isMade reports whether it belongs to a Chat that New has made.
func (c *core) isMade() bool { return c != nil && c.chat != nil && c.chat.chain != nil }

// check refuses a Chat that New has not made, and a nil context.
func (c *Chat) check(ctx context.Context, input *refusal) {
	if c == nil || c.chain == nil {
		input.add("chat", "there is no client; make one with New")
	}
	input.context(ctx)
}

// mayAsk reports whether the server may be asked for its version on behalf of a call: no check has failed so far, and there
// is a server to ask.
func (c *core) mayAsk(ctx context.Context, input *refusal) bool {
	return len(input.fields) == 0 && ctx != nil && ctx.Err() == nil && c.isMade() && c.id > 0
}
