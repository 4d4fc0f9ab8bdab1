package cfchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// AgentsService is the people of an account: [Account.Agents]. Every call of the zero value fails with ErrInvalidInput. It
// is safe for concurrent use.
type AgentsService struct{ core *core }

var agentsCall = newListCall(operation.GetAccountAgents, checkAgent)

// List lists the people of the account, all in one answer, by name: administrators too, and people who have not accepted
// their invitation, who are not Confirmed. Bots are not included.
//
// GET /api/v1/accounts/{account_id}/agents, getAccountAgents. Key: user.
func (s AgentsService) List(ctx context.Context, opts ...CallOption) ([]Agent, error) {
	return listed(agentsCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newGetAccountAgentsRequest(server, s.core.id)
	}))
}

// checkAgent requires what no other listed thing has.
func checkAgent(a *Agent) error {
	if a.ID <= 0 || a.Email == "" {
		return errors.New("there is no agent with an id and an e-mail")
	}
	return nil
}
