package cfchattest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// tooMany is the number of a conversation's messages in a minute that is too many, from 3.9.0 on (contract, W1.2).
const tooMany = 200

// createANewMessageInAConversation sends a message. Every mistake is a 422 with a text.
func (c *caller) createANewMessageInAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	made, err := c.newMessage(of)
	if err != nil {
		return nil, err
	}
	c.append(of, made)
	answer, err := c.view().shortMessage(of, made)
	if echo, ok := c.params["echo_id"]; ok && err == nil {
		answer["echo_id"] = echo
	}
	return answer, err
}

// newMessage makes a message from the parameters. It is not stored yet.
func (c *caller) newMessage(of *conversation) (*message, error) {
	kind, numbered, err := c.kind()
	if err != nil {
		return nil, err
	}
	if kind == cfchat.MessageTypeIncoming && !numbered && of.source.inbox.channel != cfchat.ChannelAPI {
		return nil, unprocessable("Incoming messages are only allowed in Api inboxes")
	}
	made := &message{ConversationMessage: cfchat.ConversationMessage{MessageType: kind}}
	if made.Private, err = c.private(); err != nil {
		return nil, err
	}
	if content := c.params["content"]; content != nil {
		made.Content = new(contentText(content))
	}
	if made.ContentType, err = c.contentType(); err != nil {
		return nil, err
	}
	if made.ContentAttributes, err = c.sentAttributes(of, made); err != nil {
		return nil, err
	}
	if made.AdditionalAttributes, err = c.additionalAttributes(); err != nil {
		return nil, err
	}
	if id := c.params["source_id"]; id != nil && c.version.AtLeast("3.4.0") {
		made.SourceID = new(storedText(id))
	}
	if made.attachments, err = c.uploads(of); err != nil {
		return nil, err
	}
	if err := c.valid(of, made); err != nil {
		return nil, err
	}
	c.signAs(made, of, numbered)
	c.fill(made, of)
	c.fillParams(made, of)
	return made, nil
}

// valid checks what the server's validations check.
func (c *caller) valid(of *conversation, m *message) error {
	content := deref(m.Content)
	switch {
	case strings.Contains(content, "\x00"):
		return unprocessable("string contains null byte")
	case utf8.RuneCountInString(content) > maxContent:
		return unprocessable("Validation failed: Content is too long (maximum is 150000 characters)")
	}
	if err := validItems(m); err != nil {
		return err
	}
	recent, since := 0, c.clock().Add(-time.Minute)
	for _, each := range slices.Backward(of.messages) {
		if each.CreatedAt.After(since) {
			recent++
		}
	}
	if recent >= tooMany && c.version.AtLeast("3.9.0") {
		return unprocessable("Validation failed: Too many messages")
	}
	return nil
}

// validItems checks the items of interactive messages. The server refuses items with keys of other kinds, with a text that
// is not recorded; they are accepted here (unseen).
func validItems(m *message) error {
	if !m.madeOfItems() {
		return nil
	}
	items, ok := m.ContentAttributes.Map()["items"].([]any)
	switch {
	case !ok:
		return unprocessable("undefined method `reject' for nil")
	case len(items) == 0:
		return unprocessable("Validation failed: Content attributes At least one item is required.")
	}
	for _, item := range items {
		card, _ := item.(map[string]any)
		if deref(m.ContentType) == cfchat.MessageContentTypeCards && cast.Blank(card["actions"]) {
			return unprocessable("Validation failed: Content attributes contains items missing actions")
		}
	}
	return nil
}

// kind reads the kind of a message: a word, outgoing by default, or a number, which bypasses the checks of words.
func (c *caller) kind() (kind cfchat.MessageType, numbered bool, err error) {
	value := c.params["message_type"]
	if n, ok := value.(json.Number); ok {
		id, err := n.Int64()
		if kind = cfchat.MessageType(id); err == nil && kind.Known() {
			return kind, true, nil
		}
	}
	if value == "" {
		return 0, false, unprocessable("PG::NotNullViolation: ERROR:  null value in column \"message_type\" of relation \"messages\" violates not-null constraint")
	}
	kind, err = messageType(value)
	if err != nil {
		return 0, false, unprocessable(fmt.Sprintf("'%s' is not a valid message_type", rubyText(value)))
	}
	return kind, false, nil
}

// private reads whether a message is a note. On a server the text of the refusal continues with the row.
func (c *caller) private() (*bool, error) {
	if c.params["private"] == "" {
		if c.version.AtLeast("3.2.0") {
			return nil, unprocessable("PG::NotNullViolation: ERROR:  null value in column \"private\" of relation \"messages\" violates not-null constraint")
		}
		return nil, nil
	}
	return new(cast.Boolean(c.params["private"])), nil
}

