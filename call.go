package cfchat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/redact"
)

// typedCall is an operation with the type of its answer: one row per operation. A method of a service makes its request
// through one.
type typedCall[T any] struct {
	operation *operation.Operation
	subject   operation.Subject       // what it is about, besides the account
	form      string                  // the Content-Type of a form with files; "" for JSON
	accept    func(*T) *chain.Failure // judges an answer that has been decoded, nil for none
	keep      func(*T, []byte)        // keeps the JSON of an answer that is not a jsonKeeper, nil for none
	decode    func(body []byte, conversation int64) (*T, error)
}

// about returns the call for one conversation. Its answer must be about the same.
func (c typedCall[T]) about(conversation int64) typedCall[T] {
	c.subject.ConversationID = conversation
	return c
}

// on returns the call for one message.
func (c typedCall[T]) on(message int64) typedCall[T] {
	c.subject.MessageID = message
	return c
}

// of returns the call for one contact.
func (c typedCall[T]) of(contact int64) typedCall[T] {
	c.subject.ContactID = contact
	return c
}

// ofInbox returns the call for one inbox.
func (c typedCall[T]) ofInbox(inbox int64) typedCall[T] {
	c.subject.InboxID = inbox
	return c
}

// ofTeam returns the call for one team.
func (c typedCall[T]) ofTeam(team int64) typedCall[T] {
	c.subject.TeamID = team
	return c
}

// ofWebhook returns the call for one webhook.
func (c typedCall[T]) ofWebhook(webhook int64) typedCall[T] {
	c.subject.WebhookID = webhook
	return c
}

// call returns the call as errors describe it.
func (c typedCall[T]) call(of *core) *chain.Call {
	call := of.call(c.operation, 0)
	about := c.subject
	about.AccountID = call.AccountID
	call.Subject = about
	return call
}

// accepting returns the call with a judge of what an answer says.
func (c typedCall[T]) accepting(accept func(*T) *chain.Failure) typedCall[T] {
	c.accept = accept
	return c
}

// newCall binds an operation to the type of its answer. check looks for what every answer of the operation contains, because
// a login page, {} or the answer of another operation would decode too, and look like an empty success.
func newCall[T any](op *operation.Operation, check func(answer *T, body []byte) error) typedCall[T] {
	decode := func(body []byte, conversation int64) (*T, error) {
		answer := new(T)
		if err := unmarshal(body, answer); err != nil { // a Decoder would ignore what follows the answer
			return nil, err
		}
		if err := check(answer, body); err != nil {
			return nil, err
		}
		// A connection that has lost count hands a call the answer of another.
		if one, ok := any(answer).(ofConversation); ok && conversation != 0 {
			if about := one.conversationID(); about != 0 && about != conversation {
				return nil, fmt.Errorf("it is about conversation %d, not %d", about, conversation)
			}
		}
		return answer, nil
	}
	return bound(op, decode)
}

// newListCall binds an operation whose whole answer is a list. check looks for what every row contains.
func newListCall[T any, P keeperOf[T]](op *operation.Operation, check func(row *T) error) typedCall[[]T] {
	call := newCall(op, func(rows *[]T, _ []byte) error { return everyRow(*rows, check) })
	call.keep = func(rows *[]T, body []byte) { keepRows[T, P](*rows, bareRows(body)) }
	return call
}

// newEmptyCall binds an operation whose answer is empty. Anything else is not its answer.
func newEmptyCall(op *operation.Operation) typedCall[struct{}] {
	return bound(op, func(body []byte, _ int64) (*struct{}, error) {
		if len(bytes.TrimSpace(body)) > 0 {
			return nil, errors.New("it has a body, but servers send none")
		}
		return new(struct{}), nil
	})
}

// bound binds an operation to its decoder.
func bound[T any](op *operation.Operation, decode func(body []byte, conversation int64) (*T, error)) typedCall[T] {
	decoders[op] = func(body []byte, conversation int64) error {
		_, err := decode(body, conversation)
		return err
	}
	return typedCall[T]{operation: op, decode: decode}
}

// ofConversation is an answer that names the conversation it is about, 0 if it names none.
type ofConversation interface{ conversationID() int64 }

