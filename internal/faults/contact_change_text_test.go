package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// contactsWalked returns the final error of a walk through pages of contacts, from a server that answers the first with
// body.
func contactsWalked(body string, options cfchat.ContactListOptions) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Query().Get("page") == "1" {
				return trial.Reply(200, "application/json", body), nil
			}
			return trial.Reply(200, "application/json", `{"meta":{"count":2,"current_page":"2"},"payload":[]}`), nil
		}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		return firstError(chat.Account(56).Contacts.ListAll(t.Context(), options))
	}
}

// contactUpdated returns the error of an update, from a server of the given version that answers with a contact.
func contactUpdated(version string, update cfchat.ContactUpdate) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", `{"payload":`+trial.GoodContact+`}`), nil
		}), func(c *cfchat.Config) { c.ServerVersion = version })
		return trial.Second(chat.Account(56).Contacts.Update(t.Context(), 77, update))
	}
}

// ofSource returns the error of a call about source ids, from a server that answers look-ups with owner and all else with
// body.
func ofSource(body, owner string, ask func(context.Context, cfchat.ContactsService) error) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			switch {
			case strings.HasSuffix(req.URL.Path, "/filter") && owner == "":
				return trial.Reply(404, "application/json", ""), nil
			case strings.HasSuffix(req.URL.Path, "/filter"):
				return trial.Reply(200, "application/json", owner), nil
			case body == "":
				return trial.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`), nil
			}
			return trial.Reply(200, "application/json", body), nil
		}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		return ask(t.Context(), chat.Account(56).Contacts)
	}
}

func addSource(sourceID string) func(context.Context, cfchat.ContactsService) error {
	return func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.AddSource(ctx, 77, 5, sourceID))
	}
}

func contactable(ctx context.Context, s cfchat.ContactsService) error {
	return trial.Second(s.Contactable(ctx, 77))
}

func conversationsOf(ctx context.Context, s cfchat.ContactsService) error {
	return trial.Second(s.Conversations(ctx, 77))
}

func withoutAttributes(keys ...string) func(context.Context, cfchat.ContactsService) error {
	return func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.RemoveCustomAttributes(ctx, 77, keys))
	}
}

var contactChangeTexts = []errorText{
	{"a walk through contacts from a page", contactsWalked("", cfchat.ContactListOptions{Page: 2})},
	{"a walk that misses a contact", contactsWalked(strings.Replace(trial.GoodContacts, `"count":1`, `"count":2`, 1), anyPage)},
	{"an update to a name that is too long", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new(strings.Repeat("é", 256))})},
	{"an empty update", contactUpdated("4.16.2", cfchat.ContactUpdate{})},
	{"an update to an empty name", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new("")})},
	{"an update that sets and clears one field", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new("Jo"), Clear: []cfchat.ContactField{cfchat.ContactFieldName}})},
	{"an update that clears a field that cannot be empty", contactUpdated("4.16.2", cfchat.ContactUpdate{Clear: []cfchat.ContactField{"blocked"}})},
	{"an update with empty attributes", contactUpdated("4.16.2", cfchat.ContactUpdate{CustomAttributes: map[string]any{}})},
	{"an update with Blocked on an older server", contactUpdated("3.6.0", cfchat.ContactUpdate{Blocked: new(true)})},
	{"an update with Blocked on a server of unknown version", contactUpdated("", cfchat.ContactUpdate{Blocked: new(true)})},
	{"an update that the server ignored", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new("Mia")})},
	{"an update of another contact", func(t *testing.T) error {
		return contacted(`{"payload":`+trial.GoodContact+`}`, func(ctx context.Context, s cfchat.ContactsService) error {
			return trial.Second(s.Update(ctx, 78, cfchat.ContactUpdate{Name: new("Jo")}))
		})(t)
	}},
	{"no attributes to remove", ofSource("{}", "", withoutAttributes())},
	{"an attribute without a name to remove", ofSource("{}", "", withoutAttributes(""))},
	{"a deletion with an unexpected answer", ofSource("{}", "", func(ctx context.Context, s cfchat.ContactsService) error { return s.Delete(ctx, 77) })},
	{"a contact merged into itself", ofSource("{}", "", func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Merge(ctx, 77, 77))
	})},
	{"conversations of another contact", ofSource(`{"payload":[{"id":42,"status":"open","meta":{"sender":{"id":78}}}]}`, "", conversationsOf)},
	{"conversations without a payload", ofSource(`{}`, "", conversationsOf)},
	{"inboxes without an id", ofSource(`{"payload":[{"source_id":"a","inbox":{}}]}`, "", contactable)},
	{"a blank source id", ofSource("{}", "", addSource(" "))},
	{"a source id of another contact", ofSource("{}", strings.NewReplacer("77", "78", "contact-1", "crm-7").Replace(trial.GoodPlaced), addSource("crm-7"))},
	{"a source id that the server does not accept", ofSource("", "", addSource("crm-7"))},
	{"another source id", ofSource(trial.GoodSource, "", addSource("crm-8"))},
	{"a source id without an inbox", ofSource(`{"source_id":"crm-7"}`, "", addSource("crm-7"))},
	{"a message after an unreadable one", func(t *testing.T) error {
		server := cfchattest.New(t, cfchattest.Version("4.16.2"))
		conversation := server.AddConversation(cfchattest.Conversation{})
		broken := server.AddMessage(conversation, cfchattest.Message{Content: "hi"})
		server.AddMessage(conversation, cfchattest.Message{Content: "another"})
		server.BreakMessage(conversation, broken)
		return trial.Second(server.Account(t).Messages.FindSent(t.Context(), conversation, marked, cfchat.SentSince{Time: time.Unix(1, 0)}))
	}},
}
