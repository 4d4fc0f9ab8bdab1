package cfchat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// ConversationsService is the conversations of an account: [Account.Conversations]. Every call of the zero value fails with
// ErrInvalidInput. It is safe for concurrent use.
type ConversationsService struct{ core *core }

// Calls of the methods below.
var (
	listCall   = newCall(operation.ConversationList, checkList)
	countsCall = newCall(operation.ConversationListMeta, checkCounts)
	getCall    = newCall(operation.GetDetailsOfAConversation, checkConversation)
	filterCall = newCall(operation.ConversationFilter, checkPage)
	createCall = newCall(operation.NewConversation, checkConversation)
	toggleCall = newCall(operation.ToggleStatusOfAConversation, checkToggle)
	labelsCall = newCall(operation.ListAllLabelsOfAConversation, checkLabelNames)

	deleteCall      = newEmptyCall(operation.DeleteAConversation)
	priorityCall    = newEmptyCall(operation.TogglePriorityOfAConversation)
	setLabelsCall   = newCall(operation.ConversationAddLabels, checkLabelNames)
	attachmentsCall = newCall(operation.ListAttachmentsOfAConversation, checkAttachments)

	setAttributesCall = newCall(operation.UpdateCustomAttributesOfAConversation, checkConversationAttributes)
	assignCall        = newCall(operation.AssignAConversation, checkAssignment)
)

// List gets one page of conversations, 25 to a page, the latest activity first. Zero options select the first page of the
// open ones. A page beyond the last is empty; nothing else marks the end.
//
// GET /api/v1/accounts/{account_id}/conversations, conversationList. Key: user.
func (s ConversationsService) List(ctx context.Context, options ConversationListOptions, opts ...CallOption) (*ConversationPage, error) {
	var input refusal
	options.check(&input)
	list, err := listCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newConversationListRequest(server, s.core.id, options.params())
	})
	if err != nil {
		return nil, err
	}
	return &list.Data, nil
}

// Counts counts the conversations that List would list with the same options. The server does not apply AssigneeType (D44)
// and UpdatedWithin to counts, so they are refused; with Q it counts one page of at most 25 (D25). With zero options it
// counts the open ones. From 4.12.0 on a server accepts 30 calls a minute for each account and key; the Meta of a List has
// the same counts without that limit.
//
// GET /api/v1/accounts/{account_id}/conversations/meta, conversationListMeta. Key: user.
func (s ConversationsService) Counts(ctx context.Context, options ConversationListOptions, opts ...CallOption) (*ConversationCounts, error) {
	var input refusal
	options.check(&input)
	options.checkCounted(&input)
	counts, err := countsCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newConversationListMetaRequest(server, s.core.id, (*ConversationListMetaParams)(options.params()))
	})
	if err != nil {
		return nil, err
	}
	return &counts.Meta, nil
}

// Get gets one conversation by its id within the account. It does not include all its messages (D21): from 3.1.0 on only the
// last, before up to ten unread ones or the last. A bot's key works from 4.14.2 on, but a conversation with a team is a 500
// then.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}, getDetailsOfAConversation. Keys: user, else agent bot.
func (s ConversationsService) Get(ctx context.Context, id int64, opts ...CallOption) (*Conversation, error) {
	var input refusal
	input.id("id", id)
	return getCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newGetDetailsOfAConversationRequest(server, s.core.id, id)
	})
}

// Filter gets one page, from 1, of the conversations that match a filter, 25 to a page, the latest activity first, of every
// status unless a rule says otherwise. A page beyond the last is empty; nothing else marks the end. Before 3.1.1 a
// conversation appears, and counts, once for each of its labels. A rule that the server cannot use is ErrServer before
// 3.8.0, later ErrRejected. An agent bot may not filter (D4): a bot's key alone is sent nevertheless, and is
// ErrUnauthorized.
//
// POST /api/v1/accounts/{account_id}/conversations/filter, conversationFilter. Key: user.
func (s ConversationsService) Filter(ctx context.Context, filter Filter, page int, opts ...CallOption) (*ConversationPage, error) {
	var input refusal
	body := filter.request(s.core.now(), &input)
	input.page("page", page)
	filter.checkVersion(ctx, s.core, standardAttributes, &input)
	return filterCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newConversationFilterRequest(server, s.core.id, &ConversationFilterParams{Page: new(int64(page))}, body)
	})
}

