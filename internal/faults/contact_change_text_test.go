package faults_test

import (
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

var contactChangeTexts = []errorText{
	{"a walk through contacts from a page", contactsWalked("", cfchat.ContactListOptions{Page: 2})},
	{"a walk that misses a contact", contactsWalked(strings.Replace(trial.GoodContacts, `"count":1`, `"count":2`, 1), anyPage)},
}
