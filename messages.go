package cfchat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// MessagesService is the messages of an account's conversations: [Account.Messages]. Every call of the zero value fails with
// ErrInvalidInput. It is safe for concurrent use.
type MessagesService struct{ core *core }

// Calls of the methods below.
var (
	messagesCall      = newCall(operation.ListAllMessages, checkMessages)
	sendCall          = newCall(operation.CreateANewMessageInAConversation, checkMessage)
	deleteMessageCall = newCall(operation.DeleteAMessage, checkMessage)
	messageStatusCall = newCall(operation.UpdateAMessage, checkMessage)
	resendCall        = newCall(operation.RetryAMessage, checkMessage)
)

// MessageListOptions select messages to list. The zero value selects the newest 20.
type MessageListOptions struct {
	// Before lists messages with smaller ids than this, the newest 20 of them. Zero means any.
	Before int64
	// After lists messages with greater ids than this, the oldest 100 of them. Zero means any. Together with Before, which
	// must be greater, it lists the message with this id too, and the oldest 1000.
	After int64
}

func (o MessageListOptions) check(r *refusal) {
	r.optionalID("Before", o.Before)
	r.optionalID("After", o.After)
	if o.Before > 0 && o.After > 0 && o.Before <= o.After {
		r.add("Before", "%d is not above After, so there is nothing between them; set Before to the greater id", o.Before)
	}
}

// List lists some messages of a conversation, in order of time: those that the server puts into one answer. Zero options
// select the newest 20, so a loop that polls with them silently misses every message beyond 20 between two rounds. Before
// and After in a loop do not find all of them either, because they are ids, while the server cuts by time, which differs for
// imported messages. [MessagesService.Scan] finds every one. Nothing is left out: notes, activities and deleted messages are
// listed too. A conversation whose contact is gone cannot be listed, which is ErrServer. Bots' keys may not list.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages, listAllMessages. Key: user.
func (s MessagesService) List(ctx context.Context, conversationID int64, options MessageListOptions, opts ...CallOption) (*MessagePage, error) {
	var input refusal
	input.id("conversationID", conversationID)
	options.check(&input)
	params := &ListAllMessagesParams{Before: optional(options.Before), After: optional(options.After)}
	return messagesCall.about(conversationID).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newListAllMessagesRequest(server, s.core.id, conversationID, params)
	})
}

// Send sends a message and returns it as stored. It arrives as written, unless its Template asks the server to fill it in.
// Delivery to the contact happens later: the answer's Status is "sent" at first, and may become "failed".
//
// Every call makes another message, so it is not repeated when its outcome is unknown: check for ErrUnknownOutcome before
// you repeat it. A 422 is one too, unless the server's words prove that nothing was stored. Two calls at once on one
// conversation are independent. From 3.9.0 on a conversation accepts 200 messages a minute, of every kind together.
//
// A message can be found again by its Mark: [MessagesService.FindSent], [MessagesService.SendOnce]. With one, servers from
// 3.4.0 to 4.8 are first asked for the conversation, once for each, because not every inbox can keep it. That request takes
// a user's key, and so does looking: a Mark is refused if there is only a bot's.
//
// With a bot's key the bot is the sender, otherwise the user, or the bot of SenderID; an incoming message, an activity or a
// template is the contact's. If both kinds of key are configured, the bot's is used, unless auth.WithScheme or [WithKeys]
// says otherwise; a SenderID is refused with it. If the server does not know the bot, it sends the message as the user's:
// ErrDecode, and ErrUnknownOutcome, because the message is there.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages, createANewMessageInAConversation.
// Keys: agent bot, else user.
func (s MessagesService) Send(ctx context.Context, conversationID int64, message MessageCreate, opts ...CallOption) (*Message, error) {
	var input refusal
	input.id("conversationID", conversationID)
	message.check(&input)
	if message.SenderID != 0 && s.core != nil && s.core.chat != nil {
		input.senderKey(ctx, cmp.Or(optionsOf(opts, new(refusal)).keys, &s.core.chat.keys))
	}
	marked, err := s.marked(ctx, conversationID, message, opts, &input)
	if err != nil {
		return nil, err
	}
	body := marked.prepared(ctx, s.core, &input)
	form := body.form(ctx, s.core, &input)
	began := s.core.now()
	sent, err := s.send(ctx, conversationID, sendCall.about(conversationID).accepting(message.accept), body, form, input, opts)
	if errors.Is(err, ErrUnknownOutcome) {
		s.core.chat.unsure.put(turnKey{conversationKey: conversationKey{s.core.id, conversationID}, mark: message.Mark}, began, s.core.chat.settled)
	}
	return sent, err
}

// send sends a message as JSON, or as a form if it has files.
func (s MessagesService) send(
	ctx context.Context, conversationID int64, call typedCall[Message], body MessageCreate, form *form, input refusal, opts []CallOption,
) (*Message, error) {
	if form == nil {
		return call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
			return newCreateANewMessageInAConversationRequest(server, s.core.id, conversationID, body)
		})
	}
	call.form = "multipart/form-data; boundary=" + form.boundary
	stored := false
	defer func() { form.end(stored) }()
	sent, err := call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		req, err := newCreateANewMessageInAConversationRequest(server, s.core.id, conversationID, MessageCreate{})
		if err != nil {
			return nil, err
		}
		return form.request(ctx, req)
	})
	stored = err == nil
	return sent, err
}