// Create creates a conversation from a SourceID, or from an InboxID and a ContactID. Every call creates a new one, except in
// an inbox that is locked to a single conversation. It is not repeated when its outcome is unknown: check for
// ErrUnknownOutcome before you repeat it. ErrNotFound also means that the inbox, the contact or the source id does not
// exist. A TeamID is refused if a bot's key from the Config or from WithKeys would be sent; a key set by a request editor is
// not checked. The first message arrives as written, unless its Template asks the server to fill it in.
//
// POST /api/v1/accounts/{account_id}/conversations, newConversation. Keys: agent bot, else user.
func (s ConversationsService) Create(ctx context.Context, create ConversationCreate, opts ...CallOption) (*Conversation, error) {
	var input refusal
	create.check(&input)
	if create.TeamID != 0 && s.core != nil && s.core.chat != nil {
		input.teamKey(ctx, cmp.Or(optionsOf(opts, new(refusal)).keys, &s.core.chat.keys))
	}
	rendered := create.Message.MessageType != MessageKindIncoming && !create.Message.Template
	create.Message.Content = input.content("Message.Content", create.Message.Content, rendered)
	create.SnoozedUntil = create.SnoozedUntil.UTC().Truncate(time.Millisecond) // as the server writes times
	return createCall.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newNewConversationRequest(server, s.core.id, create)
	})
}

// ToggleStatus flips the status of a conversation: open becomes resolved, anything else becomes open. An agent whose call
// opens a conversation becomes its assignee.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status, toggleStatusOfAConversation.
// Keys: agent bot, else user.
func (s ConversationsService) ToggleStatus(ctx context.Context, id int64, opts ...CallOption) (*StatusChange, error) {
	return s.toggle(ctx, id, ToggleStatusRequest{}, refusal{}, opts)
}

// SetStatus sets the status of a conversation; setting the current one is no error. Without an error the status was stored;
// do not check the answer's Success, which is null when a bot hands a conversation over. StatusSnoozed snoozes it until the
// next reply. An agent whose call leaves a conversation open becomes its assignee, even if somebody else was.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status, toggleStatusOfAConversation.
// Keys: agent bot, else user.
func (s ConversationsService) SetStatus(ctx context.Context, id int64, status Status, opts ...CallOption) (*StatusChange, error) {
	var input refusal
	input.status("status", status)
	return s.toggle(ctx, id, ToggleStatusRequest{Status: status}, input, opts)
}

// Snooze snoozes a conversation until a time, to the second; the zero time means until the next reply. The time is sent as
// seconds since 1970, because the server reads ISO text as the year 1970 (D45). A past time wakes it at the server's next
// look, one more than three days past never does. A server may keep the time of a snoozed conversation if none is given; see
// the answer's SnoozedUntil.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status, toggleStatusOfAConversation.
// Keys: agent bot, else user.
func (s ConversationsService) Snooze(ctx context.Context, id int64, until time.Time, opts ...CallOption) (*StatusChange, error) {
	var input refusal
	body := ToggleStatusRequest{Status: StatusSnoozed}
	if !until.IsZero() {
		input.snooze("until", until)
		body.SnoozedUntil = until.Unix()
	}
	return s.toggle(ctx, id, body, input, opts)
}

// toggle makes the call of ToggleStatus, SetStatus and Snooze.
func (s ConversationsService) toggle(ctx context.Context, id int64, body ToggleStatusRequest, input refusal, opts []CallOption) (*StatusChange, error) {
	input.id("id", id)
	stored := func(result *ToggleStatusResult) *chain.Failure {
		change := result.Payload
		switch {
		case body.Status != "" && change.CurrentStatus != body.Status:
			err := fmt.Errorf("the status is %q, but %q was requested", change.CurrentStatus, body.Status)
			return &chain.Failure{Cause: err, Decode: true, Unknown: true}
		case change.Success != nil && !*change.Success:
			return &chain.Failure{Cause: errors.New("success: false: the server did not store the status"), Rejected: true}
		}
		return nil
	}
	result, err := toggleCall.about(id).accepting(stored).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newToggleStatusOfAConversationRequest(server, s.core.id, id, body)
	})
	if err != nil {
		return nil, err
	}
	return &result.Payload, nil
}