// run makes a call: it refuses what must not be sent, sends, and returns what the chain has decoded.
func (c typedCall[T]) run(ctx context.Context, of *core, input refusal, opts []CallOption,
	build func(server string) (*http.Request, error),
) (*T, error) {
	options, call := optionsOf(opts, &input), c.call(of)
	call.Form = c.form
	call.Redact = redacted[T]
	of.check(ctx, &input)
	if err := input.err(call); err != nil {
		return nil, err
	}
	var answer *T
	call.Decode = func(body []byte) (err error) {
		answer, err = c.decode(body, c.subject.ConversationID)
		if err == nil && options.keepJSON {
			c.keepJSON(answer, body)
		}
		return err
	}
	a, err := of.chat.send(ctx, call, options, build)
	if err != nil {
		return nil, err
	}
	defer a.Release()
	if c.accept != nil {
		if f := c.accept(answer); f != nil {
			return nil, errorOf(call, a.Failed(f))
		}
	}
	return answer, nil
}

// keepJSON keeps the received JSON with an answer, or with its rows.
func (c typedCall[T]) keepJSON(answer *T, body []byte) {
	if c.keep != nil {
		c.keep(answer, body)
	} else if keeper, ok := any(answer).(jsonKeeper); ok {
		keeper.keepJSON(body)
	}
}

// answers judges whether an answer is about what was asked for, because a connection that has lost count hands a call the
// answer of another.
func answers[T any](what string, id int64, idOf func(*T) int64) func(*T) *chain.Failure {
	return func(answer *T) *chain.Failure {
		if got := idOf(answer); got != id {
			return &chain.Failure{Cause: aboutAnother(what, got, id), Decode: true}
		}
		return nil
	}
}

// another returns the failure of a change whose answer is about something else.
func another(what string, got, want int64) *chain.Failure {
	return &chain.Failure{Cause: aboutAnother(what, got, want), Decode: true, Unknown: true}
}

func aboutAnother(what string, got, want int64) error {
	return fmt.Errorf("it is about %s %d, not %d", what, got, want)
}

// listed returns the list that makes up an answer.
func listed[T any](answer *[]T, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return *answer, nil
}

// everyRow checks a list, which the servers send even when it is empty, and each of its rows.
func everyRow[T any](rows []T, check func(*T) error) error {
	if rows == nil {
		return errors.New("there is no list")
	}
	return eachRow("", rows, check)
}

// eachRow checks the rows of a list, which is called so.
func eachRow[T any](list string, rows []T, check func(*T) error) error {
	for i := range rows {
		if err := check(&rows[i]); err != nil {
			return fmt.Errorf("%s[%d]: %w", list, i, err)
		}
	}
	return nil
}

// redacted returns the body of an answer for an error that keeps it: without what openapi.yaml marks as secret in its type,
// and without what is secret by its name, because it may be the answer of another call. Of JSON that ends early nothing is
// kept if its type has a secret, otherwise the part before the end; what is not JSON at all is kept.
func redacted[T any](body []byte) []byte {
	if begin := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff"))); len(begin) > 0 && (begin[0] == '{' || begin[0] == '[') {
		return redact.Everywhere(redact.ByName, redact.JSON(reflect.TypeFor[T](), begin))
	}
	return body
}

// send builds a request, has the editors see it, and sends it through the chain.
func (c *Chat) send(ctx context.Context, call *chain.Call, options callOptions,
	build func(server string) (*http.Request, error),
) (*chain.Answer, error) {
	if begun := time.Now(); options.response != nil {
		defer func() { options.response.Duration = time.Since(begun) }()
	}
	call.Claim()
	call.Lacks = c.lacks
	call.Keys, call.Retry, call.Record = options.keys, (*chain.Policy)(options.retry), (*chain.Record)(options.response)
	call.Waiting, call.MaxBody = options.waiting, options.maxBody
	ctx = chain.WithCall(ctx, call)
	req, err := build(c.server)
	if err != nil {
		return nil, errorOf(call, &chain.Failure{Cause: err, NotSent: true})
	}
	req = req.WithContext(ctx)
	if err := edited(ctx, req, c.editors, options.editors); err != nil {
		return nil, err
	}
	a, failure := c.chain(req)
	if failure != nil {
		c.clock.see(failure.Header)
		return nil, errorOf(call, failure)
	}
	c.clock.see(a.Header)
	return a, nil
}
