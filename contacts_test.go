package cfchat_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestContactsAreSorted checks that every request asks for an order, because the servers have no default: one that the
// version supports, if it is known.
func TestContactsAreSorted(t *testing.T) {
	people := cfchat.Where(cfchat.Contains(cfchat.AttributeEmail, "@"))
	for _, test := range []struct {
		version string
		options cfchat.ContactListOptions
		want    string
	}{
		{"2.16.0", cfchat.ContactListOptions{}, "email,name,phone_number"},
		{"3.0.0", cfchat.ContactListOptions{}, "email,name,phone_number"},
		{"3.1.0", cfchat.ContactListOptions{}, "created_at"},
		{"4.16.2", cfchat.ContactListOptions{}, "created_at"},
		{"4.16.2", cfchat.ContactListOptions{Sort: []cfchat.ContactSort{cfchat.ContactSortNameDesc, "company"}}, "-name,company"},
		{"", cfchat.ContactListOptions{}, "email,name,phone_number"},
	} {
		var sent []url.Values
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/base/api" {
				return trial.Reply(404, "text/plain", ""), nil
			}
			sent = append(sent, req.URL.Query())
			return trial.Reply(200, "application/json", trial.GoodContacts), nil
		}), func(c *cfchat.Config) { c.ServerVersion = test.version })
		contacts := chat.Account(7).Contacts
		_, errList := contacts.List(t.Context(), test.options)
		_, errSearch := contacts.Search(t.Context(), "jo", test.options)
		_, errFilter := contacts.Filter(t.Context(), people, test.options)
		if errList != nil || errSearch != nil || errFilter != nil || len(sent) != 3 {
			t.Fatalf("%s: %v, %v, %v, sent %v", test.version, errList, errSearch, errFilter, sent)
		}
		for _, query := range sent {
			if query.Get("sort") != test.want {
				t.Errorf("%s: sent %v, want the order %s", test.version, query, test.want)
			}
		}
	}
}

// TestFindByPhone checks that a filter finds a contact by its phone number with and without the +, in every version.
func TestFindByPhone(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.16.0", "4.6.2", "4.7.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		id := server.AddContact(cfchattest.Contact{Phone: "+14155551000"})
		server.AddContact(cfchattest.Contact{Phone: "+141555510001"})
		for _, number := range []string{"+14155551000", "14155551000"} {
			filter := cfchat.Where(cfchat.Equal(cfchat.AttributePhoneNumber, number))
			page, err := server.Account(t).Contacts.Filter(t.Context(), filter, cfchat.ContactListOptions{})
			if err != nil || len(page.Payload) != 1 || page.Payload[0].ID != id {
				t.Errorf("%s: %s found %+v, %v", version, number, page, err)
			}
			if filter.String() != `phone_number equal_to ["`+number+`"]` {
				t.Errorf("the caller's filter is now %s", filter)
			}
		}
	}
}

// TestContactPages checks that all contacts can be read page by page, in the order of their creation and of their names.
func TestContactPages(t *testing.T) {
	server := cfchattest.New(t)
	var want []string
	for i := range 40 {
		want = append(want, string(rune('a'+i%26))+string(rune('a'+i/26)))
		server.AddContact(cfchattest.Contact{Name: want[i], Identifier: want[i]})
	}
	for _, sort := range [][]cfchat.ContactSort{nil, {cfchat.ContactSortName}} {
		var got []string
		for page := 1; ; page++ {
			answer, err := server.Account(t).Contacts.List(t.Context(), cfchat.ContactListOptions{Page: page, Sort: sort, WithoutInboxes: true})
			if err != nil || answer.Meta.GetCount() != 40 || len(answer.Payload) > 15 {
				t.Fatalf("page %d: %+v, %v", page, answer, err)
			}
			if len(answer.Payload) == 0 {
				break
			}
			for _, contact := range answer.Payload {
				got = append(got, contact.GetName())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("sorted by %v: %v", sort, got)
		}
		slices.Sort(want)
	}
}

// TestContactSecrets checks that the secrets of a recorded contact's inboxes show neither in the contact, nor in its kept
// JSON, nor in an error about the answer.
func TestContactSecrets(t *testing.T) {
	e := recordings.Read(t, "testdata/recordings-whole/2.16.0/contact-get-first.json")
	if !strings.Contains(e.Response.Body, `"hmac_token":"<secret>"`) {
		t.Fatal("the recording has no secret")
	}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", e.Response.Body), nil
	}))
	contact, err := chat.Account(1).Contacts.Get(t.Context(), 1, cfchat.KeepJSON())
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(contact)
	if err != nil || strings.Contains(string(encoded), "hmac_token") {
		t.Errorf("encoded as %s, %v", encoded, err)
	}
	kept := strings.ReplaceAll(string(contact.JSON()), `"hmac_token":null`, `"hmac_token":"<secret>"`)
	if strings.Contains(string(contact.JSON()), `"hmac_token":"`) || `{"payload":`+kept+`}` != e.Response.Body {
		t.Errorf("the kept JSON is %s", contact.JSON())
	}
	_, err = chat.Account(1).Contacts.Get(t.Context(), 2)
	if failed, ok := errors.AsType[*cfchat.Error](err); !ok || !strings.Contains(failed.Body, `"hmac_token":null`) || strings.Contains(failed.Body, "<secret>") {
		t.Errorf("an answer about another contact: %v", err)
	}
}

