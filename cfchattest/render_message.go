package cfchattest

import (
	"encoding/json"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// messages renders the messages that go with a conversation: the last one. Before 3.1.0 the unread ones go instead, ten at
// most, if the contact wrote any of them (contract, 1.7).
func (v view) messages(c *conversation) []object {
	shown := c.messages
	if !v.version.AtLeast("3.1.0") && v.unreadCount(c) > 0 {
		shown = c.unread()
		shown = shown[max(0, len(shown)-10):]
	} else {
		shown = shown[max(0, len(shown)-1):]
	}
	out := make([]object, len(shown))
	for i, m := range shown {
		out[i] = v.message(c, m)
	}
	return out
}

// lastNonActivity renders the last message that somebody wrote, null if nobody did.
func (v view) lastNonActivity(c *conversation) any {
	for _, m := range slices.Backward(c.messages) {
		if m.MessageType != cfchat.MessageTypeActivity {
			return v.message(c, m)
		}
	}
	return nil
}

func (v view) message(c *conversation, m *cfchat.Message) object {
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
	if len(m.Attachments) > 0 {
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
	if !v.version.AtLeast("3.16.0") { // seen on 2.16.0, and no more on 3.16.0; between them (unseen)
		out["label_list"] = nil
	}
	return out
}

// attachments renders a message's attachments. What is a file says null where it has no extension or size, from 3.7.0 on also
// where it has no width and height (contract, 1.7 and 4.1).
func (v view) attachments(m *cfchat.Message) []object {
	fields := []string{"extension", "data_url", "thumb_url", "file_size"}
	if v.version.AtLeast("3.7.0") {
		fields = append(fields, "width", "height")
	}
	out := make([]object, len(m.Attachments))
	for i, each := range m.Attachments {
		_ = json.Unmarshal(encode(each), &out[i]) // what was just encoded; null stays null
		if each == nil || !isFile(each.FileType) {
			continue
		}
		for _, field := range fields {
			if _, ok := out[i][field]; !ok {
				out[i][field] = nil
			}
		}
	}
	return out
}

func isFile(kind *cfchat.AttachmentType) bool {
	return kind != nil && slices.Contains([]cfchat.AttachmentType{cfchat.AttachmentTypeImage, cfchat.AttachmentTypeAudio,
		cfchat.AttachmentTypeVideo, cfchat.AttachmentTypeFile}, *kind)
}

// sender renders who sent a message, nil for nobody and for who is gone.
func (v view) sender(c *conversation, m *cfchat.Message) any {
	if m.SenderType == nil || m.SenderID == nil {
		return nil
	}
	switch *m.SenderType {
	case cfchat.SenderTypeUser:
		if u := v.users[*m.SenderID]; u != nil {
			return object{"id": u.ID, "name": u.Name, "available_name": u.AvailableName, "avatar_url": u.Thumbnail,
				"type": "user", "availability_status": u.AvailabilityStatus, "thumbnail": u.Thumbnail}
		}
	case cfchat.SenderTypeContact:
		if who := c.account.contacts[*m.SenderID]; who != nil {
			return v.contactSender(who)
		}
	case cfchat.SenderTypeAgentBot:
		if b := v.bots[*m.SenderID]; b != nil {
			return object{"id": b.id, "name": b.name, "avatar_url": "", "type": "agent_bot"}
		}
	}
	if m.Sender != nil { // as it was loaded, for senders of which nothing else is known
		return m.Sender
	}
	return nil
}

func (v view) contactSender(c *contact) object {
	out := object{"id": c.ID, "name": c.Name, "email": c.Email, "phone_number": c.PhoneNumber, "identifier": c.Identifier,
		"thumbnail": c.Thumbnail, "type": "contact",
		"additional_attributes": c.AdditionalAttributes, "custom_attributes": c.CustomAttributes}
	if v.version.AtLeast("4.0.2") {
		out["blocked"] = c.Blocked != nil && *c.Blocked
	}
	return out
}

// orObject returns an empty object for attributes that were never set.
func orObject(a cfchat.Attributes) any {
	if a.IsZero() {
		return object{}
	}
	return a
}
