package cfchattest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestSetByAnybody checks that each change made without a request leaves the same traces as one by a request.
func TestSetByAnybody(t *testing.T) {
	for name, c := range map[string]struct {
		set func(srv *cfchattest.Server, id, agent, team int64)
		ask func(a *cfchat.Account, id, agent, team int64) error
	}{
		"status": {
			func(srv *cfchattest.Server, id, _, _ int64) { srv.SetStatus(id, cfchat.StatusPending) },
			func(a *cfchat.Account, id, _, _ int64) error {
				_, err := a.Conversations.SetStatus(t.Context(), id, cfchat.StatusPending)
				return err
			},
		},
		"labels": {
			func(srv *cfchattest.Server, id, _, _ int64) { srv.SetLabels(id, "vip", "late") },
			func(a *cfchat.Account, id, _, _ int64) error {
				_, err := a.Conversations.SetLabels(t.Context(), id, []string{"vip", "late"})
				return err
			},
		},
		"attributes": {
			func(srv *cfchattest.Server, id, _, _ int64) {
				srv.SetCustomAttributes(id, map[string]any{"tier": "gold", "n": 3})
			},
			func(a *cfchat.Account, id, _, _ int64) error {
				_, err := a.Conversations.SetCustomAttributes(t.Context(), id, map[string]any{"tier": "gold", "n": 3})
				return err
			},
		},
		"assignee": {
			func(srv *cfchattest.Server, id, agent, _ int64) { srv.Assign(id, agent) },
			func(a *cfchat.Account, id, agent, _ int64) error {
				_, err := a.Conversations.Assign(t.Context(), id, agent)
				return err
			},
		},
		"nobody": {
			func(srv *cfchattest.Server, id, agent, _ int64) { srv.Assign(id, agent); srv.Assign(id, 0) },
			func(a *cfchat.Account, id, agent, _ int64) error {
				if _, err := a.Conversations.Assign(t.Context(), id, agent); err != nil {
					return err
				}
				return a.Conversations.Unassign(t.Context(), id)
			},
		},
		"team": {
			func(srv *cfchattest.Server, id, _, team int64) { srv.AssignTeam(id, team) },
			func(a *cfchat.Account, id, _, team int64) error {
				_, err := a.Conversations.AssignTeam(t.Context(), id, team)
				return err
			},
		},
		"priority": {
			func(srv *cfchattest.Server, id, _, _ int64) { srv.SetPriority(id, cfchat.PriorityHigh) },
			func(a *cfchat.Account, id, _, _ int64) error {
				return a.Conversations.SetPriority(t.Context(), id, cfchat.PriorityHigh)
			},
		},
	} {
		now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		srv := cfchattest.New(t, cfchattest.Clock(func() time.Time { return now }))
		agent, _ := srv.AddAgent(cfchattest.Agent{})
		team := srv.AddTeam(cfchattest.Team{Members: []int64{agent}})
		mine, others := srv.AddConversation(cfchattest.Conversation{}), srv.AddConversation(cfchattest.Conversation{})
		acct := srv.Account(t, func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(srv.AdminKey())} })
		c.set(srv, others, agent, team)
		if n := len(srv.Requests()); n != 0 {
			t.Errorf("%s: %d requests", name, n)
		}
		if err := c.ask(acct, mine, agent, team); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, want := traces(t, srv, others), traces(t, srv, mine); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// traces returns the state of a conversation, and the texts of its messages.
func traces(t *testing.T, srv *cfchattest.Server, id int64) []string {
	t.Helper()
	c, _ := srv.Conversation(id)
	all := []string{fmt.Sprint(c.Status, c.Labels, c.CustomAttributes.Map(), c.Meta.GetAssignee().GetID(), c.Meta.GetTeam().GetID(), c.GetPriority())}
	for m, err := range srv.Account(t).Messages.Scan(t.Context(), id, cfchat.MessageScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.GetContent())
	}
	return all
}

// TestMessageOfThen checks that the effects of an added message have the same date as the message.
func TestMessageOfThen(t *testing.T) {
	srv := cfchattest.New(t)
	then := time.Now().AddDate(0, 0, -3).UTC().Truncate(time.Second)
	id := srv.AddConversation(cfchattest.Conversation{CreatedAt: then.Add(-time.Hour)})
	srv.AddMessage(id, cfchattest.Message{Type: cfchat.MessageTypeOutgoing, CreatedAt: then.Add(-time.Minute)})
	srv.AddMessage(id, cfchattest.Message{CreatedAt: then})
	c, _ := srv.Conversation(id)
	if !c.WaitingSince.Equal(then) || !c.LastActivityAt.Equal(then) || !c.Messages[0].CreatedAt.Equal(then) || !c.FirstReplyCreatedAt.Equal(then.Add(-time.Minute)) {
		t.Errorf("waiting since %s, active at %s, written at %s, answered at %s, want %s", c.WaitingSince, c.LastActivityAt, c.Messages[0].CreatedAt, c.FirstReplyCreatedAt, then)
	}
	srv.AddMessage(id, cfchattest.Message{CreatedAt: then.Add(-2 * time.Minute)}) // an imported one
	if c, _ = srv.Conversation(id); !c.LastActivityAt.Equal(then.Add(-2 * time.Minute)) {
		t.Errorf("active at %s after an import", c.LastActivityAt)
	}
}
