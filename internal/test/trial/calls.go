// Package trial contains what the tests of several packages share: the one table of calls, and a client over a test's own
// transport.
package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Call is an operation as the tests call it, with valid parameters, which contain the searched text where possible.
type Call struct {
	*operation.Operation

	Good      string // the body of a good answer
	Taken     string // the path of the answer's field that the method returns, joined by dots; "" for the whole answer
	Target    string // its path, below the account if it belongs to one
	Body      string // its request body
	Account   func(context.Context, *cfchat.Account, Subject, ...cfchat.CallOption) (any, error)
	Generated func(context.Context, *cfchat.ClientWithResponses, Subject, ...cfchat.RequestEditorFn) (any, error)
}

// Subject is the subject of a call.
type Subject struct {
	Conversation  int64
	Status        cfchat.Status
	Created       cfchat.ConversationCreate
	Message       int64 // of the conversation
	MessageStatus cfchat.MessageStatus
	Contact       int64
	Person        cfchat.ContactCreate
	Inbox         int64 // in which the contact has the source id
	Source        string
	Update        cfchat.ContactUpdate      // of the contact
	Mergee        int64                     // another contact
	Place         cfchat.ContactInboxCreate // the new source id of the contact
	Team          int64
	Labels        []string          // to set; none to clear them
	Attributes    map[string]any    // of the conversation, to set; none to clear them
	Assigned      cfchat.Assignment // to whom; nobody to unassign it
	People        []int64           // participants
	Webhook       int64
	Hook          cfchat.WebhookCreate // the new webhook

	Chat *cfchat.Chat // for calls that belong to no account; In sets it
}

// AccountID is the account of the tests.
const AccountID = 7

// The bodies of good answers.
const (
	GoodConversation = `{"id":42,"status":"open"}`
	GoodCounts       = `{"mine_count":0,"assigned_count":0,"unassigned_count":1,"all_count":1}`
	GoodPage         = `{"meta":` + GoodCounts + `,"payload":[` + GoodConversation + `]}`
	GoodMessage      = `{"id":1234,"conversation_id":42,"message_type":1,"content":"hi","content_type":"text","status":"read","content_attributes":{"deleted":true}}`
	GoodAttachment   = `{"message_id":1234,"file_type":"file"}`
	GoodContact      = `{"id":77,"name":"Jo","email":"jo@customer.test","additional_attributes":{},"contact_inboxes":[]}`
	GoodPlace        = `{"source_id":"contact-1","inbox":{"id":5,"name":"Web","avatar_url":"","channel_id":1,"channel_type":"Channel::Api"}}`
	GoodPlaced       = `{"id":77,"name":"Jo","email":"jo@customer.test","additional_attributes":{},"contact_inboxes":[` + GoodPlace + `]}`
	GoodCreated      = `{"payload":{"contact":` + GoodPlaced + `,"contact_inbox":{"inbox":{"id":5},"source_id":"contact-1"}}}`
	GoodSource       = `{"source_id":"crm-7","inbox":{"id":5,"avatar_url":"","channel_id":1,"name":"API","channel_type":"Channel::Api"}}`
	GoodContacts     = `{"meta":{"count":1,"current_page":"1"},"payload":[` + GoodContact + `]}`
	GoodInbox        = `{"id":5,"name":"Web","avatar_url":"","channel_id":1,"channel_type":"Channel::Api"}`
	GoodTeam         = `{"id":6,"name":"sales","account_id":7,"is_member":false}`
	GoodAgent        = `{"id":2,"name":"Grace","email":"grace@example.com"}`
	GoodWebhook      = `{"id":9,"url":"https://example.com/cfchat","account_id":7,"subscriptions":["message_created"]}`
	GoodProfile      = `{"id":1,"email":"ada@example.com","accounts":[{"id":7,"name":"Acme Inc","status":"active","role":"administrator"}]}`
	GoodChange       = `{"payload":{"success":true,"conversation_id":42,"current_status":"resolved","snoozed_until":null}}`
)

