package cfchat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// Answers to assignments and to the lookups before them.
const (
	grace  = `{"id":2,"name":"Grace","email":"grace@example.com"}`
	linus  = `{"id":3,"name":"Linus","email":"linus@example.com"}`
	sales  = `{"id":2,"name":"sales","description":null,"allow_auto_assign":false,"account_id":7,"is_member":true}`
	helper = `{"id":2,"name":"Helper","bot_type":"webhook"}`
)

// assignServer answers assignments, and lookups of agents and teams with list, and records the requests in sent. An answer is
// a body, "lost", or a status.
func assignServer(list, answer string) (over http.RoundTripper, sent *[]string) {
	sent = new([]string)
	return trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		body := list
		what := req.Method + req.URL.Path[strings.LastIndex(req.URL.Path, "/"):]
		if req.Body != nil {
			data, _ := io.ReadAll(req.Body)
			body, what = answer, what+" "+string(data)
		}
		*sent = append(*sent, what)
		switch body {
		case "lost":
			return nil, io.ErrUnexpectedEOF
		case "401":
			return trial.Reply(401, "application/json", `{"error":"You are not authorized to do this action"}`), nil
		case "500", "503":
			return trial.Reply(500, "text/plain", ""), nil
		}
		return trial.Reply(200, "application/json", body), nil
	}), sent
}

// assignment is a call under test. It returns the call's result.
type assignment func(context.Context, cfchat.ConversationsService, ...cfchat.CallOption) (any, error)

var (
	assign2 = assignment(func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) (any, error) {
		return s.Assign(ctx, 42, 2, opts...)
	})
	assignTeam2 = assignment(func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) (any, error) {
		return s.AssignTeam(ctx, 42, 2, opts...)
	})
	assignBot2 = assignment(func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) (any, error) {
		return s.AssignBot(ctx, 42, 2, opts...)
	})
	unassign = assignment(func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) (any, error) {
		return nil, s.Unassign(ctx, 42, opts...)
	})
	unassignTeam = assignment(func(ctx context.Context, s cfchat.ConversationsService, opts ...cfchat.CallOption) (any, error) {
		return nil, s.UnassignTeam(ctx, 42, opts...)
	})
)

