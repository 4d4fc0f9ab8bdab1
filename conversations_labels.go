package cfchat

import (
	"context"
	"net/http"
)

// AddLabels adds labels to those that a conversation has, and returns them all. The server can only replace them all, so that
// it reads, sets and reads again: what another program, or a person, changes between the first two is overwritten, and
// nobody can tell. Calls of one Chat for a conversation take turns, and lose nothing of each other, unless one of them ends with
// ErrUnknownOutcome.
//
// Without an error the labels were there at the end; [ErrOverwritten] means that somebody else has taken them off since they
// were set: call again. ErrUnknownOutcome means that they may still come, over what was set since; calling again does no harm.
// Where all are there already, in any case, nothing is set. With an error the labels are those that were seen last, nil for none.
//
// A label need not be one that the account knows. One that has a comma, or a quote in front, is refused; where the
// conversation has one already, nothing is set, because the server would make two of it. From 3.4.0 on it comes as two, which
// cannot be told, and is two then.
//
// It makes three requests: those of Labels, SetLabels and Labels. Keys: user, else agent bot.
func (s ConversationsService) AddLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withLabels)
}

// RemoveLabels takes labels off a conversation, in any case, and returns those that are left. Those that it has not are no
// fault. It reads, sets and reads again: what another program, or a person, changes between the first two is overwritten, and
// nobody can tell. All else is as of [ConversationsService.AddLabels].
func (s ConversationsService) RemoveLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withoutLabels)
}

// labelled returns a conversation whose labels are read and set.
func (s ConversationsService) labelled(id int64, opts []CallOption) *labelled {
	return &labelled{
		core: s.core, id: id, opts: opts, readCall: labelsCall.about(id), setCall: setLabelsCall.about(id),
		reading: func(server string) (*http.Request, error) {
			return newListAllLabelsOfAConversationRequest(server, s.core.id, id)
		},
		setting: func(server string, body SetLabelsRequest) (*http.Request, error) {
			return newConversationAddLabelsRequest(server, s.core.id, id, body)
		},
	}
}