// One is the subject of the tests' calls.
var One = Subject{
	Conversation: 42, Status: cfchat.StatusResolved, Created: oneBody, Message: 1234, MessageStatus: cfchat.MessageStatusRead,
	Contact: 77, Person: cfchat.ContactCreate{Name: "Jo"}, Inbox: 5, Source: "contact-1", Update: cfchat.ContactUpdate{Name: new("Jo")},
	Mergee: 78, Place: onePlace, Team: 6, Labels: []string{"vip"}, Attributes: onePro, People: []int64{2},
	Webhook: 9, Hook: oneHook,
}

var (
	oneSearch = cfchat.Where(cfchat.Contains(cfchat.AttributeMailSubject, Searched))
	oneBody   = cfchat.ConversationCreate{SourceID: "contact-1"}
	oneText   = cfchat.MessageCreate{Content: "hi"}
	onePlace  = cfchat.ContactInboxCreate{InboxID: 5, SourceID: "crm-7"}
	onePlan   = cfchat.AttributeKeys{CustomAttributes: []string{"plan"}}
	onePro    = map[string]any{"plan": "pro"}
	oneHurry  = cfchat.PriorityChange{Priority: new(cfchat.PriorityUrgent)}
	oneHook   = cfchat.WebhookCreate{URL: "https://example.com/cfchat", Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventMessageCreated}}
	oneLabel  = cfchat.SetLabelsRequest{Labels: []string{"vip"}}
	onePerson = cfchat.Where(cfchat.Contains(cfchat.AttributeName, Searched))
	oneMail   = cfchat.TranscriptRequest{Email: "jo@customer.test"}
	byEmail   = cfchat.ContactListOptions{Page: 1, Sort: []cfchat.ContactSort{cfchat.ContactSortEmail}}
)

