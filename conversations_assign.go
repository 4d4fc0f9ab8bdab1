package cfchat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// assign changes who has a conversation, or its team. The field is the caller's name for the id, "" for none.
func (s ConversationsService) assign(ctx context.Context, id int64, field string, to AssignmentRequest, opts []CallOption) (*Assignment, error) {
	var input, options refusal
	input.id("id", id)
	if field != "" {
		input.id(field, to.ID)
	}
	call := assignCall.about(id).accepting(to.judge)
	given := optionsOf(opts, &options)
	if field != "" && len(options.fields) == 0 && s.core.mayAsk(ctx, &input) {
		keys := cmp.Or(given.keys, &s.core.chat.keys)
		scheme, _ := call.call(s.core).Scheme(ctx, *keys)
		switch {
		case to.Kind == AssigneeKindAgentBot:
			s.core.chat.hasOwners(ctx, field, &input)
		case scheme == operation.UserAPIKey:
			if err := s.lookFor(ctx, id, field, to, opts, given); err != nil {
				return nil, err
			}
		}
	}
	return call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newAssignAConversationRequest(server, s.core.id, id, to)
	})
}

// lookFor refuses the id of a person or team that the account does not have. It fails if that cannot be determined.
func (s ConversationsService) lookFor(ctx context.Context, id int64, field string, to AssignmentRequest, opts []CallOption, given callOptions) error {
	look := &look{
		core: s.core, op: agentsCall.operation, call: s.core.call(assignCall.operation, id),
		own: len(given.editors) > 0 || given.keys != nil, self: given.retry != nil,
		list: func() ([]int64, error) {
			agents, err := AgentsService(s).List(ctx, opts...)
			return idsOf(agents, func(a *Agent) int64 { return a.ID }), err
		},
	}
	none := "the account has no agent %d, and the server would unassign the conversation; Agents.List returns all agents"
	if to.Kind == AssigneeKindTeam {
		look.op, look.list = teamsCall.operation, func() ([]int64, error) {
			teams, err := TeamsService(s).List(ctx, opts...)
			return idsOf(teams, func(t *Team) int64 { return t.ID }), err
		}
		none = "the account has no team %d, and the server would remove the conversation's team; Teams.List returns all teams"
	}
	has, err := look.has(ctx, to.ID)
	if failed, ok := errors.AsType[*Error](err); ok {
		failed = failed.copied()
		if failed.ConversationID = id; failed.Is(ErrNotSent) {
			return failed
		}
		return failed.notSent(fmt.Sprintf("it is not known whether the account has %s", to))
	}
	if err == nil && !has {
		var input refusal
		input.add(field, none, to.ID)
		return refused(look.call, input)
	}
	return err
}

// hasOwners refuses to make a bot the owner of a conversation on a server that would read its id as a person's.
func (c *Chat) hasOwners(ctx context.Context, field string, r *refusal) {
	info, failed := c.told(ctx, func(info *ServerInfo, failed error) bool {
		return info.AtLeast("4.8.0") || failed != nil && tellsNot(failed)
	})
	switch {
	case info.AtLeast("4.8.0") || ctx.Err() != nil: // the call ends for the same reason
	case info.lacks("4.8.0"):
		r.add(field, "servers can assign bots from 4.8.0 on, and this is %s, which would read the id as a person's; Assign a person", info)
	case failed != nil && !tellsNot(failed):
		r.failed = fmt.Errorf("%w; set Config.ServerVersion, or try again", notToBeHad(field, failed))
	default:
		r.add(field, "servers before 4.8.0 would read the id as a person's, and this one does not report its version; set Config.ServerVersion")
	}
}

// judge checks that an answer states what was asked for.
func (r AssignmentRequest) judge(now *Assignment) *chain.Failure {
	switch {
	case r.isDone(now):
		return nil
	case now.isNobody():
	case now.Agent != nil && r.Kind == AssigneeKindAgentBot: // a server before 4.8.0 reads the id as a person's
	default: // no server answers so: it belongs to another call
		return &chain.Failure{Cause: fmt.Errorf("it names %s, but the request was for %s", now, r), Decode: true, Unknown: true}
	}
	return &chain.Failure{Cause: r.unlike(now), Rejected: true}
}

// isDone reports whether an answer is who or what was asked for. A person, a bot and a team may have the same id.
func (r AssignmentRequest) isDone(now *Assignment) bool {
	switch {
	case r.ID == 0:
		return now.isNobody()
	case r.Kind == AssigneeKindAgentBot:
		return now.Bot != nil && now.Bot.ID == r.ID
	case r.Kind == AssigneeKindTeam:
		return now.Team != nil && now.Team.ID == r.ID
	}
	return now.Agent != nil && now.Agent.ID == r.ID
}

// unlike describes an assignment that had another result.
func (r AssignmentRequest) unlike(now *Assignment) error {
	switch {
	case now.isNobody() && r.Kind == AssigneeKindAgentBot:
		return fmt.Errorf("there is no %s, and nothing has changed, unless the server is older than 4.8.0: then the conversation is unassigned now", r)
	case now.isNobody() && r.Kind == AssigneeKindTeam:
		return fmt.Errorf("the account has no %s, and the conversation has no team now", r)
	case now.isNobody():
		return fmt.Errorf("the account has no %s, and the conversation is unassigned now", r)
	}
	return fmt.Errorf("%s has the conversation now: the server read the id of %s as a person's, so it is older than 4.8.0", now, r)
}

// String names the person, bot or team; "nobody" or "no team" for none.
func (r AssignmentRequest) String() string {
	switch {
	case r.ID == 0 && r.Kind == AssigneeKindTeam:
		return "no team"
	case r.ID == 0:
		return "nobody"
	case r.Kind == AssigneeKindAgentBot:
		return fmt.Sprintf("bot %d", r.ID)
	case r.Kind == AssigneeKindTeam:
		return fmt.Sprintf("team %d", r.ID)
	}
	return fmt.Sprintf("agent %d", r.ID)
}