// TestCheckContacts checks that CheckContacts names the rules that no server applies to contacts as they are written.
func TestCheckContacts(t *testing.T) {
	for _, rule := range []cfchat.Rule{
		cfchat.Equal(cfchat.AttributeEmail, "a@b.test"), cfchat.NotEqual("plan", "pro"), cfchat.Equal(cfchat.AttributeBlocked, true),
		cfchat.Present(cfchat.AttributeLabels), cfchat.DaysBefore(cfchat.AttributeCreatedAt, 7), cfchat.Equal(cfchat.AttributeCompanyName, "Acme"),
		cfchat.RawRule(cfchat.FilterRule{AttributeKey: "email", FilterOperator: cfchat.FilterOperatorIsNotPresent}),
	} {
		if wrong := cfchat.Where(rule).CheckContacts(); len(wrong) != 0 {
			t.Errorf("%+v: %v", rule, wrong)
		}
	}
	for _, rule := range []cfchat.Rule{
		cfchat.Equal(cfchat.AttributeEmail, "a@b.test", "c@d.test"), cfchat.Equal(cfchat.AttributeIdentifier, 5), cfchat.Equal(cfchat.AttributeEmail, ""),
		cfchat.Absent(cfchat.AttributeEmail), cfchat.Contains(cfchat.AttributeIdentifier, "a"), cfchat.Equal(cfchat.AttributeBlocked, "yes"),
		cfchat.GreaterThan(cfchat.AttributeCreatedAt, "yesterday"), cfchat.Equal("plan", "pro", "free"),
	} {
		if wrong := cfchat.Where(cfchat.Equal(cfchat.AttributeName, "Jo")).And(rule).CheckContacts(); len(wrong) != 1 || wrong[0].Rule != 2 {
			t.Errorf("%+v: %v", rule, wrong)
		}
	}
}

// TestEmptyValueOfContacts checks that the reason for refusing an empty value explains how to find contacts without a value:
// by Absent only if servers accept that.
func TestEmptyValueOfContacts(t *testing.T) {
	const walk, absent = "servers cannot search for an empty one here; walk ListAll and compare", "use Absent to match none"
	for _, value := range []any{"", " ", nil} {
		for attribute, want := range map[cfchat.Attribute]string{
			cfchat.AttributeEmail: walk, cfchat.AttributePhoneNumber: walk, cfchat.AttributeCity: walk,
			cfchat.AttributeLabels: absent, "plan": absent,
		} {
			wrong := cfchat.Where(cfchat.Equal(attribute, value)).CheckContacts()
			if len(wrong) != 1 || !strings.HasSuffix(wrong[0].Reason, "; "+want) {
				t.Errorf("%s %q: %v", attribute, value, wrong)
			}
		}
	}
}

// TestBlockedAsText checks that a form's text is sent as the boolean it represents, so that both find the same contacts.
func TestBlockedAsText(t *testing.T) {
	srv := cfchattest.New(t)
	jo := srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test", Blocked: true})
	srv.AddContact(cfchattest.Contact{Name: "Ann", Email: "ann@customer.test"})
	for _, value := range []any{true, "true"} {
		filter := cfchat.Where(cfchat.NewRule(cfchat.AttributeBlocked, "equal_to", value))
		page, err := srv.Account(t).Contacts.Filter(t.Context(), filter, cfchat.ContactListOptions{})
		if err != nil || len(page.Payload) != 1 || page.Payload[0].ID != jo {
			t.Errorf("%#v: %+v, %v", value, page, err)
		}
		if body := srv.Requests()[len(srv.Requests())-1].Body; !strings.Contains(body, `"values":[true]`) {
			t.Errorf("%#v was sent as %s", value, body)
		}
	}
}

// TestUnknownContactSort checks that a sort key that no version knows, with which contacts would be unsorted, is refused.
func TestUnknownContactSort(t *testing.T) {
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	for _, sort := range []cfchat.ContactSort{"", "createdAt", "-id", "email,name", "--email", "e mail"} {
		_, err := contacts.List(t.Context(), cfchat.ContactListOptions{Sort: []cfchat.ContactSort{cfchat.ContactSortName, sort}})
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || len(e.Fields) != 1 || e.Fields[0].Field != "Sort[1]" || !strings.Contains(err.Error(), "ContactSort") {
			t.Errorf("%q: %v", sort, err)
		}
	}
}

