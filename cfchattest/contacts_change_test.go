package cfchattest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// changedContact is a contact as it was before its recorded changes.
type changedContact struct {
	cfchattest.Contact

	names []string // of the exchanges, in their order
}

// TestRecordedContactChanges sends recorded changes to contacts that equal the real ones before the change, and compares
// status and answer: all of an error, and all of a success but ids, times and inboxes.
func TestRecordedContactChanges(t *testing.T) {
	attributes := map[string]any{"own": map[string]any{"k": 1}, "city": "Oslo", "company_name": "C"}
	for _, before := range []changedContact{
		{Contact: cfchattest.Contact{Name: "New One", Email: "new1@customer.test", Phone: "+14155559001", Identifier: "new-1",
			Additional: map[string]any{"city": "Oslo", "company_name": "X"}, Custom: map[string]any{"plan": "pro", "n": 1}},
			names: []string{"contact-update-name", "contact-update-dup-email"}},
		{Contact: cfchattest.Contact{Name: "upd"},
			names: []string{"contacts-update-identifier-blank", "contacts-update-phone-blank", "contacts-update-name-null"}},
		{Contact: cfchattest.Contact{Name: "Attr", Additional: attributes, Custom: map[string]any{"a": 1, "b": map[string]any{"x": 1}, "c": "t"}},
			names: []string{"contacts-destroy-attributes-one"}},
		{Contact: cfchattest.Contact{Name: "Attr", Additional: attributes, Custom: map[string]any{"c": "t"}},
			names: []string{"contacts-destroy-attributes-unknown", "contacts-update-additional", "contacts-update-additional-null",
				"contacts-update-additional-empty", "contacts-update-custom-nested", "contacts-update-custom-null"}},
		{Contact: cfchattest.Contact{Name: "Uco"}, names: []string{"contacts-delete-agent", "contacts-delete-without-conversations", "contacts-delete-again"}},
		{Contact: cfchattest.Contact{Name: "Uco", Online: true}, names: []string{"contacts-delete-online"}},
		{Contact: cfchattest.Contact{Name: "Uco"}, names: []string{"contact-conversations-none", "contact-inbox-api-source",
			"contact-inbox-api-source-dup", "contact-inbox-blank-source", "contact-inbox-unknown", "contacts-email-without-mail"}},
	} {
		for _, version := range []string{"2.16.0", "4.16.2"} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			srv.AddInbox(cfchattest.Inbox{Name: "API inbox"})
			for range 2 {
				srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
			}
			srv.AddContact(cfchattest.Contact{Email: "jo@customer.test", Phone: "+14155551000"})
			srv.AddContact(cfchattest.Contact{Name: "it has the identifier that is empty"})
			noIdentifier(t, srv, 2)
			id := srv.AddContact(before.Contact)
			for _, name := range before.names {
				file := fmt.Sprintf("../testdata/recordings-contacts/%s/%s.json", version, name)
				if !slices.Contains(recordedChanges(t, version), name) {
					continue
				}
				compareChange(t, srv, recordings.Read(t, file), id)
			}
		}
	}
}

// recordedChanges returns the names of the recorded exchanges with contacts of a version.
func recordedChanges(t *testing.T, version string) []string {
	t.Helper()
	var names []string
	for _, e := range recordings.In(t, "../testdata/recordings-contacts/"+version) {
		names = append(names, e.Name)
	}
	return names
}

// noIdentifier sets a contact's identifier to the empty one, which only one contact can have.
func noIdentifier(t *testing.T, srv *cfchattest.Server, id int64) {
	t.Helper()
	path := fmt.Sprintf("/api/v1/accounts/1/contacts/%d", id)
	resp, err := srv.Transport().RoundTrip(request(t, srv.AdminKey(), "PUT", path, `{"identifier":""}`))
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%+v, %v", resp, err)
	}
	readAll(t, resp)
}

// compareChange sends a recorded exchange about another contact, and compares the answer.
func compareChange(t *testing.T, srv *cfchattest.Server, e recordings.Exchange, id int64) {
	t.Helper()
	_, rest, _ := strings.Cut(e.Request.Path, "/contacts/")
	_, rest, found := strings.Cut(rest, "/")
	path := fmt.Sprintf("/api/v1/accounts/1/contacts/%d", id)
	if found {
		path += "/" + rest
	}
	body := ""
	if e.Request.Body != nil {
		body = *e.Request.Body
	}
	resp, err := srv.Transport().RoundTrip(request(t, srv.Key(e.As), e.Request.Method, path, body))
	if err != nil {
		t.Fatal(err)
	}
	answer := readAll(t, resp)
	if resp.StatusCode != e.Response.Status || resp.Header.Get("Content-Type") != e.Response.Headers["content-type"] {
		t.Errorf("%s/%s: %d %q %s, recorded %d %q", e.Version, e.Name, resp.StatusCode, resp.Header.Get("Content-Type"), answer,
			e.Response.Status, e.Response.Headers["content-type"])
		return
	}
	got, want := decode(answer), decode(e.Response.Body)
	for _, each := range []any{got, want} {
		contact := object(dig(each, "payload"))
		for _, name := range []string{"id", "created_at"} {
			delete(contact, name)
		}
		if places, there := contact["contact_inboxes"]; there {
			_, isList := places.([]any)
			contact["contact_inboxes"] = isList
		}
		if inbox, there := object(each)["inbox"]; there {
			object(each)["inbox"] = dig(inbox, "channel_type")
		}
		if message, isText := object(each)["message"].(string); isText {
			object(each)["message"] = strings.TrimLeft(message, "Uco0123456789") // the name, which varies
		}
	}
	if d := differAt("", got, want); d != "" {
		t.Errorf("%s/%s: %s", e.Version, e.Name, d)
	}
}

// TestChangeContactEmptied empties each text of a contact: null and blank text set an address to null, the other fields keep
// blank text, and fields that are not sent stay (contract, W2.4 and W2.6).
func TestChangeContactEmptied(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		for sent, want := range map[string]string{
			`{}`:                    `"email":"jo@example.com" "identifier":"crm" "name":"Jo" "phone_number":"+14155551000"`,
			`{"email":null}`:        `"email":null "name":"Jo"`,
			`{"email":""}`:          `"email":null "name":"Jo"`,
			`{"email":"A@B.test"}`:  `"email":"a@b.test" "name":"Jo"`,
			`{"name":""}`:           `"email":"jo@example.com" "name":""`,
			`{"phone_number":null}`: `"identifier":"crm" "phone_number":null`,
			`{"phone_number":""}`:   `"identifier":"crm" "phone_number":""`,
			`{"identifier":null}`:   `"identifier":null "phone_number":"+14155551000"`,
			`{"identifier":""}`:     `"identifier":"" "phone_number":"+14155551000"`,
		} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			path := fmt.Sprintf("%s/%d", contacts, srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com", Phone: "+14155551000", Identifier: "crm"}))
			_, answered := call(t, srv, srv.AgentKey(), "PUT", path, sent)
			_, stored := call(t, srv, srv.AgentKey(), "GET", path, "")
			for field := range strings.FieldsSeq(want) {
				if !strings.Contains(answered, field) || !strings.Contains(stored, field) {
					t.Errorf("%s, %s: %s, and then %s, want %s", version, sent, answered, stored, field)
				}
			}
		}
	}
}
