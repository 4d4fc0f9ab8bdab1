package cfchat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestFindOrCreate checks that a contact that has one of the given values is returned unchanged, and that a contact is
// created if there is none.
func TestFindOrCreate(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.6.2", "4.7.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		jo := server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@b.test", Phone: "+14155551000", Identifier: "crm-1"})
		server.AddContact(cfchattest.Contact{Email: "banjo@b.test", Phone: "+141555510001", Identifier: "CRM-1"})
		contacts := server.Account(t).Contacts
		for _, create := range []cfchat.ContactCreate{
			{Name: "Joanne", Email: "JO@b.test"}, {PhoneNumber: "+14155551000"}, {Identifier: "crm-1", InboxID: 1},
			{Email: "jo@b.test", PhoneNumber: "+14155559999", Identifier: "crm-9"},
		} {
			found, err := contacts.FindOrCreate(t.Context(), create)
			if err != nil || found.Created || found.Contact.ID != jo || found.Contact.GetName() != "Jo" || len(found.Others) != 0 {
				t.Errorf("%s: %+v: %+v, %v", version, create, found, err)
			}
		}
		before := len(server.Requests())
		found, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Name: "Mia", Email: "mia@b.test", PhoneNumber: "+14155552000", InboxID: 1})
		if err != nil || !found.Created || found.Contact.GetName() != "Mia" || len(found.Contact.ContactInboxes) != 1 || len(server.Requests()) != before+1 {
			t.Errorf("%s: %+v, %v in %d requests", version, found, err, len(server.Requests())-before)
		}
		if _, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "x@b.test", InboxID: 99}); !errors.Is(err, cfchat.ErrNotFound) {
			t.Errorf("%s: in an inbox that does not exist: %v", version, err)
		}
	}
}

// TestFindOrCreateConflict checks that the error names the owners, and no other contacts, if the given values belong to
// different contacts.
func TestFindOrCreateConflict(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("4.16.2"))
	jo := server.AddContact(cfchattest.Contact{Email: "jo@b.test"})
	mia := server.AddContact(cfchattest.Contact{Phone: "+14155551000", Identifier: "crm-1", SourceID: "mia"})
	contacts := server.Account(t).Contacts
	for _, create := range []cfchat.ContactCreate{
		{Email: "jo@b.test", PhoneNumber: "+14155551000"}, {Email: "jo@b.test", InboxID: 1, SourceID: "mia"},
	} {
		found, err := contacts.FindOrCreate(t.Context(), create)
		if !errors.Is(err, cfchat.ErrRejected) || errors.Is(err, cfchat.ErrUnknownOutcome) || !strings.Contains(err.Error(), "contact 1's") ||
			!strings.Contains(err.Error(), "contact 2's") || found.Contact != nil || !slices.Equal(found.Others, []int64{jo, mia}) {
			t.Errorf("%+v: %+v, %v", create, found, err)
		}
	}
	server.FailNext(cfchat.OperationContactCreate, cfchattest.Failure{Status: 500})
	found, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "jo@b.test", Identifier: "crm-1"})
	if !errors.Is(err, cfchat.ErrRejected) || errors.Is(err, cfchat.ErrUnknownOutcome) || !slices.Equal(found.Others, []int64{jo, mia}) {
		t.Errorf("after a 500: %+v, %v", found, err)
	}
}

