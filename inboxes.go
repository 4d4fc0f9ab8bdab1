package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// InboxesService is the inboxes of an account that the key's user sees: [Account.Inboxes]. An administrator sees all of
// them, an agent those that they are a member of. Every call of the zero value fails with ErrInvalidInput. It is safe for
// concurrent use.
//
// The servers send an administrator the passwords and tokens of an inbox. An [Inbox] omits them.
type InboxesService struct{ core *core }

// Calls of the methods below.
var (
	inboxesCall      = newCall(operation.ListAllInboxes, func(l *InboxList, _ []byte) error { return payload(everyRow(l.Payload, checkInbox)) })
	inboxCall        = newCall(operation.GetInbox, func(inbox *Inbox, _ []byte) error { return checkInbox(inbox) })
	inboxMembersCall = newCall(operation.GetInboxMembers, func(m *InboxMembers, _ []byte) error { return payload(everyRow(m.Payload, checkAgent)) })
)

// List lists the inboxes that the key's user sees, all in one answer; an empty list if there are none. An agent's list lacks
// inboxes whose ids appear in other answers. They are sorted by name from 4.14.0 on, and before in no order.
//
// GET /api/v1/accounts/{account_id}/inboxes, listAllInboxes. Key: user.
func (s InboxesService) List(ctx context.Context, opts ...CallOption) ([]Inbox, error) {
	list, err := inboxesCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newListAllInboxesRequest(server, s.core.id)
	})
	if err != nil {
		return nil, err
	}
	return list.Payload, nil
}

// Get gets one inbox by its id. ErrNotFound means that the account has no such inbox, ErrUnauthorized also that the key's
// user is not a member of it.
//
// GET /api/v1/accounts/{account_id}/inboxes/{inbox_id}, getInbox. Key: user.
func (s InboxesService) Get(ctx context.Context, id int64, opts ...CallOption) (*Inbox, error) {
	var input refusal
	input.id("id", id)
	asked := answers("inbox", id, func(i *Inbox) int64 { return i.ID })
	return inboxCall.ofInbox(id).accepting(asked).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newGetInboxRequest(server, s.core.id, id)
	})
}

// Members lists the members of an inbox, all in one answer and in no order; an empty list if it has none. An administrator
// sees inboxes without being a member. It fails as Get does.
//
// GET /api/v1/accounts/{account_id}/inbox_members/{inbox_id}, getInboxMembers. Key: user.
func (s InboxesService) Members(ctx context.Context, id int64, opts ...CallOption) ([]Agent, error) {
	var input refusal
	input.id("id", id)
	members, err := inboxMembersCall.ofInbox(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newGetInboxMembersRequest(server, s.core.id, id)
	})
	if err != nil {
		return nil, err
	}
	return members.Payload, nil
}

// payload marks a failure as one in the payload.
func payload(err error) error {
	if err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	return nil
}

// checkInbox requires what no other listed thing has.
func checkInbox(i *Inbox) error {
	if i.ID <= 0 || i.ChannelType == "" {
		return errors.New("there is no inbox with an id and a channel_type")
	}
	return nil
}
