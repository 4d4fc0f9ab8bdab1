package cfchattest

import (
	"cmp"
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Message is a message to add. The zero value is a text message from the contact.
type Message struct {
	Content string // "Message 2" and so on by default
	Type    cfchat.MessageType
	Private bool
	Sender  int64 // the agent who sends an outgoing message; the administrator by default

	// CreatedAt is when the message was written, now by default, and also the time of its effects: the conversation's last
	// activity becomes that of the message added last, even if it is older than others, as with imported messages.
	CreatedAt time.Time
}

// messageTypes are the types of messages.
var messageTypes = []cfchat.MessageType{
	cfchat.MessageTypeIncoming, cfchat.MessageTypeOutgoing, cfchat.MessageTypeActivity, cfchat.MessageTypeTemplate,
}

// AddMessage adds a message to a conversation and returns the message's id. The conversation changes as on a server: it
// moves to the front of the default order, and if it is snoozed or resolved, a message from the contact opens it.
func (s *Server) AddMessage(conversationID int64, m Message) int64 {
	s.mu.Lock()
	defer s.unlock()
	c := s.conversationFor("AddMessage", conversationID)
	s.checkMessage(m)
	content := cmp.Or(m.Content, fmt.Sprintf("Message %d", s.state.lastMessage+1))
	added := &message{ConversationMessage: cfchat.ConversationMessage{Content: &content, MessageType: m.Type, Private: new(m.Private)}}
	switch m.Type {
	case cfchat.MessageTypeIncoming:
		s.state.sentBy(added, cfchat.SenderTypeContact, c.source.contact.ID)
	case cfchat.MessageTypeOutgoing:
		s.state.sentBy(added, cfchat.SenderTypeUser, cmp.Or(m.Sender, s.state.keys[keyFor(roleAdministrator)].user.ID))
	}
	written := m.CreatedAt.UTC().Truncate(time.Microsecond)
	if m.CreatedAt.IsZero() {
		written = s.state.now()
	}
	s.state.appendAt(c, added, written)
	return added.ID
}

// checkMessage fails the test if a message is impossible.
func (s *Server) checkMessage(m Message) {
	oneOf(s, "Message.Type", "type", m.Type, messageTypes)
	s.checkText("Message.Content", m.Content, maxContent)
	if m.Sender == 0 {
		return
	}
	if m.Type != cfchat.MessageTypeOutgoing {
		s.mistake("Message.Sender", "only an outgoing message is an agent's; set Type to cfchat.MessageTypeOutgoing")
	}
	s.checkAgents("Message.Sender", m.Sender)
}
