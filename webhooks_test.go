package cfchat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

const hookAddress = "https://example.com/hook-s3cr3t"

// TestWebhookInput checks that input is refused before anything is sent if a server would drop it, or would refuse it
// without naming the field.
func TestWebhookInput(t *testing.T) {
	t.Parallel()
	events := func(events ...cfchat.WebhookEvent) cfchat.WebhookCreate {
		return cfchat.WebhookCreate{URL: hookAddress, Subscriptions: events}
	}
	for name, c := range map[string]struct {
		version string
		create  cfchat.WebhookCreate
		want    string // the refusal, "" if it is sent
	}{
		"no address":               {"4.16.2", cfchat.WebhookCreate{}, "URL: it is empty"},
		"a name, not an address":   {"4.16.2", cfchat.WebhookCreate{URL: "s3cr3t"}, "URL: it is not an http or https address"},
		"another scheme":           {"4.16.2", cfchat.WebhookCreate{URL: "ftp://example.com/s3cr3t"}, "URL: it is not an http or https address"},
		"no host":                  {"4.16.2", cfchat.WebhookCreate{URL: "https:///s3cr3t"}, "URL: it is not an http or https address"},
		"a port and no host":       {"4.16.2", cfchat.WebhookCreate{URL: "https://:80/s3cr3t"}, "URL: it is not an http or https address"},
		"a space":                  {"4.16.2", cfchat.WebhookCreate{URL: "https://example.com/s3cr3t x"}, "URL: it has a character"},
		"not UTF-8":                {"4.16.2", cfchat.WebhookCreate{URL: "https://example.com/\xff"}, "URL: it is not valid UTF-8"},
		"a letter beyond ASCII":    {"4.16.2", cfchat.WebhookCreate{URL: "https://bücher.example/s3cr3t"}, "URL: it has a character that servers cannot post to"},
		"a bracket":                {"4.16.2", cfchat.WebhookCreate{URL: "https://example.com/{s3cr3t}"}, "URL: it has a character that servers cannot post to"},
		"every allowed character":  {"4.16.2", cfchat.WebhookCreate{URL: "https://a:b@example.com:8443/x-._~!$&'()*+,;=:@%20?a=b&c=/?#z"}, ""},
		"a name that is not UTF-8": {"4.16.2", cfchat.WebhookCreate{URL: hookAddress, Name: "\xff"}, "Name: it is not valid UTF-8"},
		"no events":                {"4.16.2", cfchat.WebhookCreate{URL: hookAddress}, ""},
		"an empty list of events":  {"4.16.2", cfchat.WebhookCreate{URL: hookAddress, Subscriptions: []cfchat.WebhookEvent{}}, "Subscriptions: the server refuses an empty list"},
		"a bot's event":            {"4.16.2", events("message_created", "conversation_opened"), "Subscriptions[1]: conversation_opened goes only to agent bots"},
		"a bot's other event":      {"4.16.2", events("conversation_resolved"), "Subscriptions[0]: conversation_resolved goes only to agent bots"},
		"an unknown event":         {"4.16.2", events("mesage_created"), `Subscriptions[0]: "mesage_created" is not a webhook event`},
		"inboxes, too old":         {"3.1.1", events("message_created", "inbox_updated"), "Subscriptions[1]: servers have inbox_updated from 3.2.0 on"},
		"inboxes, too old too":     {"3.1.1", events("inbox_created"), "Subscriptions[0]: servers have inbox_created from 3.2.0 on"},
		"inboxes":                  {"3.2.0", events("inbox_created", "inbox_updated"), ""},
		"typing, too old":          {"4.1.0", events("conversation_typing_on"), "Subscriptions[0]: servers have conversation_typing_on from 4.2.0 on"},
		"typing off, too old":      {"4.1.0", events("conversation_typing_off"), "Subscriptions[0]: servers have conversation_typing_off from 4.2.0 on"},
		"typing":                   {"4.2.0", events("conversation_typing_on", "conversation_typing_off"), ""},
		"a name, too old":          {"4.7.0", cfchat.WebhookCreate{URL: hookAddress, Name: "CRM"}, "Name: servers before 4.8.0 drop it"},
		"a name":                   {"4.8.0", cfchat.WebhookCreate{URL: hookAddress, Name: "CRM"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := cfchattest.New(t, cfchattest.Version(c.version))
			account := server.Account(t)
			made, err := account.Webhooks.Create(t.Context(), c.create)
			update := cfchat.WebhookUpdate{URL: &c.create.URL, Subscriptions: c.create.Subscriptions}
			if c.create.Name != "" {
				update.Name = &c.create.Name
			}
			if c.want == "" {
				if err != nil || made.GetName() != c.create.Name {
					t.Fatalf("created: %+v, %v", made, err)
				}
				if now, err := account.Webhooks.Update(t.Context(), made.ID, update); err != nil || now.URL != made.URL {
					t.Errorf("changed: %+v, %v", now, err)
				}
				return
			}
			_, changed := account.Webhooks.Update(t.Context(), 1, update)
			for _, err := range []error{err, changed} {
				if !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || !strings.Contains(err.Error(), c.want) ||
					strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("got %v, want %q without the address", err, c.want)
				}
			}
			for _, r := range server.Requests() {
				if r.Operation != "serverInformation" {
					t.Errorf("%s was sent", r.Operation)
				}
			}
		})
	}
}