// TestFindOrCreateDiffers checks that the given fields that differ from the contact's, and those that it lacks, are reported.
func TestFindOrCreateDiffers(t *testing.T) {
	server := cfchattest.New(t)
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@b.test", Phone: "+14155551000"})
	server.AddContact(cfchattest.Contact{Name: "Ada", Identifier: "crm-9"})
	contacts := server.Account(t).Contacts
	type fields = []cfchat.ContactField
	const name, email, phone, identifier = cfchat.ContactFieldName, cfchat.ContactFieldEmail, cfchat.ContactFieldPhoneNumber, cfchat.ContactFieldIdentifier
	for _, c := range []struct {
		given            cfchat.ContactCreate
		differs, missing fields
	}{
		{cfchat.ContactCreate{Email: "JO@b.test", PhoneNumber: "+14155551000"}, nil, nil},
		{cfchat.ContactCreate{Name: "Joanne", Email: "new@b.test", PhoneNumber: "+14155551000", Identifier: "crm-1"}, fields{name, email}, fields{identifier}},
		{cfchat.ContactCreate{Email: "jo@b.test", PhoneNumber: "+14155559999"}, fields{phone}, nil},
		{cfchat.ContactCreate{Name: "Mia", Email: "mia@b.test", PhoneNumber: "+14155552000", Identifier: "crm-9"}, fields{name}, fields{email, phone}},
		{cfchat.ContactCreate{Name: "Eve", Email: "EVE@b.test", Identifier: "crm-2"}, nil, nil},
	} {
		found, err := contacts.FindOrCreate(t.Context(), c.given)
		if err != nil || !slices.Equal(found.Differs, c.differs) || !slices.Equal(found.Missing, c.missing) {
			t.Errorf("%+v: %+v, %v", c.given, found, err)
		}
	}
}

// TestFindOrCreateHidden checks that a contact that has some of the given values is named if another owner is hidden.
func TestFindOrCreateHidden(t *testing.T) {
	server := cfchattest.New(t)
	mia := server.AddContact(cfchattest.Contact{Phone: "+14155551000"})
	contacts := server.Account(t, func(c *cfchat.Config) {
		c.HTTPClient.Transport = trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/contacts") {
				return trial.Reply(422, "application/json", `{"message":"Email has already been taken","attributes":["email"]}`), nil
			}
			return server.Transport().RoundTrip(req)
		})
	}).Contacts
	found, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "jo@b.test", PhoneNumber: "+14155551000"})
	if !errors.Is(err, cfchat.ErrRejected) || found.Contact != nil || !slices.Equal(found.Others, []int64{mia}) {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestFindOrCreateDouble checks that, of two contacts with the same phone number, the one that has all the given values is
// returned, or else the one with the lower id.
func TestFindOrCreateDouble(t *testing.T) {
	server := cfchattest.New(t)
	low := server.AddContact(cfchattest.Contact{Phone: "+14155551000"})
	high := server.AddContact(cfchattest.Contact{Phone: "+14155551000", Email: "jo@b.test"})
	for want, create := range map[int64]cfchat.ContactCreate{
		low: {PhoneNumber: "+14155551000"}, high: {PhoneNumber: "+14155551000", Email: "jo@b.test"},
	} {
		found, err := server.Account(t).Contacts.FindOrCreate(t.Context(), create)
		if err != nil || found.Contact.ID != want || !slices.Equal(found.Others, []int64{low + high - want}) {
			t.Errorf("%+v: %+v, %v", create, found, err)
		}
	}
	if slices.ContainsFunc(server.Requests(), func(r cfchattest.Request) bool { return r.Operation == "contactSearch" }) {
		t.Error("searched for contacts that a filter had already found")
	}
}

// TestFindOrCreateKeepsSources checks that a source id is not taken from its owner, as a mere create would do.
func TestFindOrCreateKeepsSources(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("4.16.2"))
	mail := server.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	owner := server.AddContact(cfchattest.Contact{Inbox: mail, SourceID: "jo@b.test"})
	contacts := server.Account(t).Contacts
	found, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "jo@b.test", InboxID: mail, SourceID: "jo@b.test"})
	if err != nil || found.Created || found.Contact.ID != owner {
		t.Errorf("%+v, %v", found, err)
	}
	found, err = contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "mia@b.test", InboxID: mail, SourceID: "mia@b.test"})
	if err != nil || !found.Created || found.Contact.ContactInboxes[0].SourceID != "mia@b.test" {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestFindOrCreateSourceUnseen checks that no source id is sent to a server that certainly cannot report who has it, and
// that the source id is named among the possible reasons for a failure if the server's version is unknown.
func TestFindOrCreateSourceUnseen(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.1.1"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		server.AddContact(cfchattest.Contact{SourceID: "s"})
		create := cfchat.ContactCreate{Email: "mia@b.test", InboxID: 1, SourceID: "s"}
		before := len(server.Requests())
		_, err := server.Account(t).Contacts.FindOrCreate(t.Context(), create)
		if !errors.Is(err, cfchat.ErrInvalidInput) || !strings.Contains(err.Error(), "SourceID: before 3.2.0 there is no way to see who has it") {
			t.Errorf("%s: %v", version, err)
		}
		if asked := server.Requests()[before:]; slices.ContainsFunc(asked, func(r cfchattest.Request) bool { return r.Method != "GET" }) {
			t.Errorf("%s: sent %v", version, asked)
		}
		silent := server.Account(t, func(c *cfchat.Config) {
			c.HTTPClient.Transport = trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if strings.HasSuffix(req.URL.Path, "/api") {
					return trial.Reply(404, "text/plain", ""), nil
				}
				return server.Transport().RoundTrip(req)
			})
		}).Contacts
		_, err = silent.FindOrCreate(t.Context(), create)
		if !errors.Is(err, cfchat.ErrUnknownOutcome) || !strings.Contains(err.Error(), "call again, or another contact has the source id in inbox 1") {
			t.Errorf("%s, which is not reported: %v", version, err)
		}
	}
}

