package cfchattest

import (
	"encoding/json"

	"github.com/cfchat/cfchat-go"
)

// Conversation returns a copy of a conversation of the account as an administrator gets it, and false if there is none, or
// if the server could not render it.
func (s *Server) Conversation(id int64) (cfchat.Conversation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.home().conversations[id]
	if c == nil {
		return cfchat.Conversation{}, false
	}
	return s.copyOf(c)
}

// Conversations returns copies of all conversations of the account in order of id, without those that cannot be rendered.
func (s *Server) Conversations() []cfchat.Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []cfchat.Conversation
	for _, c := range s.home().byID() {
		if copied, ok := s.copyOf(c); ok {
			out = append(out, copied)
		}
	}
	return out
}

func (s *Server) copyOf(c *conversation) (out cfchat.Conversation, ok bool) {
	rendered, err := view{s.state, c.account, s.state.keys[keyFor(roleAdministrator)]}.conversation(c)
	if err != nil {
		return out, false
	}
	return out, json.Unmarshal(encode(rendered), &out) == nil
}
