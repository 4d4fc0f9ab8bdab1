package cfchattest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestSenders creates messages of each kind: an outgoing one is the key's owner's, any other the contact's
// (contract, W1.2). A private one is a note, and not a reply.
func TestSenders(t *testing.T) {
	for _, c := range []struct{ role, message, want string }{
		{"administrator", `{"content":"a"}`, "outgoing user Ada Admin false"},
		{"agent", `{"content":"a","private":true}`, "outgoing user Grace Agent true"},
		{"bot", `{"content":"a","private":"0"}`, "outgoing agent_bot Helper Bot false"},
		{"agent", `{"content":"a","message_type":"incoming"}`, "incoming contact Jo false"},
		{"agent", `{"content":"a","message_type":"template"}`, "template contact Jo false"},
		{"agent", `{"content":"a","message_type":"activity","content_type":"form"}`, "activity contact Jo false"},
	} {
		srv := cfchattest.New(t)
		srv.AddContact(cfchattest.Contact{Name: "Jo"})
		m := created(t, srv, srv.Key(c.role), `{"inbox_id":1,"contact_id":1,"message":`+c.message+`}`).Messages[0]
		got := fmt.Sprintf("%s %s %s %t", m.MessageType, m.Sender.Type, m.Sender.GetName(), m.GetPrivate())
		if got != c.want {
			t.Errorf("%s %s: %s, want %s", c.role, c.message, got, c.want)
		}
	}
	srv := cfchattest.New(t)
	srv.AddContact(cfchattest.Contact{})
	for _, message := range []string{`{"message_type":"out"}`, `{"content_type":"letter"}`, `{"message_type":7}`} {
		body := `{"inbox_id":1,"contact_id":1,"message":` + message + `}`
		if status, answer := call(t, srv, srv.AdminKey(), "POST", conversations, body); status != 500 ||
			len(srv.Conversations()) > 0 {
			t.Errorf("%s: %d %s", message, status, answer)
		}
	}
}

// TestEffectsOfAMessage checks the effects of a message: the status, whether somebody waits, and whether anybody has replied
// (contract, W1.2).
func TestEffectsOfAMessage(t *testing.T) {
	in, out := cfchat.MessageTypeIncoming, cfchat.MessageTypeOutgoing
	for _, c := range []struct {
		status cfchat.Status
		bot    bool
		add    cfchattest.Message
		want   string
	}{
		{cfchat.StatusSnoozed, false, cfchattest.Message{Type: in}, "open waiting"},
		{cfchat.StatusResolved, false, cfchattest.Message{Type: in}, "open waiting"},
		{cfchat.StatusResolved, true, cfchattest.Message{Type: in}, "pending waiting"},
		{cfchat.StatusSnoozed, true, cfchattest.Message{Type: in}, "open waiting"},
		{cfchat.StatusPending, true, cfchattest.Message{Type: in}, "pending waiting"},
		{cfchat.StatusResolved, false, cfchattest.Message{Type: out}, "resolved replied"},
		{cfchat.StatusOpen, false, cfchattest.Message{Type: out, Private: true}, "open waiting"},
		{cfchat.StatusSnoozed, false, cfchattest.Message{Type: cfchat.MessageTypeActivity}, "snoozed waiting"},
	} {
		srv := cfchattest.New(t)
		id := srv.AddConversation(cfchattest.Conversation{Status: c.status, Inbox: srv.AddInbox(cfchattest.Inbox{Bot: c.bot})})
		srv.AddMessage(id, c.add)
		now, _ := srv.Conversation(id)
		got := string(now.Status)
		if !now.GetWaitingSince().IsZero() {
			got += " waiting"
		}
		if !now.FirstReplyCreatedAt.IsZero() {
			got += " replied"
		}
		if got != c.want {
			t.Errorf("%s, bot %t, %+v: %s, want %s", c.status, c.bot, c.add, got, c.want)
		}
	}
}

// TestListNarrows checks what each filter leaves out.
func TestListNarrows(t *testing.T) {
	srv := sales(t)
	srv.AddMessage(2, cfchattest.Message{Type: cfchat.MessageTypeOutgoing})
	srv.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeOutgoing, Private: true,
		Content: "ask (mention://user/1/Ada)"})
	source := srv.AddConversation(cfchattest.Conversation{Contact: srv.AddContact(cfchattest.Contact{SourceID: "known"})})
	for query, want := range map[string][]int64{
		"assignee_type=assigned":        {1, 2},
		"conversation_type=mention":     {1},
		"conversation_type=unattended":  {6, 1, 5, 4, 3},
		"conversation_type=else":        {6, 1, 2, 5, 4, 3},
		"source_id=known":               {source},
		"labels='a,b'":                  {4},
		"sort_by=priority_asc":          {3, 6, 1, 2, 5, 4},
		"sort_by=waiting_since_asc":     {1, 3, 4, 5, 6, 2}, // nobody waits for the last
		"sort_by=waiting_since_desc":    {6, 5, 4, 3, 1, 2},
		"sort_by=sort_on_waiting_since": {1, 3, 4, 5, 6, 2},
	} {
		_, body := call(t, srv, srv.AdminKey(), "GET", conversations+"?status=all&"+strings.ReplaceAll(query, "'", "%27"), "")
		if got := idsOf(t, body); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// TestNotModified checks that a caller who already has the answer gets a 304 (contract, 1.0).
func TestNotModified(t *testing.T) {
	srv := cfchattest.New(t)
	r := request(t, srv.AdminKey(), "GET", conversations, "")
	first, err := srv.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, first)
	for tag, want := range map[string]int{first.Header.Get("Etag"): 304, `W/"other"`: 200} {
		again := request(t, srv.AdminKey(), "GET", conversations, "")
		again.Header.Set("If-None-Match", tag)
		resp, err := srv.Transport().RoundTrip(again)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, resp); resp.StatusCode != want || want == 304 && got != "" || want == 200 && got != body {
			t.Errorf("%s: %d %q", tag, resp.StatusCode, got)
		}
	}
}

// TestTakenSourceID requests a source id that another contact has: from 4.0.4 on an e-mail inbox takes it from them, an API
// inbox never does (contract, 4.2).
func TestTakenSourceID(t *testing.T) {
	for version, want := range map[string][2]int{"4.0.3": {422, 422}, "4.0.4": {200, 422}} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		inboxes := []int64{srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail}), srv.AddInbox(cfchattest.Inbox{})}
		for i, inbox := range inboxes {
			srv.AddContact(cfchattest.Contact{Inbox: inbox, SourceID: "x"})
			body := fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":"x"}`, inbox, srv.AddContact(cfchattest.Contact{}))
			if status, answer := call(t, srv, srv.AdminKey(), "POST", conversations, body); status != want[i] {
				t.Errorf("%s: inbox %d: %d %s, want %d", version, inbox, status, answer, want[i])
			}
		}
	}
}
