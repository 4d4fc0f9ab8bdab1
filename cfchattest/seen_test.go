package cfchattest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestSeen marks a conversation as seen by an agent and by the assignee, before and after 4.11.0 (contract, W3.6).
func TestSeen(t *testing.T) {
	for version, thinned := range map[string]bool{"2.16.0": false, "4.10.1": false, "4.11.0": true, "4.16.2": true} {
		now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
		srv := cfchattest.New(t, cfchattest.Version(version), cfchattest.Clock(func() time.Time { return now }))
		assignee, key := srv.AddAgent(cfchattest.Agent{Administrator: true})
		id := srv.AddConversation(cfchattest.Conversation{Assignee: assignee})
		of := srv.Account(t).Conversations
		theirs := srv.Account(t, func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} }).Conversations
		srv.AddMessage(id, cfchattest.Message{})
		for _, step := range []struct {
			what            string
			wait            time.Duration
			do              func(context.Context, int64, ...cfchat.CallOption) (*cfchat.Conversation, error)
			agent, assignee bool // whether their last-seen time becomes now
			unread          int
		}{
			{"an agent", time.Minute, of.MarkSeen, true, false, 0},
			{"again", time.Minute, of.MarkSeen, !thinned, false, 0},
			{"an hour later", time.Hour, of.MarkSeen, true, false, 0},
			{"the assignee", time.Minute, theirs.MarkSeen, true, true, 0},
			{"unread", time.Minute, of.MarkUnread, false, false, 1},
			{"unread, the assignee", time.Minute, theirs.MarkSeen, true, true, 0},
			{"the assignee again", time.Minute, theirs.MarkSeen, !thinned, !thinned, 0},
			{"an agent, an hour later", time.Hour, of.MarkSeen, true, false, 0},
			{"the assignee, after more than an hour", time.Minute, theirs.MarkSeen, true, true, 0},
		} {
			now = now.Add(step.wait)
			c, err := step.do(t.Context(), id)
			if err != nil || c.AgentLastSeenAt.Equal(now) != step.agent || c.AssigneeLastSeenAt.Equal(now) != step.assignee || int(c.UnreadCount) != step.unread {
				t.Errorf("%s: %s at %s: %+v, %v", version, step.what, now, c, err)
			}
		}
	}
}

// TestUnread checks that marking a conversation unread counts the messages that the contact wrote within the last second,
// and changes nothing if the contact has written none (contract, W3.6).
func TestUnread(t *testing.T) {
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	srv := cfchattest.New(t, cfchattest.Clock(func() time.Time { return now }))
	id, of := srv.AddConversation(cfchattest.Conversation{}), srv.Account(t).Conversations
	if c, err := of.MarkUnread(t.Context(), id); err != nil || c.UnreadCount != 0 || !c.AgentLastSeenAt.IsZero() {
		t.Errorf("without messages: %+v, %v", c, err)
	}
	for _, wait := range []time.Duration{0, time.Minute, time.Second / 2} {
		now = now.Add(wait)
		srv.AddMessage(id, cfchattest.Message{})
	}
	srv.AddMessage(id, cfchattest.Message{Type: cfchat.MessageTypeOutgoing})
	if c, err := of.MarkUnread(t.Context(), id); err != nil || c.UnreadCount != 2 {
		t.Errorf("with three messages: %+v, %v", c, err)
	}
}

