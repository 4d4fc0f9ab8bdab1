package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// contactsWalked is what a walk through the pages of contacts says at its end, over a server that answers the first with a body.
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

// contactUpdated is what an update says, over a server of a version that answers with a contact.
func contactUpdated(version string, update cfchat.ContactUpdate) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", `{"payload":`+trial.GoodContact+`}`), nil
		}), func(c *cfchat.Config) { c.ServerVersion = version })
		return trial.Second(chat.Account(56).Contacts.Update(t.Context(), 77, update))
	}
}

var contactChangeTexts = []errorText{
	{"a walk through contacts from a page", contactsWalked("", cfchat.ContactListOptions{Page: 2})},
	{"a walk that misses a contact", contactsWalked(strings.Replace(trial.GoodContacts, `"count":1`, `"count":2`, 1), anyPage)},
	{"an update of nothing", contactUpdated("4.16.2", cfchat.ContactUpdate{})},
	{"an update to an empty name", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new("")})},
	{"an update that sets and clears", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new("Jo"), Clear: []cfchat.ContactField{cfchat.ContactFieldName}})},
	{"an update that clears what cannot be", contactUpdated("4.16.2", cfchat.ContactUpdate{Clear: []cfchat.ContactField{"blocked"}})},
	{"an update with no attributes", contactUpdated("4.16.2", cfchat.ContactUpdate{CustomAttributes: map[string]any{}})},
	{"an update that blocks where nobody can be", contactUpdated("3.6.0", cfchat.ContactUpdate{Blocked: new(true)})},
	{"an update that blocks or not", contactUpdated("", cfchat.ContactUpdate{Blocked: new(true)})},
	{"an update that the server did not make", contactUpdated("4.16.2", cfchat.ContactUpdate{Name: new("Mia")})},
	{"an update of another contact", func(t *testing.T) error {
		return contacted(`{"payload":`+trial.GoodContact+`}`, func(ctx context.Context, s cfchat.ContactsService) error {
			return trial.Second(s.Update(ctx, 78, cfchat.ContactUpdate{Name: new("Jo")}))
		})(t)
	}},
}
