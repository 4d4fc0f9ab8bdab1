package cfchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// TeamsService is the teams of an account: [Account.Teams]. Every call of the zero value fails with ErrInvalidInput. It is
// safe for concurrent use.
type TeamsService struct{ core *core }

// Calls of the methods below.
var (
	teamsCall       = newListCall(operation.ListAllTeams, checkTeam)
	teamCall        = newCall(operation.GetDetailsOfASingleTeam, func(team *Team, _ []byte) error { return checkTeam(team) })
	teamMembersCall = newListCall(operation.GetTeamMembers, checkAgent)
)

// List lists the teams of the account, all in one answer and in no order; an empty list if there are none. IsMember refers
// to the key's user.
//
// GET /api/v1/accounts/{account_id}/teams, listAllTeams. Key: user.
func (s TeamsService) List(ctx context.Context, opts ...CallOption) ([]Team, error) {
	return listed(teamsCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newListAllTeamsRequest(server, s.core.id)
	}))
}

// Get gets one team by its id. ErrNotFound means that the account has no such team.
//
// GET /api/v1/accounts/{account_id}/teams/{team_id}, getDetailsOfASingleTeam. Key: user.
func (s TeamsService) Get(ctx context.Context, id int64, opts ...CallOption) (*Team, error) {
	var input refusal
	input.id("id", id)
	asked := answers("team", id, func(t *Team) int64 { return t.ID })
	return teamCall.ofTeam(id).accepting(asked).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newGetDetailsOfASingleTeamRequest(server, s.core.id, id)
	})
}

// Members lists the members of a team, all in one answer and in no order; an empty list if it has none. ErrNotFound means
// that the account has no such team.
//
// GET /api/v1/accounts/{account_id}/teams/{team_id}/team_members, getTeamMembers. Key: user.
func (s TeamsService) Members(ctx context.Context, id int64, opts ...CallOption) ([]Agent, error) {
	var input refusal
	input.id("id", id)
	return listed(teamMembersCall.ofTeam(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newGetTeamMembersRequest(server, s.core.id, id)
	}))
}

// checkTeam requires what no other listed thing has.
func checkTeam(t *Team) error {
	if t.ID <= 0 || t.AccountID <= 0 || t.IsMember == nil {
		return errors.New("there is no team with an id, account_id and is_member")
	}
	return nil
}
