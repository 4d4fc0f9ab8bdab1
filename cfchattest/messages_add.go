package cfchattest

import (
	"cmp"
	"fmt"

	"github.com/cfchat/cfchat-go"
)

// Message is a message to add. The zero value is a text from the contact.
type Message struct {
	Content string // "Message 2" and so on by default
	Type    cfchat.MessageType
	Private bool
	Sender  int64 // the agent who sends an outgoing one; the administrator by default
}

// AddMessage adds a message to a conversation and returns the message's id. What follows from one happens: it moves to the
// front of the default order, a snoozed or resolved one opens if the contact writes.
func (s *Server) AddMessage(conversationID int64, m Message) int64 {
	s.mu.Lock()
	defer s.unlock()
	c := s.home().conversations[conversationID]
	switch {
	case c == nil:
		s.fail("there is no conversation %d", conversationID)
	case !m.Type.Known():
		s.fail("there is no message type %d", m.Type)
	case m.Sender != 0:
		s.checkAgents(m.Sender)
	}
	content := cmp.Or(m.Content, fmt.Sprintf("Message %d", s.state.lastMessage+1))
	added := &message{ConversationMessage: cfchat.ConversationMessage{Content: &content, MessageType: m.Type, Private: new(m.Private)}}
	switch m.Type {
	case cfchat.MessageTypeIncoming:
		s.state.sentBy(added, cfchat.SenderTypeContact, c.source.contact.ID)
	case cfchat.MessageTypeOutgoing:
		s.state.sentBy(added, cfchat.SenderTypeUser, cmp.Or(m.Sender, s.state.keys[keyFor(roleAdministrator)].user.ID))
	}
	s.state.append(c, added)
	return added.ID
}
