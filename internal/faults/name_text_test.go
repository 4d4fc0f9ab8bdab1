package faults_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// named returns the error of a call to a server that answers with a body.
func named(body string, ask func(context.Context, *cfchat.Account) error) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", body), nil
		}))
		return ask(t.Context(), chat.Account(56))
	}
}

func agents(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Agents.List(ctx)) }

func team(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Teams.Get(ctx, 3)) }

func inboxes(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Inboxes.List(ctx)) }

func labels(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.Labels.List(ctx)) }

func definitions(ctx context.Context, a *cfchat.Account) error {
	return trial.Second(a.AttributeDefinitions.List(ctx))
}

func bots(ctx context.Context, a *cfchat.Account) error { return trial.Second(a.AgentBots.List(ctx)) }

// profiled returns the error of Profile for an answer.
func profiled(status int, body string) func(*testing.T) error {
	return answered(trial.CallOf(operation.FetchProfile.ID), status, isJSON, body)
}

// nameTexts are the errors of looking up the names of ids, and the owner of a key.
var nameTexts = []errorText{
	{"a key without an owner", profiled(401, `{"error":"Invalid Access Token"}`)},
	{"a profile with a bot's key", func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Keys = auth.Keys{AgentBot: auth.NewKey(botKey)} })
		return trial.Second(chat.Profile(t.Context()))
	}},
	{"a profile with a bot's key, from the server", profiled(401, `{"error":"Access to this endpoint is not authorized for bots"}`)},
	{"a profile of another kind", profiled(200, trial.GoodAgent)},
	{"a profile with accounts of another kind", profiled(200, `{"id":1,"accounts":[{"id":7}]}`)},
	{"agents that are not a list", named(`null`, agents)},
	{"agents of another kind", named(`[{"id":1,"name":"sales"}]`, agents)},
	{"a team of another kind", named(`{"id":3,"name":"Grace"}`, team)},
	{"another team", named(trial.GoodTeam, team)},
	{"account labels of another kind", named(`{"payload":[{"id":1,"name":"Web"}]}`, labels)},
	{"definitions of another kind", named(`[{"id":1,"name":"sales"}]`, definitions)},
	{"bots of another kind", named(`[{"id":1,"name":"sales"}]`, bots)},
	{"names with a response", named(``, func(ctx context.Context, a *cfchat.Account) error {
		return trial.Second(a.Names(ctx, cfchat.WithResponse(new(cfchat.Response))))
	})},
	{"inboxes that are not a list", named(`{}`, inboxes)},
	{"inboxes of another kind", named(`{"payload":[{"id":1,"title":"vip"}]}`, inboxes)},
}
