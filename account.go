package cfchat

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Account is one account of a server: its operations, as methods that return data alone. [Chat.Account] makes one.
// It is safe for concurrent use. Every method fails with an [*Error]; what it refuses to send is ErrInvalidInput.
type Account struct {
	chat *Chat
	id   int64
}

// The calls that the methods below make.
var (
	listCall   = newCall(operation.ConversationList, checkList)
	countsCall = newCall(operation.ConversationListMeta, checkCounts)
	getCall    = newCall(operation.GetDetailsOfAConversation, checkConversation)
	filterCall = newCall(operation.ConversationFilter, checkFilter)
	createCall = newCall(operation.NewConversation, checkConversation)
	toggleCall = newCall(operation.ToggleStatusOfAConversation, checkToggle)
	labelsCall = newCall(operation.ListAllLabelsOfAConversation, checkLabelList)
)

// List gets one page of conversations, 25 to a page, the latest activity first. With nil params that is the first page
// of the open ones. A page beyond the last is empty, and nothing else marks the end. Parameters that are empty are left
// out. An inbox that does not exist, or is not yours, gives an empty page; such a team gives ErrNotFound.
//
// GET /api/v1/accounts/{account_id}/conversations, conversationList. Key: user.
func (a *Account) List(ctx context.Context, params *ConversationListParams, editors ...RequestEditorFn) (*ConversationPage, error) {
	sent, refused := listParams(params)
	list, err := listCall.run(ctx, a, refused, editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.ConversationList(ctx, a.id, sent, editors...)
	})
	if err != nil {
		return nil, err
	}
	return &list.Data, nil
}

// Counts counts the conversations that List would list with the same parameters. AssigneeType does not change the
// counts (D44), and with Q they cover one page of at most 25 (D25). With nil params it counts the open ones.
//
// GET /api/v1/accounts/{account_id}/conversations/meta, conversationListMeta. Key: user.
func (a *Account) Counts(ctx context.Context, params *ConversationListMetaParams, editors ...RequestEditorFn) (*Counts, error) {
	list, refused := listParams((*ConversationListParams)(params))
	counts, err := countsCall.run(ctx, a, refused, editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.ConversationListMeta(ctx, a.id, (*ConversationListMetaParams)(list), editors...)
	})
	if err != nil {
		return nil, err
	}
	return &counts.Meta, nil
}

// Get gets one conversation by its id within the account. It does not come with all its messages (D21): from 3.1.0 with
// the last one, before with up to ten unread ones or the last.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}, getDetailsOfAConversation. Key: user.
func (a *Account) Get(ctx context.Context, id int64, editors ...RequestEditorFn) (*Conversation, error) {
	return getCall.run(ctx, a, checkID("id", id), editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.GetDetailsOfAConversation(ctx, a.id, id, editors...)
	})
}

// Filter gets one page, from 1, of the conversations that match a filter, 25 to a page, the latest activity first, of
// every status unless a rule says otherwise. A page beyond the last is empty, and nothing else marks the end. Before
// 3.1.1 a conversation comes, and counts, once for each of its labels. A server before 3.8.0 answers a rule that it
// cannot use with ErrServer, a later one with ErrInvalid. An agent bot may not filter (D4).
//
// POST /api/v1/accounts/{account_id}/conversations/filter, conversationFilter. Key: user.
func (a *Account) Filter(ctx context.Context, filter Filter, page int, editors ...RequestEditorFn) (*FilterPage, error) {
	body, refused := filter.request()
	if refused == nil {
		refused = checkPage("page", int64(page))
	}
	return filterCall.run(ctx, a, refused, editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.ConversationFilter(ctx, a.id, &ConversationFilterParams{Page: new(int64(page))}, body, editors...)
	})
}

// Create creates a conversation, of a SourceID, or of an InboxID and a ContactID. Every call makes a new one, except in
// an inbox that is locked to a single conversation. It is not repeated when its outcome is unknown: look for
// ErrUnknownOutcome before you do. ErrNotFound also means that the inbox, the contact or the source id is not there.
//
// POST /api/v1/accounts/{account_id}/conversations, newConversation. Keys: agent bot, else user.
func (a *Account) Create(ctx context.Context, body NewConversationRequest, editors ...RequestEditorFn) (*Conversation, error) {
	refused := checkCreate(body)
	if refused == nil && body.TeamID != nil && len(editors) == 0 {
		refused = a.checkTeamKey(ctx)
	}
	return createCall.run(ctx, a, refused, editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.NewConversation(ctx, a.id, body, editors...)
	})
}