// Calls is the tests' only table of calls.
var Calls = []Call{
	{
		operation.ServerInformation, `{"version":"4.7.0"}`, "", "/api", "",
		func(ctx context.Context, _ *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(s.Chat.ServerInfo(ctx, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ServerInformationWithResponse(ctx, e...))
		},
	},
	{
		operation.FetchProfile, GoodProfile, "", "/api/v1/profile", "",
		func(ctx context.Context, _ *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(s.Chat.Profile(ctx, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.FetchProfileWithResponse(ctx, e...))
		},
	},
	{
		operation.ConversationList, `{"data":` + GoodPage + `}`, "data", "/conversations?q=" + Searched, "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.List(ctx, cfchat.ConversationListOptions{Q: Searched}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationListWithResponse(ctx, AccountID, &cfchat.ConversationListParams{Q: new(Searched)}, e...))
		},
	},
	{
		operation.ConversationListMeta, `{"meta":` + GoodCounts + `}`, "meta", "/conversations/meta?q=" + Searched, "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Counts(ctx, cfchat.ConversationListOptions{Q: Searched}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationListMetaWithResponse(ctx, AccountID, &cfchat.ConversationListMetaParams{Q: new(Searched)}, e...))
		},
	},
	{
		operation.GetDetailsOfAConversation, GoodConversation, "", "/conversations/42", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Get(ctx, s.Conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetDetailsOfAConversationWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.DeleteAConversation, "", "", "/conversations/42", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Conversations.Delete(ctx, s.Conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.DeleteAConversationWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.ConversationFilter, GoodPage, "", "/conversations/filter?page=1",
		`{"payload":[{"attribute_key":"mail_subject","filter_operator":"contains","query_operator":null,"values":["` + Searched + `"]}]}`,
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Filter(ctx, oneSearch, 1, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationFilterWithResponse(ctx, AccountID, nil, cfchat.FilterRequest{Payload: []cfchat.FilterRule{}}, e...))
		},
	},
	{
		operation.NewConversation, GoodConversation, "", "/conversations", `{"source_id":"contact-1"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Create(ctx, s.Created, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.NewConversationWithResponse(ctx, AccountID, oneBody, e...))
		},
	},
	{
		operation.ToggleStatusOfAConversation, GoodChange, "payload", "/conversations/42/toggle_status", `{"status":"resolved"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.SetStatus(ctx, s.Conversation, s.Status, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ToggleStatusOfAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.ToggleStatusRequest{Status: s.Status}, e...))
		},
	},
	{
		operation.TogglePriorityOfAConversation, "", "", "/conversations/42/toggle_priority", `{"priority":"urgent"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Conversations.SetPriority(ctx, s.Conversation, cfchat.PriorityUrgent, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.TogglePriorityOfAConversationWithResponse(ctx, AccountID, s.Conversation, oneHurry, e...))
		},
	},
	{
		operation.UpdateCustomAttributesOfAConversation, `{"custom_attributes":{"plan":"pro"}}`, "custom_attributes", "/conversations/42/custom_attributes",
		`{"custom_attributes":{"plan":"pro"}}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			if len(s.Attributes) == 0 {
				return &struct{}{}, a.Conversations.ClearCustomAttributes(ctx, s.Conversation, e...)
			}
			set, err := a.Conversations.SetCustomAttributes(ctx, s.Conversation, s.Attributes, e...)
			return valueOf(unlessZero(set), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.UpdateCustomAttributesOfAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.SetAttributesRequest{CustomAttributes: onePro}, e...))
		},
	},
	{
		operation.ListAllLabelsOfAConversation, `{"payload":["vip"]}`, "payload", "/conversations/42/labels", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			labels, err := a.Conversations.Labels(ctx, s.Conversation, e...)
			return valueOf(pointerTo(labels), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllLabelsOfAConversationWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.ConversationAddLabels, `{"payload":["vip"]}`, "payload", "/conversations/42/labels", `{"labels":["vip"]}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			if len(s.Labels) == 0 {
				return &[]string{}, a.Conversations.ClearLabels(ctx, s.Conversation, e...)
			}
			labels, err := a.Conversations.SetLabels(ctx, s.Conversation, s.Labels, e...)
			return valueOf(pointerTo(labels), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationAddLabelsWithResponse(ctx, AccountID, s.Conversation, oneLabel, e...))
		},
	},
	{
		operation.AssignAConversation, `null`, "", "/conversations/42/assignments", `{"assignee_id":null}`,
		assigned,
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.AssignAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.AssignmentRequest{}, e...))
		},
	},
	{
		operation.MuteAConversation, "", "", "/conversations/42/mute", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Conversations.Mute(ctx, s.Conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.MuteAConversationWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.UnmuteAConversation, "", "", "/conversations/42/unmute", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Conversations.Unmute(ctx, s.Conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.UnmuteAConversationWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.MarkAConversationAsUnread, GoodConversation, "", "/conversations/42/unread", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.MarkUnread(ctx, s.Conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.MarkAConversationAsUnreadWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.ConversationUpdateLastSeen, GoodConversation, "", "/conversations/42/update_last_seen", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.MarkSeen(ctx, s.Conversation, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ConversationUpdateLastSeenWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.ToggleTypingStatusOfAConversation, "", "", "/conversations/42/toggle_typing_status", `{"typing_status":"on"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Conversations.SetTyping(ctx, s.Conversation, cfchat.Typing{On: true}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ToggleTypingStatusOfAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.TypingRequest{TypingStatus: "on"}, e...))
		},
	},
	{
		operation.SendTranscriptOfAConversation, "", "", "/conversations/42/transcript", `{"email":"jo@customer.test"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Conversations.SendTranscript(ctx, s.Conversation, oneMail.Email, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.SendTranscriptOfAConversationWithResponse(ctx, AccountID, s.Conversation, oneMail, e...))
		},
	},
	{
		operation.ListParticipantsOfAConversation, `[` + GoodAgent + `]`, "", "/conversations/42/participants", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			agents, err := a.Conversations.Participants(ctx, s.Conversation, e...)
			return valueOf(pointerTo(agents), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListParticipantsOfAConversationWithResponse(ctx, AccountID, s.Conversation, e...))
		},
	},
	{
		operation.AddParticipantsToAConversation, `[` + GoodAgent + `]`, "", "/conversations/42/participants", `{"user_ids":[2]}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(alone(ctx, a.Conversations.AddParticipants, s, e))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.AddParticipantsToAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.ParticipantsRequest{UserIDs: s.People}, e...))
		},
	},
	{
		operation.SetParticipantsOfAConversation, `[` + GoodAgent + `]`, "", "/conversations/42/participants", `{"user_ids":[2]}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(alone(ctx, a.Conversations.SetParticipants, s, e))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.SetParticipantsOfAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.ParticipantsRequest{UserIDs: s.People}, e...))
		},
	},
	{
		operation.RemoveParticipantsFromAConversation, "", "", "/conversations/42/participants", `{"user_ids":[2]}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(Second(alone(ctx, a.Conversations.RemoveParticipants, s, e)))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.RemoveParticipantsFromAConversationWithResponse(ctx, AccountID, s.Conversation, cfchat.ParticipantsRequest{UserIDs: s.People}, e...))
		},
	},
	{
		operation.ListAttachmentsOfAConversation, `{"meta":{"total_count":1},"payload":[` + GoodAttachment + `]}`, "", "/conversations/42/attachments?page=1", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Conversations.Attachments(ctx, s.Conversation, 1, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAttachmentsOfAConversationWithResponse(ctx, AccountID, s.Conversation, nil, e...))
		},
	},
	{
		operation.ListAllMessages, `{"meta":{},"payload":[` + GoodMessage + `]}`, "", "/conversations/42/messages?after=7", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Messages.List(ctx, s.Conversation, cfchat.MessageListOptions{After: 7}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllMessagesWithResponse(ctx, AccountID, s.Conversation, &cfchat.ListAllMessagesParams{After: new(int64(7))}, e...))
		},
	},
	{
		operation.CreateANewMessageInAConversation, GoodMessage, "", "/conversations/42/messages", `{"content":"hi"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Messages.Send(ctx, s.Conversation, oneText, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.CreateANewMessageInAConversationWithResponse(ctx, AccountID, s.Conversation, oneText, e...))
		},
	},
	{
		operation.DeleteAMessage, GoodMessage, "", "/conversations/42/messages/1234", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Messages.Delete(ctx, s.Conversation, s.Message, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.DeleteAMessageWithResponse(ctx, AccountID, s.Conversation, s.Message, e...))
		},
	},
	{
		operation.UpdateAMessage, GoodMessage, "", "/conversations/42/messages/1234", `{"status":"read"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Messages.SetStatus(ctx, s.Conversation, s.Message, s.MessageStatus, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.UpdateAMessageWithResponse(ctx, AccountID, s.Conversation, s.Message, cfchat.MessageUpdate{Status: s.MessageStatus}, e...))
		},
	},
	{
		operation.RetryAMessage, GoodMessage, "", "/conversations/42/messages/1234/retry", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Messages.Resend(ctx, s.Conversation, s.Message, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.RetryAMessageWithResponse(ctx, AccountID, s.Conversation, s.Message, e...))
		},
	},
	{
		operation.ContactList, GoodContacts, "", "/contacts?page=1&sort=email", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.List(ctx, byEmail, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactListWithResponse(ctx, AccountID, nil, e...))
		},
	},
	{
		operation.ContactSearch, GoodContacts, "", "/contacts/search?q=" + Searched + "&page=1&sort=email", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.Search(ctx, Searched, byEmail, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactSearchWithResponse(ctx, AccountID, &cfchat.ContactSearchParams{Q: new(Searched)}, e...))
		},
	},
	{
		operation.ContactFilter, GoodContacts, "", "/contacts/filter?page=1&sort=email",
		`{"payload":[{"attribute_key":"name","filter_operator":"contains","query_operator":null,"values":["` + Searched + `"]}]}`,
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.Filter(ctx, onePerson, byEmail, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactFilterWithResponse(ctx, AccountID, nil, cfchat.FilterRequest{Payload: []cfchat.FilterRule{}}, e...))
		},
	},
	{
		operation.ContactDetails, `{"payload":` + GoodContact + `}`, "payload", "/contacts/77", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.Get(ctx, s.Contact, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactDetailsWithResponse(ctx, AccountID, s.Contact, nil, e...))
		},
	},
	{
		operation.ContactCreate, GoodCreated, "payload.contact", "/contacts", `{"name":"Jo"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.Create(ctx, s.Person, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactCreateWithResponse(ctx, AccountID, s.Person, e...))
		},
	},
	{
		operation.ContactInboxFilter, GoodPlaced, "", "/contact_inboxes/filter", `{"inbox_id":5,"source_id":"contact-1"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.FindBySourceID(ctx, s.Inbox, s.Source, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactInboxFilterWithResponse(ctx, AccountID, cfchat.ContactInboxFilter{InboxID: s.Inbox, SourceID: s.Source}, e...))
		},
	},
	{
		operation.ContactUpdate, `{"payload":` + GoodContact + `}`, "payload", "/contacts/77", `{"name":"Jo"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.Update(ctx, s.Contact, s.Update, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactUpdateWithResponse(ctx, AccountID, s.Contact, s.Update, e...))
		},
	},
	{
		operation.DestroyCustomAttributesOfAContact, `{"payload":` + GoodContact + `}`, "payload", "/contacts/77/destroy_custom_attributes",
		`{"custom_attributes":["plan"]}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.RemoveCustomAttributes(ctx, s.Contact, onePlan.CustomAttributes, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.DestroyCustomAttributesOfAContactWithResponse(ctx, AccountID, s.Contact, onePlan, e...))
		},
	},
	{
		operation.ContactDelete, "", "", "/contacts/77", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Contacts.Delete(ctx, s.Contact, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactDeleteWithResponse(ctx, AccountID, s.Contact, e...))
		},
	},
	{
		operation.ContactMerge, GoodContact, "", "/actions/contact_merge", `{"base_contact_id":77,"mergee_contact_id":78}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.Merge(ctx, s.Contact, s.Mergee, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactMergeWithResponse(ctx, AccountID, cfchat.ContactMerge{BaseContactID: s.Contact, MergeeContactID: s.Mergee}, e...))
		},
	},
	{
		operation.ContactConversations, `{"payload":[{"id":42,"status":"open","meta":{"sender":{"id":77}}}]}`, "payload",
		"/contacts/77/conversations", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			conversations, err := a.Contacts.Conversations(ctx, s.Contact, e...)
			return valueOf(pointerTo(conversations), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactConversationsWithResponse(ctx, AccountID, s.Contact, e...))
		},
	},
	{
		operation.ContactableInboxesGet, `{"payload":[` + GoodSource + `]}`, "payload", "/contacts/77/contactable_inboxes", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			inboxes, err := a.Contacts.Contactable(ctx, s.Contact, e...)
			return valueOf(pointerTo(inboxes), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactableInboxesGetWithResponse(ctx, AccountID, s.Contact, e...))
		},
	},
	{
		operation.ContactInboxCreation, GoodSource, "", "/contacts/77/contact_inboxes", `{"inbox_id":5,"source_id":"crm-7"}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Contacts.TakeSource(ctx, s.Contact, s.Place.InboxID, s.Place.SourceID, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactInboxCreationWithResponse(ctx, AccountID, s.Contact, s.Place, e...))
		},
	},
	{
		operation.GetAccountAgents, `[` + GoodAgent + `]`, "", "/agents", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			agents, err := a.Agents.List(ctx, e...)
			return valueOf(pointerTo(agents), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetAccountAgentsWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.ListAllTeams, `[` + GoodTeam + `]`, "", "/teams", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			teams, err := a.Teams.List(ctx, e...)
			return valueOf(pointerTo(teams), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllTeamsWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.GetDetailsOfASingleTeam, GoodTeam, "", "/teams/6", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Teams.Get(ctx, s.Team, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetDetailsOfASingleTeamWithResponse(ctx, AccountID, s.Team, e...))
		},
	},
	{
		operation.GetTeamMembers, `[` + GoodAgent + `]`, "", "/teams/6/team_members", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			members, err := a.Teams.Members(ctx, s.Team, e...)
			return valueOf(pointerTo(members), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetTeamMembersWithResponse(ctx, AccountID, s.Team, e...))
		},
	},
	{
		operation.ListAllInboxes, `{"payload":[` + GoodInbox + `]}`, "payload", "/inboxes", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			inboxes, err := a.Inboxes.List(ctx, e...)
			return valueOf(pointerTo(inboxes), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllInboxesWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.GetInbox, GoodInbox, "", "/inboxes/5", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Inboxes.Get(ctx, s.Inbox, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetInboxWithResponse(ctx, AccountID, s.Inbox, e...))
		},
	},
	{
		operation.GetInboxMembers, `{"payload":[` + GoodAgent + `]}`, "payload", "/inbox_members/5", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			members, err := a.Inboxes.Members(ctx, s.Inbox, e...)
			return valueOf(pointerTo(members), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetInboxMembersWithResponse(ctx, AccountID, s.Inbox, e...))
		},
	},
	{
		operation.ListAllLabels, `{"payload":[{"id":8,"title":"vip","color":"#1f93ff"}]}`, "payload", "/labels", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			labels, err := a.Labels.List(ctx, e...)
			return valueOf(pointerTo(labels), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllLabelsWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.GetAccountCustomAttribute, `[{"id":9,"attribute_key":"tier","attribute_display_name":"Tier"}]`, "", "/custom_attribute_definitions", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			definitions, err := a.AttributeDefinitions.List(ctx, e...)
			return valueOf(pointerTo(definitions), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.GetAccountCustomAttributeWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.ListAllAccountAgentBots, `[{"id":3,"name":"Helper","bot_type":"webhook"}]`, "", "/agent_bots", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			bots, err := a.AgentBots.List(ctx, e...)
			return valueOf(pointerTo(bots), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllAccountAgentBotsWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.ListAllLabelsOfAContact, `{"payload":["vip"]}`, "payload", "/contacts/77/labels", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			labels, err := a.Contacts.Labels(ctx, s.Contact, e...)
			return valueOf(pointerTo(labels), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllLabelsOfAContactWithResponse(ctx, AccountID, s.Contact, e...))
		},
	},
	{
		operation.ContactAddLabels, `{"payload":["vip"]}`, "payload", "/contacts/77/labels", `{"labels":["vip"]}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			if len(s.Labels) == 0 {
				return &[]string{}, a.Contacts.ClearLabels(ctx, s.Contact, e...)
			}
			labels, err := a.Contacts.SetLabels(ctx, s.Contact, s.Labels, e...)
			return valueOf(pointerTo(labels), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ContactAddLabelsWithResponse(ctx, AccountID, s.Contact, oneLabel, e...))
		},
	},
	{
		operation.ListAllWebhooks, `{"payload":{"webhooks":[` + GoodWebhook + `]}}`, "payload.webhooks", "/webhooks", "",
		func(ctx context.Context, a *cfchat.Account, _ Subject, e ...cfchat.CallOption) (any, error) {
			webhooks, err := a.Webhooks.List(ctx, e...)
			return valueOf(pointerTo(webhooks), err)
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, _ Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.ListAllWebhooksWithResponse(ctx, AccountID, e...))
		},
	},
	{
		operation.CreateAWebhook, `{"payload":{"webhook":` + GoodWebhook + `}}`, "payload.webhook", "/webhooks",
		`{"webhook":{"subscriptions":["message_created"],"url":"https://example.com/cfchat"}}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Webhooks.Create(ctx, s.Hook, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.CreateAWebhookWithResponse(ctx, AccountID, cfchat.CreateWebhookRequest{Webhook: s.Hook}, e...))
		},
	},
	{
		operation.UpdateAWebhook, `{"payload":{"webhook":` + GoodWebhook + `}}`, "payload.webhook", "/webhooks/9",
		`{"webhook":{"subscriptions":["message_created"]}}`,
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return valueOf(a.Webhooks.Update(ctx, s.Webhook, cfchat.WebhookUpdate{Subscriptions: s.Hook.Subscriptions}, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			update := cfchat.UpdateWebhookRequest{Webhook: cfchat.WebhookUpdate{Subscriptions: s.Hook.Subscriptions}}
			return valueOf(c.UpdateAWebhookWithResponse(ctx, AccountID, s.Webhook, update, e...))
		},
	},
	{
		operation.DeleteAWebhook, "", "", "/webhooks/9", "",
		func(ctx context.Context, a *cfchat.Account, s Subject, e ...cfchat.CallOption) (any, error) {
			return nothing(a.Webhooks.Delete(ctx, s.Webhook, e...))
		},
		func(ctx context.Context, c *cfchat.ClientWithResponses, s Subject, e ...cfchat.RequestEditorFn) (any, error) {
			return valueOf(c.DeleteAWebhookWithResponse(ctx, AccountID, s.Webhook, e...))
		},
	},
}

// The calls that tests name, and the kinds that tests distinguish.
var (
	List   = CallOf(operation.ConversationList.ID)
	Counts = CallOf(operation.ConversationListMeta.ID)
	Get    = CallOf(operation.GetDetailsOfAConversation.ID)
	Filter = CallOf(operation.ConversationFilter.ID)
	Create = CallOf(operation.NewConversation.ID)
	Toggle = CallOf(operation.ToggleStatusOfAConversation.ID)

	Gets   = CallsThat(func(c Call) bool { return c.Method == http.MethodGet })
	Reads  = CallsThat(func(c Call) bool { return !c.Write }) // filter is a POST that only reads
	Writes = CallsThat(func(c Call) bool { return c.Write })
	Keyed  = CallsThat(func(c Call) bool { return !c.IsPublic() }) // they send a key
)

// CallsThat returns the calls for which fit is true.
func CallsThat(fit func(Call) bool) []Call {
	return slices.DeleteFunc(slices.Clone(Calls), func(c Call) bool { return !fit(c) })
}

// CallOf returns the call of an operation, by its id or documented name, and panics if there is none.
func CallOf(name string) Call {
	return CallsThat(func(c Call) bool { return c.ID == name || c.Documented() == name })[0]
}

// Do makes the call through its method, on the conversation of the tests.
func (c Call) Do(ctx context.Context, chat *cfchat.Chat, editors ...cfchat.RequestEditorFn) (any, error) {
	return c.In(ctx, chat, AccountID, One, Options(editors)...)
}

// In makes the call through its method, in an account if it belongs to one.
func (c Call) In(ctx context.Context, chat *cfchat.Chat, account int64, about Subject, options ...cfchat.CallOption) (any, error) {
	about.Chat = chat
	return c.Account(ctx, chat.Account(account), about, options...)
}

// IsOfAccount reports whether it belongs to an account, not to the server.
func (c Call) IsOfAccount() bool { return strings.Contains(c.Path, "{account_id}") }

// Address returns its path, below the server.
func (c Call) Address() string {
	if !c.IsOfAccount() {
		return c.Target
	}
	return fmt.Sprintf("/api/v1/accounts/%d%s", AccountID, c.Target)
}

// Raw makes the call through the generated client, on the conversation of the tests.
func (c Call) Raw(ctx context.Context, client *cfchat.ClientWithResponses, editors ...cfchat.RequestEditorFn) (any, error) {
	return c.Generated(ctx, client, One, editors...)
}

// About returns the subject that an error of the call has.
func (c Call) About() operation.Subject {
	about := operation.Subject{}
	if c.IsOfAccount() {
		about.AccountID = AccountID
	}
	if strings.Contains(c.Path, "{conversation_id}") {
		about.ConversationID = One.Conversation
	}
	if strings.Contains(c.Path, "{message_id}") {
		about.MessageID = One.Message
	}
	if strings.Contains(c.Path, "{contact_id}") {
		about.ContactID = One.Contact
	}
	if strings.Contains(c.Path, "{inbox_id}") {
		about.InboxID = One.Inbox
	}
	if strings.Contains(c.Path, "{team_id}") {
		about.TeamID = One.Team
	}
	if strings.Contains(c.Path, "{webhook_id}") {
		about.WebhookID = One.Webhook
	}
	return about
}

// Options returns editors as options of a call.
func Options(editors []cfchat.RequestEditorFn) []cfchat.CallOption {
	var all []cfchat.CallOption
	for _, edit := range editors {
		all = append(all, edit)
	}
	return all
}

// JSON200 makes the call through Raw and returns the answer as the generated client has decoded it.
func (c Call) JSON200(t *testing.T, client *cfchat.ClientWithResponses, about Subject) (any, error) {
	t.Helper()
	response, err := c.Generated(t.Context(), client, about)
	if err != nil {
		return nil, err
	}
	return reflect.ValueOf(response).Elem().FieldByName("JSON200").Interface(), nil
}

// assigned assigns a conversation to a subject's assignee, with a bot's key, because then there is no look-up before it.
func assigned(ctx context.Context, a *cfchat.Account, s Subject, opts ...cfchat.CallOption) (any, error) {
	to := s.Assigned
	if to == (cfchat.Assignment{}) {
		if err := a.Conversations.Unassign(ctx, s.Conversation, opts...); err != nil {
			return nil, err
		}
		return &to, nil
	}
	ctx = auth.WithScheme(ctx, auth.AgentBotAPIKey)
	switch {
	case to.Agent != nil:
		return valueOf(a.Conversations.Assign(ctx, s.Conversation, to.Agent.ID, opts...))
	case to.Bot != nil:
		return valueOf(a.Conversations.AssignBot(ctx, s.Conversation, to.Bot.ID, opts...))
	}
	return valueOf(a.Conversations.AssignTeam(ctx, s.Conversation, to.Team.ID, opts...))
}

// By returns a function that makes a call and returns only its error.
func By(c Call) func(context.Context, *cfchat.Chat) error {
	return func(ctx context.Context, chat *cfchat.Chat) error {
		_, err := c.Do(ctx, chat)
		return err
	}
}

// pointerTo returns a pointer to a list, nil for a nil list.
func pointerTo[T any](list []T) *[]T {
	if list == nil {
		return nil
	}
	return &list
}

// nothing returns the value of a call whose answer is empty.
func nothing(err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return struct{}{}, nil
}

// unlessZero returns a pointer to attributes, nil if the answer had none.
func unlessZero(attributes cfchat.Attributes) *cfchat.Attributes {
	if attributes.IsZero() {
		return nil
	}
	return &attributes
}

// valueOf returns a value as any, and a nil pointer as nil.
func valueOf[T any](value *T, err error) (any, error) {
	if value == nil {
		return nil, err
	}
	return value, err
}

// errAlone ends the check after a call.
var errAlone = errors.New("the call is made alone")

// alone changes participants without the check afterwards, so that it makes one request, like every call of the table. It
// decodes the answer of the change, and returns the error of the change.
func alone(ctx context.Context, change func(context.Context, int64, []int64, ...cfchat.CallOption) ([]cfchat.Agent, error), s Subject,
	e []cfchat.CallOption,
) (*[]cfchat.Agent, error) {
	answer := new([]cfchat.Agent)
	var stop cfchat.RequestEditorFn = func(ctx context.Context, _ *http.Request) error {
		call := chain.CallOf(ctx)
		if call.Operation == operation.ListParticipantsOfAConversation {
			return errAlone
		}
		decode := call.Decode
		call.Decode = func(body []byte) error {
			_ = json.Unmarshal(body, answer) // the call itself reports what is wrong with it
			return decode(body)
		}
		return nil
	}
	_, err := change(ctx, s.Conversation, s.People, append([]cfchat.CallOption{stop}, e...)...)
	switch failed, _ := errors.AsType[*cfchat.Error](err); {
	case failed == nil:
		return answer, err
	case failed.Operation == operation.ListParticipantsOfAConversation.ID:
		return answer, nil
	case strings.Contains(failed.Error(), errAlone.Error()):
		failed.Err = errors.Unwrap(failed.Err) // without the part that the check adds
	}
	return nil, err
}
