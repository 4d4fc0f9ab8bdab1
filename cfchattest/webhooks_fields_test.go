package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/webhook"
)

// TestTypingEnds checks that the end of typing is announced from 4.2.0 on, whatever a webhook subscribes to (contract, H1).
func TestTypingEnds(t *testing.T) {
	for version, want := range map[string][]string{"4.1.0": nil, "4.2.0": both("conversation_typing_off")} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		snapshot := strings.Replace(newAccount, "conversation_created", "conversation_typing_off", 1)
		if err := srv.LoadSnapshot([]byte(snapshot)); err != nil {
			t.Fatal(err)
		}
		p := &play{Server: srv, t: t}
		id := p.AddConversation(cfchattest.Conversation{})
		p.LoseDeliveries("", 1)
		p.received()
		p.LoseDeliveries("", 0)
		p.on(id, "/toggle_typing_status", `{"typing_status":"off"}`)
		if got := p.received(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", version, got, want)
		}
	}
}

// TestTypingBots checks that bots can type from 4.12.0 on: before that they are refused, and nothing is announced.
func TestTypingBots(t *testing.T) {
	for version, want := range map[string]int{"4.11.1": http.StatusUnauthorized, "4.12.0": http.StatusOK} {
		p := newPlay(t, version)
		p.begin()
		path := fmt.Sprintf("%s/%d/toggle_typing_status", conversations, p.first)
		status, text := call(t, p.Server, p.botKey, "POST", path, `{"typing_status":"on"}`)
		got := p.received()
		if status != want || (len(got) > 0) != (want == http.StatusOK) {
			t.Errorf("%s: %d %s, and then %q", version, status, text, got)
		}
		for _, d := range p.made() {
			if user := fmt.Sprintf(`"user":{"id":%d,"name":"Helper Bot","type":"agent_bot"}`, p.bot); !strings.Contains(d.Body, user) {
				t.Errorf("%s: %s", version, d.Body)
			}
		}
	}
}

// TestOnlyPendingIsOpened checks that a failing bot changes no conversation that is not pending.
func TestOnlyPendingIsOpened(t *testing.T) {
	for _, status := range []cfchat.Status{cfchat.StatusOpen, cfchat.StatusSnoozed, cfchat.StatusResolved} {
		p := newPlay(t, "4.16.2")
		p.begin()
		p.SetStatus(p.bots, status)
		p.received()
		p.FailDeliveries(hookURLs[cfchattest.HookBot], 1, cfchattest.DeliveryFailure{Status: 404})
		p.AddMessage(p.bots, cfchattest.Message{Type: cfchat.MessageTypeOutgoing, Private: true})
		if got := p.received(); !sameInAnyOrder(got, []string{"bot message_created", "account message_created"}) {
			t.Errorf("%s: %q", status, got)
		}
		if now, _ := p.Conversation(p.bots); now.Status != status {
			t.Errorf("%s: the conversation became %s", status, now.Status)
		}
	}
}

// TestMarkedFailed checks that a message is marked as failed although it was created with an external_error already, be it
// the same one or another.
func TestMarkedFailed(t *testing.T) {
	for _, reason := range []string{"404 Not Found", "500 Internal Server Error"} {
		p := newPlay(t, "4.16.2")
		p.begin()
		inbox := hookURLs[cfchattest.HookInbox]
		p.FailDeliveries(inbox, 1, cfchattest.DeliveryFailure{Status: 404})
		id := p.on(p.first, "/messages", fmt.Sprintf(`{"content":"Hi","content_attributes":{"external_error":%q}}`, reason))
		p.received()
		m := messageOf(t, p, id)
		attributes, _ := m["content_attributes"].(map[string]any)
		if m["status"] != "failed" || attributes["external_error"] != "404 Not Found" {
			t.Errorf("%s: %v", reason, m)
		}
	}
}

