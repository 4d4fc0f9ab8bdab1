package cfchattest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// listAllWebhooks answers the webhooks of the account: in no order on a server, here by id.
func (c *caller) listAllWebhooks() (any, error) {
	if err := c.administers(); err != nil {
		return nil, err
	}
	shown := []object{}
	for _, w := range c.account.webhooks {
		shown = append(shown, c.view().webhook(c.account, w))
	}
	return object{"payload": object{"webhooks": shown}}, nil
}

// createAWebhook adds a webhook.
func (c *caller) createAWebhook() (any, error) {
	if err := c.administers(); err != nil {
		return nil, err
	}
	made := &accountWebhook{subscriptions: everySubscription()}
	if err := c.readWebhook(made); err != nil {
		return nil, err
	}
	c.storeWebhook(c.account, made)
	return c.answerWebhook(made)
}

// updateAWebhook changes the fields of a webhook that were sent.
func (c *caller) updateAWebhook() (any, error) {
	i, err := c.webhookOfPath()
	if err != nil {
		return nil, err
	}
	changed := *c.account.webhooks[i]
	if err := c.readWebhook(&changed); err != nil {
		return nil, err
	}
	*c.account.webhooks[i] = changed
	return c.answerWebhook(&changed)
}

// deleteAWebhook deletes a webhook.
func (c *caller) deleteAWebhook() (any, error) {
	i, err := c.webhookOfPath()
	if err != nil {
		return nil, err
	}
	c.account.webhooks = slices.Delete(c.account.webhooks, i, i+1)
	return nil, empty()
}

// administers refuses callers who are not administrators of the account.
func (c *caller) administers() error {
	if c.user.role(c.account) != cfchat.RoleAdministrator {
		return unauthorized("You are not authorized to do this action")
	}
	return nil
}

// webhookOfPath returns the index of the webhook that the path names.
func (c *caller) webhookOfPath() (int, error) {
	if err := c.administers(); err != nil {
		return 0, err
	}
	id, _ := cast.ID(c.ids["webhook_id"])
	i := slices.IndexFunc(c.account.webhooks, func(w *accountWebhook) bool { return w.id == id })
	if i < 0 {
		return 0, notFound()
	}
	return i, nil
}

// readWebhook sets the fields that were sent, under webhook or at the top level, and refuses invalid ones. The order of
// several messages is (unseen).
func (c *caller) readWebhook(w *accountWebhook) error {
	sent := c.sentWebhook()
	if len(sent) == 0 {
		return unprocessable("param is missing or the value is empty: webhook")
	}
	if url, given := sent["url"]; given {
		w.url = cast.Text(url)
	}
	if name, given := sent["name"]; given { // not shown before 4.8.0
		w.name = nil
		if name != nil {
			w.name = new(cast.Text(name))
		}
	}
	if id, given := sent["inbox_id"]; given {
		w.inboxID, _ = cast.ID(cast.Text(id))
	}
	events, given := sent["subscriptions"]
	if given {
		w.subscriptions = c.events(events)
	}
	return c.validWebhook(w)
}

// sentWebhook returns the object under webhook, or else everything that was sent if that includes a url or, from 4.8.0 on, a
// name. Whether an inbox or events would suffice too is (unseen).
func (c *caller) sentWebhook() map[string]any {
	if nested, given := c.params["webhook"]; given {
		sent, _ := nested.(map[string]any)
		return sent
	}
	_, hasURL := c.params["url"]
	_, hasName := c.params["name"]
	if hasURL || hasName && c.version.AtLeast("4.8.0") {
		return c.params
	}
	return nil
}

// events returns the events of a list, nil if it is not a list of events that the version knows.
func (c *caller) events(value any) []string {
	list, _ := value.([]any)
	var events []string
	for _, each := range list {
		event, _ := each.(string)
		if !c.subscribes(event) {
			return nil
		}
		events = append(events, event)
	}
	return events
}

var webhookURL = regexp.MustCompile(`(?i)https?://[^\s/]`)

func (c *caller) validWebhook(w *accountWebhook) error {
	var messages, attributes []string
	wrong := func(is bool, attribute, message string) {
		if is {
			messages, attributes = append(messages, message), append(attributes, attribute)
		}
	}
	longest := 20_000
	if !c.version.AtLeast("4.10.0") {
		longest = 255
	}
	isLong := c.version.AtLeast("2.17.0") && utf8.RuneCountInString(w.url) > longest
	wrong(isLong, "url", fmt.Sprintf("Url is too long (maximum is %d characters)", longest))
	wrong(c.account.hasWebhookTo(w.url, w.id), "url", "Url has already been taken")
	wrong(!webhookURL.MatchString(w.url), "url", "Url is invalid")
	wrong(len(w.subscriptions) == 0, "subscriptions", "Subscriptions Invalid events")
	if len(messages) > 0 {
		return invalidRecord(strings.Join(messages, ", "), slices.Compact(attributes)...)
	}
	return nil
}

func (c *caller) answerWebhook(w *accountWebhook) (any, error) {
	return object{"payload": object{"webhook": c.view().webhook(c.account, w)}}, nil
}

func (v view) webhook(a *account, w *accountWebhook) object {
	out := object{"id": w.id, "url": w.url, "account_id": a.id, "subscriptions": w.subscriptions}
	if v.version.AtLeast("4.8.0") {
		out["name"] = w.name
	}
	if v.version.AtLeast("4.12.0") {
		out["secret"] = w.secret
	}
	if in := a.inboxes[w.inboxID]; in != nil {
		out["inbox"] = object{"id": in.id, "name": in.name}
	}
	return out
}
