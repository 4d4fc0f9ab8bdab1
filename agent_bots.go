package cfchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// AgentBotsService is the bots of an account: [Account.AgentBots]. Every call of the zero value fails with ErrInvalidInput.
// It is safe for concurrent use.
//
// The servers send each bot with its key. An [AccountBot] omits it.
type AgentBotsService struct{ core *core }

var agentBotsCall = newListCall(operation.ListAllAccountAgentBots, checkBot)

// List lists the bots of the account and those of the whole server, all in one answer and in no order; an empty list if
// there are none. From 4.8.0 on they can own conversations, as AssigneeBot in a conversation's Meta.
//
// GET /api/v1/accounts/{account_id}/agent_bots, listAllAccountAgentBots. Key: user.
func (s AgentBotsService) List(ctx context.Context, opts ...CallOption) ([]AccountBot, error) {
	return listed(agentBotsCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newListAllAccountAgentBotsRequest(server, s.core.id)
	}))
}

// checkBot requires what no other listed thing has.
func checkBot(b *AccountBot) error {
	if b.ID <= 0 || b.BotType == "" {
		return errors.New("there is no bot with an id and a bot_type")
	}
	return nil
}
