package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func TestCreate(t *testing.T) {
	srv := cfchattest.New(t)
	who := srv.AddContact(cfchattest.Contact{SourceID: "known"})
	mail := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	line := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelLine})
	for _, c := range []struct {
		body   string
		status int
		want   string // in the answer
	}{
		{`{"source_id":"known"}`, 200, `"status":"open"`},
		{`{"inbox_id":"1","contact_id":1}`, 200, `"inbox_id":1`},
		{`{"inbox_id":1,"contact_id":1,"status":"snoozed","snoozed_until":"2030-01-01T00:00:00Z"}`, 200, `"snoozed_until":"2030-01-01T00:00:00.000Z"`},
		{`{"inbox_id":1,"contact_id":1,"status":2}`, 200, `"status":"pending"`},
		{`{"inbox_id":1,"contact_id":1,"assignee_id":99}`, 200, `"hmac_verified":false`},
		{`{"inbox_id":1,"contact_id":1,"hmac_verified":"true"}`, 200, `"hmac_verified":true`}, // contract, 4.2
		{`{"inbox_id":1,"contact_id":1,"team_id":99999999999}`, 200, ""},                      // a bigint (contract, 1.5 and 5.2)
		{`{"inbox_id":1,"contact_id":1,"assignee_id":99999999999}`, 500, ""},
		{`{"inbox_id":1,"contact_id":1,"message":{"content":"hi"}}`, 200, `"content":"hi"`},
		{`{"inbox_id":1,"contact_id":1,"custom_attributes":{"n":12345678901234567890.5}}`, 200, `"n":12345678901234567890.5`},
		{`{"inbox_id":1,"contact_id":1,"custom_attributes":{"n":12345678901}}`, 422, `{"message":"Custom attributes n value should be \u003c 9999999999","attributes":["custom_attributes"]}`},
		{`{"inbox_id":1,"contact_id":1,"status":"1"}`, 500, ""},
		{`{"inbox_id":1,"contact_id":1,"additional_attributes":[]}`, 500, ""},
		{`{"inbox_id":1,"contact_id":1,"message":"hi"}`, 500, ""},
		{fmt.Sprintf(`{"inbox_id":%d,"contact_id":1,"message":{"content":"hi","message_type":"incoming"}}`, mail), 422, `contact email`},
		{fmt.Sprintf(`{"inbox_id":%d,"contact_id":1}`, line), 500, ""},
		{`{"inbox_id":1}`, 404, ""},
		{`{"inbox_id":1,"contact_id":1,"source_id":""}`, 404, ""},
		{`{"inbox_id":1,"contact_id":1,"source_id":" "}`, 404, ""},
		{`{"inbox_id":9,"contact_id":1}`, 404, ""},
	} {
		before := len(srv.Conversations())
		status, body := call(t, srv, srv.AdminKey(), "POST", conversations, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.body, status, body, c.status, c.want)
		}
		if added := len(srv.Conversations()) - before; (added == 1) != (status == 200) {
			t.Errorf("%s: %d conversations were added", c.body, added)
		}
	}
	if who != 1 {
		t.Errorf("the first contact is %d", who)
	}
}

func TestCreateInLockedInbox(t *testing.T) {
	srv := cfchattest.New(t)
	inbox, who := srv.AddInbox(cfchattest.Inbox{Locked: true}), srv.AddContact(cfchattest.Contact{})
	body := fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":"x","message":{"content":"again"}}`, inbox, who)
	first := created(t, srv, srv.AdminKey(), body)
	second := created(t, srv, srv.AdminKey(), body)
	if first.ID != second.ID || len(srv.Conversations()) != 1 || second.Messages[0].ID == first.Messages[0].ID {
		t.Errorf("conversation %d, then %d", first.ID, second.ID)
	}
}

