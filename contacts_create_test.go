package cfchat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestCreateContactRefuses checks that input which a server would drop, store as something else or fail on is refused before
// anything is sent.
func TestCreateContactRefuses(t *testing.T) {
	contacts := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.ServerVersion = "3.6.0" }).Account(7).Contacts
	for _, c := range []struct {
		create cfchat.ContactCreate
		field  string
	}{
		{cfchat.ContactCreate{}, "Name"},
		{cfchat.ContactCreate{CustomAttributes: map[string]any{"a": 1}}, "Name"},
		{cfchat.ContactCreate{Email: "jo"}, "Email"},
		{cfchat.ContactCreate{Email: "jo@"}, "Email"},
		{cfchat.ContactCreate{Email: "@b.test"}, "Email"},
		{cfchat.ContactCreate{Email: " jo@b.test"}, "Email"},
		{cfchat.ContactCreate{Email: "jo@b@c.test"}, "Email"},
		{cfchat.ContactCreate{PhoneNumber: "4155551000"}, "PhoneNumber"},
		{cfchat.ContactCreate{PhoneNumber: "tel:+14155551000"}, "PhoneNumber"},
		{cfchat.ContactCreate{PhoneNumber: "+0155"}, "PhoneNumber"},
		{cfchat.ContactCreate{Identifier: " "}, "Identifier"},
		{cfchat.ContactCreate{Identifier: "a\x00"}, "Identifier"},
		{cfchat.ContactCreate{Name: "a\xff"}, "Name"},
		{cfchat.ContactCreate{Name: "Jo", AvatarURL: "\x00"}, "AvatarURL"},
		{cfchat.ContactCreate{Name: "Jo", InboxID: -1}, "InboxID"},
		{cfchat.ContactCreate{Name: "Jo", SourceID: "s"}, "SourceID"},
		{cfchat.ContactCreate{Name: "Jo", InboxID: 1, SourceID: " "}, "SourceID"},
		{cfchat.ContactCreate{Name: "Jo", Blocked: true}, "Blocked"},
		{cfchat.ContactCreate{Name: "Jo", CustomAttributes: map[string]any{"a": math.NaN()}}, `CustomAttributes["a"]`},
		{cfchat.ContactCreate{Name: "Jo", AdditionalAttributes: map[string]any{"a": "\x00"}}, `AdditionalAttributes["a"]`},
	} {
		_, err := contacts.Create(t.Context(), c.create)
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || !errors.Is(err, cfchat.ErrInvalidInput) || len(e.Fields) != 1 || e.Fields[0].Field != c.field {
			t.Errorf("%+v: %v, want %s", c.create, err, c.field)
		}
	}
	for _, create := range []cfchat.ContactCreate{{}, {Name: "Jo"}, {Name: "Jo", InboxID: 1, SourceID: "s"}} {
		_, err := contacts.FindOrCreate(t.Context(), create)
		if e, ok := errors.AsType[*cfchat.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != "Email" {
			t.Errorf("%+v: %v, want Email", create, err)
		}
	}
}

// TestCreateContactSends checks that a create sends the fields that are set and no zero fields: "" would be stored.
func TestCreateContactSends(t *testing.T) {
	for body, create := range map[string]cfchat.ContactCreate{
		`{"email":"jo@b.test"}`: {Email: "jo@b.test"},
		`{"identifier":" x ","name":"Jo","phone_number":"+14155551000"}`: {Name: "Jo", PhoneNumber: "+14155551000", Identifier: " x "},
		`{"additional_attributes":{"city":"Oslo"},"avatar_url":"http://a","blocked":true,"custom_attributes":{"n":1},"inbox_id":5,"name":"Jo","source_id":"s"}`: {
			Name: "Jo", AvatarURL: "http://a", Blocked: true, InboxID: 5, SourceID: "s",
			AdditionalAttributes: map[string]any{"city": "Oslo"}, CustomAttributes: map[string]any{"n": 1},
		},
	} {
		var sent string
		contacts := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			data, err := io.ReadAll(req.Body)
			sent = string(data)
			return trial.Reply(422, "application/json", `{"message":"no","attributes":["name"]}`), err
		}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" }).Account(7).Contacts
		if _, err := contacts.Create(t.Context(), create); !errors.Is(err, cfchat.ErrRejected) || sent != body {
			t.Errorf("%+v: sent %s, %v", create, sent, err)
		}
	}
}

// TestCreateContact creates contacts with and without a source id in an inbox, and checks that the error names the
// attributes that are taken.
func TestCreateContact(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.16.0", "4.7.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		contacts := server.Account(t).Contacts
		full := cfchat.ContactCreate{
			Name: "Jo", Email: "Jo@B.test", PhoneNumber: "+14155551000", Identifier: "crm-1", InboxID: 1, SourceID: "mine",
			CustomAttributes: map[string]any{"plan": "pro"},
		}
		made, err := contacts.Create(t.Context(), full)
		if err != nil || made.ID != 1 || made.GetEmail() != "jo@b.test" || len(made.ContactInboxes) != 1 || made.ContactInboxes[0].SourceID != "mine" {
			t.Fatalf("%s: %+v, %v", version, made, err)
		}
		got, err := contacts.Get(t.Context(), made.ID)
		if plan, _ := got.CustomAttributes.Text("plan"); err != nil || plan != "pro" || got.ContactInboxes[0].SourceID != "mine" {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
		if plain, err := contacts.Create(t.Context(), cfchat.ContactCreate{Name: "Jo"}); err != nil || plain.ID != 2 || len(plain.ContactInboxes) != 0 {
			t.Errorf("%s: %+v, %v", version, plain, err)
		}
		_, err = contacts.Create(t.Context(), full)
		e, _ := errors.AsType[*cfchat.Error](err)
		if !errors.Is(err, cfchat.ErrRejected) || !slices.Equal(e.Attributes, []string{"email", "identifier", "phone_number"}) {
			t.Errorf("%s: %v", version, err)
		}
		if _, err := contacts.Create(t.Context(), cfchat.ContactCreate{Name: "Jo", InboxID: 99}); !errors.Is(err, cfchat.ErrNotFound) {
			t.Errorf("%s: in an inbox that does not exist: %v", version, err)
		}
		taken := cfchat.ContactCreate{Name: "Jo", InboxID: 1, SourceID: "mine"}
		if _, err := contacts.Create(t.Context(), taken); !errors.Is(err, cfchat.ErrUnknownOutcome) || !errors.Is(err, cfchat.ErrServer) {
			t.Errorf("%s: with another contact's source id: %v", version, err)
		}
	}
}

