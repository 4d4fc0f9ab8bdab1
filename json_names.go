package cfchat

import (
	"encoding/json"
	"reflect"

	"github.com/cfchat/cfchat-go/internal/redact"
)

// JSON returns the bytes that the inbox was received as, nil without [KeepJSON], and of one that came with a contact. What
// openapi.yaml marks as secret, such as hmac_token, is null in them.
func (i *Inbox) JSON() json.RawMessage {
	if i == nil {
		return nil
	}
	return jsonOf(i.received)
}

func (i *Inbox) keepJSON(body []byte) { i.received = receivedAs[Inbox](body) }

// JSON returns the bytes that the person was received as, nil without [KeepJSON], and of one that came with a conversation.
func (a *Agent) JSON() json.RawMessage {
	if a == nil {
		return nil
	}
	return jsonOf(a.received)
}

func (a *Agent) keepJSON(body []byte) { a.received = receivedAs[Agent](body) }

// JSON returns the bytes that the bot was received as, nil without [KeepJSON]. What openapi.yaml marks as secret, its key
// and what its events are signed with, is null in them.
func (b *AccountBot) JSON() json.RawMessage {
	if b == nil {
		return nil
	}
	return jsonOf(b.received)
}

func (b *AccountBot) keepJSON(body []byte) { b.received = receivedAs[AccountBot](body) }

// JSON returns the bytes that the team was received as, nil without [KeepJSON], and of one that came with a conversation.
func (t *Team) JSON() json.RawMessage {
	if t == nil {
		return nil
	}
	return jsonOf(t.received)
}

func (t *Team) keepJSON(body []byte) { t.received = receivedAs[Team](body) }

// JSON returns the bytes that the label was received as, nil without [KeepJSON].
func (l *Label) JSON() json.RawMessage {
	if l == nil {
		return nil
	}
	return jsonOf(l.received)
}

func (l *Label) keepJSON(body []byte) { l.received = receivedAs[Label](body) }

// JSON returns the bytes that the definition was received as, nil without [KeepJSON].
func (d *AttributeDefinition) JSON() json.RawMessage {
	if d == nil {
		return nil
	}
	return jsonOf(d.received)
}

func (d *AttributeDefinition) keepJSON(body []byte) {
	d.received = receivedAs[AttributeDefinition](body)
}

func (l *InboxList) keepJSON(body []byte) { keepRows(l.Payload, payloadRows(body)) }

func (m *InboxMembers) keepJSON(body []byte) { keepRows(m.Payload, payloadRows(body)) }

func (l *LabelList) keepJSON(body []byte) { keepRows(l.Payload, payloadRows(body)) }

// keepJSON keeps what a person was received as. Bots and teams of an assignment keep nothing.
func (a *Assignment) keepJSON(body []byte) {
	if a.Agent != nil {
		a.Agent.keepJSON(body)
	}
}

// receivedAs returns the JSON of a T as it is kept: without secrets.
func receivedAs[T any](body []byte) string { return string(redact.JSON(reflect.TypeFor[T](), body)) }

// jsonOf returns a copy of what was kept, nil for nothing.
func jsonOf(received string) json.RawMessage {
	if received == "" {
		return nil
	}
	return json.RawMessage(received)
}
