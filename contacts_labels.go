package cfchat

import (
	"context"
	"net/http"
)

// AddLabels adds labels to a contact's, and returns them all. The server can only replace them all, so it reads, sets and
// reads again. A change that another program or a person makes between the first two is overwritten, without a trace. Calls
// of one Chat for a contact take turns and lose none of each other's changes, unless one of them ends with
// ErrUnknownOutcome.
//
// Without an error the labels were there at the end; [ErrOverwritten] means that somebody else has removed them since they
// were set: call again. ErrUnknownOutcome means that they may still be set, over later changes; calling again does no harm.
// If all are already there, in upper or lower case, nothing is set. With an error the labels are those seen last, nil for
// none.
//
// A label need not be known to the account. One with a comma, or with a leading quote, is refused; if the contact already
// has one, nothing is set, because the server would split it in two.
//
// It makes three requests: those of Labels, SetLabels and Labels. Key: user.
func (s ContactsService) AddLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withLabels)
}

// RemoveLabels removes labels from a contact, ignoring case, and returns the rest. Ones that it does not have are no error.
// It reads, sets and reads again: a change that another program or a person makes between the first two is overwritten,
// without a trace. Everything else is as for [ContactsService.AddLabels].
func (s ContactsService) RemoveLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).change(ctx, labels, withoutLabels)
}

// labelled returns a contact with the calls that read and set its labels.
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