// TestFailedOtherwise checks that a message that had already failed shows the latest reason.
func TestFailedOtherwise(t *testing.T) {
	p := newPlay(t, "4.16.2")
	p.begin()
	id := p.on(p.first, "/messages", `{"content":"Hi"}`)
	p.received()
	p.FailDeliveries(hookURLs[cfchattest.HookInbox], 1, cfchattest.DeliveryFailure{Status: 404})
	p.do(p.AdminKey(), "PATCH", fmt.Sprintf("/conversations/%d/messages/%d", p.first, id), `{"status":"failed","external_error":"blocked"}`)
	if got := p.received(); !sameInAnyOrder(got, slices.Concat(both("message_updated"), both("message_updated"))) {
		t.Errorf("%q", got)
	}
	attributes, _ := messageOf(t, p, id)["content_attributes"].(map[string]any)
	if attributes["external_error"] != "404 Not Found" {
		t.Errorf("%v", attributes)
	}
}

// TestLastByTime checks that the last message of a conversation is the latest one, even if older ones were stored after it.
func TestLastByTime(t *testing.T) {
	srv := cfchattest.New(t)
	err := srv.LoadSnapshot([]byte(`{"account":1,"facts":{"users":{"admin":1}},"agents":[{"id":1,"name":"Ada","role":"administrator"}],
		"inboxes":[{"id":3,"name":"API","channel_type":"Channel::Api"}],
		"conversations":[{"id":7,"inbox_id":3,"status":"open","timestamp":1700000300,"created_at":1700000000,
			"meta":{"sender":{"id":5,"name":"Jo"}}}],
		"messages":{"7":[{"id":1,"content":"latest","message_type":1,"created_at":1700000300},
			{"id":2,"content":"imported","message_type":1,"created_at":1700000100},
			{"id":3,"content":"a note","message_type":1,"private":true,"created_at":1700000400},
			{"id":4,"content":"an activity","message_type":2,"created_at":1700000500}]},
		"webhooks":[{"id":5,"url":"https://hooks.example/","subscriptions":["conversation_updated"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	srv.SetStatus(7, cfchat.StatusResolved)
	(&play{Server: srv, t: t}).received()
	e, err := webhook.Parse([]byte(srv.Deliveries()[0].Body))
	if err != nil || len(e.Conversation.Messages) != 1 || e.Conversation.Messages[0].GetContent() != "latest" {
		t.Errorf("%+v, %v", e.Conversation, err)
	}
}

// TestEmptySecret checks that nothing is signed without a secret (contract, H2).
func TestEmptySecret(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	if err := srv.LoadSnapshot([]byte(strings.Replace(newAccount, "s3cret", "", 1))); err != nil {
		t.Fatal(err)
	}
	srv.AddConversation(cfchattest.Conversation{})
	(&play{Server: srv, t: t}).received()
	for _, d := range srv.Deliveries() {
		signs := d.Kind == cfchattest.HookInbox
		if d.ID == "" || d.Header.Get(webhook.DeliveryHeader) != d.ID || (d.Header.Get(webhook.TimestampHeader) != "") != signs ||
			(d.Header.Get(webhook.SignatureHeader) != "") != signs {
			t.Errorf("%s: %v", d.Kind, d.Header)
		}
	}
}

// TestUUIDIsNew checks that before 4.1.0 the change that follows a creation names the uuid.
func TestUUIDIsNew(t *testing.T) {
	for version, want := range map[string]bool{"4.0.4": true, "4.1.0": false} {
		p := newPlay(t, version)
		p.begin()
		p.do(p.AdminKey(), "POST", "/conversations", fmt.Sprintf(
			`{"inbox_id":%d,"contact_id":%d,"message":{"content":"Hi"}}`, p.inbox, p.contact))
		got := p.received()
		if last := got[len(got)-1]; strings.Contains(last, " uuid ") != want || !strings.Contains(last, "display_id") {
			t.Errorf("%s: %q", version, got)
		}
	}
}

// TestProcessedText checks that both texts of a message within its conversation are cleaned (contract, H6).
func TestProcessedText(t *testing.T) {
	for version, want := range map[string]string{"4.12.1": "a\\\nb\n", "4.13.0": "a\nb\n", "4.14.2": "a\nb"} {
		p := newPlay(t, version)
		p.begin()
		p.AddMessage(p.first, cfchattest.Message{Content: "a\\\nb\n"})
		p.received()
		var body struct {
			Conversation struct{ Messages []map[string]any }
		}
		if err := json.Unmarshal([]byte(p.made()[0].Body), &body); err != nil {
			t.Fatal(err)
		}
		last := body.Conversation.Messages[0]
		if last["content"] != want || last["processed_message_content"] != want {
			t.Errorf("%s: %q", version, last)
		}
	}
}
