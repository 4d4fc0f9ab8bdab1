package cfchattest

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// SetStatus changes the status of a conversation as if the administrator had, activity message included. It returns false
// if there is no such conversation. A status that there is not fails the test.
func (s *Server) SetStatus(conversationID int64, status cfchat.Status) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.home().conversations[conversationID]
	if c == nil {
		return false
	}
	if !status.Known() {
		s.fail("there is no status %q", status)
	}
	by := &caller{state: s.state, account: s.home(), owner: s.state.keys[keyFor(roleAdministrator)]}
	by.setStatus(c, status, time.Time{})
	return true
}

// DeleteContact deletes a contact and leaves its conversations, as the server does for a while: it cannot render them, and
// answers 500 to every page that one of them is on. It returns false if there is no such contact.
func (s *Server) DeleteContact(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.home().contacts[id]
	if c == nil || c.deleted {
		return false
	}
	c.deleted = true
	return true
}

// BreakConversation makes a conversation one that the server cannot render, as an attachment without its file does: what shows
// it is a 500, and so is every page that it is on, while counts, toggles, and pages without it go on. It returns false if there
// is no such conversation.
func (s *Server) BreakConversation(id int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.home().conversations[id]
	if c == nil {
		return false
	}
	c.broken = true
	return true
}
