package cfchat

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// MessageItem is a part of a message of the content types input_select, cards, form or article; each uses some of the
// fields. Zero fields are not sent. Items are sent unchanged, and no server renders them. Other fields of a kind can be sent
// as "items" in ContentAttributes.
type MessageItem struct {
	Title       string          `json:"title,omitzero"`       // of input_select, cards and article
	Value       string          `json:"value,omitzero"`       // of input_select: the value of the answer
	Description string          `json:"description,omitzero"` // of cards and article
	MediaURL    string          `json:"media_url,omitzero"`   // of cards: the picture
	Actions     []MessageAction `json:"actions,omitzero"`     // of cards, each of which needs one
	Link        string          `json:"link,omitzero"`        // of article
	Name        string          `json:"name,omitzero"`        // of form: the name of the answer
	Type        string          `json:"type,omitzero"`        // of form, such as email
	Label       string          `json:"label,omitzero"`       // of form
}

// MessageAction is a button of a card.
type MessageAction struct {
	Type    string `json:"type"`             // such as link
	Text    string `json:"text"`             // its caption
	URI     string `json:"uri,omitzero"`     // where a link leads
	Payload string `json:"payload,omitzero"` // what a button other than a link sends
}

// ofItems are the content types that consist of items.
var ofItems = []MessageContentType{
	MessageContentTypeInputSelect, MessageContentTypeCards, MessageContentTypeForm, MessageContentTypeArticle,
}

// check refuses an empty message, or one that the server would read as another.
func (m MessageCreate) check(r *refusal) {
	m.checkContent(r)
	if m.MessageType != "" && !m.MessageType.Known() {
		r.add("MessageType", "%q is not a kind; use MessageKindOutgoing, MessageKindIncoming, MessageKindActivity or MessageKindTemplate", m.MessageType)
	}
	if m.Template && (m.MessageType == MessageKindIncoming || m.MessageType == MessageKindActivity) {
		r.add("Template", "the server does not fill in templates in %s messages; leave it out", m.MessageType)
	}
	r.optionalID("InReplyTo", m.InReplyTo)
	r.optionalID("CampaignID", m.CampaignID)
	m.checkSender(r)
	m.checkFiles(r)
	m.checkMark(r)
	r.attributes("ContentAttributes", m.ContentAttributes)
	r.attributes("TemplateParams", m.TemplateParams)
	for _, given := range []struct {
		field, key string
		given      bool
	}{{"InReplyTo", "in_reply_to", m.InReplyTo != 0}, {"Items", "items", m.Items != nil}} {
		if _, twice := m.ContentAttributes[given.key]; twice && given.given {
			r.add(given.field, "ContentAttributes has %s too; set only one of them", given.key)
		}
	}
	if _, drives := m.ContentAttributes["automation_rule_id"]; drives && (len(m.ContentAttributes) > 1 || m.InReplyTo != 0 || m.Items != nil || m.Mark != "") {
		r.add(`ContentAttributes["automation_rule_id"]`, "the server drops all other attributes if it is set; leave it out")
	}
	for _, f := range m.texts() {
		r.text(f.field, f.text)
	}
	r.texts("ContentAttributes", m.ContentAttributes)
	r.texts("TemplateParams", m.TemplateParams)
	for i, item := range m.Items {
		r.text(fmt.Sprintf("Items[%d]", i), wrongWithin(reflect.ValueOf(item), 0))
	}
	r.signedIDs("Attachments", m.Attachments)
	r.addresses("CCEmails", m.CCEmails)
	r.addresses("BCCEmails", m.BCCEmails)
	r.addresses("ToEmails", m.ToEmails)
}

// checkContent refuses an empty message, which the servers would send, one without the items that it needs, and one whose
// items would become plain text.
func (m MessageCreate) checkContent(r *refusal) {
	hasItems := len(m.Items) > 0 || hasItems(m.ContentAttributes)
	ofItems := slices.Contains(ofItems, m.ContentType)
	switch {
	case ofItems && !hasItems:
		r.add("Items", "%s needs items; set at least one", m.ContentType)
	case len(m.Items) > 0 && (m.ContentType == "" || m.ContentType == MessageContentTypeText):
		r.add("ContentType", "the server shows no items without it; use MessageContentTypeInputSelect, …Cards, …Form or …Article")
	case ofItems || m.hasContent():
	case hasItems:
		r.add("ContentType", "the server shows no items without it, and Content is empty; set it to the type of the items")
	default:
		r.add("Content", "it is blank, and the server would send that; set Content, Files or Items")
	}
	r.templateName("TemplateParams", m.TemplateParams)
	for i, item := range m.Items {
		if m.ContentType == MessageContentTypeCards && len(item.Actions) == 0 {
			r.add(fmt.Sprintf("Items[%d].Actions", i), "a card needs at least one")
		}
	}
}

// hasContent reports whether a message has anything besides items.
func (m MessageCreate) hasContent() bool {
	return !isBlank(m.Content) || !isBlank(m.EmailHTMLContent) || len(m.Attachments)+len(m.Files)+len(m.TemplateParams) > 0
}

