package cfchat

import (
	"context"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var (
	markUnreadCall = newCall(operation.MarkAConversationAsUnread, checkConversation)
	markSeenCall   = newCall(operation.ConversationUpdateLastSeen, checkConversation)
)

// MarkUnread marks a conversation as unread, for all agents, as last seen a second before the contact's last message.
// Messages that the contact wrote within that second are unread too; if the contact has written nothing, nothing is. It
// returns the changed conversation. No list, filter or walk by time shows the change, because it changes neither UpdatedAt
// nor LastActivityAt. It may be repeated.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/unread, markAConversationAsUnread. Key: user.
func (s ConversationsService) MarkUnread(ctx context.Context, id int64, opts ...CallOption) (*Conversation, error) {
	var input refusal
	input.id("id", id)
	return markUnreadCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newMarkAConversationAsUnreadRequest(server, s.core.id, id)
	})
}

// MarkSeen marks a conversation as seen now, for all agents, not only for the key's user, and returns the changed
// conversation. AgentLastSeenAt becomes now, and AssigneeLastSeenAt too if the key's user is the assignee. From 4.11.0 on
// they stay unchanged if nothing is unread and they are less than an hour old. From 4.13.0 on the user's notifications about
// the conversation are marked as read too. No list, filter or walk by time shows the change, because it changes neither
// UpdatedAt nor LastActivityAt. It may be repeated.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/update_last_seen, conversationUpdateLastSeen. Key: user.
func (s ConversationsService) MarkSeen(ctx context.Context, id int64, opts ...CallOption) (*Conversation, error) {
	var input refusal
	input.id("id", id)
	return markSeenCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newConversationUpdateLastSeenRequest(server, s.core.id, id)
	})
}
