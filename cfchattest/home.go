package cfchattest

import (
	"maps"
	"slices"
)

// home is the account that the methods of Server are about.
func (s *Server) home() *account { return s.state.accounts[s.state.home] }

// inbox is an inbox of the account, the first one if there is none of that id. An account that was recorded without any is
// given one.
func (s *Server) inbox(id int64) *inbox {
	inboxes := s.home().inboxes
	if found := inboxes[id]; found != nil {
		return found
	}
	if len(inboxes) == 0 {
		return s.state.addInbox(s.home(), Inbox{})
	}
	return inboxes[slices.Min(slices.Collect(maps.Keys(inboxes)))]
}
