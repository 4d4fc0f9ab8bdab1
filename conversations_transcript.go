package cfchat

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var transcriptCall = newEmptyCall(operation.SendTranscriptOfAConversation)

// SendTranscript makes the server send the transcript of a conversation to an e-mail address, which need not be the
// contact's. The server does not check the address, so anything but exactly one address is refused before anything is sent.
// Without an error a mail is on its way; whether it arrives is not reported. Each call sends another mail, so check for
// ErrUnknownOutcome before you call again.
//
// From 2.18.0 on a server accepts 20 calls an hour for an account, later 30, from 4.12.0 on 1000, and the vendor's cloud
// fewer from 4.11.0 on. A call beyond that is repeated like every 429, for minutes rather than an hour, and then is
// ErrRateLimited; the text says when the next hour starts. A plan without transcripts is an Error with StatusCode 402.
//
// POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/transcript, sendTranscriptOfAConversation. Key: user.
func (s ConversationsService) SendTranscript(ctx context.Context, id int64, email string, opts ...CallOption) error {
	var input refusal
	input.recipient("email", email)
	err := s.tell(ctx, transcriptCall, id, input, opts, func(server string) (*http.Request, error) {
		return newSendTranscriptOfAConversationRequest(server, s.core.id, id, TranscriptRequest{Email: email})
	})
	if e, ok := errors.AsType[*Error](err); ok && e.Is(ErrRateLimited) {
		now := s.core.now()
		wait := now.Truncate(time.Hour).Add(time.Hour).Sub(now)
		return e.with("if it is the transcript limit, the next hour begins in " + wait.Round(time.Second).String())
	}
	return err
}

// recipient refuses anything but a single address as used in a mail header.
func (r *refusal) recipient(field, email string) {
	address, err := mail.ParseAddress(email)
	hides := func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsGraphic(c) }
	if err != nil || address.Address != email || strings.ContainsFunc(email, hides) {
		r.add(field, "it is not a single e-mail address without a name, such as jo@example.com")
	}
}