// isBlank reports whether a text shows nothing.
func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// hasItems reports whether attributes have items. A value that is not a list is left to the server.
func hasItems(attributes map[string]any) bool {
	switch items := plain(attributes["items"]).(type) {
	case nil:
		return false
	case []any:
		return len(items) > 0
	}
	return true
}

// templateName refuses a WhatsApp template without a name, which would not be a template.
func (r *refusal) templateName(field string, params map[string]any) {
	if name := plain(params["name"]); len(params) > 0 && (name == nil || name == "") {
		r.add(field+`["name"]`, "a template needs a name; set it, or leave %s out", field)
	}
}

// signedIDs refuses invalid signed ids, and more than a message may have.
func (r *refusal) signedIDs(field string, ids []string) {
	if len(ids) > maxFiles {
		r.add(field, "there are %d; a message can have %d, so send several", len(ids), maxFiles)
	}
	for i, id := range ids {
		at := fmt.Sprintf("%s[%d]", field, i)
		if r.text(at, id); strings.TrimSpace(id) == "" {
			r.add(at, "it is empty; leave it out")
		}
	}
}

// addresses refuses a list with a mail address that has inner blanks: without them it would be another address.
func (r *refusal) addresses(field, list string) {
	for address := range strings.SplitSeq(list, ",") {
		if address = strings.TrimSpace(address); strings.ContainsFunc(address, unicode.IsSpace) {
			r.add(field, "an address has a space in it; separate addresses by commas, without names")
		}
	}
}

// checkSender refuses a sender that the server would replace with the caller.
func (m MessageCreate) checkSender(r *refusal) {
	switch {
	case m.SenderType == "" && m.SenderID == 0:
		return
	case m.SenderType != SenderTypeAgentBot:
		r.add("SenderType", "%q cannot be the sender; the server accepts only SenderTypeAgentBot", m.SenderType)
	case m.MessageType != "" && m.MessageType != MessageKindOutgoing:
		r.add("SenderType", "the sender of an %s message is the contact; leave it out", m.MessageType)
	}
	if m.SenderID == 0 {
		r.add("SenderID", "SenderType needs the bot's id here")
		return
	}
	r.id("SenderID", m.SenderID)
}

// senderKey refuses another sender together with a bot's key: the bot itself would be the sender.
func (r *refusal) senderKey(ctx context.Context, keys *auth.Keys) {
	if ctx == nil {
		return // refused elsewhere
	}
	call := chain.Call{Operation: operation.CreateANewMessageInAConversation}
	if scheme, _ := call.Scheme(ctx, *keys); scheme == operation.AgentBotAPIKey {
		r.add("SenderID", "with an agent bot's key that bot is the sender; call with auth.WithScheme(ctx, auth.UserAPIKey), or leave it out")
	}
}

// accept judges an answer by its mark and its sender: the server replaces a bot that it does not know with the caller. The
// message is there, so it must not look refused: its outcome is not the requested one, and has to be looked at.
func (m MessageCreate) accept(sent *Message) *chain.Failure {
	if kept, _ := sent.ContentAttributes.Text(MarkAttribute); m.Mark != "" && kept != m.Mark && sent.GetSourceID() != m.Mark {
		err := fmt.Errorf("message %d was sent, but its Mark was not kept; check Config.ServerVersion", sent.ID)
		return &chain.Failure{Cause: err, Decode: true, Unknown: true}
	}
	return m.notAsBot(sent)
}

// notAsBot returns an error if a message was not sent by the bot that was to send it.
func (m MessageCreate) notAsBot(sent *Message) *chain.Failure {
	if m.SenderID == 0 || sent.Sender != nil && sent.Sender.Type == SenderKindAgentBot && sent.Sender.ID == m.SenderID {
		return nil
	}
	err := fmt.Errorf("message %d was sent, but not as agent bot %d, which the server does not know here", sent.ID, m.SenderID)
	return &chain.Failure{Cause: err, Decode: true, Unknown: true}
}

// fieldText is a text of a message that is sent unchanged.
type fieldText struct{ field, text string }

func (m MessageCreate) texts() []fieldText {
	return []fieldText{
		{"Content", m.Content}, {"Mark", m.Mark}, {"SourceID", m.SourceID}, {"EchoID", m.EchoID}, {"ExternalCreatedAt", m.ExternalCreatedAt},
		{"ContentType", string(m.ContentType)}, {"CCEmails", m.CCEmails}, {"BCCEmails", m.BCCEmails}, {"ToEmails", m.ToEmails}, {"EmailHTMLContent", m.EmailHTMLContent},
	}
}

