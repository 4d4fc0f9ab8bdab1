package cfchat_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// conformNames lists what ids stand for, which a person may and a bot may not.
func conformNames(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	agents, err := a.Agents.List(ctx)
	if err != nil || len(agents) == 0 {
		t.Fatalf("agents: %+v, %v", agents, err)
	}
	administrator := func(agent cfchat.Agent) bool { return agent.GetRole() == cfchat.RoleAdministrator }
	if !slices.ContainsFunc(agents, administrator) {
		t.Errorf("of the agents nobody is an administrator: %+v", agents)
	}
	if _, err := a.Agents.List(auth.WithScheme(ctx, auth.AgentBotAPIKey)); !errors.Is(err, auth.ErrNoKey) && !errors.Is(err, cfchat.ErrUnauthorized) {
		t.Errorf("agents, with a bot's key: %v", err)
	}
}
