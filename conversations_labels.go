package cfchat

import (
	"context"
	"net/http"
)

// AddLabels adds labels to a conversation's, and returns them all. The server can only replace them all, so it reads, sets
// and reads again. A change that another program or a person makes between the first two is overwritten, without a trace.
// Calls of one Chat for a conversation take turns and lose none of each other's changes, unless one of them ends with
// ErrUnknownOutcome.
//
// Without an error the labels were there at the end; [ErrOverwritten] means that somebody else has removed them since they
// were set: call again. ErrUnknownOutcome means that they may still be set, over later changes; calling again does no harm.
// If all are already there, in upper or lower case, nothing is set. With an error the labels are those seen last, nil for
// none.
//
// A label need not be known to the account. One with a comma, or with a leading quote, is refused; if the conversation
// already has one, nothing is set, because the server would split it in two. From 3.4.0 on the server returns it as two,
// which is indistinguishable, and it then becomes two.
//
// It makes three requests: those of Labels, SetLabels and Labels. Keys: user, else agent bot.
func (s ConversationsService) AddLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withLabels)
}

// RemoveLabels removes labels from a conversation, ignoring case, and returns the rest. Ones that it does not have are no
// error. It reads, sets and reads again: a change that another program or a person makes between the first two is
// overwritten, without a trace. Everything else is as for [ConversationsService.AddLabels].
func (s ConversationsService) RemoveLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withoutLabels)
}

// labelled returns a conversation with the calls that read and set its labels.
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