// TestWebhookUpdateOfNothing checks that an update without changes is refused, and so is a webhook without an id.
func TestWebhookUpdateOfNothing(t *testing.T) {
	t.Parallel()
	webhooks := cfchattest.New(t).Account(t).Webhooks
	_, nothing := webhooks.Update(t.Context(), 1, cfchat.WebhookUpdate{})
	_, none := webhooks.Update(t.Context(), 0, cfchat.WebhookUpdate{Name: new("x")})
	for want, err := range map[string]error{
		"update: it changes nothing; set a field": nothing, "id: ": none, "id: 0": webhooks.Delete(t.Context(), 0),
	} {
		if !errors.Is(err, cfchat.ErrInvalidInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestWebhookAnswers checks that a response is an error if the webhook differs from the requested settings, or is not the
// requested one.
func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	const url = `"url":"https://example.com/a"`
	create := cfchat.WebhookCreate{URL: "https://example.com/a", Name: "CRM", Subscriptions: []cfchat.WebhookEvent{"message_created", "message_updated"}}
	update := cfchat.WebhookUpdate{URL: &create.URL, Name: &create.Name, Subscriptions: create.Subscriptions}
	for name, c := range map[string]struct {
		webhook string
		created error
		changed error
	}{
		"as requested":      {`{"id":3,` + url + `,"name":"CRM","subscriptions":["message_updated","message_created"]}`, nil, nil},
		"another address":   {`{"id":3,"url":"https://example.com/b","name":"CRM","subscriptions":["message_updated","message_created"]}`, cfchat.ErrUnknownOutcome, cfchat.ErrRejected},
		"an event too few":  {`{"id":3,` + url + `,"name":"CRM","subscriptions":["message_updated"]}`, cfchat.ErrRejected, cfchat.ErrRejected},
		"an event too many": {`{"id":3,` + url + `,"name":"CRM","subscriptions":["message_updated","message_created","contact_created"]}`, cfchat.ErrRejected, cfchat.ErrRejected},
		"no name":           {`{"id":3,` + url + `,"subscriptions":["message_updated","message_created"]}`, cfchat.ErrRejected, cfchat.ErrRejected},
		"another name":      {`{"id":3,` + url + `,"name":"X","subscriptions":["message_updated","message_created"]}`, cfchat.ErrRejected, cfchat.ErrRejected},
		"another webhook":   {`{"id":4,` + url + `,"name":"CRM","subscriptions":["message_updated","message_created"]}`, nil, cfchat.ErrUnknownOutcome},
		"no subscriptions":  {`{"id":3,` + url + `,"name":"CRM"}`, cfchat.ErrDecode, cfchat.ErrDecode},
		"no id":             {`{` + url + `,"name":"CRM","subscriptions":["message_updated","message_created"]}`, cfchat.ErrDecode, cfchat.ErrDecode},
		"no url":            {`{"id":3,"name":"CRM","subscriptions":["message_updated","message_created"]}`, cfchat.ErrDecode, cfchat.ErrDecode},
		"an empty webhook":  {`{}`, cfchat.ErrDecode, cfchat.ErrDecode},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			webhooks := answering(t, `{"payload":{"webhook":`+c.webhook+`}}`).Webhooks
			_, created := webhooks.Create(t.Context(), create)
			_, changed := webhooks.Update(t.Context(), 3, update)
			if !errors.Is(created, c.created) || !errors.Is(changed, c.changed) {
				t.Errorf("created: %v, want %v; changed: %v, want %v", created, c.created, changed, c.changed)
			}
		})
	}
	for _, body := range []string{`{}`, `{"payload":{}}`, `{"payload":[]}`, `{"payload":{"webhooks":[{"id":3}]}}`} {
		if list, err := answering(t, body).Webhooks.List(t.Context()); !errors.Is(err, cfchat.ErrDecode) {
			t.Errorf("%s: %+v, %v", body, list, err)
		}
	}
	if list, err := answering(t, `{"payload":{"webhooks":[]}}`).Webhooks.List(t.Context()); err != nil || list == nil {
		t.Errorf("an empty list: %v, %v", list, err)
	}
}

// answering returns an account on a 4.16.2 server that always returns the same body.
func answering(t *testing.T, body string) *cfchat.Account {
	t.Helper()
	return trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", body), nil
	}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" }).Account(7)
}

// TestWebhookSecret checks that a webhook's secret can be read, but is never shown: not by fmt, JSON or slog, and not by an
// error.
func TestWebhookSecret(t *testing.T) {
	t.Parallel()
	const text = "oozr5KGfbdtLAGBTSh95A9oq"
	body := `{"payload":{"webhooks":[{"id":3,"url":"https://example.com/a","subscriptions":["message_created"],"secret":"` + text + `"}]}}`
	list, err := answering(t, body).Webhooks.List(t.Context())
	if err != nil || len(list) != 1 || list[0].Secret.Reveal() != text {
		t.Fatalf("%+v, %v", list, err)
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("listed", "webhooks", list)
	_, failed := answering(t, strings.Replace(body, "https://example.com/a", "", 1)).Webhooks.List(t.Context())
	e, ok := errors.AsType[*cfchat.Error](failed)
	if !ok {
		t.Fatal(failed)
	}
	shown := []string{fmt.Sprintf("%v %+v %#v", list, list, list), string(data), log.String(), failed.Error(), e.Body}
	if i := slices.IndexFunc(shown, func(s string) bool { return strings.Contains(s, text) }); i >= 0 {
		t.Errorf("the secret is shown: %s", shown[i])
	}
	var again []cfchat.Webhook
	if err := json.Unmarshal(data, &again); err != nil || !again[0].Secret.IsZero() {
		t.Errorf("read again: %v, %v", again, err)
	}
}
