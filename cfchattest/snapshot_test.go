package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// loaded returns a server with a snapshot of an administrator, an agent and the given rest.
func loaded(t testing.TB, rest string, opts ...cfchattest.Option) *cfchattest.Server {
	t.Helper()
	srv := cfchattest.New(t, opts...)
	if err := srv.LoadSnapshot([]byte(`{"account":7,"agents":[{"id":5,"name":"Ada","role":"administrator"},{"id":6,"role":"agent"}],` + rest + `}`)); err != nil {
		t.Fatal(err)
	}
	return srv
}

const accountSeven = "/api/v1/accounts/7/conversations"

func TestSnapshotOfAnEmptyAccount(t *testing.T) {
	srv := loaded(t, `"facts":{"users":{"admin":5,"other":6}}`)
	if _, got := call(t, srv, srv.AdminKey(), "GET", accountSeven, ""); !strings.Contains(got, `"payload":[]`) {
		t.Errorf("list: %s", got)
	}
	if said := failureOf(t, func(t testing.TB) { loaded(t, `"facts":{"users":{"admin":5,"other":6}}`).AgentKey() }); !strings.Contains(said, `no role "agent"`) {
		t.Errorf("the key of an agent that the facts lack: %q", said)
	}
	if status, _ := call(t, srv, srv.Key("other"), "GET", accountSeven+"/meta", ""); status != 200 {
		t.Errorf("the other user: %d", status)
	}
	if id := srv.AddConversation(cfchattest.Conversation{}); id != 1 {
		t.Errorf("conversation %d was added, want 1", id)
	}
}

func TestSnapshotRefused(t *testing.T) {
	for _, text := range []string{`[]`, `{}`, `{"account":1,"facts":{"users":{"admin":1}}}`,
		`{"account":1,"facts":{"users":{"admin":1}},"agents":[{"id":1}],"conversations":[{"id":1,"inbox_id":3}]}`} {
		if err := cfchattest.New(t).LoadSnapshot([]byte(text)); err == nil {
			t.Errorf("%s was loaded", text)
		}
	}
}

// TestSnapshotOfConversations checks that a snapshot's conversations are answered as recorded: hmac_verified, which is null
// if the contact's inbox is gone; labels that are null; messages that are recorded nowhere else. Contacts who share an
// address stay separate.
func TestSnapshotOfConversations(t *testing.T) {
	conversation := func(id int, verified, labels string) string {
		return fmt.Sprintf(`{"id":%d,"inbox_id":3,"status":"open","labels":%s,"meta":{"sender":{"id":%d,"email":"jo@example.com"},"channel":"Channel::Email","hmac_verified":%s},
			"messages":[{"id":%d,"content":"hi","message_type":0,"created_at":1700000000}]}`, id, labels, 10+id, verified, 20+id)
	}
	srv := loaded(t, `"facts":{"users":{"admin":5}},"inboxes":[{"id":3,"channel_type":"Channel::Email"}],
		"conversations":[`+conversation(1, "true", "null")+`,`+conversation(2, "null", `["a"]`)+`]`)
	for id, verified := range []*bool{new(true), nil} {
		c, ok := srv.Conversation(int64(id + 1))
		if got := c.Meta.HMACVerified; !ok || (got == nil) != (verified == nil) || got != nil && *got != *verified {
			t.Errorf("conversation %d: hmac_verified %v", id+1, got)
		}
		if c.Meta.Sender.ID != int64(11+id) || len(c.Messages) != 1 || c.Labels == nil {
			t.Errorf("conversation %d: %+v", id+1, c)
		}
	}
}

// TestSnapshotOfALockedInbox loads a snapshot of 2.16.0, which has no source ids. In an inbox with one conversation per
// contact, a requested source id is assumed to be that of the recorded conversation, so that a second create finds the first
// (contract, 1.5).
func TestSnapshotOfALockedInbox(t *testing.T) {
	srv := loaded(t, `"facts":{"users":{"admin":5}},"inboxes":[{"id":3,"channel_type":"Channel::Api","lock_to_single_conversation":true}],
		"conversations":[{"id":4,"inbox_id":3,"status":"open","meta":{"sender":{"id":11},"channel":"Channel::Api"}}]`, cfchattest.Version("2.16.0"))
	for body, want := range map[string]string{
		`{"inbox_id":3,"contact_id":11,"source_id":"known"}`: `"id":4,`,
		`{"inbox_id":3,"contact_id":11}`:                     `"id":5,`,
	} {
		if status, got := call(t, srv, srv.AdminKey(), "POST", accountSeven, body); status != 200 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s, want %s", body, status, got, want)
		}
	}
}

