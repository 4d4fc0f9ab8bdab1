package cfchattest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/liquid"
)

// fill renders what a person or a bot sends as a Liquid template, as the server does when a message is created. What is no
// template stays as it was (contract, W1.2). What Liquid knows and the stand-in does not is an error of the test, which
// names it, and stays as it was too.
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

// filled renders each text in a value. What is no template stays as it was.
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

// drops are what a template can name. Seen was contact.name; the rest is read in the server's source (unseen).
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

// person is what a template can name of somebody with a name.
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
