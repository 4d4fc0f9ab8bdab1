package cfchattest_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestSnapshotClock checks that time continues from the latest time in a snapshot, or from now if it has none, and that a
// given clock overrides both.
func TestSnapshotClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const last = 1700000000
		conversations := fmt.Sprintf(`"conversations":[{"id":1,"inbox_id":3,"status":"open","timestamp":%d,"meta":{"sender":{"id":11},"channel":"Channel::Api"}}]`, last)
		own := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
		clock := cfchattest.Clock(func() time.Time { return own })
		for name, c := range map[string]struct {
			of   string
			opts []cfchattest.Option
			from time.Time
		}{
			"a snapshot":                     {conversations, nil, time.Unix(last, 0)},
			"an empty one":                   {`"conversations":[]`, nil, time.Now()},
			"a snapshot, and a clock":        {conversations, []cfchattest.Option{clock}, own},
			"an empty snapshot, and a clock": {`"conversations":[]`, []cfchattest.Option{clock}, own},
		} {
			srv := loaded(t, `"server":"4.7.0",`+inboxThree+c.of, c.opts...)
			resp, err := srv.Transport().RoundTrip(request(t, srv.AdminKey(), "GET", accountSeven, ""))
			if err != nil {
				t.Fatal(err)
			}
			readAll(t, resp)
			if date, err := http.ParseTime(resp.Header.Get("Date")); err != nil || date.Before(c.from.Truncate(time.Second)) || date.Sub(c.from) > time.Hour {
				t.Errorf("%s: the time is %s, want %s or soon after: %v", name, date, c.from, err)
			}
		}
	})
}

// TestSnapshotDefinitions filters conversations and contacts by the attributes that a snapshot defines for each (contract,
// 5.2 and W2.2), and checks that neither knows the other's.
func TestSnapshotDefinitions(t *testing.T) {
	t.Parallel()
	srv := loaded(t, `"server":"4.16.2","facts":{"users":{"admin":5}},"custom_attribute_definitions":[
		{"id":1,"attribute_key":"tier","attribute_display_type":"text","attribute_model":"conversation_attribute"},
		{"id":2,"attribute_key":"plan","attribute_display_type":"text","attribute_model":"contact_attribute"}]`, cfchattest.Version("4.16.2"))
	for path, known := range map[string]map[string]int{
		accountSeven + "/filter":             {"tier": 200, "plan": 422},
		"/api/v1/accounts/7/contacts/filter": {"tier": 422, "plan": 200},
	} {
		for attribute, want := range known {
			body := `{"payload":[{"attribute_key":"` + attribute + `","filter_operator":"equal_to","values":["gold"],"query_operator":null}]}`
			if status, answer := call(t, srv, srv.AdminKey(), "POST", path, body); status != want {
				t.Errorf("%s by %s: %d %s, want %d", path, attribute, status, answer, want)
			}
		}
	}
}

// TestSnapshotFacts checks that everything named in the facts of a snapshot is found under its id: another account with an
// inbox, a contact and conversations, to which the administrator belongs and the agent does not, and a suspended account.
func TestSnapshotFacts(t *testing.T) {
	t.Parallel()
	srv := loaded(t, `"server":"4.7.0","facts":{"users":{"admin":5,"agent":6},"other":8,"suspended":9,"ocontact":55,"inboxes":{"oapi":40},"convs":{"other":2}}`)
	for path, want := range map[string]int{
		"7/conversations": 200, "7/contacts/55": 404, "7/inboxes/40": 404, "7/conversations/1": 404,
		"8/conversations": 200, "8/contacts/55": 200, "8/contacts/54": 404, "8/contacts/56": 404, "8/inboxes/40": 200, "8/inboxes/39": 404,
		"8/inboxes/41": 404, "8/conversations/1": 200, "8/conversations/2": 200, "8/conversations/3": 404, "9/conversations": 401, "10/conversations": 404,
	} {
		if status, body := call(t, srv, srv.AdminKey(), "GET", "/api/v1/accounts/"+path, ""); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
	}
	if status, body := call(t, srv, srv.AgentKey(), "GET", "/api/v1/accounts/8/conversations", ""); status != 401 {
		t.Errorf("the agent: %d %s", status, body)
	}
	if id := srv.AddContact(cfchattest.Contact{}); id != 56 {
		t.Errorf("the next contact has the id %d, want 56, after all others", id)
	}
}