// contentTypes are the content types by their numbers, which the server accepts too, and the versions that introduced them.
var contentTypes = []struct {
	name  cfchat.MessageContentType
	since string
}{
	{cfchat.MessageContentTypeText, "2.16.0"},
	{cfchat.MessageContentTypeInputText, "2.16.0"},
	{cfchat.MessageContentTypeInputTextarea, "2.16.0"},
	{cfchat.MessageContentTypeInputEmail, "2.16.0"},
	{cfchat.MessageContentTypeInputSelect, "2.16.0"},
	{cfchat.MessageContentTypeCards, "2.16.0"},
	{cfchat.MessageContentTypeForm, "2.16.0"},
	{cfchat.MessageContentTypeArticle, "2.16.0"},
	{cfchat.MessageContentTypeIncomingEmail, "2.16.0"},
	{cfchat.MessageContentTypeInputCsat, "2.16.0"},
	{cfchat.MessageContentTypeIntegrations, "2.16.0"},
	{cfchat.MessageContentTypeSticker, "3.4.0"},
	{cfchat.MessageContentTypeVoiceCall, "4.6.0"},
}

func (c *caller) contentType() (*cfchat.MessageContentType, error) {
	value := c.params["content_type"]
	if value == nil || value == "" {
		return nil, nil
	}
	for number, each := range contentTypes {
		isNumber := value == json.Number(strconv.Itoa(number))
		if (isNumber || value == string(each.name)) && c.version.AtLeast(each.since) {
			return new(each.name), nil
		}
	}
	return nil, unprocessable(fmt.Sprintf("'%s' is not a valid content_type", rubyText(value)))
}

// sentAttributes reads the attributes of a message, and adds those of an e-mail inbox.
func (c *caller) sentAttributes(of *conversation, m *message) (cfchat.Attributes, error) {
	sent := c.params["content_attributes"]
	if text, ok := sent.(string); ok && text != "" && !c.version.AtLeast("3.3.0") {
		return cfchat.Attributes{}, unprocessable("String does not have #dig method")
	}
	if _, ok := sent.([]any); ok && !c.version.AtLeast("3.3.0") { // seen on 2.16.0 and not on 4.16.2; in between (unseen)
		return cfchat.Attributes{}, unprocessable("no implicit conversion of Symbol into Integer")
	}
	attributes, err := c.contentAttributes(of, sent)
	if err != nil {
		return attributes, err
	}
	kept := attributes.Map()
	if kept == nil {
		kept = map[string]any{}
	}
	if at, ok := c.params["external_created_at"]; ok && !cast.Blank(at) {
		kept["external_created_at"] = at
	}
	if of.source.inbox.channel == cfchat.ChannelEmail {
		err = c.mailAttributes(kept, m)
	}
	return attributesOf(kept), err
}

// additionalAttributes reads the template or the campaign of a message.
func (c *caller) additionalAttributes() (cfchat.Attributes, error) {
	params := c.params["template_params"]
	if cast.Blank(params) {
		if campaign := c.params["campaign_id"]; campaign != nil {
			return attributesOf(map[string]any{"campaign_id": campaign}), nil
		}
		return cfchat.Attributes{}, nil
	}
	if c.version.AtLeast("2.17.0") {
		given, ok := params.(map[string]any)
		_, named := given["name"].(string)
		_, isObject := given["processed_params"].(map[string]any)
		switch {
		case !ok:
			return cfchat.Attributes{}, unprocessable("Validation failed: Template params must be of type hash")
		case given["name"] == nil:
			return cfchat.Attributes{}, unprocessable("Validation failed: Name is required")
		case !named:
			return cfchat.Attributes{}, unprocessable("Validation failed: Template params/name must be of type string")
		case given["processed_params"] != nil && !isObject:
			return cfchat.Attributes{}, unprocessable("Validation failed: Template params/processed params must be of type hash")
		}
	}
	return attributesOf(map[string]any{"template_params": params}), nil
}

// signAs sets the sender of a message: the caller, or the bot that a user names, if it is outgoing; the contact if it is
// not, or if its kind was a number (contract, W1.2).
func (c *caller) signAs(m *message, of *conversation, numbered bool) {
	if numbered {
		c.sentBy(m, cfchat.SenderTypeContact, of.source.contact.ID)
		return
	}
	c.sign(m, of)
	id, _ := cast.Integer(c.params["sender_id"])
	known := c.bots[id]
	if m.MessageType == cfchat.MessageTypeOutgoing && c.user != nil && c.params["sender_type"] == string(cfchat.SenderTypeAgentBot) && known != nil {
		c.sentBy(m, cfchat.SenderTypeAgentBot, id)
	}
}

// contentText returns a value as the server stores it as a message's text: an object as Ruby prints it, {"a"=>1}.
func contentText(value any) string {
	switch value.(type) {
	case map[string]any, []any:
		return rubyText(value)
	}
	return storedText(value)
}

// rubyText returns a value as the server writes it into a text.
func rubyText(value any) string {
	switch v := value.(type) {
	case map[string]any:
		var pairs []string
		for name, each := range v {
			pairs = append(pairs, fmt.Sprintf("%q=>%s", name, rubyShown(each)))
		}
		slices.Sort(pairs) // the server keeps the order of the request
		return "{" + strings.Join(pairs, ", ") + "}"
	case []any:
		shown := make([]string, len(v))
		for i, each := range v {
			shown[i] = rubyShown(each)
		}
		return "[" + strings.Join(shown, ", ") + "]"
	}
	return cast.Text(value)
}

// rubyShown returns a value as Ruby prints it within another one.
func rubyShown(value any) string {
	switch v := value.(type) {
	case nil:
		return "nil"
	case string:
		return fmt.Sprintf("%q", v)
	}
	return rubyText(value)
}