// recorded returns a snapshot's conversation in API inbox 3 with one message, and adds the given fields to the two.
func recorded(id int, meta, message string) string {
	return fmt.Sprintf(`{"id":%d,"inbox_id":3,"status":"open","meta":{"channel":"Channel::Api"%s},
		"messages":[{"id":%d,"content":"hi","message_type":0,"created_at":1700000000%s}]}`, id, meta, 20+id, message)
}

const inboxThree = `"facts":{"users":{"admin":5},"other":8,"convs":{"other":1}},"inboxes":[{"id":3,"channel_type":"Channel::Api"}],`

// TestSnapshotKeepsNulls checks that attachments and senders are answered with the nulls that were recorded, and without the
// fields that were absent.
func TestSnapshotKeepsNulls(t *testing.T) {
	for _, message := range []string{
		`"attachments":[{"account_id":7,"data_url":null,"fallback_title":null,"file_type":"location","id":1,"message_id":21}]`,
		`"attachments":[{"account_id":7,"coordinates_lat":59.910,"data_url":"x","extension":null,"file_size":null,"file_type":"story_mention","id":1,"message_id":21,"thumb_url":""}]`,
		`"attachments":[null]`,
		`"sender":{"availability_status":null,"avatar_url":"","id":99,"name":"Gone","type":"user"}`,
	} {
		srv := loaded(t, `"server":"4.7.0",`+inboxThree+`"conversations":[`+recorded(1, `,"sender":{"id":11}`, ","+message)+`]`)
		if _, got := call(t, srv, srv.AdminKey(), "GET", accountSeven+"/1", ""); !strings.Contains(got, message) {
			t.Errorf("recorded %s, answered %s", message, got)
		}
	}
}

