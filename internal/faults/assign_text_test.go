package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// assigner is a call that assigns a conversation.
type assigner func(context.Context, cfchat.ConversationsService) error

// assigning returns the error of a call to a server of the given version that answers lists with list and assignments with
// answer; "" means no answer.
func assigning(call assigner, version, list, answer string) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			body := list
			if strings.HasSuffix(req.URL.Path, "/assignments") {
				body = answer
			}
			if body == "" {
				return nil, trial.ErrRefused
			}
			return trial.Reply(200, "application/json", body), nil
		}), func(c *cfchat.Config) { c.ServerVersion = version })
		return call(t.Context(), chat.Account(56).Conversations)
	}
}

// rawAssignment returns the error of the generated client for a request.
func rawAssignment(body cfchat.AssignmentRequest) func(*testing.T) error {
	return func(t *testing.T) error {
		return trial.Second(trial.Chat(t, trial.Broken{}).Raw().AssignAConversationWithResponse(t.Context(), 56, 42, body))
	}
}

const (
	graceOf = `{"id":2,"name":"Grace","email":"grace@example.com"}`
	salesOf = `{"id":1,"name":"sales","account_id":56,"is_member":true,"allow_auto_assign":false}`
	botOf   = `{"id":2,"name":"Helper","bot_type":"webhook"}`
)

var (
	toAgent = func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Assign(ctx, 42, 2))
	}
	toTeam = func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.AssignTeam(ctx, 42, 1))
	}
	toBot = func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.AssignBot(ctx, 42, 2))
	}
	off     = func(ctx context.Context, s cfchat.ConversationsService) error { return s.Unassign(ctx, 42) }
	teamOff = func(ctx context.Context, s cfchat.ConversationsService) error { return s.UnassignTeam(ctx, 42) }
	toNoID  = func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Assign(ctx, 0, -2))
	}

	assignTexts = []errorText{
		{"an assignment to an invalid id", assigning(toNoID, "", "", "")},
		{"an assignment to an agent that does not exist", assigning(toAgent, "", "[]", "")},
		{"an assignment to a team that does not exist", assigning(toTeam, "", "[]", "")},
		{"an assignment that cannot be looked up", assigning(toAgent, "", "{}", "")},
		{"an assignment without a connection", assigning(toAgent, "", "", "")},
		{"an assignment to an agent who has just left", assigning(toAgent, "", "["+graceOf+"]", "null")},
		{"an assignment that results in another agent", assigning(toAgent, "", "["+graceOf+"]", strings.Replace(graceOf, "2", "3", 1))},
		{"an assignment that results in a bot", assigning(toAgent, "", "["+graceOf+"]", botOf)},
		{"an assignment that results in a team", assigning(toAgent, "", "["+graceOf+"]", salesOf)},
		{"an assignment that results in nobody", assigning(toAgent, "", "["+graceOf+"]", `{"id":2}`)},
		{"an assignment to an owner without an id", assigning(toAgent, "", "["+graceOf+"]", `{"email":""}`)},
		{"an assignment to a team that was just deleted", assigning(toTeam, "", "["+salesOf+"]", "null")},
		{"an assignment that results in another team", assigning(toTeam, "", "["+salesOf+"]", strings.Replace(salesOf, "1", "3", 1))},
		{"an assignment to a bot that does not exist", assigning(toBot, "4.8.0", "", "null")},
		{"an assignment to a bot that results in a person", assigning(toBot, "4.8.0", "", graceOf)},
		{"an assignment to a bot on an old server", assigning(toBot, "4.7.0", "", "")},
		{"an assignment to a bot on an unreachable server", assigning(toBot, "", "", "")},
		{"an assignment to a bot on a server of unknown version", assigning(toBot, "", "{}", "")},
		{"an agent who is not unassigned", assigning(off, "", "", graceOf)},
		{"a team that is not unassigned", assigning(teamOff, "", "", salesOf)},
		{"an assignment to a bot without an id", rawAssignment(cfchat.AssignmentRequest{Kind: cfchat.AssigneeKindAgentBot})},
		{"an assignment to an invalid kind", rawAssignment(cfchat.AssignmentRequest{Kind: "Inbox"})},
	}
)
