package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// loaded is a server with a snapshot of an administrator, and of what else is given.
func loaded(t *testing.T, rest string, opts ...cfchattest.Option) *cfchattest.Server {
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
	if srv.AgentKey() != "" {
		t.Error("there is a key of an agent who is not there")
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

// What a snapshot shows of a conversation is answered again: its verification, null where the inbox of the contact is gone;
// labels that are null; messages that are recorded nowhere else. Contacts who share an address stay apart.
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

// A snapshot of 2.16.0 shows no source ids. In an inbox with one conversation per contact, one that is asked for is taken for
// that of the recorded conversation, so that a second create finds the first (contract, 1.5).
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
