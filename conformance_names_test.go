package cfchat_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// refusesBots fails the test unless err shows that a bot's key was refused or is missing.
func refusesBots(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, auth.ErrNoKey) && !errors.Is(err, cfchat.ErrUnauthorized) {
		t.Errorf("%s, with a bot's key: %v", what, err)
	}
}

// conformNames lists the names for ids (agents, teams, inboxes and others), which a person may read and a bot may not.
func conformNames(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	agents, err := a.Agents.List(ctx)
	if err != nil || len(agents) == 0 {
		t.Fatalf("agents: %+v, %v", agents, err)
	}
	administrator := func(agent cfchat.Agent) bool { return agent.GetRole() == cfchat.RoleAdministrator }
	if !slices.ContainsFunc(agents, administrator) {
		t.Errorf("none of the agents is an administrator: %+v", agents)
	}
	asBot := auth.WithScheme(ctx, auth.AgentBotAPIKey)
	refusesBots(t, "agents", trial.Second(a.Agents.List(asBot)))
	refusesBots(t, "teams", trial.Second(a.Teams.List(asBot)))
	refusesBots(t, "inboxes", trial.Second(a.Inboxes.List(asBot)))
	refusesBots(t, "labels", trial.Second(a.Labels.List(asBot)))
	refusesBots(t, "attribute definitions", trial.Second(a.AttributeDefinitions.List(asBot)))
	if labels, err := a.Labels.List(ctx); err != nil || labels == nil {
		t.Errorf("labels: %+v, %v", labels, err)
	}
	if definitions, err := a.AttributeDefinitions.List(ctx); err != nil || definitions == nil {
		t.Errorf("attribute definitions: %+v, %v", definitions, err)
	}
	refusesBots(t, "bots", trial.Second(a.AgentBots.List(asBot)))
	if bots, err := a.AgentBots.List(ctx); err != nil || bots == nil {
		t.Errorf("bots: %+v, %v", bots, err)
	}
	if names, err := a.Names(ctx); err != nil || names.Inbox(s.inbox) == "" || names.Agent(agents[0].ID) != agents[0].Name {
		t.Errorf("names: %+v, %v", names, err)
	}
	conformTeams(t, s)
	conformInboxes(t, s)
	conformProfile(t, s)
}

// conformProfile finds the tested account, and the key owner's role in it, in the profile of the key.
func conformProfile(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	profile, err := s.chat.Profile(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(profile.Accounts, func(one cfchat.ProfileAccount) bool { return one.ID == a.ID() })
	if i < 0 || profile.Accounts[i].Status != cfchat.AccountStatusActive {
		t.Fatalf("account %d is not among %+v", a.ID(), profile.Accounts)
	}
	agents, err := a.Agents.List(ctx)
	if err != nil || !slices.ContainsFunc(agents, func(agent cfchat.Agent) bool {
		return agent.ID == profile.ID && agent.GetRole() == profile.Accounts[i].Role
	}) {
		t.Errorf("%s (%d) is not among %+v, %v", profile.Name, profile.ID, agents, err)
	}
	refusesBots(t, "profile", trial.Second(s.chat.Profile(auth.WithScheme(ctx, auth.AgentBotAPIKey))))
	wrong := auth.Keys{User: auth.NewKey(wrongKey)}
	if _, err := s.chat.Profile(ctx, cfchat.WithKeys(wrong)); !errors.Is(err, cfchat.ErrUnauthorized) {
		t.Errorf("with a wrong key: %v", err)
	}
}

// conformInboxes gets the tested inbox, which must match its entry in the list, and the inbox's members.
func conformInboxes(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	inboxes, err := a.Inboxes.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(inboxes, func(inbox cfchat.Inbox) bool { return inbox.ID == s.inbox })
	inbox, err := a.Inboxes.Get(ctx, s.inbox)
	if err != nil || i < 0 || inbox.Name != inboxes[i].Name || inbox.ChannelType != inboxes[i].ChannelType || len(inbox.WorkingHours) != 7 {
		t.Errorf("inbox %d: %+v, %v; listed as %d of %+v", s.inbox, inbox, err, i, inboxes)
	}
	if members, err := a.Inboxes.Members(ctx, s.inbox); err != nil || members == nil {
		t.Errorf("members of inbox %d: %+v, %v", s.inbox, members, err)
	}
	if _, err := a.Inboxes.Get(ctx, 1<<40); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("an inbox that does not exist: %v", err)
	}
}

// conformTeams gets each team, which must match its entry in the list, and the team's members.
func conformTeams(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	teams, err := a.Teams.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range teams {
		team, err := a.Teams.Get(ctx, listed.ID)
		if err != nil || team.Name != listed.Name {
			t.Errorf("team %d: %+v, %v; listed as %+v", listed.ID, team, err, listed)
		}
		if members, err := a.Teams.Members(ctx, listed.ID); err != nil || members == nil {
			t.Errorf("members of team %d: %+v, %v", listed.ID, members, err)
		}
	}
	if _, err := a.Teams.Get(ctx, 1<<40); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("a team that does not exist: %v", err)
	}
}
