package cfchattest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// The limits of what the server stores (contract, 1.5).
const (
	maxContent   = 150_000 // characters
	maxAttribute = 1500    // characters
	maxNumber    = 9_999_999_999
)

// firstMessage makes the first message of a new conversation, nil for none. It is not stored yet.
func (c *caller) firstMessage(of *conversation) (*message, error) {
	if cast.Blank(c.params["message"]) {
		return nil, nil
	}
	sent, ok := c.params["message"].(map[string]any)
	if !ok {
		return nil, errMessage
	}
	kind, err := messageType(sent["message_type"])
	if err != nil {
		return nil, err
	}
	if kind == cfchat.MessageTypeIncoming && of.source.inbox.channel != cfchat.ChannelAPI {
		return nil, errMessage
	}
	made := &message{ConversationMessage: cfchat.ConversationMessage{MessageType: kind, Private: new(cast.Boolean(sent["private"]))}}
	if content := sent["content"]; content != nil {
		made.Content = new(storedText(content))
		if utf8.RuneCountInString(*made.Content) > maxContent {
			return nil, invalidRecord("Content is too long (maximum is 150000 characters)", "content")
		}
	}
	if name, ok := sent["content_type"].(string); ok && name != "" {
		made.ContentType = new(cfchat.MessageContentType(name))
		if !made.ContentType.Known() {
			return nil, errMessage
		}
	}
	if made.ContentAttributes, err = c.contentAttributes(of, sent["content_attributes"]); err != nil {
		return nil, err
	}
	if id := sent["source_id"]; id != nil && c.version.AtLeast("3.4.0") {
		made.SourceID = new(storedText(id)) // contract, W1.2
	}
	c.sign(made, of)
	c.fill(made, of)
	return made, nil
}

// storedText returns a value as a text column stores it (contract, W1.2).
func storedText(value any) string {
	switch value {
	case true:
		return "t"
	case false:
		return "f" // (unseen)
	}
	return cast.Text(value)
}

// contentAttributes reads the attributes of a message. Before 4.9.0 only those that the server itself knows are kept;
// automation_rule_id displaces all others on every version (contract, W1.2; contract, N6).
func (c *caller) contentAttributes(of *conversation, value any) (cfchat.Attributes, error) {
	if text, ok := value.(string); ok && text != "" {
		if !c.version.AtLeast("3.3.0") {
			return cfchat.Attributes{}, errMessage
		}
		parsed, err := parseJSON([]byte(text))
		if err != nil || parsed["_json"] != nil { // a value that is not an object is ignored
			parsed = nil
		}
		value = map[string]any(parsed)
	}
	sent, _ := value.(map[string]any)
	kept := map[string]any{}
	for key, each := range sent {
		if key == "items" || key == "in_reply_to" || c.version.AtLeast("4.9.0") {
			kept[key] = each
		}
	}
	if rule, ok := sent["automation_rule_id"]; ok {
		kept = map[string]any{"automation_rule_id": rule}
	}
	if answered, ok := kept["in_reply_to"]; ok && c.version.AtLeast("3.3.0") {
		kept["in_reply_to"], kept["in_reply_to_external_id"] = of.answered(answered)
	}
	return attributesOf(kept), nil
}

// answered returns the id, and the id outside the server, of the message that another one answers. Both are null if there is
// no such message.
func (c *conversation) answered(value any) (id, sourceID any) {
	wanted, _ := cast.Integer(value)
	for _, m := range c.messages {
		if m.ID == wanted {
			return m.ID, m.SourceID
		}
	}
	return nil, nil
}

// sign sets the sender of a message: the caller of an outgoing one, the contact of any other (contract, W1.2).
func (c *caller) sign(m *message, of *conversation) {
	switch {
	case m.MessageType != cfchat.MessageTypeOutgoing:
		c.sentBy(m, cfchat.SenderTypeContact, of.source.contact.ID)
	case c.user != nil:
		c.sentBy(m, cfchat.SenderTypeUser, c.user.ID)
	default:
		c.sentBy(m, cfchat.SenderTypeAgentBot, c.bot.ID)
	}
}

// messageType reads the direction of a message, outgoing by default (contract, 1.5).
func messageType(value any) (cfchat.MessageType, error) {
	switch value {
	case nil, "outgoing":
		return cfchat.MessageTypeOutgoing, nil
	case "incoming":
		return cfchat.MessageTypeIncoming, nil
	case "activity":
		return cfchat.MessageTypeActivity, nil
	case "template":
		return cfchat.MessageTypeTemplate, nil
	}
	return 0, errMessage
}

// validAttributes checks how long the texts and how large the numbers of free-form attributes are (contract, 1.5).
func validAttributes(c *conversation) error {
	var messages, wrong []string
	for _, of := range []struct {
		name, title string
		attributes  map[string]any
	}{
		{"additional_attributes", "Additional attributes", c.additional},
		{"custom_attributes", "Custom attributes", c.custom},
	} {
		problems := attributeProblems(of.attributes)
		for _, problem := range problems {
			messages = append(messages, of.title+" "+problem)
		}
		if len(problems) > 0 {
			wrong = append(wrong, of.name)
		}
	}
	if len(messages) == 0 {
		return nil
	}
	return invalidRecord(strings.Join(messages, ", "), wrong...)
}

func attributeProblems(attributes map[string]any) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		switch v := attributes[key].(type) {
		case string:
			if utf8.RuneCountInString(v) > maxAttribute {
				out = append(out, fmt.Sprintf("%s length should be < %d", key, maxAttribute))
			}
		case json.Number:
			n, ok := cast.Integer(v)
			if ok && n > maxNumber && !strings.ContainsAny(v.String(), ".eE") {
				out = append(out, fmt.Sprintf("%s value should be < %d", key, int64(maxNumber)))
			}
		}
	}
	return out
}
