package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// contacted is what a call of contacts says, over a server that answers with a body.
func contacted(body string, ask func(context.Context, cfchat.ContactsService) error) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", body), nil
		}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		return ask(t.Context(), chat.Account(56).Contacts)
	}
}

func contactsListed(body string, options cfchat.ContactListOptions) func(*testing.T) error {
	return contacted(body, func(ctx context.Context, s cfchat.ContactsService) error { return trial.Second(s.List(ctx, options)) })
}

func contactsSearched(text string, options cfchat.ContactListOptions) func(*testing.T) error {
	return contacted("", func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Search(ctx, text, options))
	})
}

func contactsFiltered(filter cfchat.Filter, options cfchat.ContactListOptions) func(*testing.T) error {
	return contacted("", func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Filter(ctx, filter, options))
	})
}

func contactGot(body string, id int64) func(*testing.T) error {
	return contacted(body, func(ctx context.Context, s cfchat.ContactsService) error { return trial.Second(s.Get(ctx, id)) })
}

func contactFound(find func(context.Context, cfchat.ContactsService) (*cfchat.Contact, error)) func(*testing.T) error {
	return contacted(`{"meta":{"count":0,"current_page":"1"},"payload":[]}`, func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(find(ctx, s))
	})
}

var (
	anyPage  cfchat.ContactListOptions
	labelled = cfchat.ContactListOptions{Labels: []string{"vip"}}
)

var contactTexts = []errorText{
	{"a contact that is none", contactGot("", 0)},
	{"another contact", contactGot(`{"payload":`+trial.GoodContact+`}`, 78)},
	{"a contact without its envelope", contactGot(trial.GoodContact, 77)},
	{"contacts before the first page", contactsListed("", cfchat.ContactListOptions{Page: -1})},
	{"contacts sorted by two in one", contactsListed("", cfchat.ContactListOptions{Sort: []cfchat.ContactSort{"name,email"}})},
	{"contacts with a label of two", contactsListed("", cfchat.ContactListOptions{Labels: []string{"a,b"}})},
	{"contacts without their page", contactsListed(`{"payload":[]}`, anyPage)},
	{"contacts with something else", contactsListed(strings.Replace(trial.GoodContacts, "additional", "other", 1), anyPage)},
	{"a search for nothing", contactsSearched(" ", anyPage)},
	{"a search for a NUL", contactsSearched("a\x00", anyPage)},
	{"a search with labels", contactsSearched("jo", labelled)},
	{"a filter of contacts with labels", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, "a@b.test")), labelled)},
	{"a filter of contacts without rules", contactsFiltered(cfchat.Filter{}, anyPage)},
	{"contacts with one of two e-mails", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, "a@b.test", "c@d.test")), anyPage)},
	{"contacts by the beginning of an identifier", contactsFiltered(cfchat.Where(cfchat.Contains(cfchat.AttributeIdentifier, "crm")), anyPage)},
	{"contacts that are blocked in words", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeBlocked, "yes")), anyPage)},
	{"a contact that has no such e-mail", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByEmail(ctx, "jo@customer.test")
	})},
	{"a contact by an e-mail that is none", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByEmail(ctx, "jo")
	})},
	{"a contact by a phone number without its +", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByPhone(ctx, "14155551000")
	})},
	{"a contact by no identifier", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByIdentifier(ctx, " ")
	})},
	{"contacts since a time", contactsFiltered(cfchat.Where(cfchat.Since(cfchat.AttributeCreatedAt, time.Unix(1795386404, 0))), anyPage)},
	{"contacts without a custom attribute, and more", contactsFiltered(
		cfchat.Where(cfchat.NotEqual("plan", "pro")).And(cfchat.Equal(cfchat.AttributeName, "Jo")), anyPage)},
}
