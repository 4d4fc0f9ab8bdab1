package faults_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// peopleChanged returns the error of changing the participants, from a server that sends the answers in turn; "" means no
// answer, "500" and "422" those statuses, and "empty" an empty body.
func peopleChanged(change func(context.Context, cfchat.ConversationsService) error, answers ...string) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			answer := answers[0]
			switch answers = answers[1:]; {
			case answer == "":
				return nil, errors.New("connection reset")
			case answer == "500":
				return trial.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`), nil
			case answer == "422":
				return trial.Reply(422, "application/json", `{"error":"Invalid participant IDs"}`), nil
			case answer == "empty":
				return trial.Reply(200, "application/json", ""), nil
			}
			return trial.Reply(200, "application/json", answer), nil
		}))
		return change(t.Context(), chat.Account(56).Conversations)
	}
}

const grace = "[" + trial.GoodAgent + "]"

var participantTexts = []errorText{
	{"no participants", peopleChanged(peopleSet())},
	{"invalid participants", peopleChanged(peopleAdded(2, 0))},
	{"participants whom the server ignored", peopleChanged(peopleAdded(2, 4, 5), grace, grace)},
	{"participants of whom one is unknown to the server", peopleChanged(peopleAdded(2, 99), "500", grace)},
	{"participants who may still be added", peopleChanged(peopleAdded(2, 99), "", grace)},
	{"participants who cannot be looked for", peopleChanged(peopleAdded(2), grace, "")},
	{"participants of unknown outcome who cannot be looked for", peopleChanged(peopleAdded(2), "", "")},
	{"participants to whom another program has added one", peopleChanged(peopleSet(3), grace, "["+trial.GoodAgent+`,{"id":3,"email":"linus@example.com"}]`)},
	{"participants who may still be removed", peopleChanged(peopleRemoved(2), "", grace)},
	{"participants that a newer server refuses", peopleChanged(peopleAdded(2, 4), "422")},
	{"a transcript above the limit", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(429, "text/plain", "Retry later\n"), nil
		}))
		return chat.Account(56).Conversations.SendTranscript(t.Context(), 42, "jo@customer.test")
	}},
	{"a transcript without an address", transcriptTo("jo")},
	{"a transcript to two addresses", transcriptTo("jo@customer.test, mia@customer.test")},
}

func peopleAdded(ids ...int64) func(context.Context, cfchat.ConversationsService) error {
	return func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.AddParticipants(ctx, 42, ids))
	}
}

func peopleSet(ids ...int64) func(context.Context, cfchat.ConversationsService) error {
	return func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.SetParticipants(ctx, 42, ids))
	}
}

func peopleRemoved(ids ...int64) func(context.Context, cfchat.ConversationsService) error {
	return func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.RemoveParticipants(ctx, 42, ids))
	}
}

func transcriptTo(email string) func(*testing.T) error {
	return func(t *testing.T) error {
		return trial.Chat(t, trial.Broken{}).Account(56).Conversations.SendTranscript(t.Context(), 42, email)
	}
}
