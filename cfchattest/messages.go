package cfchattest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"time"

	"github.com/cfchat/cfchat-go"
)

// message is a stored message.
type message struct {
	cfchat.ConversationMessage

	attachments []object // as recorded, which distinguishes null from absent
	sender      object   // as recorded too, if nothing else is known of the sender
	broken      bool     // it cannot be rendered
}

// UnmarshalJSON reads a recorded message.
func (m *message) UnmarshalJSON(data []byte) error {
	var recorded struct {
		Attachments []object
		Sender      object
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&recorded); err != nil {
		return err
	}
	m.attachments, m.sender = recorded.Attachments, recorded.Sender
	return json.Unmarshal(data, &m.ConversationMessage)
}

// byTime compares messages in display order, which differs from the order of ids if old messages were imported (contract,
// 1.7, and conversation 74 of the recorded 4.16.2).
func byTime(x, y *message) int {
	return cmp.Or(x.CreatedAt.Compare(y.CreatedAt.Time), cmp.Compare(x.ID, y.ID))
}

// sentBy records the sender of a message, who is looked up when the message is rendered.
func (s *state) sentBy(m *message, kind cfchat.SenderType, id int64) {
	m.SenderType, m.SenderID = &kind, &id
}

// append adds a message to a conversation and does what the server does after each one.
func (s *state) append(c *conversation, m *message) { s.appendAt(c, m, s.now()) }

// appendAt adds a message that was written at a time.
func (s *state) appendAt(c *conversation, m *message, now time.Time) {
	if m.ID == 0 {
		s.lastMessage++
		m.ID = s.lastMessage
	}
	m.InboxID, m.AccountID = c.source.inbox.id, c.account.id
	m.CreatedAt, m.UpdatedAt = cfchat.UnixTime{Time: now}, cfchat.NewISOTime(now)
	if m.Status == nil {
		m.Status = new(cfchat.MessageStatusSent)
	}
	if m.ContentType == nil {
		m.ContentType = new(cfchat.MessageContentTypeText)
	}
	m.ProcessedMessageContent = m.Content
	for _, a := range m.attachments {
		a["message_id"] = m.ID
	}
	c.messages = append(c.messages, m)
	c.activity(now)
	if m.MessageType == cfchat.MessageTypeIncoming {
		s.reopen(c)
	}
	s.tellMessage("message_created", c, m)
	switch m.MessageType {
	case cfchat.MessageTypeIncoming:
		s.received(c, now)
	case cfchat.MessageTypeOutgoing:
		s.replied(c, m, now)
		s.deliver(c, m)
	}
	if m.SenderType != nil && *m.SenderType == cfchat.SenderTypeContact { // contract, W1.2
		s.wrote(c, now)
	}
}

// wrote records an activity of the contact of a conversation.
func (s *state) wrote(c *conversation, now time.Time) {
	if len(c.account.webhooks) > 0 {
		defer s.savingContact(c.account, c.source.contact)()
	}
	c.source.contact.LastActivityAt, c.source.contact.updated = &cfchat.UnixTime{Time: now}, now
}

// deliver sends a message out to the contact, unless it is a note. Most channels assume that a message with a source_id came
// from them, and do not send it (contract, W1.2).
func (s *state) deliver(c *conversation, m *message) {
	taken := m.SourceID != nil
	switch c.source.inbox.channel {
	case cfchat.ChannelAPI, cfchat.ChannelWebWidget:
		taken = false
	case cfchat.ChannelEmail:
		taken = taken && s.version.AtLeast("4.8.0")
	}
	if m.MessageType == cfchat.MessageTypeOutgoing && !m.GetPrivate() && !taken {
		c.delivered = append(c.delivered, m.ID)
	}
}

// received records that the contact is waiting for an answer (contract, W1.2).
func (s *state) received(c *conversation, now time.Time) {
	if !c.waiting.IsZero() {
		return
	}
	defer s.saving(c).done()
	c.waiting = now
	s.moved(c)
}

// moved records that a save has changed waiting_since, which is a column from 3.0.0 on.
func (s *state) moved(c *conversation) {
	if s.version.AtLeast("3.0.0") {
		c.updated = s.now()
	}
}

// reopen opens a conversation when the contact writes (contract, W1.2).
func (s *state) reopen(c *conversation) {
	if s.isMuted(c) || c.status != cfchat.StatusSnoozed && c.status != cfchat.StatusResolved {
		return
	}
	opened := cfchat.StatusOpen
	if c.status == cfchat.StatusResolved && c.source.inbox.bot != nil {
		opened = cfchat.StatusPending
	}
	defer s.saving(c).done()
	c.status, c.snoozed, c.updated = opened, time.Time{}, s.now()
}

// replied handles an answer that the contact sees: nobody is waiting any more, from 4.10.0 on even if a bot answered
// (contract, N1). Only a person's answer counts as the first reply. A campaign is not an answer (contract, W1.2).
func (s *state) replied(c *conversation, m *message, now time.Time) {
	if m.SenderType == nil || m.GetPrivate() || m.AdditionalAttributes.Has("campaign_id") {
		return
	}
	first := *m.SenderType == cfchat.SenderTypeUser && c.firstReply.IsZero()
	answered := *m.SenderType == cfchat.SenderTypeUser || *m.SenderType == cfchat.SenderTypeAgentBot && s.version.AtLeast("4.10.0")
	if !first && (!answered || c.waiting.IsZero()) {
		return
	}
	defer s.saving(c).done()
	if c.waiting = (time.Time{}); first {
		c.firstReply, c.updated = now, s.now()
		return
	}
	s.moved(c)
}

// activityMessage writes a message about a change of a conversation. Like any message it moves the conversation to the
// front.
func (s *state) activityMessage(c *conversation, text string) {
	s.append(c, &message{ConversationMessage: cfchat.ConversationMessage{Content: &text, MessageType: cfchat.MessageTypeActivity, Private: new(false)}})
}
