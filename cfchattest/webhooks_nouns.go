package cfchattest

import (
	"bytes"
	"errors"
	"html"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// field is a field of a JSON object, fields an object with ordered fields.
type (
	field struct {
		name  string
		value any
	}
	fields []field
)

// MarshalJSON writes the object.
func (f fields) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, each := range f {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(encode(each.name))
		out.WriteByte(':')
		out.Write(encode(each.value))
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// hookView renders nouns as webhooks write them (contract, H4), in a job or in the request that made the event.
type hookView struct {
	view

	job bool
}

// dated are fields with the version that introduced each; "" is every version.
type dated []struct {
	since string
	field
}

// fields returns the fields that the version has.
func (v hookView) fields(all dated) fields {
	var out fields
	for _, each := range all {
		if each.since == "" || v.version.AtLeast(each.since) {
			out = append(out, each.field)
		}
	}
	return out
}

// errGone is the error for an object that was deleted before its job ran.
var errGone = errors.New("it is gone")

// conversation renders a conversation. If its contact is gone, or it cannot be rendered for another reason, the delivery is
// lost.
func (v hookView) conversation(c *conversation) (fields, error) {
	switch {
	case c.account.conversations[c.id] != c:
		return nil, errGone
	case c.source.contact.deleted:
		return nil, errNoContact
	case c.broken:
		return nil, errBroken
	}
	return v.fields(dated{
		{"", field{"additional_attributes", c.additional}},
		{"", field{"can_reply", c.canReply}},
		{"", field{"channel", c.source.inbox.channel}},
		{"", field{"contact_inbox", contactInboxNoun(c.source)}},
		{"", field{"id", c.id}},
		{"", field{"inbox_id", c.source.inbox.id}},
		{"", field{"messages", v.lastOf(c)}},
		{"", field{"labels", append([]string{}, c.labels...)}},
		{"", field{"meta", v.metaNoun(c)}},
		{"", field{"status", c.status}},
		{"", field{"custom_attributes", c.custom}},
		{"", field{"snoozed_until", isoOrNull(c.snoozed)}},
		{"", field{"unread_count", v.unreadCount(c)}},
		{"", field{"first_reply_created_at", isoOrNull(c.firstReply)}},
		{"2.17.0", field{"priority", c.priority}},
		{"3.0.0", field{"waiting_since", unix(c.waiting)}},
		{"", field{"agent_last_seen_at", unix(c.agentSeen)}},
		{"", field{"contact_last_seen_at", unix(c.contactSeen)}},
		{"3.12.0", field{"last_activity_at", unix(c.lastActivity)}},
		{"", field{"timestamp", unix(c.lastActivity)}},
		{"", field{"created_at", unix(c.created)}},
		{"4.0.2", field{"updated_at", cfchat.UnixTime{Time: c.updated}}},
		{"4.14.2", field{"account", accountNoun(c.account)}},
	}), nil
}

// metaNoun renders the people and the team of a conversation, null for nobody.
func (v hookView) metaNoun(c *conversation) fields {
	var assignee, kind, team any
	person := v.person(c.assignee)
	switch {
	case c.ownedBy != nil && v.version.AtLeast("4.8.0"):
		assignee, kind = botSender(c.ownedBy), cfchat.SenderTypeAgentBot
	case person != nil:
		assignee, kind = v.inJob(userSender(person)), cfchat.SenderTypeUser
	}
	if c.team != nil && c.account.teams[*c.team] != nil {
		shown := v.team(c.account.teams[*c.team])
		team = v.fields(dated{
			{"", field{"id", shown["id"]}},
			{"", field{"name", shown["name"]}},
			{"4.16.0", field{"icon", shown["icon"]}},
			{"4.16.0", field{"icon_color", shown["icon_color"]}},
		})
	}
	return v.fields(dated{
		{"", field{"sender", v.contactSender(c.source.contact)}},
		{"", field{"assignee", assignee}},
		{"4.8.0", field{"assignee_type", kind}},
		{"", field{"team", team}},
		{"", field{"hmac_verified", c.source.verified}},
	})
}

// lastOf renders the last message that is neither an activity message nor a note, as in the API except for its text.
func (v hookView) lastOf(c *conversation) []object {
	seen := slices.DeleteFunc(slices.Clone(c.messages), func(m *message) bool {
		return m.MessageType == cfchat.MessageTypeActivity || m.GetPrivate()
	})
	if len(seen) == 0 {
		return []object{}
	}
	last := slices.MaxFunc(seen, byTime)
	shown := v.view.message(c, last)
	shown["content"] = v.cleaned(last.Content)
	if _, has := shown["processed_message_content"]; has {
		shown["processed_message_content"] = v.cleaned(last.ProcessedMessageContent)
	}
	if sender, ok := shown["sender"].(object); ok {
		shown["sender"] = v.inJob(sender)
	}
	return []object{shown}
}

// message renders a message with its conversation.
func (v hookView) message(c *conversation, m *message) (fields, error) {
	if m.broken {
		return nil, errBroken
	}
	conversation, err := v.conversation(c)
	if err != nil {
		return nil, err
	}
	out := fields{
		{"account", accountNoun(c.account)},
		{"additional_attributes", orObject(m.AdditionalAttributes)},
		{"content_attributes", orObject(m.ContentAttributes)},
		{"content_type", m.ContentType},
		{"content", v.contentNoun(c, m)},
		{"conversation", conversation},
		{"created_at", cfchat.NewISOTime(m.CreatedAt.Time)},
		{"id", m.ID},
		{"inbox", fields{{"id", c.source.inbox.id}, {"name", c.source.inbox.name}}},
		{"message_type", messageTypeNames[m.MessageType]},
		{"private", m.Private},
		{"sender", v.senderNoun(c, m)},
		{"source_id", m.SourceID},
	}
	if len(m.attachments) > 0 {
		out = append(out, field{"attachments", v.attachments(m)})
	}
	return out, nil
}

// messageTypeNames are the kinds of messages that webhooks send.
var messageTypeNames = map[cfchat.MessageType]string{
	cfchat.MessageTypeIncoming: "incoming", cfchat.MessageTypeOutgoing: "outgoing", cfchat.MessageTypeTemplate: "template",
}

// contentNoun renders the text of a message: from 4.9.0 to 4.12.0 as the channel shows it, here only with a paragraph tag
// and HTML escapes (contract, H6).
func (v hookView) contentNoun(c *conversation, m *message) *string {
	channel := c.source.inbox.channel
	inHTML := channel == cfchat.ChannelEmail || channel == cfchat.ChannelWebWidget
	if m.Content != nil && inHTML && v.version.AtLeast("4.9.0") && !v.version.AtLeast("4.12.1") {
		return new("<p>" + html.EscapeString(*m.Content) + "</p>\n")
	}
	return v.cleaned(m.Content)
}

// cleaned returns a text without the editor's residue (contract, H6).
func (v hookView) cleaned(text *string) *string {
	if text == nil || !v.version.AtLeast("4.13.0") {
		return text
	}
	out := strings.ReplaceAll(*text, "\\\n", "\n")
	if v.version.AtLeast("4.14.2") {
		out = strings.TrimRight(out, "\n")
	}
	return &out
}

// senderNoun renders the sender of a message, null for nobody and for a sender who is gone.
func (v hookView) senderNoun(c *conversation, m *message) any {
	id := deref(m.SenderID)
	switch deref(m.SenderType) {
	case cfchat.SenderTypeUser:
		if u := v.users[id]; u != nil {
			return ownerNoun(owner{user: u})
		}
	case cfchat.SenderTypeContact:
		if who := c.account.contacts[id]; who != nil {
			return v.contact(who)
		}
	case cfchat.SenderTypeAgentBot:
		if b := v.bots[id]; b != nil {
			return ownerNoun(owner{bot: b})
		}
	}
	return nil
}

// contact renders a contact, which has no type.
func (v hookView) contact(c *contact) fields {
	return v.fields(dated{
		{"", field{"account", accountNoun(v.account)}},
		{"", field{"additional_attributes", c.AdditionalAttributes}},
		{"", field{"avatar", c.Thumbnail}},
		{"", field{"custom_attributes", c.CustomAttributes}},
		{"", field{"email", c.Email}},
		{"", field{"id", c.ID}},
		{"", field{"identifier", c.Identifier}},
		{"", field{"name", c.Name}},
		{"", field{"phone_number", c.PhoneNumber}},
		{"", field{"thumbnail", c.Thumbnail}},
		{"4.0.2", field{"blocked", deref(c.Blocked)}},
	})
}

// inJob renders a sender as a job does, which has no account to take a person's availability from.
func (v hookView) inJob(sender object) object {
	if _, has := sender["availability_status"]; has && v.job {
		sender["availability_status"] = nil
	}
	return sender
}

func accountNoun(a *account) fields { return fields{{"id", a.id}, {"name", a.name}} }

// ownerNoun renders a person or a bot.
func ownerNoun(who owner) fields {
	if who.user == nil {
		return fields{{"id", who.bot.ID}, {"name", who.bot.Name}, {"type", "agent_bot"}}
	}
	return fields{{"id", who.user.ID}, {"name", who.user.Name}, {"email", who.user.Email}, {"type", "user"}}
}

func contactInboxNoun(c *contactInbox) fields {
	made := cfchat.NewISOTime(c.created)
	return fields{
		{"id", c.id}, {"contact_id", c.contact.ID}, {"inbox_id", c.inbox.id}, {"source_id", c.sourceID}, {"created_at", made},
		{"updated_at", made}, {"hmac_verified", deref(c.verified)}, {"pubsub_token", c.token},
	}
}