// TestSnapshotOfAnotherVersion checks that an attachment shows the fields of the version that the stand-in behaves as
// (contract, N2).
func TestSnapshotOfAnotherVersion(t *testing.T) {
	const file = `,"attachments":[{"id":1,"message_id":21,"file_type":"file","extension":"pdf","width":null,"height":null}]`
	for version, want := range map[string]string{
		"2.16.0": `[{"extension":"pdf","file_type":"file","id":1,"message_id":21}]`,
		"4.7.0":  `[{"extension":"pdf","file_type":"file","height":null,"id":1,"message_id":21,"width":null}]`,
		"4.13.0": `[{"content_type":null,"extension":"pdf","file_type":"file","height":null,"id":1,"message_id":21,"width":null}]`,
	} {
		srv := loaded(t, `"server":"4.7.0",`+inboxThree+`"conversations":[`+recorded(1, `,"sender":{"id":11}`, file)+`]`,
			cfchattest.Version(version))
		if _, got := call(t, srv, srv.AdminKey(), "GET", accountSeven+"/1", ""); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// TestSnapshotOfAnAssigneeWhoLeft counts and filters by an assignee who is named only in the messages.
func TestSnapshotOfAnAssigneeWhoLeft(t *testing.T) {
	srv := loaded(t, inboxThree+`"conversations":[`+recorded(1, `,"sender":{"id":11}`,
		`,"conversation":{"assignee_id":77,"unread_count":1}`)+`]`)
	_, counts := call(t, srv, srv.AdminKey(), "GET", accountSeven+"/meta", "")
	if want := `{"meta":{"all_count":1,"assigned_count":1,"mine_count":0,"unassigned_count":0}}`; counts != want {
		t.Errorf("got the counts %s, want %s", counts, want)
	}
	if _, found := call(t, srv, srv.AdminKey(), "POST", accountSeven+"/filter",
		rules(`assignee_id equal_to [77]`)); len(idsOf(t, found)) != 1 {
		t.Errorf("filter: %s", found)
	}
	if _, shown := call(t, srv, srv.AdminKey(), "GET", accountSeven+"/1", ""); strings.Contains(shown, `"assignee":`) ||
		!strings.Contains(shown, `"assignee_id":77`) {
		t.Errorf("the conversation is %s", shown)
	}
}

// TestSnapshotNextMessage checks that a new message gets the id that the server would give it: the other account's message
// uses a free one.
func TestSnapshotNextMessage(t *testing.T) {
	srv := loaded(t, inboxThree+`"conversations":[`+recorded(1, `,"sender":{"id":11}`, "")+`]`)
	if id := srv.AddMessage(1, cfchattest.Message{}); id != 22 {
		t.Errorf("the next message is %d, want 22", id)
	}
	if _, other := call(t, srv, srv.AdminKey(), "GET", "/api/v1/accounts/8/conversations/1",
		""); !strings.Contains(other, `"id":20,`) {
		t.Errorf("the other account has %s", other)
	}
}

// TestSnapshotOfABrokenConversation loads a conversation without its contact, which the server could not render and answered
// with 500.
func TestSnapshotOfABrokenConversation(t *testing.T) {
	srv := loaded(t, inboxThree+`"conversations":[`+recorded(1, "", "")+","+recorded(2, `,"sender":{"id":11}`, "")+`]`)
	for path, want := range map[string]int{"/1": 500, "/2": 200, "": 500} {
		if got, body := call(t, srv, srv.AdminKey(), "GET", accountSeven+path, ""); got != want {
			t.Errorf("%s: %d %s, want %d", path, got, body, want)
		}
	}
}

// TestSnapshotOfBots checks that the bot that owns conversations in a bot's inbox is the one with the bot key.
func TestSnapshotOfBots(t *testing.T) {
	owned := `,"sender":{"id":11},"assignee_type":"AgentBot","assignee":{"id":%d,"name":%q,"description":null,"thumbnail":"","bot_type":"webhook","outgoing_url":null}`
	srv := loaded(t, `"facts":{"users":{"admin":5},"inboxes":{"bot":3}},"inboxes":[{"id":3,"channel_type":"Channel::Api"}],
		"conversations":[`+recorded(1, fmt.Sprintf(owned, 40, "Router"), "")+`]`, cfchattest.Version("4.16.2"))
	if got := ownerOf(t, srv, 1); got != "bot Router" {
		t.Errorf("conversation 1 is owned by %s", got)
	}
	made := srv.AddContact(cfchattest.Contact{})
	status, body := call(t, srv, srv.BotKey(), "POST", accountSeven, fmt.Sprintf(`{"inbox_id":3,"contact_id":%d}`, made))
	if status != 200 || ownerOf(t, srv, 2) != "bot Router" {
		t.Errorf("%d %s", status, body)
	}
	if id, _ := srv.AddBot(cfchattest.Bot{}); id != 42 { // after Router and the stray bot
		t.Errorf("the next bot has the id %d, want 42", id)
	}
}

// TestSnapshotOfMessages checks that each id has one message, and that the last message is chosen by time, not by id
// (contract, 1.7).
func TestSnapshotOfMessages(t *testing.T) {
	c := `{"id":1,"inbox_id":3,"status":"open","meta":{"channel":"Channel::Api","sender":{"id":11}},
		"messages":[{"id":30,"content":"live","message_type":0,"created_at":1700000000,"updated_at":"2026-01-01T00:00:00.000Z","processed_message_content":null}]}`
	again := `{"id":30,"content":"live","message_type":0,"created_at":1700000000}`
	for version, last := range map[string]string{"4.7.0": "imported", "4.11.0": "live"} {
		srv := loaded(t, inboxThree+`"conversations":[`+c+`],"messages":{"1":[{"id":31,"content":"imported","message_type":1,"created_at":1600000000},`+again+","+again+`]}`,
			cfchattest.Version(version))
		got, _ := srv.Conversation(1)
		if got.UnreadCount != 1 || got.Messages[0].GetContent() != "live" || got.Messages[0].ProcessedMessageContent != nil {
			t.Errorf("%s: %d unread, %+v", version, got.UnreadCount, got.Messages[0])
		}
		if shown := got.LastNonActivityMessage.GetContent(); shown != last {
			t.Errorf("%s: last_non_activity_message is %q, want %q", version, shown, last)
		}
	}
}