// TestAssign checks the lookup, the request, and how the answer is judged: a 200 may report a different assignment. A person,
// a bot and a team may have the same id.
func TestAssign(t *testing.T) {
	t.Parallel()
	const (
		look, lookTeam = "GET/agents", "GET/teams"
		agent          = `POST/assignments {"assignee_id":2}`
		team           = `POST/assignments {"team_id":2}`
		bot            = `POST/assignments {"assignee_id":2,"assignee_type":"AgentBot"}`
		nobody         = `POST/assignments {"assignee_id":null}`
		noTeam         = `POST/assignments {"team_id":null}`
	)
	for name, c := range map[string]struct {
		call         assignment
		list, answer string
		sent         []string
		want         error
		says         string
	}{
		"assigned":               {assign2, `[` + linus + `,` + grace + `]`, grace, []string{look, agent}, nil, ""},
		"no such agent":          {assign2, `[` + linus + `]`, grace, []string{look}, cfchat.ErrInvalidInput, "no agent 2, and the server would unassign"},
		"the lookup is refused":  {assign2, "401", grace, []string{look}, cfchat.ErrNotSent, "401"},
		"the lookup is a 422":    {assign2, "422", grace, []string{look}, cfchat.ErrNotSent, "not known whether the account has agent 2"},
		"the lookup fails":       {assign2, "500", grace, []string{look}, cfchat.ErrNotSent, "not known whether the account has agent 2"},
		"the lookup is lost":     {assign2, "lost", grace, []string{look}, cfchat.ErrNotSent, "EOF"},
		"the agent has left":     {assign2, `[` + grace + `]`, "null", []string{look, agent}, cfchat.ErrRejected, "unassigned now"},
		"another agent has it":   {assign2, `[` + grace + `]`, linus, []string{look, agent}, cfchat.ErrUnknownOutcome, `agent 3 ("Linus")`},
		"a bot has it":           {assign2, `[` + grace + `]`, helper, []string{look, agent}, cfchat.ErrUnknownOutcome, `bot 2 ("Helper")`},
		"a team has answered":    {assign2, `[` + grace + `]`, sales, []string{look, agent}, cfchat.ErrUnknownOutcome, `team 2 ("sales")`},
		"the answer is lost":     {assign2, `[` + grace + `]`, "lost", []string{look, agent}, cfchat.ErrUnknownOutcome, ""},
		"the request is refused": {assign2, `[` + grace + `]`, "401", []string{look, agent}, cfchat.ErrUnauthorized, ""},
		"the server fails":       {assign2, `[` + grace + `]`, "500", []string{look, agent}, cfchat.ErrUnknownOutcome, ""},
		"team assigned":          {assignTeam2, `[` + sales + `]`, sales, []string{lookTeam, team}, nil, ""},
		"no such team":           {assignTeam2, `[]`, sales, []string{lookTeam}, cfchat.ErrInvalidInput, "no team 2, and the server would remove the conversation's team"},
		"the team is deleted":    {assignTeam2, `[` + sales + `]`, "null", []string{lookTeam, team}, cfchat.ErrRejected, "no team now"},
		"another team":           {assignTeam2, `[` + sales + `]`, strings.Replace(sales, "2", "3", 1), []string{lookTeam, team}, cfchat.ErrUnknownOutcome, "team 3"},
		"a person for the team":  {assignTeam2, `[` + sales + `]`, grace, []string{lookTeam, team}, cfchat.ErrUnknownOutcome, "agent 2"},
		"bot assigned":           {assignBot2, "", helper, []string{bot}, nil, ""},
		"no such bot":            {assignBot2, "", "null", []string{bot}, cfchat.ErrRejected, "nothing has changed"},
		"a person for the bot":   {assignBot2, "", grace, []string{bot}, cfchat.ErrRejected, "older than 4.8.0"},
		"another bot":            {assignBot2, "", strings.Replace(helper, "2", "3", 1), []string{bot}, cfchat.ErrUnknownOutcome, "bot 3"},
		"unassigned":             {unassign, "", "null", []string{nobody}, nil, ""},
		"not unassigned":         {unassign, "", grace, []string{nobody}, cfchat.ErrUnknownOutcome, "agent 2"},
		"a bot stays":            {unassign, "", helper, []string{nobody}, cfchat.ErrUnknownOutcome, "bot 2"},
		"team unassigned":        {unassignTeam, "", "null", []string{noTeam}, nil, ""},
		"team not unassigned":    {unassignTeam, "", sales, []string{noTeam}, cfchat.ErrUnknownOutcome, "team 2"},
	} {
		over, sent := assignServer(c.list, c.answer)
		chat := trial.Chat(t, over, func(c *cfchat.Config) { c.ServerVersion = "4.8.0" })
		_, err := c.call(t.Context(), chat.Account(7).Conversations)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) || !slices.Equal(*sent, c.sent) {
			t.Errorf("%s: sent %q, %v", name, *sent, err)
		}
		if wrote := len(*sent) == 2 || strings.HasPrefix((*sent)[0], "POST"); errors.Is(err, cfchat.ErrNotSent) == wrote {
			t.Errorf("%s: sent %q, but %v is ErrNotSent: %t", name, *sent, err, wrote)
		}
	}
}

// TestAssignAsBot checks that there is no lookup with a bot's key, which cannot list agents or teams, wherever the key comes
// from.
func TestAssignAsBot(t *testing.T) {
	t.Parallel()
	bot := auth.Keys{AgentBot: auth.NewKey("bot-key")}
	person := auth.Keys{User: auth.NewKey("user-key")}
	for name, c := range map[string]struct {
		keys   auth.Keys
		scheme auth.Scheme // of the context, "" for none
		opts   []cfchat.CallOption
		looks  bool
	}{
		"both keys":                 {auth.Keys{User: person.User, AgentBot: bot.AgentBot}, "", nil, true},
		"both keys, and the scheme": {auth.Keys{User: person.User, AgentBot: bot.AgentBot}, auth.AgentBotAPIKey, nil, false},
		"a bot's key":               {bot, "", nil, false},
		"a bot's key for the call":  {person, "", []cfchat.CallOption{cfchat.WithKeys(bot)}, false},
		"a person's for the call":   {bot, "", []cfchat.CallOption{cfchat.WithKeys(person)}, true},
	} {
		for _, call := range []assignment{assign2, assignTeam2} {
			over, sent := assignServer("[]", "null")
			chat := trial.Chat(t, over, func(config *cfchat.Config) { config.Keys = c.keys })
			ctx := t.Context()
			if c.scheme != "" {
				ctx = auth.WithScheme(ctx, c.scheme)
			}
			_, err := call(ctx, chat.Account(7).Conversations, c.opts...)
			want := cfchat.ErrRejected
			if c.looks {
				want = cfchat.ErrInvalidInput
			}
			if looked := strings.HasPrefix((*sent)[0], "GET"); looked != c.looks || len(*sent) != 1 || !errors.Is(err, want) {
				t.Errorf("%s: sent %q, %v", name, *sent, err)
			}
		}
	}
	over, sent := assignServer("[]", "null")
	chat := trial.Chat(t, over, func(config *cfchat.Config) { config.Keys = person })
	_, err := assign2(auth.WithScheme(t.Context(), auth.AgentBotAPIKey), chat.Account(7).Conversations)
	if !errors.Is(err, auth.ErrNoKey) || len(*sent) > 0 {
		t.Errorf("without a key: sent %q, %v", *sent, err)
	}
}

