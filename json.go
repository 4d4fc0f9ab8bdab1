package cfchat

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/cfchat/cfchat-go/internal/redact"
)

// JSON returns the bytes that the conversation was received as, nil without [KeepJSON]. Do not change them. What openapi.yaml
// marks as secret is null in them.
func (c *Conversation) JSON() json.RawMessage {
	if c == nil {
		return nil
	}
	return slices.Clip(c.received) // so that an append copies it
}

// A jsonKeeper is an answer that can keep what it was received as.
type jsonKeeper interface{ keepJSON(body []byte) }

// A keeperOf is the address of a T that can keep what it was received as.
type keeperOf[T any] interface {
	*T
	jsonKeeper
}

func (c *Conversation) keepJSON(body []byte) {
	c.received = redact.JSON(reflect.TypeFor[Conversation](), body)
}

// JSON returns the bytes that the message was received as, nil without [KeepJSON]. Do not change them. What openapi.yaml marks as
// secret is null in them.
func (m *Message) JSON() json.RawMessage {
	if m == nil {
		return nil
	}
	return slices.Clip(m.received)
}

func (m *Message) keepJSON(body []byte) {
	m.received = redact.JSON(reflect.TypeFor[Message](), body)
}

// JSON returns the bytes that the contact was received as, nil without [KeepJSON], and of one that came with a conversation. Do
// not change them. What openapi.yaml marks as secret, in inboxes before 4.0.2, is null there.
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

// keepRows keeps with each row of a list what it was received as.
func keepRows[T any, P keeperOf[T]](rows []T, received []json.RawMessage) {
	for i := range min(len(rows), len(received)) {
		P(&rows[i]).keepJSON(received[i])
	}
}

// payloadRows returns the rows of a list that is the payload of an answer, as they were received.
func payloadRows(body []byte) []json.RawMessage {
	var received struct{ Payload []json.RawMessage }
	_ = json.Unmarshal(body, &received) // it has been decoded before
	return received.Payload
}

// bareRows returns the rows of a list that is the whole of an answer, as they were received.
func bareRows(body []byte) (received []json.RawMessage) {
	_ = json.Unmarshal(body, &received)
	return received
}
