package cfchattest

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// SetStatus changes the status of a conversation as the administrator would, but without a request: it writes the activity
// message and notifies webhooks. The conversation must exist.
func (s *Server) SetStatus(conversationID int64, status cfchat.Status) {
	s.set("SetStatus", conversationID, func(by *caller, of *conversation) {
		s.checkStatus("SetStatus", status)
		by.setStatus(of, status, time.Time{})
	})
}

// SetPriority changes the priority of a conversation, as [Server.SetStatus] does the status; "" removes it.
func (s *Server) SetPriority(conversationID int64, priority cfchat.Priority) {
	s.set("SetPriority", conversationID, func(by *caller, of *conversation) {
		noneOrOneOf(s, "SetPriority", "priority", priority, priorities)
		by.setPriority(of, orNil(priority))
	})
}

// SetLabels replaces the labels of a conversation, as [Server.SetStatus] does the status; without arguments it removes all.
func (s *Server) SetLabels(conversationID int64, labels ...string) {
	s.set("SetLabels", conversationID, func(by *caller, of *conversation) {
		by.setLabels(of, s.labels("SetLabels", labels))
	})
}

// SetCustomAttributes replaces the custom attributes of a conversation, as [Server.SetStatus] does the status.
func (s *Server) SetCustomAttributes(conversationID int64, custom map[string]any) {
	s.set("SetCustomAttributes", conversationID, func(by *caller, of *conversation) {
		s.checkConversationAttributes("SetCustomAttributes", custom)
		by.setCustom(of, orEmpty(custom))
	})
}

// Assign assigns a conversation to a person, as [Server.SetStatus] sets a status; 0 unassigns it.
func (s *Server) Assign(conversationID, agent int64) {
	s.set("Assign", conversationID, func(by *caller, of *conversation) {
		if agent != 0 {
			s.checkAgents("Assign", agent)
		}
		by.assign(of, orNil(agent))
	})
}

// AssignTeam assigns a conversation to a team, as [Server.SetStatus] sets a status; 0 removes it from its team.
func (s *Server) AssignTeam(conversationID, team int64) {
	s.set("AssignTeam", conversationID, func(by *caller, of *conversation) {
		noneOrOneOf(s, "AssignTeam", "team", team, idsOf(s.home().teams))
		by.setTeam(of, s.home().teams[team])
	})
}

// set changes a conversation, which must exist, as the administrator.
func (s *Server) set(method string, conversationID int64, change func(*caller, *conversation)) {
	s.mu.Lock()
	defer s.unlock()
	of := s.conversationFor(method, conversationID)
	change(&caller{state: s.state, account: s.home(), owner: s.state.keys[keyFor(roleAdministrator)]}, of)
}
