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

func (p *ContactPage) keepJSON(body []byte) {
	var received struct{ Payload []json.RawMessage }
	_ = json.Unmarshal(body, &received)
	for i := range min(len(p.Payload), len(received.Payload)) {
		p.Payload[i].keepJSON(received.Payload[i])
	}
}

func (a *ContactConversations) keepJSON(body []byte) {
	var received struct{ Payload []json.RawMessage }
	_ = json.Unmarshal(body, &received)
	for i := range min(len(a.Payload), len(received.Payload)) {
		a.Payload[i].keepJSON(received.Payload[i])
	}
}

func (p *MessagePage) keepJSON(body []byte) {
	var received struct{ Payload []json.RawMessage }
	_ = json.Unmarshal(body, &received)
	for i := range min(len(p.Payload), len(received.Payload)) {
		p.Payload[i].keepJSON(received.Payload[i])
	}
}

func (p *ConversationPage) keepJSON(body []byte) {
	var received struct{ Payload []json.RawMessage }
	_ = json.Unmarshal(body, &received) // it has been decoded before
	for i := range min(len(p.Payload), len(received.Payload)) {
		p.Payload[i].keepJSON(received.Payload[i])
	}
}

func (l *ConversationListAnswer) keepJSON(body []byte) {
	var received struct{ Data json.RawMessage }
	_ = json.Unmarshal(body, &received)
	l.Data.keepJSON(received.Data)
}