// SetPriority sets the priority of a conversation; setting the current one is no error. [ConversationsService.ClearPriority]
// removes it. The answer is empty, so only its HTTP status confirms the change. ErrUnknownOutcome means that it may be set
// or not; calling again does no harm. Servers have the call from 2.17.0 on; an older server's error says so. A bot's key
// works from 3.6.0 on.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_priority, togglePriorityOfAConversation.
// Keys: user, else agent bot.
func (s ConversationsService) SetPriority(ctx context.Context, id int64, priority Priority, opts ...CallOption) error {
	var input refusal
	input.priority("priority", priority)
	return s.changePriority(ctx, id, &priority, input, opts)
}

// ClearPriority removes the priority of a conversation; if there is none, that is no error. Everything else is as for
// [ConversationsService.SetPriority].
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_priority, togglePriorityOfAConversation.
// Keys: user, else agent bot.
func (s ConversationsService) ClearPriority(ctx context.Context, id int64, opts ...CallOption) error {
	return s.changePriority(ctx, id, nil, refusal{}, opts)
}

// changePriority sets a priority, nil for none.
func (s ConversationsService) changePriority(ctx context.Context, id int64, priority *Priority, input refusal, opts []CallOption) error {
	return s.tell(ctx, priorityCall, id, input, opts, func(server string) (*http.Request, error) {
		return newTogglePriorityOfAConversationRequest(server, s.core.id, id, PriorityChange{Priority: priority})
	})
}

// Labels lists the labels of a conversation, in no particular order; an empty list if it has none. Compare them without
// case: before 3.4.0 a label is returned as it was first written anywhere on the server. A bot's key works from 4.14.2 on.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/labels, listAllLabelsOfAConversation.
// Keys: user, else agent bot.
func (s ConversationsService) Labels(ctx context.Context, id int64, opts ...CallOption) ([]string, error) {
	return s.labelled(id, opts).read(ctx)
}

// SetLabels replaces all labels of a conversation, no matter who set them, and returns those that are set. It requires at
// least one; [ConversationsService.ClearLabels] sets none. Within a Chat it waits for AddLabels and RemoveLabels of the
// conversation. ErrUnknownOutcome means that they may be set or not; calling again does no harm. A bot's key works from
// 4.14.2 on.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/labels, conversationAddLabels.
// Keys: user, else agent bot.
func (s ConversationsService) SetLabels(ctx context.Context, id int64, labels []string, opts ...CallOption) ([]string, error) {
	var input refusal
	input.labelSet("labels", labels)
	return s.labelled(id, opts).set(ctx, labels, input)
}

// ClearLabels removes all labels from a conversation, no matter who set them. Those that another program sets at the same
// time may be removed or stay.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/labels, conversationAddLabels.
// Keys: user, else agent bot.
func (s ConversationsService) ClearLabels(ctx context.Context, id int64, opts ...CallOption) error {
	_, err := s.labelled(id, opts).set(ctx, nil, refusal{})
	return err
}

// SetCustomAttributes replaces all custom attributes of a conversation, no matter who set them, and returns those that are
// set. It requires at least one; [ConversationsService.ClearCustomAttributes] sets none, and
// [ConversationsService.MergeCustomAttributes] keeps the others. Within a Chat it waits for calls that merge and remove on
// the same conversation. ErrUnknownOutcome means that they may be set or not; calling again does no harm. A bot's key works
// from 4.2.0 on.
//
// The servers accept any JSON, regardless of what the account has defined. Refused are null in a list, which they drop, and
// at the top level text over 1500 characters and whole numbers over 9999999999. ErrRejected means that the server has stored
// something else nevertheless. Fractions are stored as float64.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/custom_attributes, updateCustomAttributesOfAConversation.
// Keys: user, else agent bot.
func (s ConversationsService) SetCustomAttributes(ctx context.Context, id int64, attributes map[string]any, opts ...CallOption) (Attributes, error) {
	var input refusal
	if len(attributes) == 0 {
		input.add("attributes", "there are none; ClearCustomAttributes removes all")
	}
	input.customAttributes("attributes", attributes)
	return s.attributed(id, opts).set(ctx, attributes, input)
}

