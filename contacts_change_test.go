package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestContactUpdateJSON checks that the JSON has the fields that are set, and null for those that Clear names.
func TestContactUpdateJSON(t *testing.T) {
	for want, update := range map[string]cfchat.ContactUpdate{
		`{}`:                               {},
		`{"name":"Jo"}`:                    {Name: new("Jo")},
		`{"blocked":false}`:                {Blocked: new(false)},
		`{"email":null,"name":"Jo"}`:       {Name: new("Jo"), Clear: []cfchat.ContactField{cfchat.ContactFieldEmail}},
		`{"custom_attributes":{"a":null}}`: {CustomAttributes: map[string]any{"a": nil}},
		`{"identifier":null,"name":null,"phone_number":null}`: {Clear: []cfchat.ContactField{
			cfchat.ContactFieldName, cfchat.ContactFieldPhoneNumber, cfchat.ContactFieldIdentifier,
		}},
	} {
		if got, err := json.Marshal(update); err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

// TestContactUpdateIsZero checks that IsZero reports true for exactly the updates that Update refuses because they change
// nothing.
func TestContactUpdateIsZero(t *testing.T) {
	one := map[string]any{"plan": nil}
	for _, c := range []struct {
		update cfchat.ContactUpdate
		zero   bool
	}{
		{cfchat.ContactUpdate{}, true},
		{cfchat.ContactUpdate{Clear: []cfchat.ContactField{}, CustomAttributes: map[string]any{}, AdditionalAttributes: map[string]any{}}, true},
		{cfchat.ContactUpdate{Name: new("")}, false},
		{cfchat.ContactUpdate{Email: new("jo@b.test")}, false},
		{cfchat.ContactUpdate{PhoneNumber: new("+14155551000")}, false},
		{cfchat.ContactUpdate{Identifier: new("crm-1")}, false},
		{cfchat.ContactUpdate{Blocked: new(false)}, false},
		{cfchat.ContactUpdate{Clear: []cfchat.ContactField{cfchat.ContactFieldName}}, false},
		{cfchat.ContactUpdate{CustomAttributes: one}, false},
		{cfchat.ContactUpdate{AdditionalAttributes: one}, false},
	} {
		_, err := trial.Chat(t, trial.Broken{}).Account(7).Contacts.Update(t.Context(), 77, c.update)
		nothing := err != nil && strings.Contains(err.Error(), "changes nothing")
		if got := c.update.IsZero(); got != c.zero || nothing != c.zero {
			t.Errorf("%+v: IsZero is %t, and Update returns %v", c.update, got, err)
		}
	}
}

// TestContactTooLong checks that texts longer than the server accepts are refused, which depends on its version.
func TestContactTooLong(t *testing.T) {
	most, long := strings.Repeat("é", 255), strings.Repeat("é", 256)
	mail := strings.Repeat("e", 249) + "@b.test" // 256 characters
	for _, c := range []struct{ version, name, email, identifier, field string }{
		{"4.16.2", most, mail[1:], most, ""},
		{"4.16.2", long, "", "", "Name"},
		{"4.16.2", "", mail, "", "Email"},
		{"2.17.0", "", "", long, "Identifier"},
		{"2.16.0", long, "", "", "Name"},
		{"2.16.0", "", mail, long, ""},
	} {
		contacts := cfchattest.New(t, cfchattest.Version(c.version)).Account(t).Contacts
		created, err := contacts.Create(t.Context(), cfchat.ContactCreate{Name: c.name, Email: c.email, Identifier: c.identifier})
		if c.field == "" {
			if err != nil {
				t.Errorf("%s, create: %v", c.version, err)
			}
			continue
		}
		update := cfchat.ContactUpdate{}
		for text, field := range map[string]**string{c.name: &update.Name, c.email: &update.Email, c.identifier: &update.Identifier} {
			if text != "" {
				*field = &text
			}
		}
		_, changed := contacts.Update(t.Context(), 1, update)
		for _, err := range []error{err, changed} {
			if !errors.Is(err, cfchat.ErrInvalidInput) || !strings.HasSuffix(err.Error(), c.field+": it has 256 characters; the server accepts 255") {
				t.Errorf("%s, %s: %+v, %v", c.version, c.field, created, err)
			}
		}
	}
}

// updateVersions are the versions around which the behavior of an update changes.
var updateVersions = []string{"2.16.0", "3.6.0", "3.7.0", "4.0.2", "4.1.0", "4.2.0", "4.7.0", "4.16.2"}

// TestUpdateContact checks that an update changes the fields that are set and leaves the rest alone, in every version:
// attributes are merged.
func TestUpdateContact(t *testing.T) {
	for _, version := range updateVersions {
		server := cfchattest.New(t, cfchattest.Version(version))
		id := server.AddContact(cfchattest.Contact{
			Name: "Jo", Email: "jo@b.test", Phone: "+14155551000", Identifier: "crm-1",
			Custom: map[string]any{"plan": "free", "seats": 1}, Additional: map[string]any{"city": "Oslo", "n": json.Number("12345678901234567890")},
		})
		contacts := server.Account(t).Contacts
		got, err := contacts.Update(t.Context(), id, cfchat.ContactUpdate{
			Name: new("Joanna"), Email: new("JO@other.test"), Clear: []cfchat.ContactField{cfchat.ContactFieldPhoneNumber},
			CustomAttributes:     map[string]any{"plan": "pro", "more": []any{1, "x"}, "none": nil},
			AdditionalAttributes: map[string]any{"company_name": "Acme"},
		})
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		if got.GetName() != "Joanna" || got.GetEmail() != "jo@other.test" || got.PhoneNumber != nil || got.GetIdentifier() != "crm-1" {
			t.Errorf("%s: %+v", version, got)
		}
		if custom := got.CustomAttributes.String(); custom != `{"more":[1,"x"],"none":null,"plan":"pro","seats":1}` {
			t.Errorf("%s: custom attributes %s", version, custom)
		}
		if additional := got.AdditionalAttributes.String(); additional != `{"city":"Oslo","company_name":"Acme","n":12345678901234567890}` {
			t.Errorf("%s: additional attributes %s", version, additional)
		}
		read := 0
		for _, r := range server.Requests() {
			if r.Operation == "contactDetails" {
				read++
			}
		}
		if older := !atLeast(version, "4.2.0"); (read == 1) != older {
			t.Errorf("%s: the contact was read %d times", version, read)
		}
		_, err = contacts.Update(t.Context(), id, cfchat.ContactUpdate{Blocked: new(true)})
		if refused := errors.Is(err, cfchat.ErrInvalidInput); refused == atLeast(version, "3.7.0") || !refused && err != nil {
			t.Errorf("%s: blocked: %v", version, err)
		}
	}
}

func atLeast(version, since string) bool {
	return (&cfchat.ServerInfo{Version: version}).AtLeast(since)
}

// TestUpdateContactTaken checks that the error names the attribute that another contact already has, and that nothing is
// changed.
func TestUpdateContactTaken(t *testing.T) {
	for _, version := range updateVersions {
		server := cfchattest.New(t, cfchattest.Version(version))
		server.AddContact(cfchattest.Contact{Name: "Mia", Email: "mia@b.test", Phone: "+14155551000", Identifier: "crm-1"})
		id := server.AddContact(cfchattest.Contact{Name: "Jo"})
		contacts := server.Account(t).Contacts
		for attribute, update := range map[string]cfchat.ContactUpdate{
			"email":        {Name: new("x"), Email: new("MIA@b.test")},
			"phone_number": {Name: new("x"), PhoneNumber: new("+14155551000")},
			"identifier":   {Name: new("x"), Identifier: new("crm-1")},
		} {
			_, err := contacts.Update(t.Context(), id, update)
			e, ok := errors.AsType[*cfchat.Error](err)
			if !ok || !errors.Is(err, cfchat.ErrRejected) || !slices.Equal(e.Attributes, []string{attribute}) {
				t.Errorf("%s: %s: %v", version, attribute, err)
			}
		}
		if _, err := contacts.Update(t.Context(), id, cfchat.ContactUpdate{Identifier: new("CRM-1")}); err != nil {
			t.Errorf("%s: an identifier in another case: %v", version, err)
		}
		if got, err := contacts.Get(t.Context(), id); err != nil || got.GetName() != "Jo" || got.GetIdentifier() != "CRM-1" {
			t.Errorf("%s: the contact is %+v, %v", version, got, err)
		}
	}
}

// TestUpdateContactRefuses checks that an update with values that no contact can have, or without any change, is refused
// before anything is sent.
func TestUpdateContactRefuses(t *testing.T) {
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	name := []cfchat.ContactField{cfchat.ContactFieldName}
	for _, test := range []struct {
		field  string
		update cfchat.ContactUpdate
	}{
		{"update", cfchat.ContactUpdate{}},
		{"Name", cfchat.ContactUpdate{Name: new("")}},
		{"Name", cfchat.ContactUpdate{Name: new("Jo"), Clear: name}},
		{"Name", cfchat.ContactUpdate{Name: new("a\x00")}},
		{"Email", cfchat.ContactUpdate{Email: new("")}},
		{"Email", cfchat.ContactUpdate{Email: new("jo")}},
		{"Email", cfchat.ContactUpdate{Email: new("jo@a@b.test")}},
		{"Email", cfchat.ContactUpdate{Email: new("@b.test")}},
		{"Email", cfchat.ContactUpdate{Email: new("jo @b.test")}},
		{"PhoneNumber", cfchat.ContactUpdate{PhoneNumber: new("4155551000")}},
		{"PhoneNumber", cfchat.ContactUpdate{PhoneNumber: new("+0155")}},
		{"Identifier", cfchat.ContactUpdate{Identifier: new(" ")}},
		{"Clear[0]", cfchat.ContactUpdate{Clear: []cfchat.ContactField{"blocked"}}},
		{"AdditionalAttributes", cfchat.ContactUpdate{AdditionalAttributes: map[string]any{}}},
		{"CustomAttributes", cfchat.ContactUpdate{CustomAttributes: map[string]any{}}},
		{`CustomAttributes["a"]`, cfchat.ContactUpdate{CustomAttributes: map[string]any{"a": math.NaN()}}},
		{`AdditionalAttributes["a"]`, cfchat.ContactUpdate{AdditionalAttributes: map[string]any{"a": "\xff"}}},
	} {
		_, err := contacts.Update(t.Context(), 77, test.update)
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || len(e.Fields) != 1 || e.Fields[0].Field != test.field {
			t.Errorf("%s: %v", test.field, err)
		}
	}
	if _, err := contacts.Update(t.Context(), 0, cfchat.ContactUpdate{Name: new("Jo")}); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("no id: %v", err)
	}
	if _, err := (cfchat.ContactsService{}).Update(t.Context(), 77, cfchat.ContactUpdate{Name: new("Jo")}); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("no account: %v", err)
	}
}