// TestFindOrCreateSourceTaken checks that a contact that gets the source id between the lookup and the create is returned.
func TestFindOrCreateSourceTaken(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("4.16.2"))
	contacts := server.Account(t, func(c *cfchat.Config) {
		c.HTTPClient.Transport = trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/contacts") {
				server.AddContact(cfchattest.Contact{Name: "Mia", SourceID: "s"})
			}
			return server.Transport().RoundTrip(req)
		})
	}).Contacts
	found, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "jo@b.test", InboxID: 1, SourceID: "s"})
	if err != nil || found.Created || found.Contact.GetName() != "Mia" {
		t.Errorf("%+v, %v", found, err)
	}
}

// once is a contact that must be created only once.
var once = cfchat.ContactCreate{Name: "Jo", Email: "jo@b.test", PhoneNumber: "+14155551000", Identifier: "crm-1", InboxID: 1, SourceID: "s"}

// TestFindOrCreateOnce checks that one contact is created, however often FindOrCreate is called and whatever fails in
// between: each kind of failure, at each request, before and after it is carried out.
func TestFindOrCreateOnce(t *testing.T) {
	t.Parallel()
	const most = 12
	synctest.Test(t, func(t *testing.T) {
		for _, create := range []cfchat.ContactCreate{once, {Email: once.Email}, {PhoneNumber: once.PhoneNumber}, {Identifier: once.Identifier}} {
			for _, failure := range []cfchattest.Failure{{Cut: true}, {Status: 500}, {Status: 502}, {Status: 429}, {Status: 502, Cut: true}} {
				for at := 1; at <= most; at++ {
					server := cfchattest.New(t, cfchattest.Version("4.16.2"))
					contacts := server.Account(t, func(c *cfchat.Config) { c.Retry.MaxTries = 1 }).Contacts
					server.FailEvery("", at, failure)
					findOrCreate(t, contacts, create, at)
					if calls := len(server.Requests()); calls < at {
						break // there were not that many requests
					}
				}
			}
		}
	})
}

// findOrCreate calls FindOrCreate repeatedly and checks that all calls agree on one contact.
func findOrCreate(t *testing.T, contacts cfchat.ContactsService, create cfchat.ContactCreate, at int) {
	t.Helper()
	created, there := 0, 0
	for range 6 {
		found, err := contacts.FindOrCreate(t.Context(), create)
		switch {
		case found == nil || found.Contact == nil:
			if err == nil || errors.Is(err, cfchat.ErrRejected) {
				t.Errorf("%+v, request %d: %+v, %v", create, at, found, err)
			}
		case found.Contact.ID != 1 || len(found.Others) != 0:
			t.Errorf("%+v, request %d: %+v, %v", create, at, found, err)
		case found.Created:
			created, there = created+1, there+1
		default:
			there++
		}
	}
	if created > 1 || there == 0 && at > 9 { // one call makes up to 9 requests
		t.Errorf("%+v, request %d: created %d times, returned %d times", create, at, created, there)
	}
}