// TestAssignRefuses checks that the error names every invalid field, and that nothing is sent.
func TestAssignRefuses(t *testing.T) {
	t.Parallel()
	over, sent := assignServer("[]", "null")
	var none context.Context
	for _, s := range []cfchat.ConversationsService{trial.Chat(t, over).Account(7).Conversations, {}} {
		for name, err := range map[string]error{
			"id agentID":        trial.Second(s.Assign(t.Context(), 0, 0)),
			"id teamID":         trial.Second(s.AssignTeam(t.Context(), -1, -1)),
			"id botID":          trial.Second(s.AssignBot(t.Context(), -1, 0)),
			"agentID":           trial.Second(s.Assign(t.Context(), 42, -2)),
			"id":                s.Unassign(t.Context(), 0),
			"id ":               s.UnassignTeam(t.Context(), -5),
			"WithResponse":      trial.Second(s.Assign(t.Context(), 42, 2, cfchat.WithResponse(nil))),
			"WithResponse ":     trial.Second(s.AssignBot(t.Context(), 42, 2, cfchat.WithResponse(nil))),
			"ctx":               trial.Second(s.Assign(none, 42, 2)),
			"ctx ":              trial.Second(s.AssignBot(none, 42, 2)),
			"id botID option 1": trial.Second(s.AssignBot(t.Context(), -1, 0, nil)),
		} {
			e, ok := errors.AsType[*cfchat.Error](err)
			if !ok || !errors.Is(err, cfchat.ErrInvalidInput) {
				t.Fatalf("%s: %v", name, err)
			}
			var fields []string
			for _, f := range e.Fields {
				if f.Field != "account" {
					fields = append(fields, f.Field)
				}
			}
			if got := strings.Join(fields, " "); got != strings.TrimSpace(name) {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
	if len(*sent) > 0 {
		t.Errorf("sent %q, want nothing", *sent)
	}
}

// TestAssignResponse checks that WithResponse has the answer to the last request, which is the lookup if nothing else is sent.
func TestAssignResponse(t *testing.T) {
	t.Parallel()
	over, _ := assignServer(`[`+grace+`]`, grace)
	conversations := trial.Chat(t, over).Account(7).Conversations
	var resp cfchat.Response
	if _, err := conversations.Assign(t.Context(), 42, 2, cfchat.WithResponse(&resp), cfchat.KeepJSON()); err != nil || string(resp.Body) != grace {
		t.Errorf("assigned: %q, %v", resp.Body, err)
	}
	if _, err := conversations.Assign(t.Context(), 42, 3, cfchat.WithResponse(&resp)); err == nil || string(resp.Body) != `[`+grace+`]` || resp.Tries != 1 {
		t.Errorf("refused: %d, %q, %v", resp.Tries, resp.Body, err)
	}
}

// TestAssignBotNeedsVersion checks that nothing is sent to a server that takes, or may take, the bot's id for a person's.
func TestAssignBotNeedsVersion(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]error{
		`{"version":"4.7.9"}`: cfchat.ErrInvalidInput, `{"version":"4.8.0"}`: nil, `{"version":"x"}`: cfchat.ErrInvalidInput, `{}`: cfchat.ErrInvalidInput,
		"500": cfchat.ErrNotSent, "401": cfchat.ErrInvalidInput, "lost": cfchat.ErrNotSent,
	} {
		over, sent := assignServer(version, helper)
		conversations := trial.Chat(t, over).Account(7).Conversations
		bot, err := conversations.AssignBot(t.Context(), 42, 2)
		if !errors.Is(err, want) || (err == nil) != (bot != nil) || len(*sent) != 2 && err == nil || len(*sent) != 1 && err != nil {
			t.Errorf("%s: sent %q, %v", version, *sent, err)
		}
		if lacks := strings.Contains(version, "4.7"); err != nil && strings.Contains(err.Error(), "Config.ServerVersion") == lacks {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestAssignByVersion assigns in every way on stand-ins of several versions.
func TestAssignByVersion(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "3.4.0", "3.6.0", "4.7.0", "4.8.0", "4.16.2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			server := cfchattest.New(t, cfchattest.Version(version))
			linus, _ := server.AddAgent(cfchattest.Agent{Name: "Linus"})
			sales := server.AddTeam(cfchattest.Team{Name: "sales", Members: []int64{linus}})
			id, ctx := server.AddConversation(cfchattest.Conversation{}), t.Context()
			s := server.Account(t).Conversations
			has := func(assignee, team, bot int64) {
				t.Helper()
				now, _ := server.Conversation(id)
				if a, b, m := now.Meta.Assignee, now.Meta.AssigneeBot, now.Meta.Team; a.GetID() != assignee || b.GetID() != bot || m.GetID() != team {
					t.Fatalf("agent %d, bot %d, team %d; want %d, %d, %d", a.GetID(), b.GetID(), m.GetID(), assignee, bot, team)
				}
			}
			if who, err := s.Assign(ctx, id, 2); err != nil || who.ID != 2 {
				t.Fatalf("assign: %+v, %v", who, err)
			}
			has(2, 0, 0)
			if team, err := s.AssignTeam(ctx, id, sales); err != nil || team.Name != "sales" || (team.Icon != nil) != atLeast(version, "4.16.0") {
				t.Fatalf("assign a team: %+v, %v", team, err)
			}
			has(0, sales, 0) // the server unassigns an agent who is not in the team
			if _, err := s.Assign(ctx, id, linus); err != nil {
				t.Fatal(err)
			}
			has(linus, sales, 0)
			bot, err := s.AssignBot(ctx, id, 1)
			if atLeast(version, "4.8.0") {
				if err != nil || bot.ID != 1 {
					t.Fatalf("assign a bot: %+v, %v", bot, err)
				}
				has(0, sales, 1)
				if _, err := s.AssignBot(ctx, id, 99); !errors.Is(err, cfchat.ErrRejected) {
					t.Errorf("assign a bot that does not exist: %v", err)
				}
				has(0, sales, 1)
			} else if !errors.Is(err, cfchat.ErrInvalidInput) {
				t.Errorf("assign a bot: %v", err)
			}
			if err := s.UnassignTeam(ctx, id); err != nil {
				t.Fatal(err)
			}
			if err := s.Unassign(ctx, id); err != nil {
				t.Fatal(err)
			}
			has(0, 0, 0)
			for what, err := range map[string]error{"agent": trial.Second(s.Assign(ctx, id, 99)), "team": trial.Second(s.AssignTeam(ctx, id, 99))} {
				if !errors.Is(err, cfchat.ErrInvalidInput) {
					t.Errorf("no such %s: %v", what, err)
				}
			}
			_, err = s.Assign(auth.WithScheme(ctx, auth.AgentBotAPIKey), id, 2)
			if taken := atLeast(version, "3.6.0"); (err == nil) != taken || !taken && !errors.Is(err, cfchat.ErrUnauthorized) {
				t.Errorf("assign as a bot: %v", err)
			}
			if atLeast(version, "3.6.0") {
				_, err = s.Assign(auth.WithScheme(ctx, auth.AgentBotAPIKey), id, 99)
				if !errors.Is(err, cfchat.ErrRejected) {
					t.Errorf("assign an agent that does not exist, as a bot: %v", err)
				}
				has(0, 0, 0)
			}
			if _, err := s.Assign(ctx, 99, 2); !errors.Is(err, cfchat.ErrNotFound) {
				t.Errorf("no such conversation: %v", err)
			}
		})
	}
}
