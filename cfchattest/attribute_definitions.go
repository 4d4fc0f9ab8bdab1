package cfchattest

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// CustomAttribute defines a custom attribute of conversations or of contacts. Filters accept only defined attributes.
type CustomAttribute struct {
	Key     string
	Name    string // the name that people see; the key by default
	Contact bool   // of contacts instead of conversations
	Display string // text, number, date, list, link, checkbox, currency or percent; text by default
}

// displays are the types of custom attributes.
var displays = []string{"text", "number", "date", "list", "link", "checkbox", "currency", "percent"}

// AddCustomAttribute defines a custom attribute of conversations or of contacts.
func (s *Server) AddCustomAttribute(a CustomAttribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	display := cmp.Or(a.Display, "text")
	oneOf(s, "CustomAttribute.Display", "type", display, displays)
	if strings.TrimSpace(a.Key) == "" {
		s.mistake("CustomAttribute.Key", "it is blank")
	}
	s.state.define(s.home(), a, display)
}

// define defines a custom attribute, or changes the type of an existing one.
func (s *state) define(in *account, a CustomAttribute, display string) {
	types, model := in.attributes, cfchat.AttributeModelConversation
	if a.Contact {
		types, model = in.contactAttributes, cfchat.AttributeModelContact
	}
	types[a.Key] = display
	for i, d := range in.definitions {
		if d.AttributeModel == model && d.AttributeKey == a.Key {
			in.definitions[i].AttributeDisplayType = cfchat.AttributeDisplay(display)
			return
		}
	}
	s.lastDefinition++
	now := cfchat.ISOTime{Time: s.now()}
	in.definitions = append(in.definitions, cfchat.AttributeDefinition{
		ID: s.lastDefinition, AttributeKey: a.Key, AttributeDisplayName: cmp.Or(a.Name, a.Key), AttributeModel: model,
		AttributeDisplayType: cfchat.AttributeDisplay(display), AttributeValues: []any{}, CreatedAt: now, UpdatedAt: now,
	})
}

// getAccountCustomAttribute answers the defined custom attributes: in no order on a server, here by id (contract, W4.5).
func (c *caller) getAccountCustomAttribute() (any, error) {
	fits := func(cfchat.AttributeModel) bool { return true }
	switch model := fmt.Sprint(c.params["attribute_model"]); model {
	case "<nil>", "":
	case "0", "conversation_attribute":
		fits = func(m cfchat.AttributeModel) bool { return m == cfchat.AttributeModelConversation }
	case "1", "contact_attribute":
		fits = func(m cfchat.AttributeModel) bool { return m == cfchat.AttributeModelContact }
	default:
		if !c.version.AtLeast("2.17.0") {
			return nil, internalError()
		}
		fits = func(cfchat.AttributeModel) bool { return false }
	}
	shown := []object{}
	for _, d := range c.account.definitions {
		if fits(d.AttributeModel) {
			shown = append(shown, c.view().definition(d))
		}
	}
	return shown, nil
}

func (v view) definition(d cfchat.AttributeDefinition) object {
	out := object{
		"id": d.ID, "attribute_key": d.AttributeKey, "attribute_display_name": d.AttributeDisplayName,
		"attribute_display_type": d.AttributeDisplayType, "attribute_description": d.AttributeDescription,
		"attribute_values": d.AttributeValues, "attribute_model": d.AttributeModel, "default_value": d.DefaultValue,
		"created_at": d.CreatedAt, "updated_at": d.UpdatedAt,
	}
	if v.version.AtLeast("3.6.0") {
		out["regex_pattern"], out["regex_cue"] = d.RegexPattern, d.RegexCue
	}
	return out
}
