package cfchattest

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// Team is a team to add.
type Team struct {
	Name        string // in lower case; "team 1" and so on by default
	Description string
	Members     []int64
}

type team struct {
	cfchat.Team
	members map[int64]bool
}

// AddTeam adds a team and returns its id.
func (s *Server) AddTeam(t Team) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAgents(t.Members...)
	s.state.lastTeam++
	id := s.state.lastTeam
	s.home().teams[id] = &team{
		Team: cfchat.Team{
			ID: id, AccountID: s.home().id, Name: strings.ToLower(cmp.Or(t.Name, fmt.Sprintf("team %d", id))),
			Description: orNil(t.Description), AllowAutoAssign: new(false),
		},
		members: setOf(t.Members),
	}
	return id
}

func (v view) team(t *team) object {
	out := object{
		"id": t.ID, "name": t.Name, "description": t.Description, "allow_auto_assign": t.AllowAutoAssign,
		"account_id": t.AccountID, "is_member": v.owner.user != nil && t.members[v.owner.user.ID],
	}
	if v.version.AtLeast("4.16.0") {
		out["icon"], out["icon_color"] = deref(t.Icon), deref(t.IconColor)
	}
	return out
}
