package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// WebhooksService is the webhooks of an account, to which its events are posted: [Account.Webhooks]. Only an administrator's
// key may make its calls; with an agent's they are ErrUnauthorized. Every call of the zero value fails with ErrInvalidInput.
// It is safe for concurrent use.
//
// Package webhook receives what is posted to them, and verifies it with [Webhook].Secret. API inboxes and agent bots have
// addresses of their own, which are not included here.
type WebhooksService struct{ core *core }

// Calls of the methods below.
var (
	webhooksCall = newCall(operation.ListAllWebhooks, func(list *WebhookList, _ []byte) error {
		return everyRow(list.Payload.Webhooks, checkWebhook)
	})
	createWebhookCall = newCall(operation.CreateAWebhook, checkWebhookAnswer)
	updateWebhookCall = newCall(operation.UpdateAWebhook, checkWebhookAnswer)
	deleteWebhookCall = newEmptyCall(operation.DeleteAWebhook)
)

// List lists the webhooks of the account, all in one answer and in no order; an empty list if there are none. From 4.12.0 on
// each has its Secret.
//
// GET /api/v1/accounts/{account_id}/webhooks, listAllWebhooks. Key: user.
func (s WebhooksService) List(ctx context.Context, opts ...CallOption) ([]Webhook, error) {
	list, err := webhooksCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newListAllWebhooksRequest(server, s.core.id)
	})
	if err != nil {
		return nil, err
	}
	return list.Payload.Webhooks, nil
}

// Create adds a webhook, and returns it with the Secret that the server has chosen for it (from 4.12.0 on, zero before).
// Without Subscriptions it gets the eight events that every version has: all except those of typing and inboxes. An event or
// a Name that the server's version does not support yet is refused before anything is sent. Events of inboxes arrive only
// from 4.14.1 on, if the operator has enabled them (contract, H5).
//
// An account has each URL once; a second one is ErrRejected, so a create can be tried again: [WebhooksService.List] has what
// the first try has made. Every version accepts a private address, such as 10.0.0.5 or localhost, but from 4.14.0 on nothing
// is posted there, unless the operator allows it, with a setting that exists from 4.14.1 on.
//
// POST /api/v1/accounts/{account_id}/webhooks, createAWebhook. Key: user.
func (s WebhooksService) Create(ctx context.Context, create WebhookCreate, opts ...CallOption) (*Webhook, error) {
	var input refusal
	input.webhookURL("URL", create.URL)
	input.subscriptions(create.Subscriptions)
	input.text("Name", create.Name)
	input.webhookVersion(ctx, s.core, create.Subscriptions, create.Name != "")
	call := createWebhookCall.accepting(func(a *WebhookAnswer) *chain.Failure {
		made := &a.Payload.Webhook
		if made.URL != create.URL {
			err := fmt.Errorf("it is about webhook %d, which has another url", made.ID)
			return &chain.Failure{Cause: err, Decode: true, Unknown: true}
		}
		return made.judge(create.Subscriptions, optional(create.Name))
	})
	return webhookOf(call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newCreateAWebhookRequest(server, s.core.id, CreateWebhookRequest{Webhook: create})
	}))
}

// Update changes the fields that are set; everything else stays, including the Secret, which cannot be changed: for a new
// one delete the webhook and create it again. Subscriptions replace all events that it gets. An update in which nothing is
// set is ErrInvalidInput; setting the current values is no error, so it can be tried again after ErrUnknownOutcome. An
// answer in which the webhook is not as requested is ErrRejected. ErrNotFound means that the account has no such webhook.
//
// PATCH /api/v1/accounts/{account_id}/webhooks/{webhook_id}, updateAWebhook. Key: user.
func (s WebhooksService) Update(ctx context.Context, id int64, update WebhookUpdate, opts ...CallOption) (*Webhook, error) {
	var input refusal
	input.id("id", id)
	if update.URL == nil && update.Name == nil && update.Subscriptions == nil {
		input.add("update", "it changes nothing; set a field")
	}
	if update.URL != nil {
		input.webhookURL("URL", *update.URL)
	}
	input.subscriptions(update.Subscriptions)
	if update.Name != nil {
		input.text("Name", *update.Name)
	}
	input.webhookVersion(ctx, s.core, update.Subscriptions, update.Name != nil)
	call := updateWebhookCall.ofWebhook(id).accepting(func(a *WebhookAnswer) *chain.Failure {
		now := &a.Payload.Webhook
		switch {
		case now.ID != id:
			return another("webhook", now.ID, id)
		case update.URL != nil && now.URL != *update.URL:
			return notAsAsked("URL")
		}
		return now.judge(update.Subscriptions, update.Name)
	})
	return webhookOf(call.run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newUpdateAWebhookRequest(server, s.core.id, id, UpdateWebhookRequest{Webhook: update})
	}))
}

