package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// Agent is a person to add.
type Agent struct {
	Name          string // "Agent 3" and so on by default
	Email         string
	Administrator bool
	Online        bool // offline by default
}

// user is a person, with the role in each account.
type user struct {
	cfchat.Agent
	roles map[int64]cfchat.Role
}

// role returns the user's role in an account, "" for a stranger.
func (u *user) role(a *account) cfchat.Role { return u.roles[a.id] }

// AddAgent adds a person to the account and returns its id and key.
func (s *Server) AddAgent(a Agent) (id int64, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkEmail("Agent.Email", a.Email, "agent", s.state.agentWith(a.Email))
	return s.state.addAgent(s.home(), a)
}

// agentWith returns the id of the person with an e-mail address, 0 for nobody.
func (s *state) agentWith(email string) int64 {
	for _, id := range idsOf(s.users) {
		if strings.EqualFold(s.users[id].Email, email) {
			return id
		}
	}
	return 0
}

func (s *state) addAgent(a *account, in Agent) (int64, string) {
	s.lastUser++
	name := cmp.Or(in.Name, fmt.Sprintf("Agent %d", s.lastUser))
	role := cfchat.RoleAgent
	if in.Administrator {
		role = cfchat.RoleAdministrator
	}
	s.users[s.lastUser] = &user{
		Agent: cfchat.Agent{
			ID: s.lastUser, Name: name, AvailableName: name, Confirmed: true, AutoOffline: new(true),
			Email:              cmp.Or(in.Email, fmt.Sprintf("agent%d@example.com", s.lastUser)),
			AvailabilityStatus: new(cfchat.AvailabilityOffline),
		},
		roles: map[int64]cfchat.Role{a.id: role},
	}
	if in.Online {
		s.users[s.lastUser].AvailabilityStatus = new(cfchat.AvailabilityOnline)
	}
	key := keyFor(fmt.Sprintf("user-%d", s.lastUser))
	s.keys[key] = owner{user: s.users[s.lastUser]}
	return s.lastUser, key
}

// RemoveAgent removes a person from the account and from its inboxes and teams. Their conversations become unassigned, but
// none of their times change, so that nothing shows whose they were (contract, 1.7). The person must exist.
func (s *Server) RemoveAgent(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAgents("RemoveAgent", id)
	a := s.home()
	delete(s.state.users[id].roles, a.id)
	for _, in := range a.inboxes {
		delete(in.members, id)
	}
	for _, team := range a.teams {
		delete(team.members, id)
	}
	for _, of := range a.conversations {
		if of.assignee != nil && *of.assignee == id {
			of.assignee = nil
		}
	}
}

func (s *state) person(id *int64) *user {
	if id == nil {
		return nil
	}
	return s.users[*id]
}

// getAccountAgents answers everybody in the account, by name (contract, W4.1).
func (c *caller) getAccountAgents() (any, error) {
	return c.view().agents(func(u *user) bool { return u.role(c.account) != "" }), nil
}

// agents renders the people who match, by name and then by id.
func (v view) agents(fits func(*user) bool) []object {
	shown := []object{}
	for _, u := range slices.SortedFunc(maps.Values(v.users), byName) {
		if fits(u) {
			shown = append(shown, v.agent(u, v.account))
		}
	}
	return shown
}

func byName(a, b *user) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
}

func (v view) agent(u *user, a *account) object {
	out := object{
		"id": u.ID, "account_id": a.id, "availability_status": u.AvailabilityStatus, "auto_offline": u.AutoOffline,
		"confirmed": u.Confirmed, "email": u.Email, "available_name": u.AvailableName, "name": u.Name,
		"role": u.role(a), "thumbnail": u.Thumbnail,
	}
	if len(u.CustomAttributes.Keys()) > 0 {
		out["custom_attributes"] = u.CustomAttributes
	}
	// The recorded 4.16.2 was built without the enterprise folder, which is the only source of this key (contract, 4.1).
	if v.version.AtLeast("3.13.0") && !v.version.AtLeast("4.8.0") {
		out["custom_role_id"] = u.CustomRoleID
	}
	if v.version.AtLeast("4.7.0") {
		out["provider"] = "email"
	}
	return out
}