// TestWhichCallsMoveUpdatedAt makes each of these calls and checks whether it changes the conversation's updated_at, and
// what it notes (contract, W3.6).
func TestWhichCallsMoveUpdatedAt(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		moves bool
		noted string
	}{
		"mute":                 {"{}", true, "Conversation was marked resolved by Ada Admin|Ada Admin has muted the conversation"},
		"unmute":               {"{}", true, "Ada Admin has unmuted the conversation"},
		"update_last_seen":     {"{}", false, ""},
		"unread":               {"{}", false, ""},
		"toggle_typing_status": {`{"typing_status":"zzz"}`, false, ""},
		"transcript":           {`{"email":"jo@customer.test"}`, false, ""},
		"participants":         {`{"user_ids":[1]}`, false, ""},
	} {
		srv := cfchattest.New(t)
		id := srv.AddConversation(cfchattest.Conversation{})
		before, _ := srv.Conversation(id)
		if status, answer := call(t, srv, srv.AdminKey(), "POST", fmt.Sprintf("%s/%d/%s", conversations, id, name), c.body); status != 200 {
			t.Errorf("%s: %d %s", name, status, answer)
		}
		if status, _ := call(t, srv, srv.AdminKey(), "POST", conversations+"/99/"+name, c.body); status != 404 {
			t.Errorf("%s of an unknown conversation: %d", name, status)
		}
		if status, _ := call(t, srv, srv.BotKey(), "POST", fmt.Sprintf("%s/%d/%s", conversations, id, name), c.body); status != 401 {
			t.Errorf("%s by a bot: %d", name, status)
		}
		after, _ := srv.Conversation(id)
		if moved := !after.UpdatedAt.Equal(before.UpdatedAt.Time); moved != c.moves {
			t.Errorf("%s: updated_at went from %s to %s", name, before.UpdatedAt, after.UpdatedAt)
		}
		var noted []string
		for m, err := range srv.Account(t).Messages.Scan(t.Context(), id, cfchat.MessageScanOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			noted = append(noted, m.GetContent())
		}
		if got := strings.Join(noted, "|"); got != c.noted {
			t.Errorf("%s: got the notes %q, want %q", name, got, c.noted)
		}
	}
}

// TestTranscripts checks that the address of a transcript is kept, whatever it is, and that a blank one is refused
// (contract, W3.6).
func TestTranscripts(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	path := fmt.Sprintf("%s/%d/transcript", conversations, id)
	for body, want := range map[string]int{`{"email":"jo"}`: 200, `{}`: 422, `{"email":""}`: 422, `{"email":" "}`: 422} {
		status, answer := call(t, srv, srv.AdminKey(), "POST", path, body)
		if status != want || status == 422 && answer != `{"error":"email param missing"}` {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	if sent := srv.Transcripts(id); !slices.Equal(sent, []string{"jo"}) {
		t.Errorf("transcripts were sent to %q", sent)
	}
}

// TestTranscriptsPerHour checks that transcripts are limited per account and hour, from 2.18.0 on.
func TestTranscriptsPerHour(t *testing.T) {
	for version, most := range map[string]int{"2.17.1": 299, "2.18.0": 20, "4.11.0": 20, "4.12.0": 1000} {
		now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
		srv := cfchattest.New(t, cfchattest.Version(version), cfchattest.RateLimits, cfchattest.Clock(func() time.Time { return now }))
		path := fmt.Sprintf("%s/%d/transcript", conversations, srv.AddConversation(cfchattest.Conversation{}))
		for n := range most + 1 {
			if status, _ := call(t, srv, srv.AdminKey(), "POST", path, `{"email":"jo"}`); (status == 429) != (n == most && most != 299) {
				t.Fatalf("%s: transcript %d is answered with %d", version, n+1, status)
			}
		}
		now = now.Add(time.Hour)
		if status, _ := call(t, srv, srv.AdminKey(), "POST", path, `{"email":"jo"}`); status != 200 {
			t.Errorf("%s: in the next hour the answer is %d", version, status)
		}
	}
}

// TestSnapshotOfMutedConversation loads a muted conversation that has participants.
func TestSnapshotOfMutedConversation(t *testing.T) {
	const account = `{"account":1,"facts":{"users":{"admin":1}},"inboxes":[{"id":1,"name":"A","channel_type":"Channel::Api"}],
		"agents":[{"id":1,"name":"Ada","email":"ada@example.com","role":"administrator"},{"id":2,"name":"Grace","email":"grace@example.com","role":"agent"}],
		"conversations":[{"id":5,"inbox_id":1,"status":"resolved","muted":true,"timestamp":1795651424,"meta":{"sender":{"id":7}}}],
		"participants":{"5":[2]}}`
	for _, version := range []string{"3.6.0", "3.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		if err := srv.LoadSnapshot([]byte(account)); err != nil {
			t.Fatal(err)
		}
		if c, ok := srv.Conversation(5); !ok || !c.Muted {
			t.Errorf("%s: found %t, not muted: %+v", version, ok, c)
		}
		if people, err := srv.Account(t).Conversations.Participants(t.Context(), 5); err != nil || len(people) != 1 || people[0].ID != 2 {
			t.Errorf("%s: %+v, %v", version, people, err)
		}
	}
}