// TestUpdateContactAnswer checks that an update fails unless the answer shows the requested values.
func TestUpdateContactAnswer(t *testing.T) {
	for what, test := range map[string]struct {
		update cfchat.ContactUpdate
		stored string
		is     error
	}{
		"stored":            {cfchat.ContactUpdate{Name: new("Jo"), Email: new("JO@Customer.test")}, ``, nil},
		"cleared":           {cfchat.ContactUpdate{Clear: []cfchat.ContactField{cfchat.ContactFieldPhoneNumber}}, `"phone_number":""`, nil},
		"numbers":           {cfchat.ContactUpdate{CustomAttributes: map[string]any{"n": 100.0, "l": []int{1}}}, `"custom_attributes":{"n":1e2,"l":[1.0],"x":1}`, nil},
		"blocked":           {cfchat.ContactUpdate{Blocked: new(true)}, `"blocked":true`, nil},
		"another name":      {cfchat.ContactUpdate{Name: new("Mia")}, ``, cfchat.ErrRejected},
		"no phone":          {cfchat.ContactUpdate{PhoneNumber: new("+14155551000")}, ``, cfchat.ErrRejected},
		"another case":      {cfchat.ContactUpdate{Identifier: new("CRM")}, `"identifier":"crm"`, cfchat.ErrRejected},
		"not cleared":       {cfchat.ContactUpdate{Clear: []cfchat.ContactField{cfchat.ContactFieldEmail}}, ``, cfchat.ErrRejected},
		"not blocked":       {cfchat.ContactUpdate{Blocked: new(true)}, `"blocked":false`, cfchat.ErrRejected},
		"blocked or not":    {cfchat.ContactUpdate{Blocked: new(true)}, ``, cfchat.ErrUnknownOutcome},
		"no attribute":      {cfchat.ContactUpdate{CustomAttributes: map[string]any{"n": 1}}, `"custom_attributes":{}`, cfchat.ErrRejected},
		"another attribute": {cfchat.ContactUpdate{AdditionalAttributes: map[string]any{"city": "Oslo"}}, `"additional_attributes":{"city":"Rome"}`, cfchat.ErrRejected},
		"another contact":   {cfchat.ContactUpdate{Name: new("Jo")}, `"id":78`, cfchat.ErrUnknownOutcome},
	} {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/base/api" {
				return trial.Reply(404, "text/plain", ""), nil
			}
			contact := trial.GoodContact
			if test.stored != "" && req.Method == http.MethodPut {
				contact = strings.TrimSuffix(contact, "}") + "," + test.stored + "}"
			}
			return trial.Reply(200, "application/json", `{"payload":`+contact+`}`), nil
		}))
		_, err := chat.Account(7).Contacts.Update(t.Context(), 77, test.update)
		if test.is == nil && err != nil || test.is != nil && !errors.Is(err, test.is) {
			t.Errorf("%s: %v, want %v", what, err, test.is)
		}
	}
}

