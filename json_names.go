package cfchat

import (
	"encoding/json"
	"reflect"

	"github.com/cfchat/cfchat-go/internal/redact"
)

// JSON returns the inbox's received bytes; nil without [KeepJSON], and for one that is part of a contact. Fields that
// openapi.yaml marks as secret, such as hmac_token, are null in them.
func (i *Inbox) JSON() json.RawMessage {
	if i == nil {
		return nil
	}
	return jsonOf(i.received)
}

func (i *Inbox) keepJSON(body []byte) { i.received = receivedAs[Inbox](body) }

// JSON returns the person's received bytes; nil without [KeepJSON], and for one that is part of a conversation.
func (a *Agent) JSON() json.RawMessage {
	if a == nil {
		return nil
	}
	return jsonOf(a.received)
}

func (a *Agent) keepJSON(body []byte) { a.received = receivedAs[Agent](body) }

// JSON returns the bot's received bytes, nil without [KeepJSON]. Fields that openapi.yaml marks as secret, its key and the
// secret that signs its events, are null in them.
func (b *AccountBot) JSON() json.RawMessage {
	if b == nil {
		return nil
	}
	return jsonOf(b.received)
}

func (b *AccountBot) keepJSON(body []byte) { b.received = receivedAs[AccountBot](body) }

// JSON returns the team's received bytes; nil without [KeepJSON], and for one that is part of a conversation.
func (t *Team) JSON() json.RawMessage {
	if t == nil {
		return nil
	}
	return jsonOf(t.received)
}

func (t *Team) keepJSON(body []byte) { t.received = receivedAs[Team](body) }

// JSON returns the label's received bytes, nil without [KeepJSON].
func (l *Label) JSON() json.RawMessage {
	if l == nil {
		return nil
	}
	return jsonOf(l.received)
}

func (l *Label) keepJSON(body []byte) { l.received = receivedAs[Label](body) }

// JSON returns the definition's received bytes, nil without [KeepJSON].
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

// keepJSON keeps a person's received JSON. Bots and teams of an assignment keep nothing.
func (a *Assignment) keepJSON(body []byte) {
	if a.Agent != nil {
		a.Agent.keepJSON(body)
	}
}

// receivedAs returns the JSON of a T to keep: without secrets.
func receivedAs[T any](body []byte) string { return string(redact.JSON(reflect.TypeFor[T](), body)) }

// jsonOf returns a copy of the kept JSON, nil for nothing.
func jsonOf(received string) json.RawMessage {
	if received == "" {
		return nil
	}
	return json.RawMessage(received)
}
