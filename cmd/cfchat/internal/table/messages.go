package table

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

var messageColumns = []column[cfchat.Message]{
	{"id", "The id, among all messages of the server.", func(m *cfchat.Message) cell { return id(m.ID) }},
	{"conversation_id", "The conversation, by its id within the account.",
		func(m *cfchat.Message) cell { return id(m.ConversationID) }},
	{"inbox_id", "The inbox.", func(m *cfchat.Message) cell { return id(m.InboxID) }},
	{"created_at", "When it was stored.", func(m *cfchat.Message) cell { return seconds(m.CreatedAt) }},
	{"message_type", "incoming, outgoing, activity or template; the number where it is none of them.",
		func(m *cfchat.Message) cell { return text(m.MessageType.String()) }},
	{"private", "Whether it is a note that the contact does not see.",
		func(m *cfchat.Message) cell { return flag(m.Private) }},
	{"sender_type", "user, contact, agent_bot or captain_assistant; empty for activities, and when the sender is gone.",
		senderType},
	{"sender_id", "The sender, among its kind.", func(m *cfchat.Message) cell { return id(m.Sender.GetID()) }},
	{"sender_name", "The sender's name.", func(m *cfchat.Message) cell { return text(m.Sender.GetName()) }},
	{"content", "The text; empty where there is none.", func(m *cfchat.Message) cell { return text(m.GetContent()) }},
	{"content_type", "The kind of content, such as text.",
		func(m *cfchat.Message) cell { return text(string(m.ContentType)) }},
	{"status", "How far it got: sent, delivered, read or failed.",
		func(m *cfchat.Message) cell { return text(string(m.GetStatus())) }},
	{"source_id", "The id at the channel, or your own.", func(m *cfchat.Message) cell { return text(m.GetSourceID()) }},
	{"attachments_count", "How many files, places and the like it has.",
		func(m *cfchat.Message) cell { return count(int64(len(m.Attachments))) }},
	{"attachments_data_url", "The addresses of its files, by their ids.", attachmentAddresses},
	{"content_attributes", "What the kind of content needs, what it replies to, and why it failed, JSON.",
		func(m *cfchat.Message) cell { return attributes(m.ContentAttributes) }},
}

func senderType(m *cfchat.Message) cell {
	if m.Sender == nil {
		return ""
	}
	return text(string(m.Sender.Type))
}

// attachmentAddresses returns the addresses ordered by attachment id, because the server may return them in any order.
func attachmentAddresses(m *cfchat.Message) cell {
	known := slices.DeleteFunc(slices.Clone(m.Attachments), func(a *cfchat.Attachment) bool { return a.GetDataURL() == "" })
	slices.SortStableFunc(known, func(a, b *cfchat.Attachment) int { return cmp.Compare(a.ID, b.ID) })
	addresses := make([]string, len(known))
	for i, a := range known {
		addresses[i] = strings.ReplaceAll(a.GetDataURL(), ", ", ",%20") // a blank cannot be in an address
	}
	return joined(addresses)
}
