package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

var (
	participantsCall       = newListCall(operation.ListParticipantsOfAConversation, checkAgent)
	addParticipantsCall    = newListCall(operation.AddParticipantsToAConversation, checkAgent)
	setParticipantsCall    = newListCall(operation.SetParticipantsOfAConversation, checkAgent)
	removeParticipantsCall = newEmptyCall(operation.RemoveParticipantsFromAConversation)
)

// Participants lists the participants of a conversation, in no order; an empty list for nobody. An assignee participates
// from then on.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/participants, listParticipantsOfAConversation. Key: user.
func (s ConversationsService) Participants(ctx context.Context, id int64, opts ...CallOption) ([]Agent, error) {
	var input refusal
	input.id("id", id)
	return listed(participantsCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newListParticipantsOfAConversationRequest(server, s.core.id, id)
	}))
}

// AddParticipants adds participants to a conversation, and returns them all. Adding one who already participates is no
// error, and the call may be repeated.
//
// It checks afterwards, because up to 4.16.1 a server answers with people whom it has not stored: those who cannot be
// assigned in the inbox. They are ErrRejected, with their ids in the text, and the others participate. A user that does not
// exist is a 500 there, so ErrServer and ErrUnknownOutcome, and the text says who does not participate. From 4.16.2 on
// either is a 422, so ErrRejected, and nobody is added.
//
// With an error it returns the participants as seen after the call, or nil. It makes two requests: its own, and that of
// Participants.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/participants, addParticipantsToAConversation. Key: user.
func (s ConversationsService) AddParticipants(ctx context.Context, id int64, userIDs []int64, opts ...CallOption) ([]Agent, error) {
	return changeParticipants(ctx, s, id, userIDs, opts, addParticipantsCall, newAddParticipantsToAConversationRequest,
		func(ids, now []int64) turnout { return turnout{missing: idsWithout(ids, now)} })
}

// SetParticipants makes these people the only participants of a conversation, and returns the participants. It requires at
// least one id; [ConversationsService.RemoveParticipants] removes people. ErrOverwritten means that others participate
// again, added or assigned by somebody else since: call again. Everything else is as for
// [ConversationsService.AddParticipants].
//
// PATCH /api/v1/accounts/{account_id}/conversations/{conversation_id}/participants, setParticipantsOfAConversation. Key: user.
func (s ConversationsService) SetParticipants(ctx context.Context, id int64, userIDs []int64, opts ...CallOption) ([]Agent, error) {
	return changeParticipants(ctx, s, id, userIDs, opts, setParticipantsCall, newSetParticipantsOfAConversationRequest,
		func(ids, now []int64) turnout {
			return turnout{missing: idsWithout(ids, now), extra: idsWithout(now, ids)}
		})
}

// RemoveParticipants removes participants from a conversation, and returns the rest. People who do not participate, and
// users that do not exist, are no error. ErrOverwritten means that they participate again, added or assigned by somebody
// else since: call again. Everything else is as for [ConversationsService.AddParticipants].
//
// DELETE /api/v1/accounts/{account_id}/conversations/{conversation_id}/participants, removeParticipantsFromAConversation. Key: user.
func (s ConversationsService) RemoveParticipants(ctx context.Context, id int64, userIDs []int64, opts ...CallOption) ([]Agent, error) {
	return changeParticipants(ctx, s, id, userIDs, opts, removeParticipantsCall, newRemoveParticipantsFromAConversationRequest,
		func(ids, now []int64) turnout { return turnout{extra: idsWithout(ids, idsWithout(ids, now))} })
}

// changeParticipants changes the participants of a conversation, and reads them again. It needs no turn, because the server
// itself adds and removes.
func changeParticipants[T any](ctx context.Context, s ConversationsService, id int64, userIDs []int64, opts []CallOption,
	call typedCall[T], build func(server string, accountID, id int64, body ParticipantsRequest) (*http.Request, error),
	compare func(ids, now []int64) turnout,
) ([]Agent, error) {
	var input refusal
	input.id("id", id)
	input.people("userIDs", userIDs)
	ids := slices.Compact(slices.Sorted(slices.Values(userIDs)))
	call = call.about(id)
	_, err := call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return build(server, s.core.id, id, ParticipantsRequest{UserIDs: ids})
	})
	failed, _ := errors.AsType[*Error](err)
	switch {
	case failed == nil:
	case failed.Is(ErrRejected):
		return nil, failed.with("nothing was changed; the request named " + users(ids, "", ""))
	case !failed.Is(ErrUnknownOutcome) || ctx.Err() != nil:
		return nil, err
	}
	now, err := s.Participants(ctx, id, opts...)
	looked, _ := errors.AsType[*Error](err)
	switch {
	case failed != nil && looked != nil:
		return nil, failed.with(fmt.Sprintf("and looking for it failed: %v", looked))
	case looked != nil:
		return nil, looked.afterChange("the change was made, and it is not known whether the server has stored all of it")
	}
	var there []int64
	for _, agent := range now {
		there = append(there, agent.ID)
	}
	found := compare(ids, there)
	switch {
	case len(found.missing)+len(found.extra) == 0: // even after a call that failed
		return now, nil
	case failed != nil:
		return now, found.after(failed)
	}
	return now, errorOf(call.call(s.core), found.failure())
}

// turnout is the difference between the actual and the requested participants.
type turnout struct {
	missing []int64
	extra   []int64
}

// users returns users by their ids with a verb, which has a singular and a plural form.
func users(ids []int64, does, do string) string {
	if len(ids) == 1 {
		return strings.TrimSpace(fmt.Sprintf("user %d %s", ids[0], does))
	}
	const most = 20
	var shown []string
	for _, id := range ids[:min(len(ids), most)] {
		shown = append(shown, strconv.FormatInt(id, 10))
	}
	text := strings.Join(shown, ", ")
	if more := len(ids) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return strings.TrimSpace(fmt.Sprintf("users %s %s", text, do))
}

// failure returns the failure of a change that the server claims to have made.
func (t turnout) failure() *chain.Failure {
	var wrong []string
	if len(t.missing) > 0 {
		wrong = append(wrong, users(t.missing, "is not a participant", "are not participants")+": not assignable in its inbox, or removed since")
	}
	if len(t.extra) > 0 {
		wrong = append(wrong, users(t.extra, "is a participant", "are participants")+": added or assigned by somebody else since; call again")
	}
	return &chain.Failure{Cause: errors.New(strings.Join(wrong, "; and ")), Rejected: len(t.missing) > 0, Overwritten: len(t.extra) > 0}
}

// after returns the error of a change that may still be made, with what is not as requested.
func (t turnout) after(failed *Error) *Error {
	if len(t.missing) == 0 {
		return failed.with(users(t.extra, "is still a participant", "are still participants"))
	}
	failed = failed.with(users(t.missing, "is not a participant yet", "are not participants yet"))
	if failed.StatusCode == http.StatusInternalServerError {
		failed = failed.with("servers up to 4.16.1 answer this way if there is no such user")
	}
	return failed
}

// idsWithout returns the ids that are not among others.
func idsWithout(ids, others []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(others, id) })
}

// people refuses an empty list of ids, and ids that nobody can have.
func (r *refusal) people(field string, ids []int64) {
	if len(ids) == 0 {
		r.add(field, "there are none; give user ids from Agents.List, or use RemoveParticipants to remove people")
	}
	for i, id := range ids {
		r.id(fmt.Sprintf("%s[%d]", field, i), id)
	}
}