// TestUpdateContactConcurrently checks that additional attributes written by several goroutines at the same time are merged,
// on a server that replaces them.
func TestUpdateContactConcurrently(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("2.16.0"))
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})
	contacts := server.Account(t).Contacts
	var running sync.WaitGroup
	want := map[string]any{}
	for i := range 8 {
		key := strconv.Itoa(i)
		want[key] = true
		running.Go(func() {
			if _, err := contacts.Update(t.Context(), id, cfchat.ContactUpdate{AdditionalAttributes: map[string]any{key: true}}); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if got, err := contacts.Get(t.Context(), id); err != nil || !maps.Equal(got.AdditionalAttributes.Map(), want) {
		t.Errorf("got %s, %v, want %v", got.GetAdditionalAttributes(), err, want)
	}
}

// TestUpdateContactInterrupted checks that no update is sent if the context ends after the contact was read.
func TestUpdateContactInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var asked []string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		asked = append(asked, req.Method)
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
		}
		defer cancel()
		return trial.Reply(200, "application/json", `{"payload":`+trial.GoodContact+`}`), nil
	}), func(c *cfchat.Config) { c.ServerVersion = "4.1.0" })
	update := cfchat.ContactUpdate{AdditionalAttributes: map[string]any{"city": "Oslo"}}
	_, err := chat.Account(7).Contacts.Update(ctx, 77, update)
	if !errors.Is(err, context.Canceled) || !slices.Equal(asked, []string{"GET"}) {
		t.Errorf("sent %v, %v, want only a GET", asked, err)
	}
	if len(update.AdditionalAttributes) != 1 {
		t.Errorf("the caller's update is now %v", update.AdditionalAttributes)
	}
}