// Delete deletes a webhook: nothing more is posted to its URL, except what is on its way. Deleting one again is ErrNotFound.
//
// DELETE /api/v1/accounts/{account_id}/webhooks/{webhook_id}, deleteAWebhook. Key: user.
func (s WebhooksService) Delete(ctx context.Context, id int64, opts ...CallOption) error {
	var input refusal
	input.id("id", id)
	_, err := deleteWebhookCall.ofWebhook(id).run(ctx, s.core, input, opts, func(server string) (*http.Request, error) {
		return newDeleteAWebhookRequest(server, s.core.id, id)
	})
	return err
}

// webhookOf returns the webhook of an answer.
func webhookOf(answer *WebhookAnswer, err error) (*Webhook, error) {
	if err != nil {
		return nil, err
	}
	return &answer.Payload.Webhook, nil
}

// judge requires a webhook to be as requested, in the requested fields.
func (w *Webhook) judge(subscriptions []WebhookEvent, name *string) *chain.Failure {
	switch {
	case subscriptions != nil && !sameEvents(w.Subscriptions, subscriptions):
		return notAsAsked("Subscriptions")
	case name != nil && w.GetName() != *name:
		return notAsAsked("Name")
	}
	return nil
}

// sameEvents reports whether two lists contain the same events, regardless of order and repetition.
func sameEvents(a, b []WebhookEvent) bool {
	missing := func(from []WebhookEvent) func(WebhookEvent) bool {
		return func(event WebhookEvent) bool { return !slices.Contains(from, event) }
	}
	return !slices.ContainsFunc(a, missing(b)) && !slices.ContainsFunc(b, missing(a))
}

// webhookURL refuses an address that a server cannot post to. It does not repeat the address, which may contain a secret.
func (r *refusal) webhookURL(field, address string) {
	parsed, err := url.Parse(address)
	isWeb := err == nil && parsed.Hostname() != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
	switch {
	case address == "":
		r.add(field, "it is empty; set the http or https address to post events to")
	case !isWeb:
		r.add(field, "it is not an http or https address with a host, such as https://example.com/cfchat")
	case strings.ContainsFunc(address, isOddInAddress):
		r.add(field, "it has a character that servers cannot post to; write it as %%XX, or in the host as xn--…")
	}
	r.text(field, address)
}

// isOddInAddress reports whether a character is not allowed in an address (RFC 3986). Servers accept it, and post nothing
// (unseen).
func isOddInAddress(c rune) bool {
	return c <= ' ' || c > '~' || strings.ContainsRune("\"<>\\^`{|}", c)
}

// subscriptions refuses events that no webhook of an account gets; a server would answer with a 422 that does not say which.
func (r *refusal) subscriptions(events []WebhookEvent) {
	if events != nil && len(events) == 0 {
		r.add("Subscriptions", "the server refuses an empty list; name events, or leave it nil")
	}
	for i, event := range events {
		field := fmt.Sprintf("Subscriptions[%d]", i)
		switch {
		case event == "conversation_resolved" || event == "conversation_opened":
			r.add(field, "%s goes only to agent bots; use %s", event, WebhookEventConversationStatusChanged)
		case !event.Known():
			r.add(field, "%q is not a webhook event; use a WebhookEvent constant", event)
		}
	}
}

// webhookVersion refuses what the server's version does not support yet: it would answer with a 422 that does not say which
// event, and drop a name.
func (r *refusal) webhookVersion(ctx context.Context, core *core, events []WebhookEvent, named bool) {
	if !core.mayAsk(ctx, r) {
		return
	}
	for i, event := range events {
		if since := webhookEventSince[event]; since != "" && core.chat.lacks(ctx, since) {
			r.add(fmt.Sprintf("Subscriptions[%d]", i), "servers have %s from %s on; leave it out", event, since)
		}
	}
	switch {
	case !named || core.chat.has(ctx, "4.8.0"):
	case core.chat.lacks(ctx, "4.8.0"):
		r.add("Name", "servers before 4.8.0 drop it; leave it out")
	default:
		r.add("Name", "servers before 4.8.0 drop it, and this one does not report its version; set Config.ServerVersion, or leave it out")
	}
}

// webhookEventSince are the events that not every version has (contract, H7).
var webhookEventSince = map[WebhookEvent]string{
	WebhookEventInboxCreated: "3.2.0", WebhookEventInboxUpdated: "3.2.0",
	WebhookEventConversationTypingOn: "4.2.0", WebhookEventConversationTypingOff: "4.2.0",
}

func checkWebhookAnswer(answer *WebhookAnswer, _ []byte) error {
	return checkWebhook(&answer.Payload.Webhook)
}

// checkWebhook requires what no other answer has.
func checkWebhook(w *Webhook) error {
	if w.ID <= 0 || w.URL == "" || w.Subscriptions == nil {
		return errors.New("there is no webhook with an id, a url and subscriptions")
	}
	return nil
}
