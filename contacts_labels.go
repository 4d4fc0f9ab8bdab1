package cfchat

import (
	"context"
	"net/http"
)

// AddLabels adds labels to those that a contact has, and returns them all. The server can only replace them all, so that it
// reads, sets and reads again: what another program, or a person, changes between the first two is overwritten, and nobody
// can tell. Calls of one Chat for a contact take turns, and lose nothing of each other, unless one of them ends with
// ErrUnknownOutcome.
//
// Without an error the labels were there at the end; [ErrOverwritten] means that somebody else has taken them off since they
// were set: call again. ErrUnknownOutcome means that they may still come, over what was set since; calling again does no harm.
// Where all are there already, in any case, nothing is set. With an error the labels are those that were seen last, nil for none.
//
// A label need not be one that the account knows. One that has a comma, or a quote in front, is refused; where the contact has
// one already, nothing is set, because the server would make two of it.
//
// It makes three requests: those of Labels, SetLabels and Labels. Key: user.
func (s ContactsService) AddLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withLabels)
}

// RemoveLabels takes labels off a contact, in any case, and returns those that are left. Those that it has not are no fault. It
// reads, sets and reads again: what another program, or a person, changes between the first two is overwritten, and nobody
// can tell. All else is as of [ContactsService.AddLabels].
func (s ContactsService) RemoveLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withoutLabels)
}

// labelled returns a contact whose labels are read and set.
func (s ContactsService) labelled(id int64, opts []CallOption) *labelled {
	l := &labelled{core: s.core, id: id, opts: opts}
	l.readCall, l.setCall = contactLabelsCall.of(id), setContactLabelsCall.of(id)
	l.reading = func(server string) (*http.Request, error) {
		return newListAllLabelsOfAContactRequest(server, s.core.id, id)
	}
	l.setting = func(server string, body SetLabelsRequest) (*http.Request, error) {
		return newContactAddLabelsRequest(server, s.core.id, id, body)
	}
	return l
}
