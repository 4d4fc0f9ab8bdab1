package cfchat_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// hook returns a webhook to create, with a unique address that does not exist, and deletes it when the test is over.
func (s target) hook(t *testing.T) cfchat.WebhookCreate {
	t.Helper()
	create := cfchat.WebhookCreate{
		URL:           "https://cfchat.invalid/conformance-" + strconv.FormatInt(time.Now().UnixNano(), 36),
		Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventContactCreated},
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		webhooks, err := s.account().Webhooks.List(ctx)
		for _, w := range webhooks {
			if w.URL == create.URL {
				err = s.account().Webhooks.Delete(ctx, w.ID)
			}
		}
		if err != nil {
			t.Logf("the webhook to %s is left behind: %v", create.URL, err)
		}
	})
	return create
}

// conformWebhooks creates, changes and deletes a webhook, as an administrator may and a bot may not.
func conformWebhooks(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	create := s.hook(t)
	made, err := a.Webhooks.Create(ctx, create)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.chat.ServerInfo(ctx)
	if err == nil && made.Secret.IsZero() != !info.AtLeast("4.12.0") {
		t.Errorf("has a secret on %s: %t", info.Version, !made.Secret.IsZero())
	}
	var rejected *cfchat.Error
	if _, err := a.Webhooks.Create(ctx, create); !errors.As(err, &rejected) || !errors.Is(err, cfchat.ErrRejected) ||
		!slices.Equal(rejected.Attributes, []string{"url"}) {
		t.Errorf("the same again: %v", err)
	}
	events := []cfchat.WebhookEvent{cfchat.WebhookEventMessageCreated, cfchat.WebhookEventConversationUpdated}
	changed, err := a.Webhooks.Update(ctx, made.ID, cfchat.WebhookUpdate{Subscriptions: events})
	if err != nil || changed.URL != create.URL || changed.Secret.Reveal() != made.Secret.Reveal() {
		t.Errorf("changed: %+v, %v", changed, err)
	}
	is := func(w cfchat.Webhook) bool { return w.ID == made.ID && len(w.Subscriptions) == 2 }
	if webhooks, err := a.Webhooks.List(ctx); err != nil || !slices.ContainsFunc(webhooks, is) {
		t.Errorf("listed: %+v, %v", webhooks, err)
	}
	refusesBots(t, "webhooks", trial.Second(a.Webhooks.List(auth.WithScheme(ctx, auth.AgentBotAPIKey))))
	if err := a.Webhooks.Delete(ctx, made.ID); err != nil {
		t.Error(err)
	}
	if err := a.Webhooks.Delete(ctx, made.ID); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("deleted again: %v", err)
	}
	if webhooks, err := a.Webhooks.List(ctx); err != nil || slices.ContainsFunc(webhooks, is) {
		t.Errorf("listed after the deletion: %+v, %v", webhooks, err)
	}
}
