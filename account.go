package cfchat

import (
	"context"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Account is one account of a server: its services as fields. [Chat.Account] makes one; of the zero Account every call fails
// with ErrInvalidInput. It is safe for concurrent use.
//
// Every method of a service takes a context first and any number of [CallOption] last, and fails with an [*Error]; what it
// refuses to send is ErrInvalidInput.
type Account struct {
	Conversations ConversationsService // lists, filters, scans, creates and changes conversations

	core *core
}

// core is what the services of an account share.
type core struct {
	chat *Chat
	id   int64
}

// Account returns one account of the server, by its id. It sends nothing.
func (c *Chat) Account(id int64) *Account {
	core := &core{c, id}
	return &Account{Conversations: ConversationsService{core}, core: core}
}

// ID returns the account's id, 0 of the zero Account.
func (a *Account) ID() int64 {
	core := a.shared()
	if core == nil {
		return 0
	}
	return core.id
}

// shared returns what the account shares with its services, nil of the zero Account.
func (a *Account) shared() *core {
	if a == nil {
		return nil
	}
	return a.core
}

// call returns a call of the account, about a conversation if that is not 0.
func (c *core) call(op *operation.Operation, conversation int64) *chain.Call {
	call := &chain.Call{Operation: op, Subject: operation.Subject{Conversation: conversation}}
	if c != nil {
		call.Account = c.id
	}
	return call
}

// check refuses what no call can do without.
func (c *core) check(ctx context.Context, input *refusal) {
	if c == nil {
		input.add("account", "there is none; make one with Chat.Account")
		input.context(ctx)
		return
	}
	c.chat.check(ctx, input)
	input.id("account id", c.id)
}

// check refuses a Chat that New has not made, and a context that is nil.
func (c *Chat) check(ctx context.Context, input *refusal) {
	if c == nil || c.chain == nil {
		input.add("chat", "there is no client; make one with New")
	}
	input.context(ctx)
}