// TestFindOrCreateFailures checks what the error states about a failed create: the reason, or that the outcome is unknown.
func TestFindOrCreateFailures(t *testing.T) {
	const (
		taken = `{"message":"Email has already been taken","attributes":["email"]}`
		long  = `{"message":"Name is too long (maximum is 255 characters)","attributes":["name"]}`
		none  = `{"meta":{"count":0,"current_page":"1","has_more":false},"payload":[]}`
	)
	for _, c := range []struct {
		what        string
		status      int
		body        string
		lookStatus  int
		is, isNot   error
		says        string
		looks       int
		cut, closed bool
	}{
		{"hidden", 422, taken, 200, cfchat.ErrRejected, cfchat.ErrUnknownOutcome, "its owner is hidden", 2, false, false},
		{"nobody after a 500", 500, "", 200, cfchat.ErrUnknownOutcome, cfchat.ErrRejected, "call again", 2, false, false},
		{"nobody after a cut", 200, "", 200, cfchat.ErrUnknownOutcome, cfchat.ErrRejected, "call again", 2, true, false},
		{"another reason", 422, long, 200, cfchat.ErrRejected, cfchat.ErrUnknownOutcome, "too long", 0, false, false},
		{"no look after a 422", 422, taken, 500, cfchat.ErrServer, cfchat.ErrRejected, "contactFilter", 1, false, false},
		{"no look after a 500", 500, "", 500, cfchat.ErrUnknownOutcome, cfchat.ErrRejected, "looking for it failed", 1, false, false},
		{"the context ends after a 500", 500, "", 200, cfchat.ErrUnknownOutcome, cfchat.ErrRejected, "context canceled", 0, false, true},
		{"the context ends after a 422", 422, taken, 200, context.Canceled, cfchat.ErrUnknownOutcome, "contactFilter", 0, false, true},
		{"not mine", 401, `{"error":"no"}`, 200, cfchat.ErrUnauthorized, cfchat.ErrUnknownOutcome, "", 0, false, false},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		looks := 0
		contacts := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "/contacts") {
				looks++
				return trial.Reply(c.lookStatus, "application/json", none), nil
			}
			if c.closed {
				cancel()
			}
			if c.cut {
				return nil, io.ErrUnexpectedEOF
			}
			return trial.Reply(c.status, "application/json", c.body), nil
		}), func(config *cfchat.Config) { config.ServerVersion, config.Retry.MaxTries = "4.16.2", 1 }).Account(7).Contacts
		found, err := contacts.FindOrCreate(ctx, cfchat.ContactCreate{Email: "jo@b.test"})
		if found == nil || found.Contact != nil || !errors.Is(err, c.is) || errors.Is(err, c.isNot) || !strings.Contains(err.Error(), c.says) || looks != c.looks {
			t.Errorf("%s: %+v, %v, looked %d times", c.what, found, err, looks)
		}
		cancel()
	}
}

// TestFindOrCreateLookAgain checks that the created contact is returned if the check for a second one with the same phone
// number fails.
func TestFindOrCreateLookAgain(t *testing.T) {
	server := cfchattest.New(t)
	server.FailNext(cfchat.OperationContactFilter, cfchattest.Failure{Status: 500})
	found, err := server.Account(t).Contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{PhoneNumber: "+14155551000"})
	if !errors.Is(err, cfchat.ErrServer) || found == nil || !found.Created || found.Contact.ID != 1 || !strings.Contains(err.Error(), "contact 1 was created") {
		t.Errorf("%+v, %v", found, err)
	}
}
