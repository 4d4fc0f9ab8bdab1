package cfchattest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestFilterByVersion sends filters to versions before and after each release that changed them, according to the contract.
func TestFilterByVersion(t *testing.T) {
	const invalid = "Invalid value. The values provided for created_at are invalid"
	for _, c := range []struct {
		rule string
		want map[string]string // by version, "" for a 200, "500", or the error of a 422
	}{
		{`priority equal_to ["urgent"]`, map[string]string{"3.7.0": "500", "3.8.0": "500", "4.0.4": ""}},
		{`contact_id equal_to [1]`, map[string]string{"3.7.0": "", "3.8.0": "key", "4.14.1": "key", "4.14.2": ""}},
		{`contact_id is_present []`, map[string]string{"3.7.0": "",
			"4.14.2": "Invalid operator. The allowed operators for contact_id are [equal_to,not_equal_to]."}},
		{`country_code equal_to ["NO"]`, map[string]string{"2.16.0": "", "4.9.2": "", "4.10.0": "key"}},
		{`display_id contains ["1"]`, map[string]string{"4.7.0": "500", "4.15.1": "500", "4.16.0": ""}},
		{`display_id contains [1]`, map[string]string{"4.16.0": "500"}},
		{`created_at days_before [3]`, map[string]string{"4.11.1": "", "4.11.2": "500", "4.16.2": "500"}},
		{`created_at is_greater_than ["2026-08-27"]`, map[string]string{"4.11.1": "", "4.11.2": ""}},
		{`created_at is_greater_than ["08/27/2026"]`, map[string]string{"4.11.1": "", "4.11.2": invalid}},
		{`created_at is_greater_than ["foo"]`, map[string]string{"4.11.1": "500", "4.11.2": invalid}},
		{`created_at is_greater_than "2026-08-27"`, map[string]string{"4.11.1": "500", "4.11.2": invalid}},
		{`created_at is_less_than ["today"]`, map[string]string{"4.11.1": "", "4.11.2": invalid}},
		{`price is_less_than [3]`, map[string]string{"4.11.1": "500",
			"4.11.2": "Invalid value. The values provided for price are invalid"}},
		{`price equal_to [3]`, map[string]string{"4.16.2": "500"}},
		{`tier is_less_than ["x"]`, map[string]string{"4.11.1": "",
			"4.11.2": "Invalid value. The values provided for tier are invalid"}},
		{`status equal_to ["open"] XOR`, map[string]string{"3.8.0": "500",
			"3.16.0": `Query operator must be either "AND" or "OR".`}},
	} {
		for version, want := range c.want {
			srv := sales(t, cfchattest.Version(version))
			status, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", rules(c.rule))
			switch want {
			case "":
				if status != 200 {
					t.Errorf("%s: %s: %d %s, want 200", version, c.rule, status, body)
				}
			case "500":
				if status != 500 {
					t.Errorf("%s: %s: %d %s, want 500", version, c.rule, status, body)
				}
			case "key":
				if status != 422 || !strings.Contains(body, "Invalid attribute key - ["+strings.Fields(c.rule)[0]+"]") {
					t.Errorf("%s: %s: %d %s, want an invalid key", version, c.rule, status, body)
				}
			default:
				if body != fmt.Sprintf(`{"error":%q}`, want) {
					t.Errorf("%s: %s: %s, want %s", version, c.rule, body, want)
				}
			}
		}
	}
}

// TestFilterKeysByVersion reads the list of standard attributes from the refusal of an unknown one.
func TestFilterKeysByVersion(t *testing.T) {
	for version, want := range map[string]string{
		"4.9.2":  "[status,assignee_id,inbox_id,team_id,priority,display_id,campaign_id,labels,browser_language,conversation_language,country_code,referer,created_at,last_activity_at,mail_subject]",
		"4.10.0": "[status,assignee_id,inbox_id,team_id,priority,display_id,campaign_id,labels,browser_language,conversation_language,referer,created_at,last_activity_at,mail_subject]",
		"4.14.2": "[status,assignee_id,inbox_id,team_id,contact_id,priority,display_id,campaign_id,labels,browser_language,conversation_language,referer,created_at,last_activity_at,mail_subject]",
	} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		if _, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter",
			rules(`x equal_to ["y"]`)); !strings.Contains(body, want) {
			t.Errorf("%s: %s, want %s", version, body, want)
		}
	}
}

