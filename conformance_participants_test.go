package cfchat_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// nobody is the id of a user that does not exist.
const nobody = 999_999_999

// conformParticipants adds, sets and removes a participant of a conversation: an administrator, who has access to every inbox.
func conformParticipants(t *testing.T, s target) {
	ctx, of, id := t.Context(), s.account().Conversations, s.create(t, 1)[0]
	me := s.administrator(t)
	for _, step := range []struct {
		what   string
		change func(context.Context, int64, []int64, ...cfchat.CallOption) ([]cfchat.Agent, error)
		want   []int64
	}{
		{"added", of.AddParticipants, []int64{me}}, {"added again", of.AddParticipants, []int64{me}}, {"set", of.SetParticipants, []int64{me}},
		{"removed", of.RemoveParticipants, nil}, {"removed again", of.RemoveParticipants, nil}, {"set", of.SetParticipants, []int64{me}},
	} {
		changed, err := step.change(ctx, id, []int64{me, me})
		read, failed := of.Participants(ctx, id)
		if err != nil || failed != nil || !slices.Equal(agentIDs(changed), step.want) || !slices.Equal(agentIDs(read), step.want) {
			t.Errorf("%s: %d, %v; then %d, %v; want %d", step.what, agentIDs(changed), err, agentIDs(read), failed, step.want)
		}
	}
	if left, err := of.RemoveParticipants(ctx, id, []int64{nobody}); err != nil || len(left) != 1 {
		t.Errorf("removed a user that does not exist: %d, %v", agentIDs(left), err)
	}
	for _, change := range []func(context.Context, int64, []int64, ...cfchat.CallOption) ([]cfchat.Agent, error){of.AddParticipants, of.SetParticipants} {
		now, err := change(ctx, id, []int64{me, nobody})
		if !errors.Is(err, cfchat.ErrRejected) && !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Errorf("a user that does not exist: %d, %v", agentIDs(now), err)
		}
	}
	refusesBots(t, "participants", trial.Second(of.Participants(auth.WithScheme(ctx, auth.AgentBotAPIKey), id)))
	if _, err := of.AddParticipants(ctx, 1<<40, []int64{me}); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("a conversation that does not exist: %v", err)
	}
}

// administrator returns the id of an administrator.
func (s target) administrator(t *testing.T) int64 {
	t.Helper()
	agents, err := s.account().Agents.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(agents, func(agent cfchat.Agent) bool { return agent.GetRole() == cfchat.RoleAdministrator })
	if i < 0 {
		t.Fatalf("none of the agents is an administrator: %+v", agents)
	}
	return agents[i].ID
}

// agentIDs returns the ids of agents; nil if there are none.
func agentIDs(agents []cfchat.Agent) []int64 {
	var ids []int64
	for _, agent := range agents {
		ids = append(ids, agent.ID)
	}
	return ids
}
