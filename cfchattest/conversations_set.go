package cfchattest

import (
	"time"

	"github.com/cfchat/cfchat-go"
)

// SetStatus changes the status of a conversation as if the administrator had, without a request: the activity message is
// written and webhooks are told. The conversation must be there.
func (s *Server) SetStatus(conversationID int64, status cfchat.Status) {
	s.set("SetStatus", conversationID, func(by *caller, of *conversation) {
		s.checkStatus("SetStatus", status)
		by.setStatus(of, status, time.Time{})
	})
}

// SetPriority changes the priority of a conversation as [Server.SetStatus] does the status, "" for none.
func (s *Server) SetPriority(conversationID int64, priority cfchat.Priority) {
	s.set("SetPriority", conversationID, func(by *caller, of *conversation) {
		noneOrOneOf(s, "SetPriority", "priority", priority, priorities)
		by.setPriority(of, orNil(priority))
	})
}

// SetLabels replaces the labels of a conversation as [Server.SetStatus] does the status; without any it has none.
func (s *Server) SetLabels(conversationID int64, labels ...string) {
	s.set("SetLabels", conversationID, func(by *caller, of *conversation) {
		by.setLabels(of, s.labels("SetLabels", labels))
	})
}

// SetCustomAttributes replaces the custom attributes of a conversation as [Server.SetStatus] does the status.
func (s *Server) SetCustomAttributes(conversationID int64, custom map[string]any) {
	s.set("SetCustomAttributes", conversationID, func(by *caller, of *conversation) {
		s.checkConversationAttributes("SetCustomAttributes", custom)
		by.setCustom(of, orEmpty(custom))
	})
}

// Assign gives a conversation to a person, as [Server.SetStatus] sets a status, and takes it from whoever has it with 0.
func (s *Server) Assign(conversationID, agent int64) {
	s.set("Assign", conversationID, func(by *caller, of *conversation) {
		if agent != 0 {
			s.checkAgents("Assign", agent)
		}
		by.assign(of, orNil(agent))
	})
}

// AssignTeam gives a conversation to a team, as [Server.SetStatus] sets a status, and takes it from its team with 0.
func (s *Server) AssignTeam(conversationID, team int64) {
	s.set("AssignTeam", conversationID, func(by *caller, of *conversation) {
		noneOrOneOf(s, "AssignTeam", "team", team, idsOf(s.home().teams))
		by.setTeam(of, s.home().teams[team])
	})
}

// set has the administrator change a conversation, which must be there.
func (s *Server) set(method string, conversationID int64, change func(*caller, *conversation)) {
	s.mu.Lock()
	defer s.unlock()
	of := s.conversationFor(method, conversationID)
	change(&caller{state: s.state, account: s.home(), owner: s.state.keys[keyFor(roleAdministrator)]}, of)
}
