package faults_test

import (
	"net/http"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// hooked returns the error of creating a webhook, and rehooked that of changing one, from a server of the given version that
// sends the answer.
func hooked(version, answer string, create cfchat.WebhookCreate) func(*testing.T) error {
	return func(t *testing.T) error {
		return trial.Second(hooks(t, version, answer).Create(t.Context(), create))
	}
}

func rehooked(answer string, update cfchat.WebhookUpdate) func(*testing.T) error {
	return func(t *testing.T) error {
		return trial.Second(hooks(t, "4.16.2", answer).Update(t.Context(), 9, update))
	}
}

func hooks(t *testing.T, version, answer string) cfchat.WebhooksService {
	t.Helper()
	return trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", answer), nil
	}), func(c *cfchat.Config) { c.ServerVersion = version }).Account(56).Webhooks
}

func hookOf(events ...cfchat.WebhookEvent) cfchat.WebhookCreate {
	return cfchat.WebhookCreate{URL: "https://example.com/cfchat", Subscriptions: events}
}

const otherHook = `{"payload":{"webhook":{"id":8,"url":"https://example.com/other","subscriptions":["message_created"]}}}`

var webhookTexts = []errorText{
	{"a webhook without an address", hooked("4.16.2", "", cfchat.WebhookCreate{})},
	{"a webhook with an invalid address and empty events", hooked("4.16.2", "", cfchat.WebhookCreate{URL: "example.com", Subscriptions: []cfchat.WebhookEvent{}})},
	{"a webhook with a character that addresses cannot have", hooked("4.16.2", "", cfchat.WebhookCreate{URL: "https://bücher.example"})},
	{"a webhook with a name, on a server of unknown version", hooked("", "{}", cfchat.WebhookCreate{URL: "https://example.com/cfchat", Name: "CRM"})},
	{"a webhook for a bot's event", hooked("4.16.2", "", hookOf("conversation_opened"))},
	{"a webhook for an unknown event", hooked("4.16.2", "", hookOf("mesage_created"))},
	{"a webhook for an event that an older server lacks", hooked("2.16.0", "", cfchat.WebhookCreate{
		URL: "https://example.com/cfchat", Name: "CRM", Subscriptions: []cfchat.WebhookEvent{"message_created", "inbox_created"},
	})},
	{"a different webhook than created", hooked("4.16.2", otherHook, hookOf("message_created"))},
	{"a different webhook than changed", rehooked(otherHook, cfchat.WebhookUpdate{URL: new("https://example.com/cfchat")})},
	{"an empty change of a webhook", rehooked("", cfchat.WebhookUpdate{})},
	{"a webhook without its address", hooked("4.16.2", `{"payload":{"webhook":{"id":8,"subscriptions":[]}}}`, hookOf("message_created"))},
}
