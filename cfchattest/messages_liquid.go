package cfchattest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/liquid"
)

// fill renders a message from a person or a bot as a Liquid template, as the server does on creation. Text that is not a
// template stays unchanged (contract, W1.2). Liquid that the stand-in does not support is a test error that names it, and
// stays unchanged too.
func (c *caller) fill(m *message, of *conversation) {
	rendered := m.MessageType == cfchat.MessageTypeOutgoing ||
		m.MessageType == cfchat.MessageTypeTemplate && c.version.AtLeast("2.17.0")
	if !rendered || m.Content == nil || strings.TrimSpace(*m.Content) == "" {
		return
	}
	text, err := liquid.Render(*m.Content, c.drops(m, of))
	if unknown, ok := errors.AsType[liquid.UnsupportedError](err); ok {
		c.complain(fmt.Sprintf("cfchattest: a message is a Liquid template, and the stand-in has %v: %q", unknown, *m.Content))
	}
	if err == nil {
		m.Content = &text
	}
}

// fillParams renders the texts of a WhatsApp template, as servers from 4.6.0 on do (contract, W1.2).
func (c *caller) fillParams(m *message, of *conversation) {
	rendered := m.MessageType == cfchat.MessageTypeOutgoing || m.MessageType == cfchat.MessageTypeTemplate
	attributes := m.AdditionalAttributes.Map()
	params, _ := attributes["template_params"].(map[string]any)
	if !rendered || params["processed_params"] == nil || !c.version.AtLeast("4.6.0") {
		return
	}
	params["processed_params"] = c.filled(params["processed_params"], c.drops(m, of))
	m.AdditionalAttributes = attributesOf(attributes)
}

// filled renders each text in a value. Text that is not a template stays unchanged.
func (c *caller) filled(value any, drops liquid.Drops) any {
	switch v := value.(type) {
	case string:
		if text, err := liquid.Render(v, drops); err == nil {
			return text
		}
	case []any:
		for i := range v {
			v[i] = c.filled(v[i], drops)
		}
	case map[string]any:
		for name := range v {
			v[name] = c.filled(v[name], drops)
		}
	}
	return value
}

// drops returns the objects that a template can use. contact.name was seen; the rest is from the server's source (unseen).
func (c *caller) drops(m *message, of *conversation) liquid.Drops {
	who, in := of.source.contact, of.source.inbox
	contact := person(deref(who.Name))
	contact["id"], contact["email"], contact["phone_number"] = who.ID, deref(who.Email), deref(who.PhoneNumber)
	agent := map[string]any{}
	if m.SenderType != nil && *m.SenderType == cfchat.SenderTypeUser {
		agent = person(c.user.Name)
		agent["id"] = c.user.ID
	}
	return liquid.Drops{
		"contact": contact, "agent": agent,
		"conversation": {"id": of.internalID, "display_id": of.id},
		"inbox":        {"id": in.id, "name": in.name},
	}
}

// person returns the fields that a template can use of somebody with a name.
func person(name string) map[string]any {
	named := map[string]any{"name": name}
	parts := strings.Fields(name)
	if len(parts) > 0 {
		named["first_name"] = parts[0]
	}
	if len(parts) > 1 {
		named["last_name"] = parts[len(parts)-1]
	}
	return named
}
