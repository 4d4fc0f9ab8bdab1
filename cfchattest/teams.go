package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// Team is a team to add.
type Team struct {
	Name        string // in lower case; "team 1" and so on by default
	Description string
	Members     []int64
	// AllowAutoAssign passes a conversation assigned to the team on to an online member of both the team and the inbox.
	AllowAutoAssign bool
}

type team struct {
	cfchat.Team

	members map[int64]bool
	created time.Time
}

// AddTeam adds a team and returns its id.
func (s *Server) AddTeam(t Team) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAgents("Team.Members", t.Members...)
	s.state.lastTeam++
	id := s.state.lastTeam
	s.home().teams[id] = &team{
		Team: cfchat.Team{
			ID: id, AccountID: s.home().id, Name: strings.ToLower(cmp.Or(t.Name, fmt.Sprintf("team %d", id))),
			Description: orNil(t.Description), AllowAutoAssign: new(t.AllowAutoAssign),
		},
		members: setOf(t.Members), created: s.state.now(),
	}
	return id
}

// listAllTeams answers every team of the account: in no order on a server, here by id (contract, W4.2).
func (c *caller) listAllTeams() (any, error) {
	shown := []object{}
	for _, id := range slices.Sorted(maps.Keys(c.account.teams)) {
		shown = append(shown, c.view().team(c.account.teams[id]))
	}
	return shown, nil
}

// getDetailsOfASingleTeam answers one team.
func (c *caller) getDetailsOfASingleTeam() (any, error) {
	found, err := c.teamOfPath()
	if err != nil {
		return nil, err
	}
	return c.view().team(found), nil
}

// getTeamMembers answers the people of a team.
func (c *caller) getTeamMembers() (any, error) {
	found, err := c.teamOfPath()
	if err != nil {
		return nil, err
	}
	return c.view().agents(func(u *user) bool { return found.members[u.ID] }), nil
}

// teamOfPath returns the team that the path names.
func (c *caller) teamOfPath() (*team, error) {
	id, _ := cast.ID(c.ids["team_id"])
	if found := c.account.teams[id]; found != nil {
		return found, nil
	}
	return nil, notFound()
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
