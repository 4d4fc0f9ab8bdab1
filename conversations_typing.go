package cfchat

import (
	"context"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var typingCall = newEmptyCall(operation.ToggleTypingStatusOfAConversation)

// Typing is whether somebody is typing. The zero value means that nobody is any more.
type Typing struct {
	On      bool // somebody is typing
	Private bool // a note: agents see the typing, the contact does not
}

// SetTyping shows in a conversation that the owner of the key is typing, or has stopped. The server stores nothing. It may
// be repeated. A bot's key works from 4.12.0 on.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_typing_status, toggleTypingStatusOfAConversation.
// Keys: user, else agent bot.
func (s ConversationsService) SetTyping(ctx context.Context, id int64, typing Typing, opts ...CallOption) error {
	body := TypingRequest{TypingStatus: "off", IsPrivate: typing.Private}
	if typing.On {
		body.TypingStatus = "on"
	}
	return s.tell(ctx, typingCall, id, refusal{}, opts, func(server string) (*http.Request, error) {
		return newToggleTypingStatusOfAConversationRequest(server, s.core.id, id, body)
	})
}