// ClearCustomAttributes removes all custom attributes from a conversation, no matter who set them. Those that another
// program sets at the same time may be removed or stay. A bot's key works from 4.2.0 on.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/custom_attributes, updateCustomAttributesOfAConversation.
// Keys: user, else agent bot.
func (s ConversationsService) ClearCustomAttributes(ctx context.Context, id int64, opts ...CallOption) error {
	_, err := s.attributed(id, opts).set(ctx, map[string]any{}, refusal{})
	return err
}

// Delete deletes a conversation with all its messages, which cannot be undone. Only an administrator may; anybody else gets
// ErrUnauthorized. A job of the server does it, so for some seconds the conversation may be read and listed as before; then
// every call about it is ErrNotFound, Delete too. ErrUnknownOutcome means that it may be deleted or stay: call again.
// Servers have the call from 4.3.0 on; an older server's error says so. From 4.16.0 on they accept 60 calls a minute for
// each account.
//
// DELETE /api/v1/accounts/{account_id}/conversations/{conversation_id}, deleteAConversation. Key: user.
func (s ConversationsService) Delete(ctx context.Context, id int64, opts ...CallOption) error {
	return s.tell(ctx, deleteCall, id, refusal{}, opts, func(server string) (*http.Request, error) {
		return newDeleteAConversationRequest(server, s.core.id, id)
	})
}

// Assign makes a person of the account the assignee of a conversation, and returns the person. The previous assignee, even a
// bot, no longer has it; the team stays. The person need not be a member of the inbox or the team. Assigning the current
// assignee changes nothing.
//
// The id of anybody outside the account would unassign the conversation, and is refused with ErrInvalidInput: with a user's
// key the call first checks that Agents.List has the person, unless a call of the Chat has seen that in the last minute.
// Concurrent calls share a look. If the look fails, so does the call, with ErrNotSent. A bot's key cannot look. Request
// editors see the look too, and a call with editors of its own looks for itself.
//
// ErrRejected means that the conversation is unassigned now, because nobody in the account has the id. An answer that names
// somebody else is ErrUnknownOutcome, and the error says whom: no server answers so, and it may belong to another call.
// After ErrUnknownOutcome it may be called again, which takes the conversation from whoever was assigned meanwhile.
// WithResponse has the last request: the look if that was the only one, and nothing if that was another call's.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments, assignAConversation. Keys: user, else agent bot.
func (s ConversationsService) Assign(ctx context.Context, id, agentID int64, opts ...CallOption) (*Agent, error) {
	now, err := s.assign(ctx, id, "agentID", AssignmentRequest{ID: agentID}, opts)
	if err != nil {
		return nil, err
	}
	return now.Agent, nil
}

// Unassign removes the person who is assigned to a conversation, or from 4.8.0 on the bot that owns it. The team stays. It
// is no error if nobody is assigned. An answer that names somebody is ErrUnknownOutcome, as for
// [ConversationsService.Assign].
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments, assignAConversation. Keys: user, else agent bot.
func (s ConversationsService) Unassign(ctx context.Context, id int64, opts ...CallOption) error {
	_, err := s.assign(ctx, id, "", AssignmentRequest{}, opts)
	return err
}

// AssignTeam makes a team of the account the team of a conversation, and returns it. An assignee who is not in the team is
// removed, and a team with AllowAutoAssign may pick a member who is online: Get returns the new assignee. A bot that owns it
// stays.
//
// An id of no team of the account would remove the team, and is refused with ErrInvalidInput, after a look at Teams.List
// like that of [ConversationsService.Assign]. ErrRejected means that the conversation has no team now.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments, assignAConversation. Keys: user, else agent bot.
func (s ConversationsService) AssignTeam(ctx context.Context, id, teamID int64, opts ...CallOption) (*TeamRow, error) {
	now, err := s.assign(ctx, id, "teamID", AssignmentRequest{ID: teamID, Kind: AssigneeKindTeam}, opts)
	if err != nil {
		return nil, err
	}
	return now.Team, nil
}

// UnassignTeam removes the team from a conversation. The assignee stays. It is no error if there is no team.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments, assignAConversation. Keys: user, else agent bot.
func (s ConversationsService) UnassignTeam(ctx context.Context, id int64, opts ...CallOption) error {
	_, err := s.assign(ctx, id, "", AssignmentRequest{Kind: AssigneeKindTeam}, opts)
	return err
}