// Delete deletes the content of a message: its text, its files and its content attributes. The message keeps its place in
// all lists, its id, time and sender, with a sentence from the server as its text, and deleted in its ContentAttributes.
// What the contact has received is not recalled. It works on everybody's messages, even the contact's; deleting one again
// changes nothing. Before 3.13.0 input_select, cards, forms and articles cannot be deleted: ErrServer, and ErrUnknownOutcome
// as after every 500.
//
// DELETE /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}, deleteAMessage. Key: user.
func (s MessagesService) Delete(ctx context.Context, conversationID, id int64, opts ...CallOption) (*Message, error) {
	deleted := func(m *Message) *chain.Failure {
		if gone, ok := m.ContentAttributes.Bool("deleted"); !ok || !gone {
			return &chain.Failure{Cause: errors.New("the message is not deleted"), Decode: true, Unknown: true}
		}
		return nil
	}
	return s.change(ctx, deleteMessageCall, conversationID, id, refusal{}, deleted, opts, func(server string) (*http.Request, error) {
		return newDeleteAMessageRequest(server, s.core.id, conversationID, id)
	})
}

// SetStatus sets the delivery status of a message, from 4.2.0 on and in API inboxes only; elsewhere it is ErrForbidden. If a
// message has been read, the server ignores delivered and reports success: that is ErrRejected. Setting the current status
// is no error. [MessagesService.SetFailed] also stores a reason.
//
// PATCH /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}, updateAMessage. Key: user.
func (s MessagesService) SetStatus(ctx context.Context, conversationID, id int64, status MessageStatus, opts ...CallOption) (*Message, error) {
	var input refusal
	if !status.Known() {
		input.add("status", "%q is not a message's status; use sent, delivered, read or failed", status)
	}
	return s.update(ctx, conversationID, id, MessageUpdate{Status: status}, input, opts)
}

// SetFailed sets the status of a message to failed, with a reason that agents see. Its conditions are those of
// [MessagesService.SetStatus].
//
// PATCH /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}, updateAMessage. Key: user.
func (s MessagesService) SetFailed(ctx context.Context, conversationID, id int64, reason string, opts ...CallOption) (*Message, error) {
	var input refusal
	if reason == "" {
		input.add("reason", "it is empty; say why, or use SetStatus")
	}
	input.text("reason", reason)
	return s.update(ctx, conversationID, id, MessageUpdate{Status: MessageStatusFailed, ExternalError: reason}, input, opts)
}

// update makes the call of SetStatus and SetFailed.
func (s MessagesService) update(ctx context.Context, conversationID, id int64, body MessageUpdate, input refusal, opts []CallOption) (*Message, error) {
	stored := func(m *Message) *chain.Failure {
		if m.GetStatus() != body.Status {
			err := fmt.Errorf("the status is %q, but %q was requested", m.GetStatus(), body.Status)
			return &chain.Failure{Cause: err, Rejected: true}
		}
		return nil
	}
	return s.change(ctx, messageStatusCall, conversationID, id, input, stored, opts, func(server string) (*http.Request, error) {
		return newUpdateAMessageRequest(server, s.core.id, conversationID, id, body)
	})
}

// Resend sends a message to the contact once more, from 3.4.0 on, meant for one that failed; the server does not check that.
// It empties the message's ContentAttributes, including what it replies to, why it failed, and everything of yours: from
// 4.9.0 on its Mark too. For input_select, cards, forms and articles the status becomes sent and the answer is a 422:
// ErrUnknownOutcome. A message that does not exist is ErrRejected. For a deleted message the contact gets its current text,
// "This message was deleted" in the language of the account.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}/retry, retryAMessage. Key: user.
func (s MessagesService) Resend(ctx context.Context, conversationID, id int64, opts ...CallOption) (*Message, error) {
	return s.change(ctx, resendCall, conversationID, id, refusal{}, nil, opts, func(server string) (*http.Request, error) {
		return newRetryAMessageRequest(server, s.core.id, conversationID, id)
	})
}

// change makes a call that changes one message. Its answer must be that message.
func (s MessagesService) change(ctx context.Context, call typedCall[Message], conversationID, id int64, input refusal,
	accept func(*Message) *chain.Failure, opts []CallOption, build func(server string) (*http.Request, error),
) (*Message, error) {
	input.id("conversationID", conversationID)
	input.id("id", id)
	call = call.about(conversationID).on(id).accepting(func(m *Message) *chain.Failure {
		if m.ID != id {
			return another("message", m.ID, id)
		}
		if accept == nil {
			return nil
		}
		return accept(m)
	})
	return call.run(ctx, s.core, input, opts, build)
}

func (m *Message) conversationID() int64 { return m.ConversationID }

func (p *MessagePage) conversationID() int64 {
	if len(p.Payload) == 0 {
		return 0
	}
	return p.Payload[0].ConversationID
}

// checkMessages requires the payload, which the servers send even when it is empty, with the messages of one conversation.
func checkMessages(p *MessagePage, _ []byte) error {
	if p.Payload == nil {
		return errors.New("there is no payload")
	}
	for i := range p.Payload {
		if err := checkMessage(&p.Payload[i], nil); err != nil {
			return fmt.Errorf("payload[%d]: %w", i, err)
		}
		if m := p.Payload[i]; m.ConversationID != p.Payload[0].ConversationID {
			return fmt.Errorf("payload[%d] belongs to another conversation: %d", i, m.ConversationID)
		}
	}
	return nil
}

func checkMessage(m *Message, _ []byte) error {
	if m.ID <= 0 || m.ConversationID <= 0 || m.ContentType == "" {
		return errors.New("there is no message with an id, a conversation_id and a content_type")
	}
	return nil
}
