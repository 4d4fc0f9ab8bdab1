package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/redact"
)

// EventName is the name of an event: a [cfchat.WebhookEvent], to which a webhook of an account subscribes, or one that only agent
// bots get.
type EventName = cfchat.WebhookEvent

// The events that are typed. Which of them a hook gets is by its kind and the server's version (contract, H1).
const (
	ConversationCreated       EventName = "conversation_created"
	ConversationUpdated       EventName = "conversation_updated"        // with Changes
	ConversationStatusChanged EventName = "conversation_status_changed" // without: the old status is in the ConversationUpdated beside it
	ConversationResolved      EventName = "conversation_resolved"       // to agent bots
	ConversationOpened        EventName = "conversation_opened"         // to agent bots
	ConversationTypingOn      EventName = "conversation_typing_on"      // from 4.2.0
	ConversationTypingOff     EventName = "conversation_typing_off"     // from 4.2.0
	MessageCreated            EventName = "message_created"             // private notes too, activity messages never
	MessageUpdated            EventName = "message_updated"
	ContactCreated            EventName = "contact_created"
	ContactUpdated            EventName = "contact_updated" // with Changes; also for each message that comes from the contact
	WebwidgetTriggered        EventName = "webwidget_triggered"
	InboxCreated              EventName = "inbox_created"
	InboxUpdated              EventName = "inbox_updated" // with Changes
)

// Event is what one delivery says: its name, and that one of the nouns that the name stands for; the others are nil. Of an event that
// has no name here all are nil, and JSON has what came.
//
// It is a hint, and no truth: deliveries are lost, come twice, and come in another order, and what an account's or an API inbox's
// hook gets is the state when it was sent and not when it happened. Take the ids, and ask the API.
//
// An Event that [Parse] or [Handler] has made is not changed by anything of this package, so that reading it is safe for
// concurrent use.
type Event struct {
	Name       EventName
	DeliveryID string    // of the header: the same where a bot's delivery is repeated; "" before 4.12.0, of bots before 4.13.0
	SentAt     time.Time // of the header; zero where the server does not sign

	Conversation *Conversation // of conversation_created, _updated, _status_changed, _resolved and _opened
	Message      *Message      // of message_…, with its conversation
	Contact      *Contact      // of contact_…
	Typing       *Typing       // of conversation_typing_…, with its conversation
	Widget       *Widget       // of webwidget_triggered
	Inbox        *Inbox        // of inbox_…

	Changes []Change // what was changed by a save, with all its columns; nil where the server does not say

	account int64 // that the body names at its top, 0 for none
	body    json.RawMessage
}

// Parse reads the body of a delivery. It does not verify it: see [Verify]. Credentials in it become null. A body that is no
// object with the name of an event is an error, and so is one whose nouns are not of the kind that its name stands for; the
// error does not repeat the body.
func Parse(body []byte) (Event, error) {
	var named struct {
		Event   *EventName
		Account Account
	}
	if err := json.Unmarshal(body, &named); err != nil || named.Event == nil {
		return Event{}, errors.New("webhook: the body is not an object with the name of an event")
	}
	e := Event{Name: *named.Event, account: named.Account.ID, body: redact.Everywhere(redact.ByName, body, free...)}
	noun := nounOf(&e)
	if noun == nil {
		return e, nil
	}
	e.body = redact.JSON(reflect.TypeOf(noun), e.body)
	if err := json.Unmarshal(e.body, noun); err != nil {
		return Event{}, fmt.Errorf("webhook: the body of %s cannot be read: %w", e.Name, withoutValue(err))
	}
	var changed struct {
		Changes []Change `json:"changed_attributes"`
	}
	if err := json.Unmarshal(e.body, &changed); err != nil {
		return Event{}, fmt.Errorf("webhook: the changed_attributes of %s cannot be read: %w", e.Name, withoutValue(err))
	}
	e.Changes = changed.Changes
	if c := e.about(); c != nil { // a message that is gone while the server writes is null
		c.Messages = slices.DeleteFunc(c.Messages, func(m *cfchat.ConversationMessage) bool { return m == nil })
	}
	return e, nil
}

// free are the fields in which anybody may call anything a token: they stay as they are.
var free = []string{"custom_attributes", "additional_attributes", "content_attributes", "event_info"}

// withoutValue returns an error of package json without what was in the body.
func withoutValue(err error) error {
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is no %s", typed.Field, typed.Type)
	}
	return err
}

// nounOf sets what an event is about to a new noun, and returns that; nil of an event that has no name here.
func nounOf(e *Event) any {
	switch e.Name {
	case ConversationCreated, ConversationUpdated, ConversationStatusChanged, ConversationResolved, ConversationOpened:
		e.Conversation = new(Conversation)
		return e.Conversation
	case ConversationTypingOn, ConversationTypingOff:
		e.Typing = new(Typing)
		return e.Typing
	case MessageCreated, MessageUpdated:
		e.Message = new(Message)
		return e.Message
	case ContactCreated, ContactUpdated:
		e.Contact = new(Contact)
		return e.Contact
	case WebwidgetTriggered:
		e.Widget = new(Widget)
		return e.Widget
	case InboxCreated, InboxUpdated:
		e.Inbox = new(Inbox)
		return e.Inbox
	}
	return nil
}

// JSON returns the body as it came, but for credentials, which are null; null of an Event that was not parsed. Do not change
// it.
func (e Event) JSON() json.RawMessage {
	if e.body == nil {
		return json.RawMessage("null")
	}
	return slices.Clip(e.body) // so that an append copies it
}

// MarshalJSON writes JSON, so that an Event can be kept or passed on: without what its headers said, and without what was
// set in its fields since.
func (e Event) MarshalJSON() ([]byte, error) { return e.JSON(), nil }

// UnmarshalJSON reads what MarshalJSON has written, as Parse does; null as no event.
func (e *Event) UnmarshalJSON(data []byte) (err error) {
	if bytes.Equal(data, []byte("null")) {
		*e = Event{}
		return nil
	}
	*e, err = Parse(data)
	return err
}

// about returns the conversation that the event is about, or is in; nil for none.
func (e Event) about() *Conversation {
	switch {
	case e.Message != nil:
		return &e.Message.Conversation
	case e.Typing != nil:
		return &e.Typing.Conversation
	case e.Widget != nil:
		return e.Widget.CurrentConversation
	}
	return e.Conversation
}

// ConversationID returns the id of the conversation that the event is about, or is in, as the API takes it; 0 for none.
func (e Event) ConversationID() int64 {
	if c := e.about(); c != nil {
		return c.ID
	}
	return 0
}

// AccountID returns the id of the account, 0 where the body does not say: before 4.14.2 those of conversation_… do so only where
// they have a message. Give each account an address of its own.
func (e Event) AccountID() int64 {
	switch c := e.about(); {
	case e.account != 0:
		return e.account
	case c != nil && c.Account != nil:
		return c.Account.ID
	case c != nil && len(c.Messages) > 0:
		return c.Messages[0].AccountID
	}
	return 0
}
