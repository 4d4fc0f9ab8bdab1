package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

const contacts = "/api/v1/accounts/1/contacts"

// TestCreateContact creates contacts one after another, and checks the answers of versions before and after each change.
func TestCreateContact(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, version := range []string{"2.16.0", "3.16.0", "4.0.4", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		mail, line := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail}), srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelLine})
		srv.AddContact(cfchattest.Contact{Email: "jo@b.test", Phone: "+14155551000", Identifier: "crm-1", SourceID: "known"})
		newer := func(is, was int) int {
			if atLeast(version, "2.17.0") {
				return is
			}
			return was
		}
		missing := 422
		if version == "4.0.4" {
			missing = 500
		}
		taken := 500
		if atLeast(version, "4.0.4") {
			taken = 200
		}
		for _, c := range []struct {
			body   string
			status int
			want   string // in the answer
		}{
			{`{}`, 200, `"contact_inbox":{"inbox":null,"source_id":null}`},
			{`{"name":null}`, 200, `"name":null`},
			{`{"email":""}`, 200, `"email":null`},
			{`{"email":"A@B.test","identifier":5}`, 200, `"email":"a@b.test","id":5,"identifier":"5"`},
			{`{"email":"JO@b.test"}`, 422, `{"message":"Email has already been taken","attributes":["email"]}`},
			{`{"phone_number":"+14155551000"}`, 422, `["phone_number"]`},
			{`{"identifier":"CRM-1"}`, 200, `"identifier":"CRM-1"`},
			{`{"identifier":"crm-1","email":"jo@b.test"}`, 422, `["email","identifier"]`},
			{`{"email":"x","phone_number":"1"}`, 422, `{"message":"Email Invalid email, Phone number should be in e164 format","attributes":["email","phone_number"]}`},
			{`{"email":" a@c.test"}`, 422, `Email Invalid email`},
			{`{"phone_number":"+0415"}`, 422, `Phone number should be in e164 format`},
			{`{"phone_number":"tel:+14155559999"}`, 200, `"phone_number":"tel:+14155559999"`},
			{`{"phone_number":""}`, 200, `"phone_number":""`},
			{`{"phone_number":""}`, 200, `"phone_number":""`},
			{`{"identifier":""}`, 200, `"identifier":""`},
			{`{"identifier":""}`, 500, ``},
			{`{"name":"` + long + `"}`, 422, `Name is too long (maximum is 255 characters)`},
			{`{"identifier":"` + long + `"}`, newer(422, 200), ``},
			{`{"custom_attributes":"x","additional_attributes":{"city":"Oslo"}}`, 200, `"custom_attributes":{}`},
			{`{"inbox_id":99,"email":"jo@b.test"}`, 422, `["email"]`},
			{`{"inbox_id":99}`, 404, `Resource could not be found`},
			{`{"inbox_id":1,"source_id":"mine"}`, 200, `"source_id":"mine"}}`},
			{`{"inbox_id":1,"source_id":"mine"}`, 500, ``},
			{`{"inbox_id":1,"source_id":""}`, 500, ``},
			{fmt.Sprintf(`{"inbox_id":%d}`, line), 500, ``},
			{fmt.Sprintf(`{"inbox_id":%d}`, mail), missing, ``},
			{fmt.Sprintf(`{"inbox_id":%d,"email":"m@b.test"}`, mail), 200, `"source_id":"m@b.test"}}`},
			{fmt.Sprintf(`{"inbox_id":%d,"source_id":"m@b.test"}`, mail), taken, ``},
		} {
			status, body := call(t, srv, srv.AgentKey(), "POST", contacts, c.body)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s: %.80s: %d %s, want %d %s", version, c.body, status, body, c.status, c.want)
			}
		}
	}
}

// TestCreateContactIDs checks that a contact that is rolled back uses up an id, and one that is refused earlier does not.
func TestCreateContactIDs(t *testing.T) {
	srv := cfchattest.New(t)
	for _, body := range []string{`{"email":"x"}`, `{"inbox_id":99}`, `{}`} {
		call(t, srv, srv.AdminKey(), "POST", contacts, body)
	}
	if _, body := call(t, srv, srv.AdminKey(), "GET", contacts+"/2", ""); !strings.Contains(body, `"id":2`) {
		t.Errorf("the third is %s", body)
	}
}

// TestContactInboxFilter checks that a contact is found by its source id, in inboxes that the caller may see.
func TestContactInboxFilter(t *testing.T) {
	const path = "/api/v1/accounts/1/contact_inboxes/filter"
	for version, is := range map[string]bool{"3.1.1": false, "3.2.0": true, "4.16.2": true} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		private := srv.AddInbox(cfchattest.Inbox{})
		srv.AddContact(cfchattest.Contact{SourceID: "known"})
		gone := srv.AddContact(cfchattest.Contact{SourceID: "gone"})
		srv.DeleteContact(gone)
		for _, c := range []struct {
			key, body string
			status    int
			want      string
		}{
			{srv.AgentKey(), `{"inbox_id":1,"source_id":"known"}`, 200, `"id":1,`},
			{srv.AdminKey(), `{"inbox_id":1,"source_id":"KNOWN"}`, 404, ""},
			{srv.AdminKey(), `{"inbox_id":1,"source_id":"gone"}`, 404, ""},
			{srv.AdminKey(), `{"inbox_id":1}`, 404, ""},
			{srv.AdminKey(), `{"source_id":"known"}`, 404, `{"error":"Resource could not be found"}`},
			{srv.AdminKey(), `{"inbox_id":99,"source_id":"known"}`, 404, `{"error":"Resource could not be found"}`},
			{srv.AgentKey(), fmt.Sprintf(`{"inbox_id":%d,"source_id":"known"}`, private), 401, "You are not authorized to do this action"},
			{srv.BotKey(), `{"inbox_id":1,"source_id":"known"}`, 401, "bots"},
		} {
			status, body := call(t, srv, c.key, "POST", path, c.body)
			if !is {
				c.status, c.want = 404, `{"status":404,"error":"Not Found"}`
			}
			if status != c.status || !strings.Contains(body, c.want) || c.want == "" && body != "" {
				t.Errorf("%s: %s: %d %s, want %d %s", version, c.body, status, body, c.status, c.want)
			}
		}
	}
}