// TestUpdateContactGoexit checks that the next update of a contact gets its turn if the caller's code ends its goroutine.
func TestUpdateContactGoexit(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("3.16.0"))
	contact, exits := srv.AddContact(cfchattest.Contact{Name: "Jo"}), true
	contacts := srv.Account(t, func(c *cfchat.Config) {
		c.RequestEditors = append(c.RequestEditors, func(_ context.Context, req *http.Request) error {
			if exits && req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/contacts/") {
				exits = false
				runtime.Goexit()
			}
			return nil
		})
	}).Contacts
	update := cfchat.ContactUpdate{AdditionalAttributes: map[string]any{"city": "Oslo"}}
	var first sync.WaitGroup
	first.Go(func() {
		_, err := contacts.Update(t.Context(), contact, update)
		t.Errorf("Update returned: %v", err)
	})
	first.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := contacts.Update(ctx, contact, update); err != nil || exits {
		t.Errorf("the ended goroutine still has its turn: %v", err)
	}
}

// TestUpdateContactRefusedBefore checks that a field that an old server does not accept is refused before the contact is
// read.
func TestUpdateContactRefusedBefore(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("3.0.0"))
	contacts := srv.Account(t, func(c *cfchat.Config) { c.ServerVersion = "3.0.0" }).Contacts
	update := cfchat.ContactUpdate{Blocked: new(true), AdditionalAttributes: map[string]any{"a": "b"}}
	if _, err := contacts.Update(t.Context(), 999, update); !errors.Is(err, cfchat.ErrInvalidInput) || len(srv.Requests()) > 0 {
		t.Errorf("%d requests: %v", len(srv.Requests()), err)
	}
}

