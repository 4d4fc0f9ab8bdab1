package cfchat

import (
	"context"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var typingCall = newEmptyCall(operation.ToggleTypingStatusOfAConversation)

// Typing says whether somebody types. The zero value says that nobody does any more.
type Typing struct {
	On      bool // somebody does
	Private bool // it is a note, so that agents see it and the contact does not
}

// SetTyping shows in a conversation that the owner of the key types, or does not any more. The server stores nothing of it. It
// may be repeated. A bot's key works from 4.12.0 on.
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