// prepared returns a message as it must be sent: its texts escaped to arrive as written, and its reply and items where the
// server looks for them. Fields that the server's version would drop or misread are refused. It asks for the version,
// without a key, only if that matters and nothing else is wrong.
func (m MessageCreate) prepared(ctx context.Context, c *core, r *refusal) MessageCreate {
	if !c.mayAsk(ctx, r) {
		return m // it is refused
	}
	m.checkVersion(ctx, c.chat, r)
	m.Content = r.content("Content", m.Content, r.renders(ctx, c.chat, m))
	m.TemplateParams = r.processedParams(ctx, c.chat, m)
	for _, list := range []*string{&m.CCEmails, &m.BCCEmails, &m.ToEmails} {
		*list = withoutBlanks(*list)
	}
	if m.InReplyTo == 0 && m.Items == nil {
		return m
	}
	attributes := maps.Clone(m.ContentAttributes) // never change the caller's
	if attributes == nil {
		attributes = map[string]any{}
	}
	if m.InReplyTo != 0 {
		attributes["in_reply_to"] = m.InReplyTo
	}
	if m.Items != nil {
		attributes["items"] = m.Items
	}
	m.ContentAttributes = attributes
	return m
}

// checkVersion refuses what the server would silently drop, so that the message would be another.
func (m MessageCreate) checkVersion(ctx context.Context, chat *Chat, r *refusal) {
	for _, f := range []struct {
		field, since string
		sent         bool
	}{
		{"SourceID", "3.4.0", m.SourceID != ""},
		{"ToEmails", "3.0.0", m.ToEmails != ""},
		{"EmailHTMLContent", "4.7.0", m.EmailHTMLContent != ""},
	} {
		if f.sent && chat.lacks(ctx, f.since) {
			r.add(f.field, "servers before %s drop it; leave it out", f.since)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(m.ContentAttributes)) {
		if key != "in_reply_to" && key != "items" && key != "automation_rule_id" && chat.lacks(ctx, "4.9.0") {
			r.add(fmt.Sprintf("ContentAttributes[%q]", key), "servers before 4.9.0 drop it; leave it out")
		}
	}
}

// notKnown is the reason for refusing a text that needs escaping on some versions but not on others.
const notKnown = "whether the server fills in templates here depends on its version, which it does not report; set Config.ServerVersion"

// renders reports whether the content must be escaped: not if rendering is requested, nor where no server renders. Servers
// render the kind template from 2.17.0 on (contract, W1.2).
func (r *refusal) renders(ctx context.Context, chat *Chat, m MessageCreate) bool {
	switch m.MessageType {
	case MessageKindIncoming, MessageKindActivity:
		return false
	case MessageKindTemplate:
		if !m.Template && !isLiquid(m.Content) {
			return false
		}
		switch does, known := chat.renders(ctx, "2.17.0", "Content", r); {
		case does, !known:
		case m.Template:
			r.add("Template", "servers before 2.17.0 do not fill in messages of the kind template; leave it out")
		default:
			return false
		}
	}
	return !m.Template
}

// processedParams returns the parameters of a WhatsApp template with the texts in processed_params escaped to arrive as
// written: servers from 4.6.0 on render those.
func (r *refusal) processedParams(ctx context.Context, chat *Chat, m MessageCreate) map[string]any {
	processed, ok := m.TemplateParams["processed_params"]
	if !ok || m.MessageType == MessageKindIncoming || m.MessageType == MessageKindActivity {
		return m.TemplateParams
	}
	liquid := false
	escaped := mapTexts(processed, func(text string) string {
		liquid = liquid || isLiquid(text)
		return escapeLiquid(text)
	})
	switch {
	case !liquid:
		return m.TemplateParams
	case m.Template:
		if chat.lacks(ctx, "4.6.0") {
			r.add(`TemplateParams["processed_params"]`, "servers before 4.6.0 do not fill it in; leave Template out, or the templates")
		}
		return m.TemplateParams
	}
	if does, known := chat.renders(ctx, "4.6.0", `TemplateParams["processed_params"]`, r); known && !does {
		return m.TemplateParams
	}
	params := maps.Clone(m.TemplateParams)
	params["processed_params"] = escaped
	return params
}

// isLiquid reports whether escaping changes a text.
func isLiquid(text string) bool { return strings.ContainsAny(text, "{`") }

// mapTexts returns a value as decoded from its JSON, with each text except names replaced. What JSON cannot express is
// refused elsewhere, as attributes.
func mapTexts(value any, replace func(string) string) any {
	data, err := json.Marshal(value)
	var plain any
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err != nil || d.Decode(&plain) != nil {
		return value
	}
	var within func(any) any
	within = func(value any) any {
		switch v := value.(type) {
		case string:
			return replace(v)
		case []any:
			for i := range v {
				v[i] = within(v[i])
			}
		case map[string]any:
			for name := range v {
				v[name] = within(v[name])
			}
		}
		return value
	}
	return within(plain)
}

// text refuses a text that no server stores, or that JSON does not allow.
func (r *refusal) text(field, text string) {
	switch {
	case strings.Contains(text, "\x00"):
		r.add(field, "it has a NUL, which the server cannot store; remove it")
	case !utf8.ValidString(text) && field != "Content": // invalid Content is refused anyway
		r.add(field, notUTF8)
	}
}

// withoutBlanks returns a list of mail addresses without the blanks that servers before 2.17.0 stumble over.
func withoutBlanks(list string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, list)
}
