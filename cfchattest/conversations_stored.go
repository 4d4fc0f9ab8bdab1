package cfchattest

import (
	"encoding/json"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// Conversation returns a copy of a conversation of the account as an administrator gets it, and false if there is none, or
// if the server could not render it.
func (s *Server) Conversation(id int64) (cfchat.Conversation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.runJobs()
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
	s.state.runJobs()
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

// Delivered returns the ids of the outgoing messages of a conversation that went out to the contact, in that order; of
// one that was resent twice. A message with a source_id goes out in API and web widget inboxes only, and before 4.8.0 in
// e-mail inboxes. What the channel makes of it, such as a failure or an id of its own, is left out.
func (s *Server) Delivered(conversationID int64) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conversationFor("Delivered", conversationID).delivered)
}

// Transcripts returns the addresses that transcripts of a conversation were sent to, in that order.
func (s *Server) Transcripts(conversationID int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conversationFor("Transcripts", conversationID).transcripts)
}

// BreakMessage makes a message one that the server cannot render, as a file that is gone does from 3.7.0 to 4.8.0: every
// list that it is on is a 500, while its conversation and windows without it go on. Both must be there.
func (s *Server) BreakMessage(conversationID, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	messages := map[int64]*message{}
	for _, m := range s.conversationFor("BreakMessage", conversationID).messages {
		messages[m.ID] = m
	}
	oneOf(s, "BreakMessage", "message", id, idsOf(messages))
	messages[id].broken = true
}

// BreakConversation makes a conversation one that the server cannot render, as an attachment without its file does: what
// shows it is a 500, and so is every page that it is on, while counts, toggles, and pages without it go on. It must be
// there.
func (s *Server) BreakConversation(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conversationFor("BreakConversation", id).broken = true
}
