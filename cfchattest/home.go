package cfchattest

import (
	"maps"
	"slices"
)

// home is the account that the methods of Server are about.
func (s *Server) home() *account { return s.state.accounts[s.state.home] }

// inbox is an inbox of the account, the first one if there is none of that id.
func (s *Server) inbox(id int64) *inbox {
	if found := s.home().inboxes[id]; found != nil {
		return found
	}
	return s.home().inboxes[slices.Min(slices.Collect(maps.Keys(s.home().inboxes)))]
}
