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

// MarkUnread marks a conversation as unread, for all agents: they have seen it last a second before the contact's last message.
// What the contact wrote in that second is unread too, and nothing is where the contact has written nothing. It returns the
// conversation as it is then. No list, filter or walk by time shows the change, because it moves neither UpdatedAt nor LastActivityAt.
// It may be repeated.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/unread, markAConversationAsUnread. Key: user.
func (s ConversationsService) MarkUnread(ctx context.Context, id int64, opts ...CallOption) (*Conversation, error) {
	var input refusal
	input.id("id", id)
	return markUnreadCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newMarkAConversationAsUnreadRequest(server, s.core.id, id)
	})
}

// MarkSeen marks a conversation as seen now, for all agents, not only for the key's user, and returns it as it is then. Its
// AgentLastSeenAt becomes now, and AssigneeLastSeenAt too where the key's user is the assignee. From 4.11.0 on they stay as they
// are when nothing is unread and they are less than an hour old. From 4.13.0 on what notified the key's user of the conversation
// is read too. No list, filter or walk by time shows the change, because it moves no time of the conversation. It may be repeated.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/update_last_seen, conversationUpdateLastSeen. Key: user.
func (s ConversationsService) MarkSeen(ctx context.Context, id int64, opts ...CallOption) (*Conversation, error) {
	var input refusal
	input.id("id", id)
	return markSeenCall.about(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newConversationUpdateLastSeenRequest(server, s.core.id, id)
	})
}