// TestCreatedAnother checks that an answer about another contact is not mistaken for the created one.
func TestCreatedAnother(t *testing.T) {
	for _, create := range []cfchat.ContactCreate{{Email: "mia@customer.test"}, {PhoneNumber: "+14155551000"}, {Identifier: "x"}} {
		contacts := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", trial.GoodCreated), nil
		})).Account(7).Contacts
		_, err := contacts.Create(t.Context(), create)
		if !errors.Is(err, cfchat.ErrDecode) || !errors.Is(err, cfchat.ErrUnknownOutcome) || strings.Contains(err.Error(), "jo@") {
			t.Errorf("%+v: %v", create, err)
		}
	}
}

// TestCreatedContactSecrets checks that no secret in the answer to a create shows in the contact, in its kept JSON or in an
// error, even if the answer is about another contact or ends early.
func TestCreatedContactSecrets(t *testing.T) {
	e := recordings.Read(t, "testdata/recordings-whole/2.16.0/contact-create-inbox.json")
	body := strings.Replace(e.Response.Body, `"channel_type":"Channel::Api","enable`, `"channel_type":"Channel::Api","token":"<secret>","enable`, 1)
	if strings.Count(body, `"<secret>"`) != 2 {
		t.Fatal("the recording has no secrets")
	}
	for answer, create := range map[string]cfchat.ContactCreate{
		body:                                 {Email: "new1@customer.test"},
		strings.Replace(body, "{", "{ ", 1):  {Email: "mia@customer.test"},
		body[:len(body)-2]:                   {Email: "new1@customer.test"},
		strings.Replace(body, `"id"`, "", 1): {Email: "new1@customer.test"},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", answer), nil
		}))
		made, err := chat.Account(1).Contacts.Create(t.Context(), create, cfchat.KeepJSON())
		shown := fmt.Sprintf("%+v %+v %s %v", made, made.GetName(), made.JSON(), err)
		if failed, ok := errors.AsType[*cfchat.Error](err); ok {
			shown += fmt.Sprintf("%+v %s", *failed, failed.Body)
		} else if encoded, err := json.Marshal(made); err != nil || len(made.JSON()) == 0 || made.ContactInboxes[0].SourceID == "" {
			t.Errorf("made %s, %v", encoded, err)
		} else {
			shown += string(encoded)
		}
		if strings.Contains(shown, "<secret>") || made == nil && err == nil {
			t.Errorf("the result shows %s", shown)
		}
	}
}

// TestFindBySourceID checks that exactly the contact with a source id in an inbox is found.
func TestFindBySourceID(t *testing.T) {
	for _, version := range []string{"3.2.0", "4.7.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		other := server.AddInbox(cfchattest.Inbox{})
		mail := server.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
		server.AddContact(cfchattest.Contact{SourceID: "Mine"})
		server.AddContact(cfchattest.Contact{SourceID: "mine-2"})
		id := server.AddContact(cfchattest.Contact{SourceID: "mine"})
		there := server.AddContact(cfchattest.Contact{Inbox: other, SourceID: "mine"})
		contacts := server.Account(t).Contacts
		for inbox, want := range map[int64]int64{1: id, other: there} {
			if found, err := contacts.FindBySourceID(t.Context(), inbox, "mine"); err != nil || found.ID != want {
				t.Errorf("%s: %+v, %v", version, found, err)
			}
		}
		for _, c := range []struct {
			inbox  int64
			source string
			says   string
		}{{1, "min_", "no contact has"}, {1, "MINE", "no contact has"}, {mail, "mine", "no contact has"}, {99, "mine", "no inbox 99"}} {
			found, err := contacts.FindBySourceID(t.Context(), c.inbox, c.source)
			if found != nil || !errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %+v: %+v, %v", version, c, found, err)
			}
		}
	}
	old := cfchattest.New(t, cfchattest.Version("3.1.1")).Account(t).Contacts
	if _, err := old.FindBySourceID(t.Context(), 1, "mine"); err == nil || errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(err.Error(), "from 3.2.0 on") {
		t.Errorf("on an older server: %v", err)
	}
	contacts := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", trial.GoodPlaced), nil
	})).Account(7).Contacts
	for inbox, source := range map[int64]string{5: "Contact-1", 6: "contact-1"} {
		if found, err := contacts.FindBySourceID(t.Context(), inbox, source); found != nil || !errors.Is(err, cfchat.ErrDecode) {
			t.Errorf("an answer about another contact: %+v, %v", found, err)
		}
	}
	for inbox, source := range map[int64]string{0: "x", 1: " "} {
		if _, err := contacts.FindBySourceID(t.Context(), inbox, source); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("inbox %d, %q: %v", inbox, source, err)
		}
	}
}