// AssignBot makes a bot of the account, or of the whole server, the owner of a conversation, and returns the bot. A previous
// assignee no longer has it; the team stays. Unassign removes the bot.
//
// Bots own conversations from 4.8.0 on. Before, the server would read the id as a person's, so the call is refused with
// ErrInvalidInput; the version is [Config].ServerVersion, or the server is asked. If it is not known, nothing is sent
// either. ErrRejected means that there is no such bot and nothing has changed; or, from a server older than it claims, that
// a person has the conversation or nobody; the error says who.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments, assignAConversation. Keys: user, else agent bot.
func (s ConversationsService) AssignBot(ctx context.Context, id, botID int64, opts ...CallOption) (*AgentBot, error) {
	now, err := s.assign(ctx, id, "botID", AssignmentRequest{ID: botID, Kind: AssigneeKindAgentBot}, opts)
	if err != nil {
		return nil, err
	}
	return now.Bot, nil
}

// Attachments gets one page, from 1, of the files, places and the like of a conversation's messages, 100 to a page, from
// 2.17.0 on. A page beyond the last is empty; nothing else marks the end. Before 4.0.4 the first page has all of them, and
// there is no Meta. Attachments of a deleted message are gone. An element is nil if its kind is unknown. Sort by MessageID,
// because the order is not guaranteed.
//
// GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/attachments, listAttachmentsOfAConversation. Key: user.
func (s ConversationsService) Attachments(ctx context.Context, id int64, page int, opts ...CallOption) (*AttachmentPage, error) {
	var input refusal
	input.id("id", id)
	input.page("page", page)
	attachments, err := attachmentsCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newListAttachmentsOfAConversationRequest(server, s.core.id, id, &ListAttachmentsOfAConversationParams{Page: new(int64(page))})
	})
	if err == nil && attachments.Meta == nil && page > 1 { // an older server, where every page is the first
		attachments.Payload = attachments.Payload[:0]
	}
	return attachments, err
}

func (c *Conversation) conversationID() int64 { return c.ID }

func (r *ToggleStatusResult) conversationID() int64 { return r.Payload.ConversationID }

// The checks below look for what an answer contains in every version.

// checkList requires the payload, which the servers send even when it is empty.
func checkList(l *ConversationListAnswer, _ []byte) error {
	if l.Data.Payload == nil {
		return errors.New("there is no data.payload")
	}
	return checkConversations(l.Data.Payload)
}

func checkPage(p *ConversationPage, _ []byte) error {
	if p.Payload == nil {
		return errors.New("there is no payload")
	}
	return checkConversations(p.Payload)
}

func checkConversations(conversations []Conversation) error {
	return eachRow("payload", conversations, func(c *Conversation) error { return checkConversation(c, nil) })
}

func checkConversation(c *Conversation, _ []byte) error {
	if c.ID <= 0 || c.Status == "" {
		return errors.New("there is no conversation with an id and a status")
	}
	return nil
}

func checkToggle(r *ToggleStatusResult, _ []byte) error {
	if r.Payload.ConversationID <= 0 || r.Payload.CurrentStatus == "" {
		return errors.New("there is no payload with a conversation_id and a current_status")
	}
	return nil
}

func checkAttachments(p *AttachmentPage, _ []byte) error {
	if p.Payload == nil {
		return errors.New("there is no payload")
	}
	for i, a := range p.Payload {
		if a != nil && a.MessageID <= 0 {
			return fmt.Errorf("payload[%d]: there is no attachment with a message_id", i)
		}
	}
	return nil
}

// checkCounts looks for the counts by name, because 0 is as good a count as any, and for the payload, because a filter's
// answer has counts too.
func checkCounts(_ *ConversationListMetaAnswer, body []byte) error {
	var names struct {
		Meta    map[string]json.RawMessage
		Payload json.RawMessage
	}
	if err := json.Unmarshal(body, &names); err != nil {
		return err
	}
	for _, name := range []string{"mine_count", "assigned_count", "unassigned_count", "all_count"} {
		if _, ok := names.Meta[name]; !ok {
			return fmt.Errorf("there is no meta.%s", name)
		}
	}
	if bytes.HasPrefix(names.Payload, []byte("[")) {
		return errors.New("there is a payload")
	}
	return nil
}
