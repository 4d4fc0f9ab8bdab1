package cfchat

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/cfchat/cfchat-go/internal/redact"
)

// JSON returns the conversation's received bytes, nil without [KeepJSON]. Do not change them. Fields that openapi.yaml marks
// as secret are null in them.
func (c *Conversation) JSON() json.RawMessage {
	if c == nil {
		return nil
	}
	return slices.Clip(c.received) // so that an append copies it
}

// A jsonKeeper is an answer that can keep its received JSON.
type jsonKeeper interface{ keepJSON(body []byte) }

// A keeperOf is the address of a T that can keep its received JSON.
type keeperOf[T any] interface {
	*T
	jsonKeeper
}

func (c *Conversation) keepJSON(body []byte) {
	c.received = redact.JSON(reflect.TypeFor[Conversation](), body)
}

// JSON returns the message's received bytes, nil without [KeepJSON]. Do not change them. Fields that openapi.yaml marks as
// secret are null in them.
func (m *Message) JSON() json.RawMessage {
	if m == nil {
		return nil
	}
	return slices.Clip(m.received)
}

func (m *Message) keepJSON(body []byte) {
	m.received = redact.JSON(reflect.TypeFor[Message](), body)
}

// JSON returns the contact's received bytes; nil without [KeepJSON], and for one that is part of a conversation. Do not
// change them. Fields that openapi.yaml marks as secret, in inboxes before 4.0.2, are null in them.
func (c *Contact) JSON() json.RawMessage {
	if c == nil {
		return nil
	}
	return slices.Clip(c.received)
}

func (c *Contact) keepJSON(body []byte) {
	c.received = redact.JSON(reflect.TypeFor[Contact](), body)
}

func (a *ContactAnswer) keepJSON(body []byte) {
	var received struct{ Payload json.RawMessage }
	_ = json.Unmarshal(body, &received)
	a.Payload.keepJSON(received.Payload)
}

func (a *ContactCreateAnswer) keepJSON(body []byte) {
	var received struct {
		Payload struct{ Contact json.RawMessage }
	}
	_ = json.Unmarshal(body, &received)
	a.Payload.Contact.keepJSON(received.Payload.Contact)
}

func (p *ContactPage) keepJSON(body []byte) { keepRows(p.Payload, payloadRows(body)) }

func (a *ContactConversations) keepJSON(body []byte) { keepRows(a.Payload, payloadRows(body)) }

func (p *MessagePage) keepJSON(body []byte) { keepRows(p.Payload, payloadRows(body)) }

func (p *ConversationPage) keepJSON(body []byte) { keepRows(p.Payload, payloadRows(body)) }

func (l *ConversationListAnswer) keepJSON(body []byte) {
	var received struct{ Data json.RawMessage }
	_ = json.Unmarshal(body, &received)
	l.Data.keepJSON(received.Data)
}

// keepRows keeps its received JSON with each row of a list.
func keepRows[T any, P keeperOf[T]](rows []T, received []json.RawMessage) {
	for i := range min(len(rows), len(received)) {
		P(&rows[i]).keepJSON(received[i])
	}
}

// payloadRows returns the rows of a list that is the payload of an answer, as received.
func payloadRows(body []byte) []json.RawMessage {
	var received struct{ Payload []json.RawMessage }
	_ = json.Unmarshal(body, &received) // it has already been decoded
	return received.Payload
}

// bareRows returns the rows of a list that makes up an answer, as received.
func bareRows(body []byte) (received []json.RawMessage) {
	_ = json.Unmarshal(body, &received)
	return received
}
