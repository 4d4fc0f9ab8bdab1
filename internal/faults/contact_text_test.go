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

// contacted returns the error of a call about contacts, from a server that answers with body.
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

// contactRefused returns the error of FindOrCreate, from a server that has no contacts and answers the create with answer.
func contactRefused(status int, answer string, create cfchat.ContactCreate) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/contacts") {
				return trial.Reply(status, "application/json", answer), nil
			}
			return trial.Reply(200, "application/json", `{"meta":{"count":0,"current_page":"1"},"payload":[]}`), nil
		}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		return trial.Second(chat.Account(56).Contacts.FindOrCreate(t.Context(), create))
	}
}

// contactOf returns the error of a call to the stand-in with two contacts.
func contactOf(ask func(context.Context, cfchat.ContactsService) error, failures ...cfchattest.Failure) func(*testing.T) error {
	return func(t *testing.T) error {
		server := cfchattest.New(t)
		server.AddContact(cfchattest.Contact{Email: "jo@customer.test"})
		server.AddContact(cfchattest.Contact{Phone: "+14155551000"})
		for _, failure := range failures {
			server.FailNext(cfchat.OperationContactFilter, failure)
		}
		return ask(t.Context(), server.Account(t).Contacts)
	}
}

func contactOnce(create cfchat.ContactCreate) func(context.Context, cfchat.ContactsService) error {
	return func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.FindOrCreate(ctx, create))
	}
}

func contactBySource(inbox int64, source string) func(context.Context, cfchat.ContactsService) error {
	return func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.FindBySourceID(ctx, inbox, source))
	}
}

var (
	anyPage  cfchat.ContactListOptions
	labelled = cfchat.ContactListOptions{Labels: []string{"vip"}}
)

var contactTexts = []errorText{
	{"an invalid contact id", contactGot("", 0)},
	{"another contact", contactGot(`{"payload":`+trial.GoodContact+`}`, 78)},
	{"a contact without its envelope", contactGot(trial.GoodContact, 77)},
	{"contacts before the first page", contactsListed("", cfchat.ContactListOptions{Page: -1})},
	{"contacts sorted by two fields in one text", contactsListed("", cfchat.ContactListOptions{Sort: []cfchat.ContactSort{"name,email"}})},
	{"contacts with two labels in one text", contactsListed("", cfchat.ContactListOptions{Labels: []string{"a,b"}})},
	{"contacts without meta", contactsListed(`{"payload":[]}`, anyPage)},
	{"contacts with a payload of another kind", contactsListed(strings.Replace(trial.GoodContacts, "additional", "other", 1), anyPage)},
	{"an empty search", contactsSearched(" ", anyPage)},
	{"a search for a NUL", contactsSearched("a\x00", anyPage)},
	{"a search with labels", contactsSearched("jo", labelled)},
	{"a filter of contacts with labels", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, "a@b.test")), labelled)},
	{"a filter of contacts without rules", contactsFiltered(cfchat.Filter{}, anyPage)},
	{"contacts with one of two e-mails", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, "a@b.test", "c@d.test")), anyPage)},
	{"contacts without an e-mail", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, "")), anyPage)},
	{"contacts with a label before 3.1.1", func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.ServerVersion = "3.1.0" })
		return trial.Second(chat.Account(56).Contacts.Filter(t.Context(), cfchat.Where(cfchat.Equal(cfchat.AttributeLabels, "vip")), anyPage))
	}},
	{"contacts by the beginning of an identifier", contactsFiltered(cfchat.Where(cfchat.Contains(cfchat.AttributeIdentifier, "crm")), anyPage)},
	{"contacts with blocked as text", contactsFiltered(cfchat.Where(cfchat.Equal(cfchat.AttributeBlocked, "yes")), anyPage)},
	{"a contact that has no such e-mail", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByEmail(ctx, "jo@customer.test")
	})},
	{"a contact by an invalid e-mail", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByEmail(ctx, "jo")
	})},
	{"a contact by a phone number without its +", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByPhone(ctx, "14155551000")
	})},
	{"a contact by an empty identifier", contactFound(func(ctx context.Context, s cfchat.ContactsService) (*cfchat.Contact, error) {
		return s.FindByIdentifier(ctx, " ")
	})},
	{"an empty contact", contactOf(func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Create(ctx, cfchat.ContactCreate{}))
	})},
	{"FindOrCreate without anything unique", contactOf(contactOnce(cfchat.ContactCreate{Name: "Jo"}))},
	{"a contact with several mistakes", contactOf(contactOnce(cfchat.ContactCreate{
		Email: "jo@", Identifier: " ", SourceID: "customer-42",
	}))},
	{"a blocked contact before 3.7.0", func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.ServerVersion = "3.6.0" })
		return trial.Second(chat.Account(56).Contacts.Create(t.Context(), cfchat.ContactCreate{Name: "Jo", Blocked: true}))
	}},
	{"a contact that already exists", contactOf(func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Create(ctx, cfchat.ContactCreate{Email: "jo@customer.test"}))
	})},
	{"a different contact than created", contacted(trial.GoodCreated, func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Create(ctx, cfchat.ContactCreate{Email: "mia@customer.test"}))
	})},
	{"a created contact without its envelope", contacted(`{"payload":`+trial.GoodContact+`}`, func(ctx context.Context, s cfchat.ContactsService) error {
		return trial.Second(s.Create(ctx, cfchat.ContactCreate{Name: "Jo"}))
	})},
	{"a contact by a source id before 3.2.0", func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.ServerVersion = "3.1.1" })
		return trial.Second(chat.Account(56).Contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "jo@customer.test", InboxID: 5, SourceID: "crm-7"}))
	}},
	{"a contact that matches two contacts", contactOf(contactOnce(cfchat.ContactCreate{Email: "jo@customer.test", PhoneNumber: "+14155551000"}))},
	{"a contact whose owner is hidden", contactRefused(422, `{"message":"Email has already been taken","attributes":["email"]}`, cfchat.ContactCreate{Email: "jo@customer.test"})},
	{"a contact that may still be stored", contactRefused(500, `{"status":500,"error":"Internal Server Error"}`, cfchat.ContactCreate{Email: "jo@customer.test"})},
	{"a contact that may be the second with its phone number", contactOf(contactOnce(cfchat.ContactCreate{PhoneNumber: "+14155552000"}), cfchattest.Failure{Status: 500})},
	{"a source id without a contact", contactOf(contactBySource(1, "customer-42"))},
	{"a source id in an invalid inbox", contactOf(contactBySource(99, "customer-42"))},
	{"an invalid source id", contactOf(contactBySource(1, " "))},
	{"a source id of another contact's", contacted(trial.GoodPlaced, contactBySource(5, "customer-42"))},
	{"contacts since a time", contactsFiltered(cfchat.Where(cfchat.Since(cfchat.AttributeCreatedAt, time.Unix(1795386404, 0))), anyPage)},
	{"contacts without a custom attribute, and more", contactsFiltered(
		cfchat.Where(cfchat.NotEqual("plan", "pro")).And(cfchat.Equal(cfchat.AttributeName, "Jo")), anyPage)},
}
