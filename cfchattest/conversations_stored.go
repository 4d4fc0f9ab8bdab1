package cfchattest

import (
	"encoding/json"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// Conversation returns a copy of a conversation of the account as an administrator sees it. It reports false if there is
// none, or if the server could not render it.
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

// Conversations returns copies of all conversations of the account in order of id, except those that cannot be rendered.
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

// Delivered returns the ids of the outgoing messages of a conversation that went out to the contact, in order; a resent
// message appears twice. A message with a source_id goes out only in API and web widget inboxes and, before 4.8.0, in e-mail
// inboxes. What the channel does with it, such as fail or assign an id of its own, is left out.
func (s *Server) Delivered(conversationID int64) []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conversationFor("Delivered", conversationID).delivered)
}

// Transcripts returns the addresses that transcripts of a conversation were sent to, in order.
func (s *Server) Transcripts(conversationID int64) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.conversationFor("Transcripts", conversationID).transcripts)
}

// BreakMessage makes the server unable to render a message, as a missing file does from 3.7.0 to 4.8.0: every list with it
// is a 500, while its conversation and windows without it still work. Both must exist.
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

// BreakConversation makes the server unable to render a conversation, as an attachment without its file does: every answer
// that shows it, pages included, is a 500, while counts, toggles and pages without it still work. The conversation must
// exist.
func (s *Server) BreakConversation(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conversationFor("BreakConversation", id).broken = true
}
