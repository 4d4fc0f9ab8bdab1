package cfchattest

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// sentBy notes who sent a message. Who that is now is looked up when the message is rendered.
func (s *state) sentBy(m *cfchat.Message, kind cfchat.SenderType, id int64) {
	m.SenderType, m.SenderID = &kind, &id
}

// append adds a message to a conversation, with what the server does after each one.
func (s *state) append(c *conversation, m *cfchat.Message) {
	now := s.now()
	s.lastMessage++
	m.ID, m.InboxID, m.AccountID = s.lastMessage, c.source.inbox.id, c.account.id
	m.CreatedAt, m.UpdatedAt = cfchat.UnixTime{Time: now}, cfchat.NewISOTime(now)
	if m.Status == nil {
		m.Status = new(cfchat.MessageStatusSent)
	}
	if m.ContentType == nil {
		m.ContentType = new(cfchat.MessageContentTypeText)
	}
	m.ProcessedMessageContent = m.Content
	c.messages = append(c.messages, m)
	c.activity(now)
	switch m.MessageType {
	case cfchat.MessageTypeIncoming:
		s.received(c, now)
	case cfchat.MessageTypeOutgoing:
		replied(c, m, now)
	}
}

// received does what follows from a contact's message: somebody waits, and the conversation opens.
func (s *state) received(c *conversation, now time.Time) {
	c.source.contact.LastActivityAt = &cfchat.UnixTime{Time: now}
	if c.waiting.IsZero() {
		c.waiting = now
	}
	if c.muted || c.status != cfchat.StatusSnoozed && c.status != cfchat.StatusResolved {
		return
	}
	opened := cfchat.StatusOpen
	if c.status == cfchat.StatusResolved && c.source.inbox.activeBot {
		opened = cfchat.StatusPending
	}
	c.status, c.snoozed = opened, time.Time{}
}

// replied does what follows from a person's answer that the contact sees: nobody waits any more.
func replied(c *conversation, m *cfchat.Message, now time.Time) {
	if m.SenderType == nil || *m.SenderType != cfchat.SenderTypeUser || m.Private != nil && *m.Private {
		return
	}
	if c.firstReply.IsZero() {
		c.firstReply = now
	}
	c.waiting = time.Time{}
}

// activityMessage notes what was done to a conversation. It is a message too, and moves the conversation to the front.
func (s *state) activityMessage(c *conversation, text string) {
	s.append(c, &cfchat.Message{Content: &text, MessageType: cfchat.MessageTypeActivity, Private: new(false)})
}
