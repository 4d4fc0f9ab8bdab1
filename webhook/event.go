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

// EventName is the name of an event: a [cfchat.WebhookEvent] that an account's webhook can subscribe to, or one that only
// agent bots get.
type EventName = cfchat.WebhookEvent

// The typed events. Which of them a hook gets depends on its kind and the server's version (contract, H1).
const (
	ConversationCreated       EventName = "conversation_created"
	ConversationUpdated       EventName = "conversation_updated"        // with Changes
	ConversationStatusChanged EventName = "conversation_status_changed" // without Changes: ConversationUpdated has the old status
	ConversationResolved      EventName = "conversation_resolved"       // to agent bots
	ConversationOpened        EventName = "conversation_opened"         // to agent bots
	ConversationTypingOn      EventName = "conversation_typing_on"      // from 4.2.0
	ConversationTypingOff     EventName = "conversation_typing_off"     // from 4.2.0
	MessageCreated            EventName = "message_created"             // private notes too, activity messages never
	MessageUpdated            EventName = "message_updated"
	ContactCreated            EventName = "contact_created"
	ContactUpdated            EventName = "contact_updated" // with Changes; also for each message from the contact
	WebwidgetTriggered        EventName = "webwidget_triggered"
	InboxCreated              EventName = "inbox_created"
	InboxUpdated              EventName = "inbox_updated" // with Changes
)

// Event is the content of one delivery: the name of the event, and the object that the name implies; the others are nil. For
// an event without a constant here all are nil, and JSON returns the body.
//
// An Event is a hint, not the truth: deliveries are lost, repeated and reordered, and an account's or an API inbox's hook
// gets the state at the time of sending, not of the event. Use the ids and ask the API.
//
// This package never changes an Event that [Parse] or [Handler] has returned, so it is safe for concurrent reads.
type Event struct {
	Name       EventName
	DeliveryID string    // the same when a bot's delivery is repeated; "" before 4.12.0, for bots before 4.13.0
	SentAt     time.Time // from the header; zero if the server does not sign

	Conversation *Conversation // for conversation_created, _updated, _status_changed, _resolved and _opened
	Message      *Message      // for message_…, with its conversation
	Contact      *Contact      // for contact_…
	Typing       *Typing       // for conversation_typing_…, with its conversation
	Widget       *Widget       // for webwidget_triggered
	Inbox        *Inbox        // for inbox_…

	Changes []Change // all columns that a save changed; nil if the server does not say

	account int64 // at the top level of the body, 0 for none
	body    json.RawMessage
}

// Parse decodes the body of a delivery without verifying it: see [Verify]. Credentials in it become null. A body that is not
// an object with the name of an event, or does not have the types that the name implies, is an error, which does not quote
// the body.
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
	if c := e.about(); c != nil { // a message that disappears while the server writes is null
		c.Messages = slices.DeleteFunc(c.Messages, func(m *cfchat.ConversationMessage) bool { return m == nil })
	}
	return e, nil
}

// free are the free-form fields, in which any name may contain "token": they stay unchanged.
var free = []string{"custom_attributes", "additional_attributes", "content_attributes", "event_info"}

// withoutValue returns an error of package json without any text from the body.
func withoutValue(err error) error {
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s is not a valid %s", typed.Field, typed.Type)
	}
	return err
}

// nounOf sets and returns a new object of the kind that an event's name implies; nil for an event without a constant here.
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

// JSON returns the body as received, except that credentials are null; null for an Event that was not parsed. Do not modify
// it.
func (e Event) JSON() json.RawMessage {
	if e.body == nil {
		return json.RawMessage("null")
	}
	return slices.Clip(e.body) // so that an append copies it
}

// MarshalJSON writes the body, so that an Event can be stored or passed on, without the header's values and without later
// changes to its fields.
func (e Event) MarshalJSON() ([]byte, error) { return e.JSON(), nil }

// UnmarshalJSON parses the output of MarshalJSON, as Parse does; null is the zero Event.
func (e *Event) UnmarshalJSON(data []byte) (err error) {
	if bytes.Equal(data, []byte("null")) {
		*e = Event{}
		return nil
	}
	*e, err = Parse(data)
	return err
}

// about returns the conversation of the event or of its object; nil for none.
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

// ConversationID returns the id, as the API uses it, of the conversation of the event or of its object; 0 for none.
func (e Event) ConversationID() int64 {
	if c := e.about(); c != nil {
		return c.ID
	}
	return 0
}

// AccountID returns the id of the account, 0 if the body does not have it: before 4.14.2 conversation_… events have it only
// if they include a message. Use a separate address for each account.
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
