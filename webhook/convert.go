package webhook

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// AsContact converts the contact to the API's type. It also returns the names of the fields that webhooks do not have, which
// stay zero. For nil the contact is zero.
func (c *Contact) AsContact() (contact cfchat.Contact, lacks []string) {
	if c == nil {
		return contact, nil
	}
	contact = cfchat.Contact{
		AdditionalAttributes: c.AdditionalAttributes, Blocked: c.Blocked, CustomAttributes: c.CustomAttributes,
		Email: c.Email, ID: c.ID, Identifier: c.Identifier, Name: c.Name, PhoneNumber: c.PhoneNumber, Thumbnail: c.Thumbnail,
	}
	return contact, []string{
		"availability_status", "company_id", "contact_inboxes", "conversations_count", "created_at", "last_activity_at",
	}
}

// AsMessage converts the message to the API's type. It also returns the names of the fields that the body does not have,
// which stay zero. The status is known if the message is the conversation's last. For nil the message is zero.
func (m *Message) AsMessage() (message cfchat.Message, lacks []string) {
	if m == nil {
		return message, nil
	}
	message = cfchat.Message{
		Attachments: m.Attachments, Content: m.Content, ContentAttributes: m.ContentAttributes, ContentType: m.ContentType,
		ConversationID: m.Conversation.ID, CreatedAt: seconds(m.CreatedAt), ID: m.ID, InboxID: m.Inbox.ID, Private: new(m.Private),
		SourceID: m.SourceID,
	}
	lacks = []string{"call", "echo_id"}
	switch m.MessageType {
	case MessageIncoming:
		message.MessageType = cfchat.MessageTypeIncoming
	case MessageOutgoing:
		message.MessageType = cfchat.MessageTypeOutgoing
	case MessageTemplate:
		message.MessageType = cfchat.MessageTypeTemplate
	default:
		lacks = append(lacks, "message_type")
	}
	if last := m.Conversation.Messages; len(last) > 0 && last[0].ID == m.ID {
		message.Status = last[0].Status
	} else {
		lacks = append(lacks, "status")
	}
	sender, without := m.Sender.asMessageSender()
	message.Sender = sender
	return message, append(lacks, within("sender", without)...)
}

// asMessageSender converts the sender of a message to the API's type, which has no e-mail for a person there.
func (s *Sender) asMessageSender() (sender *cfchat.MessageSender, lacks []string) {
	kind := s.Kind()
	switch kind {
	case "":
		return nil, nil
	case cfchat.SenderKindContact:
		return &cfchat.MessageSender{
			AdditionalAttributes: s.AdditionalAttributes, Blocked: s.Blocked, CustomAttributes: s.CustomAttributes, Email: s.Email,
			ID: s.ID, Identifier: s.Identifier, Name: s.Name, PhoneNumber: s.PhoneNumber, Thumbnail: &s.Thumbnail, Type: kind,
		}, []string{"company_id"}
	case cfchat.SenderKindUser:
		lacks = []string{"availability_status", "available_name", "avatar_url", "thumbnail"}
	case cfchat.SenderKindAgentBot:
		lacks = []string{"avatar_url"}
	}
	sender = &cfchat.MessageSender{CreatedAt: s.CreatedAt, Description: s.Description, ID: s.ID, Name: s.Name, Type: kind}
	if s.AvatarURL != "" {
		sender.AvatarURL = &s.AvatarURL
	}
	return sender, lacks
}

// AsConversation converts the conversation to the API's type. It also returns the names of the fields that the body does not
// have, which stay zero. Messages is one of them: the API has the last message of any kind. For nil the conversation is
// zero.
func (c *Conversation) AsConversation() (conversation cfchat.Conversation, lacks []string) {
	if c == nil {
		return conversation, nil
	}
	conversation = cfchat.Conversation{
		AccountID: Event{Conversation: c}.AccountID(), AdditionalAttributes: c.AdditionalAttributes, AgentLastSeenAt: c.AgentLastSeenAt,
		AppliedSLA: c.AppliedSLA, CanReply: c.CanReply, ContactLastSeenAt: c.ContactLastSeenAt, CreatedAt: c.CreatedAt,
		CustomAttributes: c.CustomAttributes, FirstReplyCreatedAt: seconds(c.FirstReplyCreatedAt), ID: c.ID, InboxID: c.InboxID,
		Labels: c.Labels, LastActivityAt: c.LastActivityAt, Priority: c.Priority, SLAEvents: c.SLAEvents, SLAPolicyID: c.SLAPolicyID,
		Status: c.Status, Timestamp: c.Timestamp, UnreadCount: c.UnreadCount, UpdatedAt: c.UpdatedAt, WaitingSince: c.WaitingSince,
	}
	if !c.SnoozedUntil.IsZero() {
		conversation.SnoozedUntil = &c.SnoozedUntil
	}
	lacks = []string{"assignee_last_seen_at", "last_non_activity_message", "messages", "muted", "uuid"}
	if conversation.AccountID == 0 {
		lacks = append(lacks, "account_id")
	}
	if c.LastActivityAt == nil {
		lacks = append(lacks, "last_activity_at")
	}
	meta, without := c.Meta.asConversationMeta()
	meta.Channel = c.Channel
	conversation.Meta = meta
	return conversation, append(lacks, within("meta", without)...)
}

func (m *Meta) asConversationMeta() (meta cfchat.ConversationMeta, lacks []string) {
	meta.AssigneeType, meta.HMACVerified = m.AssigneeType, m.HMACVerified
	if s := m.Sender; s != nil {
		meta.Sender = cfchat.Contact{
			AdditionalAttributes: s.AdditionalAttributes, Blocked: s.Blocked, CompanyID: s.CompanyID, CustomAttributes: s.CustomAttributes,
			Email: s.Email, ID: s.ID, Identifier: s.Identifier, Name: s.Name, PhoneNumber: s.PhoneNumber, Thumbnail: s.GetThumbnail(),
		}
		lacks = append(lacks, within("sender", []string{"availability_status", "created_at", "last_activity_at"})...)
	} else {
		lacks = append(lacks, "sender")
	}
	switch a := m.Assignee; {
	case a == nil:
	case a.Type == cfchat.SenderKindAgentBot:
		meta.AssigneeBot = &cfchat.AgentBot{ID: a.ID, Name: a.Name}
		lacks = append(lacks, within("assignee", []string{"bot_type", "description", "outgoing_url", "thumbnail"})...)
	default:
		meta.Assignee = &cfchat.Agent{
			AvailabilityStatus: a.AvailabilityStatus, AvailableName: a.GetAvailableName(), ID: a.ID, Name: a.GetName(), Thumbnail: a.GetThumbnail(),
		}
		lacks = append(lacks, within("assignee", []string{"account_id", "auto_offline", "confirmed", "email", "role"})...)
	}
	if t := m.Team; t != nil {
		meta.Team = &cfchat.Team{Icon: t.Icon, IconColor: t.IconColor, ID: t.ID, Name: t.Name}
		lacks = append(lacks, within("team", []string{"account_id", "allow_auto_assign", "description", "is_member"})...)
	}
	return meta, lacks
}

// seconds converts a time that webhooks write as text to the API's, truncated to whole seconds.
func seconds(t cfchat.ISOTime) cfchat.UnixTime {
	if t.IsZero() {
		return cfchat.UnixTime{}
	}
	return cfchat.UnixTime{Time: t.Truncate(time.Second)}
}

// within prefixes the names of fields with that of the field they are in.
func within(field string, names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = field + "." + name
	}
	return all
}