// TestListByVersion requests orders from versions before and after the release that added them. An unknown order means the
// default.
func TestListByVersion(t *testing.T) {
	usual := []int64{3, 1, 5, 4, 2}
	for _, c := range []struct {
		query string
		want  map[string][]int64 // nil is a 500
	}{
		{"sort_by=created_at_asc", map[string][]int64{"3.3.0": usual, "3.4.0": {1, 2, 3, 4, 5}}},
		{"sort_by=priority_desc_created_at_asc", map[string][]int64{"4.11.2": usual, "4.12.0": {3, 1, 2, 4, 5}}},
		{"sort_by=unread", map[string][]int64{"4.14.2": usual, "4.15.0": {1, 3, 5, 4, 2}}},
		{"sort_by=unread&q=a", map[string][]int64{"4.15.0": {1}}},
		{"sort_by=priority_desc&q=a", map[string][]int64{"2.16.0": {1}, "3.4.0": nil, "4.7.0": nil, "4.16.2": nil}},
		{"sort_by=waiting_since_asc&source_id=x", map[string][]int64{"4.16.2": nil}},
		{"sort_by=priority_desc_created_at_asc&q=a", map[string][]int64{"4.7.0": {1}, "4.12.0": nil}},
		{"sort_by=created_at_asc&q=a", map[string][]int64{"4.16.2": {1}}},
		{"updated_within=60", map[string][]int64{"3.5.0": usual, "3.6.0": {3, 1}}},
	} {
		for version, want := range c.want {
			srv := sales(t, cfchattest.Version(version))
			srv.AddMessage(1, cfchattest.Message{Content: "a"})
			srv.AddMessage(1, cfchattest.Message{Content: "b"})
			srv.AddMessage(3, cfchattest.Message{Type: cfchat.MessageTypeActivity})
			status, body := call(t, srv, srv.AdminKey(), "GET", conversations+"?status=all&"+c.query, "")
			if want == nil && status != 500 || want != nil && !slices.Equal(idsOf(t, body), want) {
				t.Errorf("%s: %s: %d %v, want %v", version, c.query, status, body, want)
			}
		}
	}
}

// TestCountsByOrder checks that an order that makes a list fail makes counts fail only with q (contract, N5).
func TestCountsByOrder(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	for query, want := range map[string]int{"q=a&sort_by=priority_asc": 500, "source_id=a&sort_by=priority_asc": 200,
		"sort_by=priority_asc": 200} {
		if got, body := call(t, srv, srv.AdminKey(), "GET", conversations+"/meta?"+query, ""); got != want {
			t.Errorf("%s: %d %s, want %d", query, got, body, want)
		}
	}
}

// TestTeamMember checks that from 4.8.0 on a member of a team may open its conversations in other inboxes, although no list
// shows them (contract, N3).
func TestTeamMember(t *testing.T) {
	for version, want := range map[string]int{"4.7.0": 401, "4.8.0": 200} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		team := srv.AddTeam(cfchattest.Team{Members: []int64{2}})
		srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(cfchattest.Inbox{}), Team: team})
		for method, path := range map[string]string{"GET": "/1", "POST": "/1/toggle_status"} {
			if got, body := call(t, srv, srv.AgentKey(), method, conversations+path, ""); got != want {
				t.Errorf("%s: %s %s: %d %s, want %d", version, method, path, got, body, want)
			}
		}
		if _, body := call(t, srv, srv.AgentKey(), "GET", conversations+"?status=all", ""); len(idsOf(t, body)) > 0 {
			t.Errorf("%s: a list shows it", version)
		}
	}
}

// TestFieldsByVersion checks that each field is shown from its version on, and not before (contract, 4.1 and N2).
func TestFieldsByVersion(t *testing.T) {
	for field, versions := range map[string][2]string{
		`"priority":`: {"2.16.0", "2.17.0"}, `"uuid":`: {"2.17.1", "2.18.0"}, `"waiting_since":`: {"3.0.0", "3.1.0"},
		`"sla_policy_id":`: {"3.6.0", "3.7.0"}, `"blocked":`: {"4.0.1", "4.0.2"}, `"provider":`: {"4.6.0", "4.7.0"},
		`"assignee_type":`: {"4.7.0", "4.8.0"}, `"icon_color":""`: {"4.15.1", "4.16.0"},
	} {
		for i, version := range versions {
			srv := cfchattest.New(t, cfchattest.Version(version))
			srv.AddConversation(cfchattest.Conversation{Assignee: 2, Team: srv.AddTeam(cfchattest.Team{})})
			_, body := call(t, srv, srv.AdminKey(), "GET", conversations+"/1", "")
			if got := strings.Contains(body, field); got != (i == 1) {
				t.Errorf("%s: %s is present: %t", version, field, got)
			}
		}
	}
}

// TestSameStatus checks that setting the current status again changes nothing (contract, 1.6).
func TestSameStatus(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{Status: cfchat.StatusPending})
	before, _ := srv.Conversation(id)
	if got := toggled(t, srv, srv.AdminKey(), id, "", `{"status":"pending"}`); got != "pending" {
		t.Errorf("the status is %s", got)
	}
	after, _ := srv.Conversation(id)
	if !after.UpdatedAt.Equal(before.UpdatedAt.Time) || len(after.Messages) > 0 {
		t.Errorf("updated at %s, then %s, with %d messages", before.UpdatedAt, after.UpdatedAt, len(after.Messages))
	}
}

// TestCreateForUnknown assigns a new conversation to an agent who does not exist: 3.16.0 fails, others store the id
// (contract, before section 1).
func TestCreateForUnknown(t *testing.T) {
	for version, want := range map[string]int{"2.16.0": 200, "3.16.0": 500, "4.7.0": 200} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddContact(cfchattest.Contact{})
		if got, body := call(t, srv, srv.AdminKey(), "POST", conversations,
			`{"inbox_id":1,"contact_id":1,"assignee_id":99}`); got != want {
			t.Errorf("%s: %d %s, want %d", version, got, body, want)
		}
	}
}