// TestSourceNotTaken checks that a source id stays with its owner if the lookup is answered with a 404 that does not mean
// that nobody has the source id.
func TestSourceNotTaken(t *testing.T) {
	taken := "mia@customer.test"
	for _, body := range []string{"<html><title>404 Not Found</title></html>", `{"status":404,"error":"Not Found"}`} {
		for name, take := range map[string]func(contacts cfchat.ContactsService, other, inbox int64) error{
			"AddSource": func(contacts cfchat.ContactsService, other, inbox int64) error {
				return trial.Second(contacts.AddSource(t.Context(), other, inbox, taken))
			},
			"FindOrCreate": func(contacts cfchat.ContactsService, _, inbox int64) error {
				create := cfchat.ContactCreate{Email: "bob@customer.test", InboxID: inbox, SourceID: taken}
				return trial.Second(contacts.FindOrCreate(t.Context(), create))
			},
		} {
			srv := cfchattest.New(t)
			inbox := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
			owner := srv.AddContact(cfchattest.Contact{Email: taken, Inbox: inbox, SourceID: taken})
			other := srv.AddContact(cfchattest.Contact{Email: "eve@customer.test"})
			contacts := srv.Account(t).Contacts
			srv.FailNext(cfchat.OperationContactInboxFilter, cfchattest.Failure{Status: http.StatusNotFound, Body: body})
			err := take(contacts, other, inbox)
			got, getErr := contacts.Get(t.Context(), owner)
			if err == nil || getErr != nil || got.ContactInboxes[0].SourceID != taken {
				t.Errorf("%s, %s: %+v, %v, %v", name, body, got, err, getErr)
			}
		}
	}
}

// TestContactConversationsLabels checks that each conversation is yielded once, even if the server counts it once for each of
// its labels.
func TestContactConversationsLabels(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.1.0", "3.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		contact := srv.AddContact(cfchattest.Contact{Email: "mia@customer.test"})
		for i := range 25 {
			srv.AddConversation(cfchattest.Conversation{Contact: contact, Labels: []string{"a", "b"}[:i%3]})
		}
		came := map[int64]bool{}
		for c, err := range srv.Account(t).Contacts.ConversationsAll(t.Context(), contact) {
			if err != nil || came[c.ID] {
				t.Fatalf("%s: %+v, %v", version, c, err)
			}
			came[c.ID] = true
		}
		if len(came) != 25 {
			t.Errorf("%s: got %d conversations, want 25", version, len(came))
		}
	}
}