// TestFindContact checks that exactly the right contact is found among similar ones, or none, in every version.
func TestFindContact(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.16.0", "4.6.2", "4.7.0", "4.11.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		for i := range 20 {
			server.AddContact(cfchattest.Contact{Name: "crm-1", Email: "x" + strconv.Itoa(i) + "-jo@b.test", Identifier: "crm-1" + strconv.Itoa(i)})
		}
		server.AddContact(cfchattest.Contact{Identifier: "CRM-1"})
		first := server.AddContact(cfchattest.Contact{Email: "jo@b.test", Identifier: "crm-1", Phone: "+14155551000"})
		server.AddContact(cfchattest.Contact{Phone: "+14155551000"}) // as if stored at the same time
		find := server.Account(t).Contacts
		for what, found := range map[string]func() (*cfchat.Contact, error){
			"e-mail":     func() (*cfchat.Contact, error) { return find.FindByEmail(t.Context(), "Jo@B.test") },
			"phone":      func() (*cfchat.Contact, error) { return find.FindByPhone(t.Context(), "+14155551000") },
			"identifier": func() (*cfchat.Contact, error) { return find.FindByIdentifier(t.Context(), "crm-1") },
		} {
			if contact, err := found(); err != nil || contact.ID != first {
				t.Errorf("%s, %s: %+v, %v", version, what, contact, err)
			}
		}
		for what, found := range map[string]func() (*cfchat.Contact, error){
			"e-mail":     func() (*cfchat.Contact, error) { return find.FindByEmail(t.Context(), "o@b.test") },
			"phone":      func() (*cfchat.Contact, error) { return find.FindByPhone(t.Context(), "+1415555100") },
			"identifier": func() (*cfchat.Contact, error) { return find.FindByIdentifier(t.Context(), "crm-_") },
		} {
			if contact, err := found(); contact != nil || !errors.Is(err, cfchat.ErrNotFound) || errors.Is(err, cfchat.ErrServer) {
				t.Errorf("%s, %s: %+v, %v", version, what, contact, err)
			}
		}
	}
}

// TestFindHiddenContact checks that a contact that no filter shows is found by an exact match in all pages of a search, in
// versions in which there can be such contacts.
func TestFindHiddenContact(t *testing.T) {
	for version, hides := range map[string]bool{"4.6.2": false, "4.7.0": true, "4.16.2": true, "": true} {
		var asked []string
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			body := `{"meta":{"count":0,"current_page":"1"},"payload":[]}`
			switch page := req.URL.Query().Get("page"); {
			case req.URL.Path == "/base/api":
				return trial.Reply(404, "text/plain", ""), nil
			case !strings.HasSuffix(req.URL.Path, "/search"):
			case page == "1":
				body = `{"meta":{"count":1,"current_page":"1","has_more":true},"payload":[` + strings.Replace(trial.GoodContact, "jo@", "banjo@", 1) + `]}`
			default:
				body = strings.Replace(`{"meta":{"count":1,"current_page":"2","has_more":false},"payload":[`+trial.GoodContact+`]}`, "77", "78", 1)
			}
			asked = append(asked, req.URL.Path)
			return trial.Reply(200, "application/json", body), nil
		}), func(c *cfchat.Config) { c.ServerVersion = version })
		contact, err := chat.Account(7).Contacts.FindByEmail(t.Context(), "jo@customer.test")
		if hides && (err != nil || contact.ID != 78 || len(asked) != 3) || !hides && (!errors.Is(err, cfchat.ErrNotFound) || len(asked) != 1) {
			t.Errorf("%q: %+v, %v, requests %v", version, contact, err, asked)
		}
	}
}

// TestFindRefuses checks that values that no contact can have are refused before anything is sent.
func TestFindRefuses(t *testing.T) {
	find := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	for _, email := range []string{"", "jo", "jo@b@c.test", "jo @b.test", "a\x00@b.test"} {
		if _, err := find.FindByEmail(t.Context(), email); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%q: %v", email, err)
		}
	}
	for _, number := range []string{"", "14155551000", "+0155", "+1", "+1 415", "+1234567890123456"} {
		if _, err := find.FindByPhone(t.Context(), number); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%q: %v", number, err)
		}
	}
	for _, identifier := range []string{"", " ", "a\x00"} {
		if _, err := find.FindByIdentifier(t.Context(), identifier); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%q: %v", identifier, err)
		}
	}
}

// TestContactInTurkish checks that a contact is found by an e-mail whose first letter has two characters in lower case.
func TestContactInTurkish(t *testing.T) {
	contacts := cfchattest.New(t).Account(t).Contacts
	for i := range 2 {
		found, err := contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{Email: "İnci@customer.test"})
		if err != nil || found.Created != (i == 0) {
			t.Fatalf("%+v, %v", found, err)
		}
	}
	if _, err := contacts.FindByEmail(t.Context(), "İNCI@customer.test"); err != nil {
		t.Error(err)
	}
	if _, err := contacts.FindByEmail(t.Context(), "inci@customer.test"); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("a similar address: %v", err)
	}
}