func TestCreateForBotsAndBlocked(t *testing.T) {
	srv := cfchattest.New(t)
	inbox := srv.AddInbox(cfchattest.Inbox{Bot: true})
	blocked, free := srv.AddContact(cfchattest.Contact{Blocked: true}), srv.AddContact(cfchattest.Contact{})
	if got := created(t, srv, srv.BotKey(), fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"status":"open"}`, inbox, free)); got.Status != cfchat.StatusPending {
		t.Errorf("with a bot: %s, want pending", got.Status)
	}
	if got := created(t, srv, srv.AdminKey(), fmt.Sprintf(`{"inbox_id":1,"contact_id":%d}`, blocked)); got.Status != cfchat.StatusResolved {
		t.Errorf("of a blocked contact: %s, want resolved", got.Status)
	}
	team := srv.AddTeam(cfchattest.Team{})
	before := len(srv.Conversations())
	status, _ := call(t, srv, srv.BotKey(), "POST", conversations, fmt.Sprintf(`{"inbox_id":1,"contact_id":%d,"team_id":%d}`, free, team))
	if status != 500 || len(srv.Conversations()) != before+1 {
		t.Errorf("a bot with a team: %d; the conversation has to be there", status)
	}
}

func created(t *testing.T, srv *cfchattest.Server, key, body string) (c cfchat.Conversation) {
	t.Helper()
	status, answer := call(t, srv, key, "POST", conversations, body)
	if err := json.Unmarshal([]byte(answer), &c); err != nil || status != 200 {
		t.Fatalf("%d %s: %v", status, answer, err)
	}
	return c
}

func TestToggle(t *testing.T) {
	for _, c := range []struct {
		from      cfchat.Status
		query     string
		body      string
		want, old string // the payload's status and the end of the snooze; "" is a 500
	}{
		{from: "open", want: "resolved", old: "resolved"},
		{from: "resolved", want: "open", old: "open"},
		{from: "pending", want: "open", old: "open"},
		{from: "snoozed", body: `{"snoozed_until":1893456000}`, want: "open", old: "open"},
		{from: "open", body: `{"status":null}`, want: "resolved", old: "resolved"},
		{from: "open", body: `{"status":""}`, want: "resolved"},
		{from: "open", body: `{"status":"bogus"}`},
		{from: "open", body: `{"status":"1"}`},
		{from: "open", body: `{"status":1}`, want: "resolved", old: "resolved"},
		{from: "open", body: `{"status":"snoozed"}`, want: "snoozed", old: "snoozed"},
		{from: "open", body: `{"status":"snoozed","snoozed_until":"1893456000"}`, want: "snoozed 2030-01-01T00:00:00.000Z", old: "snoozed 2030-01-01T00:00:00.000Z"},
		{from: "open", body: `{"status":"snoozed","snoozed_until":1893456000.9}`, want: "snoozed 2030-01-01T00:00:00.000Z", old: "snoozed 2030-01-01T00:00:00.000Z"},
		{from: "open", body: `{"status":"snoozed","snoozed_until":"2030-01-01"}`, want: "snoozed 1970-01-01T00:33:50.000Z", old: "snoozed 1970-01-01T00:33:50.000Z"},
		{from: "open", body: `{"status":"snoozed","snoozed_until":""}`},
		{from: "open", body: `{"status":"snoozed","snoozed_until":-999999999999999}`},
		{from: "open", body: `{"status":"snoozed","snoozed_until":"-5"}`, want: "snoozed 1969-12-31T23:59:55.000Z", old: "snoozed 1969-12-31T23:59:55.000Z"},
		{from: "open", body: `{"status":"snoozed","snoozed_until":"-"}`},
		{from: "open", body: `{"status":"snoozed","snoozed_until":"-210866803201"}`},
		{from: "open", body: `{"status":"snoozed","snoozed_until":9224318016000}`},
		{from: "snoozed", body: `{"status":"open","snoozed_until":1893456000}`, want: "open", old: "open"},
		{from: "open", query: "?status=pending", body: `{"status":"resolved"}`, want: "pending", old: "pending"},
	} {
		for server, want := range map[*cfchattest.Server]string{cfchattest.New(t): c.want, cfchattest.New(t, cfchattest.Version("2.16.0")): c.old} {
			id := server.AddConversation(cfchattest.Conversation{Status: c.from})
			if got := toggled(t, server, server.AdminKey(), id, c.query, c.body); got != want {
				t.Errorf("%s %s%s: %q, want %q", c.from, c.query, c.body, got, want)
			}
		}
	}
}

// toggled returns the status after a toggle, followed by the end of the snooze, and "null" if success is null. "" is a 500.
func toggled(t *testing.T, srv *cfchattest.Server, key string, id int64, query, body string) string {
	t.Helper()
	status, answer := call(t, srv, key, "POST", fmt.Sprintf("%s/%d/toggle_status%s", conversations, id, query), body)
	if status == 500 {
		return ""
	}
	var result cfchat.ToggleStatusResult
	if err := json.Unmarshal([]byte(answer), &result); err != nil || status != 200 {
		t.Fatalf("%d %s: %v", status, answer, err)
	}
	got := string(result.Payload.CurrentStatus)
	if until := result.Payload.SnoozedUntil; until != nil {
		got += " " + until.String()
	}
	if result.Payload.Success == nil {
		got += " null"
	}
	return got
}

func TestToggleByBot(t *testing.T) {
	for server, want := range map[*cfchattest.Server]string{cfchattest.New(t): "open null", cfchattest.New(t, cfchattest.Version("2.16.0")): "open"} {
		id := server.AddConversation(cfchattest.Conversation{Status: cfchat.StatusPending})
		if got := toggled(t, server, server.BotKey(), id, "", `{"status":"open"}`); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// An agent who opens a conversation becomes the assignee; an administrator does not. Each change moves it to the front.
func TestToggleAssignsAgent(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{Assignee: 1})
	other := srv.AddConversation(cfchattest.Conversation{})
	toggled(t, srv, srv.AdminKey(), id, "", `{"status":"open"}`)
	if c, _ := srv.Conversation(id); c.Meta.Assignee.ID != 1 || len(c.Messages) != 0 {
		t.Errorf("the conversation should not change: %+v", c)
	}
	toggled(t, srv, srv.AgentKey(), id, "", `{"status":"open"}`)
	c, _ := srv.Conversation(id)
	if c.Meta.Assignee.ID != 2 || *c.Messages[0].Content != "Grace Agent self-assigned this conversation" {
		t.Errorf("assignee %d, message %v", c.Meta.Assignee.ID, c.Messages)
	}
	_, body := call(t, srv, srv.AdminKey(), "GET", conversations, "")
	if ids := idsOf(t, body); ids[0] != id || ids[1] != other {
		t.Errorf("order %v", ids)
	}
}

func TestMessages(t *testing.T) {
	for server, want := range map[*cfchattest.Server][2]int{cfchattest.New(t): {1, 10}, cfchattest.New(t, cfchattest.Version("2.16.0")): {10, 12}} {
		id := server.AddConversation(cfchattest.Conversation{Status: cfchat.StatusSnoozed})
		for range 12 {
			server.AddMessage(id, cfchattest.Message{})
		}
		c, ok := server.Conversation(id)
		if !ok || len(c.Messages) != want[0] || c.UnreadCount != int64(want[1]) || c.Status != cfchat.StatusOpen {
			t.Errorf("%d messages, %d unread, %s; want %v, open", len(c.Messages), c.UnreadCount, c.Status, want)
		}
	}
}

// TestCreateOfIDsThatDoNotFit checks that ids that are too large are answered with 500, and nothing is stored.
func TestCreateOfIDsThatDoNotFit(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddContact(cfchattest.Contact{})
	for _, field := range []string{`"assignee_id":2147483648`, `"team_id":99999999999999999999`, `"team_id":"-99999999999999999999"`} {
		body := `{"inbox_id":1,"contact_id":1,` + field + `}`
		if status, got := call(t, srv, srv.AdminKey(), "POST", conversations, body); status != 500 || len(srv.Conversations()) != 0 {
			t.Errorf("%s: %d %s, %d conversations", body, status, got, len(srv.Conversations()))
		}
	}
}

// TestCreateIsNoReply checks that a first message counts as a reply, which ends the wait, only if a person writes it and the
// contact sees it.
func TestCreateIsNoReply(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddContact(cfchattest.Contact{})
	for _, c := range []struct {
		key, message string
		replied      bool
	}{
		{srv.AdminKey(), `"hi"`, true}, {srv.AdminKey(), `"hi","private":true`, false},
		{srv.AdminKey(), `"hi","message_type":"incoming"`, false}, {srv.BotKey(), `"hi"`, false},
	} {
		got := created(t, srv, c.key, `{"inbox_id":1,"contact_id":1,"message":{"content":`+c.message+`}}`)
		if got.FirstReplyCreatedAt.IsZero() == c.replied || got.WaitingSince.IsZero() != c.replied {
			t.Errorf("%s: replied at %s, waiting since %s", c.message, got.FirstReplyCreatedAt, got.WaitingSince)
		}
	}
}

// TestCreateCastsIDs checks that other values in place of a number are cast to one, as the database layer does.
func TestCreateCastsIDs(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddContact(cfchattest.Contact{})
	for id, want := range map[string]int{`1`: 200, `"1"`: 200, `"1abc"`: 200, `1.9`: 200, `true`: 200, `"x"`: 404, `0.9`: 404, `false`: 404} {
		body := fmt.Sprintf(`{"inbox_id":%s,"contact_id":%[1]s}`, id)
		if status, got := call(t, srv, srv.AdminKey(), "POST", conversations, body); status != want {
			t.Errorf("%s: %d %s, want %d", body, status, got, want)
		}
	}
}

// TestSetStatusIsNoted checks that a change of status, and nothing else, is noted in the conversation in the server's words.
func TestSetStatusIsNoted(t *testing.T) {
	for status, want := range map[cfchat.Status]string{
		cfchat.StatusOpen: "Conversation was reopened by Ada Admin", cfchat.StatusResolved: "Conversation was marked resolved by Ada Admin",
		cfchat.StatusPending: "Conversation was marked as pending by Ada Admin", cfchat.StatusSnoozed: "Conversation was snoozed by Ada Admin",
	} {
		srv := cfchattest.New(t)
		from := cfchat.StatusOpen
		if status == from {
			from = cfchat.StatusResolved
		}
		id := srv.AddConversation(cfchattest.Conversation{Status: from})
		srv.SetStatus(id, from)
		if c, _ := srv.Conversation(id); len(c.Messages) != 0 {
			t.Errorf("%s again: %s", from, c.Messages[0].GetContent())
		}
		srv.SetStatus(id, status)
		if c, _ := srv.Conversation(id); c.Status != status || len(c.Messages) != 1 || c.Messages[0].GetContent() != want {
			t.Errorf("%s: %+v", status, c)
		}
	}
}

// TestFirstMessage sends first messages, and checks how they are stored (contract, W1.2; contract, N6).
func TestFirstMessage(t *testing.T) {
	for _, c := range []struct{ version, message, want string }{
		{"4.8.0", `{"content_attributes":{"items":[1],"x":2}}`, `"content_attributes":{"items":[1]}`},
		{"4.9.0", `{"content_attributes":{"items":[1],"x":2}}`, `"content_attributes":{"items":[1],"x":2}`},
		{"4.9.0", `{"content_attributes":{"automation_rule_id":3,"x":2}}`, `"content_attributes":{"automation_rule_id":3}`},
		{"4.9.0", `{"content_attributes":"{\"x\":2}"}`, `"content_attributes":{"x":2}`},
		{"4.9.0", `{"content_attributes":"{x"}`, `"content_attributes":{}`},
		{"4.9.0", `{"content_attributes":"[1]"}`, `"content_attributes":{}`},
		{"3.2.0", `{"content_attributes":"{}"}`, `"error":"Internal Server Error"`},
		{"3.2.0", `{"content_attributes":{"in_reply_to":77}}`, `"content_attributes":{"in_reply_to":77}`},
		{"3.3.0", `{"content_attributes":{"in_reply_to":77}}`, `"content_attributes":{"in_reply_to":null,"in_reply_to_external_id":null}`},
		{"3.3.1", `{"source_id":"a1"}`, `"source_id":null`},
		{"3.4.0", `{"source_id":"a1"}`, `"source_id":"a1"`},
		{"4.7.0", `{"content":5}`, `"content":"5"`},
		{"4.7.0", `{"content":true}`, `"content":"t"`},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		srv.AddContact(cfchattest.Contact{})
		_, body := call(t, srv, srv.AdminKey(), "POST", conversations, `{"inbox_id":1,"contact_id":1,"message":`+c.message+`}`)
		if !strings.Contains(body, c.want) {
			t.Errorf("%s: %s: %s, want %s", c.version, c.message, body, c.want)
		}
	}
}

// TestFirstMessageAnswers checks that a first message can reply to a message of the conversation that already exists in an
// inbox with one conversation per contact.
func TestFirstMessageAnswers(t *testing.T) {
	srv := cfchattest.New(t)
	inbox := srv.AddInbox(cfchattest.Inbox{Locked: true})
	srv.AddContact(cfchattest.Contact{})
	body := `{"inbox_id":%d,"contact_id":1,"source_id":"x","message":{"content":"hi","content_attributes":{"in_reply_to":"1"}}}`
	for i, want := range []string{`{"in_reply_to":null,"in_reply_to_external_id":null}`, `{"in_reply_to":1,"in_reply_to_external_id":null}`} {
		_, got := call(t, srv, srv.AdminKey(), "POST", conversations, fmt.Sprintf(body, inbox))
		if !strings.Contains(got, want) {
			t.Errorf("number %d: %s, want %s", i+1, got, want)
		}
	}
}

// TestResolvingEndsTheWait checks that nobody waits in a resolved conversation, from 4.4.0 on (contract, H8).
func TestResolvingEndsTheWait(t *testing.T) {
	for version, waits := range map[string]bool{"4.3.0": true, "4.4.0": false} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id := srv.AddConversation(cfchattest.Conversation{})
		srv.AddMessage(id, cfchattest.Message{Type: cfchat.MessageTypeIncoming})
		if _, err := srv.Account(t).Conversations.SetStatus(t.Context(), id, cfchat.StatusResolved); err != nil {
			t.Fatal(err)
		}
		if got, _ := srv.Conversation(id); got.WaitingSince.IsZero() == waits {
			t.Errorf("%s: waiting since %v", version, got.WaitingSince)
		}
	}
}
