package cfchattest

import (
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// messages renders the messages in a conversation: the last one. Before 3.1.0 it is the unread ones, ten at most, if any of
// them is the contact's (contract, 1.7).
func (v view) messages(c *conversation) []object {
	shown := c.messages
	if !v.version.AtLeast("3.1.0") && v.unreadCount(c) > 0 {
		shown = slices.SortedFunc(slices.Values(c.unread()), byTime)
		shown = shown[max(0, len(shown)-10):]
	} else if len(shown) > 0 {
		shown = []*message{slices.MaxFunc(shown, byTime)}
	}
	out := make([]object, len(shown))
	for i, m := range shown {
		out[i] = v.message(c, m)
	}
	return out
}

// lastNonActivity renders the last message that is not an activity message, null for none: the last by id, from 4.11.0 on by
// time (contract, N2).
func (v view) lastNonActivity(c *conversation) any {
	var last *message
	for _, m := range slices.Backward(c.messages) {
		switch {
		case m.MessageType == cfchat.MessageTypeActivity:
		case last == nil:
			last = m
		case v.version.AtLeast("4.11.0") && byTime(m, last) > 0:
			last = m
		}
		if last != nil && !v.version.AtLeast("4.11.0") {
			break
		}
	}
	if last == nil {
		return nil
	}
	return v.message(c, last)
}

func (v view) message(c *conversation, m *message) object {
	of := object{"assignee_id": c.assignee, "unread_count": v.unreadCount(c)}
	out := object{
		"id": m.ID, "content": m.Content, "account_id": c.account.id, "inbox_id": m.InboxID, "conversation_id": c.id,
		"message_type": m.MessageType, "created_at": unix(m.CreatedAt.Time), "updated_at": m.UpdatedAt,
		"private": m.Private, "status": m.Status, "source_id": m.SourceID, "content_type": m.ContentType,
		"content_attributes": orObject(m.ContentAttributes), "external_source_ids": orObject(m.ExternalSourceIDs),
		"additional_attributes": orObject(m.AdditionalAttributes),
		"sender_type":           m.SenderType, "sender_id": m.SenderID, "conversation": of,
	}
	if sender := v.sender(c, m); sender != nil {
		out["sender"] = sender
	}
	if len(m.attachments) > 0 {
		out["attachments"] = v.attachments(m)
	}
	if v.version.AtLeast("2.17.0") {
		of["last_activity_at"] = unix(c.lastActivity)
	}
	if v.version.AtLeast("2.18.0") {
		out["processed_message_content"] = m.ProcessedMessageContent
	}
	if v.version.AtLeast("3.1.0") {
		of["contact_inbox"] = object{"source_id": c.source.sourceID}
		out["sentiment"] = orObject(m.Sentiment)
	}
	if !v.version.AtLeast("3.16.0") { // seen on 2.16.0, but not on 3.16.0; in between (unseen)
		out["label_list"] = nil
	}
	return out
}

// attachmentFields are the attachment fields that later versions added (contract, 4.1; contract, N2).
var attachmentFields = []struct {
	since, name string
	ofFiles     bool // attachments with an extension have it too, null if unknown
}{
	{"3.7.0", "width", true},
	{"3.7.0", "height", true},
	{"4.3.0", "transcribed_text", false},
	{"4.3.0", "meta", false},
	{"4.13.0", "content_type", true},
}

// attachments renders a message's attachments as recorded, without the fields that the version does not know yet, and with
// those that the recorded version did not know.
func (v view) attachments(m *message) []object {
	out := make([]object, len(m.attachments))
	for i, recorded := range m.attachments {
		shown := maps.Clone(recorded)
		_, isFile := shown["extension"]
		for _, field := range attachmentFields {
			switch {
			case !v.version.AtLeast(field.since):
				delete(shown, field.name)
			case isFile && field.ofFiles && !v.recorded.AtLeast(field.since):
				shown[field.name] = recorded[field.name]
			}
		}
		out[i] = shown
	}
	return out
}

// sender renders the sender of a message, nil for nobody and for a sender who is gone.
func (v view) sender(c *conversation, m *message) any {
	if m.SenderType == nil || m.SenderID == nil {
		return nil
	}
	switch *m.SenderType {
	case cfchat.SenderTypeUser:
		if u := v.users[*m.SenderID]; u != nil {
			return userSender(u)
		}
	case cfchat.SenderTypeContact:
		if who := c.account.contacts[*m.SenderID]; who != nil {
			return v.contactSender(who)
		}
	case cfchat.SenderTypeAgentBot:
		if b := v.bots[*m.SenderID]; b != nil {
			return botSender(b)
		}
	}
	if m.sender != nil {
		return m.sender
	}
	return nil
}

func userSender(u *user) object {
	return object{"id": u.ID, "name": u.Name, "available_name": u.AvailableName, "avatar_url": u.Thumbnail,
		"type": "user", "availability_status": u.AvailabilityStatus, "thumbnail": u.Thumbnail}
}

func botSender(b *bot) object {
	return object{"id": b.ID, "name": b.Name, "avatar_url": b.Thumbnail, "type": "agent_bot"}
}

// orObject returns an empty object for attributes that were never set.
func orObject(a cfchat.Attributes) any {
	if a.IsZero() {
		return object{}
	}
	return a
}
