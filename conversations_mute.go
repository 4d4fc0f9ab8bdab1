package cfchat

import (
	"context"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var (
	muteCall   = newEmptyCall(operation.MuteAConversation)
	unmuteCall = newEmptyCall(operation.UnmuteAConversation)
)

// Mute resolves a conversation, and the contact's messages no longer open it. Up to 3.6 that holds for 6 hours and this
// conversation alone. From 3.7.0 on it blocks the contact until somebody unblocks it: all its conversations are muted and
// keep their status, and new ones are resolved from the start. The contact's messages are stored in any case. Muting again
// does no harm, but writes another activity message.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/mute, muteAConversation. Key: user.
func (s ConversationsService) Mute(ctx context.Context, id int64, opts ...CallOption) error {
	return s.tell(ctx, muteCall, id, refusal{}, opts, func(server string) (*http.Request, error) {
		return newMuteAConversationRequest(server, s.core.id, id)
	})
}

// Unmute undoes Mute; from 3.7.0 on it unblocks the contact, with all its conversations. That opens no conversation; the
// contact's next message does. Unmuting a conversation that is not muted does no harm, but writes an activity message.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/unmute, unmuteAConversation. Key: user.
func (s ConversationsService) Unmute(ctx context.Context, id int64, opts ...CallOption) error {
	return s.tell(ctx, unmuteCall, id, refusal{}, opts, func(server string) (*http.Request, error) {
		return newUnmuteAConversationRequest(server, s.core.id, id)
	})
}

// tell makes a call about a conversation whose answer is empty.
func (s ConversationsService) tell(ctx context.Context, call typedCall[struct{}], id int64, input refusal, opts []CallOption,
	build func(server string) (*http.Request, error),
) error {
	input.id("id", id)
	_, err := call.about(id).run(ctx, s.core, input, opts, build)
	return err
}