// ToggleStatus flips the status of a conversation: open becomes resolved, anything else becomes open. An agent whose call
// opens a conversation becomes its assignee.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status, toggleStatusOfAConversation.
// Keys: agent bot, else user.
func (a *Account) ToggleStatus(ctx context.Context, id int64, editors ...RequestEditorFn) (*StatusChange, error) {
	return a.toggle(ctx, id, ToggleStatusRequest{}, nil, editors)
}

// SetStatus sets the status of a conversation; setting the one it has is no error. StatusSnoozed snoozes it until the
// next reply. An agent whose call leaves a conversation open becomes its assignee, even if somebody else was.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status, toggleStatusOfAConversation.
// Keys: agent bot, else user.
func (a *Account) SetStatus(ctx context.Context, id int64, status Status, editors ...RequestEditorFn) (*StatusChange, error) {
	return a.toggle(ctx, id, ToggleStatusRequest{Status: &status}, checkStatus("status", status), editors)
}

// Snooze snoozes a conversation until a time, to the second; the zero time means until the next reply. The time is sent
// as seconds since 1970, because the server reads ISO text as the year 1970 (D45). A server may keep the time that a
// snoozed conversation has when none is given; the answer's SnoozedUntil tells.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status, toggleStatusOfAConversation.
// Keys: agent bot, else user.
func (a *Account) Snooze(ctx context.Context, id int64, until time.Time, editors ...RequestEditorFn) (*StatusChange, error) {
	body := ToggleStatusRequest{Status: new(StatusSnoozed)}
	var refused error
	if !until.IsZero() {
		body.SnoozedUntil = new(until.Unix())
		refused = checkSnooze(until)
	}
	return a.toggle(ctx, id, body, refused, editors)
}

// toggle is the one operation behind ToggleStatus, SetStatus and Snooze.
func (a *Account) toggle(ctx context.Context, id int64, body ToggleStatusRequest, refused error, editors []RequestEditorFn) (*StatusChange, error) {
	if err := checkID("id", id); err != nil {
		refused = err
	}
	result, err := toggleCall.run(ctx, a, refused, editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.ToggleStatusOfAConversation(ctx, a.id, id, body, editors...)
	})
	if err != nil {
		return nil, err
	}
	if success := result.Payload.Success; success != nil && !*success {
		return nil, &Error{
			Operation: toggleCall.operation.ID, StatusCode: http.StatusOK, Message: "success: false",
			Err: errors.New("the server did not store the status"), marks: []error{ErrInvalid},
		}
	}
	return &result.Payload, nil
}

// Labels lists the labels of a conversation, in no particular order; an empty list when it has none. Compare them without case: before
// 3.4.0 a label comes as it was first written anywhere on the server. A bot's key works from 4.14.2 on.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/labels, listAllLabelsOfAConversation.
// Keys: user, else agent bot.
func (a *Account) Labels(ctx context.Context, id int64, editors ...RequestEditorFn) ([]string, error) {
	labels, err := labelsCall.run(ctx, a, checkID("id", id), editors, func(ctx context.Context, c *Client, editors []RequestEditorFn) (*http.Response, error) {
		return c.ListAllLabelsOfAConversation(ctx, a.id, id, editors...)
	})
	if err != nil {
		return nil, err
	}
	return labels.Payload, nil
}

// checkLabelList wants the payload, which the servers send even when it is empty.
func checkLabelList(l *ConversationLabels, _ []byte) error {
	if l.Payload == nil {
		return errors.New("there is no payload")
	}
	return nil
}

// check refuses what no call can do without.
func (a *Account) check(ctx context.Context, editors []RequestEditorFn) error {
	switch {
	case a == nil || a.chat == nil || a.chat.client == nil:
		return errNoClient()
	case ctx == nil:
		return invalid("ctx: it is nil; use context.Background()")
	case slices.ContainsFunc(editors, func(e RequestEditorFn) bool { return e == nil }):
		return invalid("editors: one is nil")
	}
	return checkID("account id", a.id)
}
