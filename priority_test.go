package cfchat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestPriorityIsSent checks that a priority or null is sent, and that only an empty response is accepted.
func TestPriorityIsSent(t *testing.T) {
	t.Parallel()
	var sent []string
	body := ""
	conversations := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		data, err := io.ReadAll(req.Body)
		sent = append(sent, string(data))
		return trial.Reply(200, "application/json", body), err
	})).Account(7).Conversations
	set := conversations.SetPriority(t.Context(), 42, cfchat.PriorityHigh)
	if cleared := conversations.ClearPriority(t.Context(), 42); set != nil || cleared != nil {
		t.Errorf("set: %v; cleared: %v", set, cleared)
	}
	if !slices.Equal(sent, []string{`{"priority":"high"}`, `{"priority":null}`}) {
		t.Errorf("sent %q", sent)
	}
	body = "{}"
	if err := conversations.ClearPriority(t.Context(), 42); !errors.Is(err, cfchat.ErrDecode) || !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("another response: %v", err)
	}
}

// TestPriorityRefused checks that priorities that no server has are refused.
func TestPriorityRefused(t *testing.T) {
	t.Parallel()
	for _, conversations := range []cfchat.ConversationsService{trial.Chat(t, trial.Broken{}).Account(7).Conversations, {}} {
		for _, priority := range []cfchat.Priority{"", "none", "None", "High", "3"} {
			if err := conversations.SetPriority(t.Context(), 42, priority); !errors.Is(err, cfchat.ErrInvalidInput) {
				t.Errorf("%q: %v", priority, err)
			}
		}
		set := conversations.SetPriority(t.Context(), 0, cfchat.PriorityLow)
		if cleared := conversations.ClearPriority(t.Context(), -1); !errors.Is(set, cfchat.ErrInvalidInput) || !errors.Is(cleared, cfchat.ErrInvalidInput) {
			t.Errorf("no id: %v; %v", set, cleared)
		}
	}
}

// TestPriorityOfABot checks that a bot's key can set the priority from 3.6.0 on, and is refused before.
func TestPriorityOfABot(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]error{"3.5.0": cfchat.ErrUnauthorized, "3.6.0": nil, "4.16.2": nil} {
		server := cfchattest.New(t, cfchattest.Version(version))
		id := server.AddConversation(cfchattest.Conversation{})
		conversations := server.Account(t).Conversations
		for _, change := range []func(context.Context) error{
			func(ctx context.Context) error { return conversations.SetPriority(ctx, id, cfchat.PriorityLow) },
			func(ctx context.Context) error { return conversations.ClearPriority(ctx, id) },
		} {
			if err := change(auth.WithScheme(t.Context(), auth.AgentBotAPIKey)); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", version, err, want)
			}
		}
	}
}
