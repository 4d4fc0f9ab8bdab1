package cfchattest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestContactConversations lists 20 conversations of a contact, of every status and in the inboxes that the caller sees: up
// to 4.0.1 the newest first, later the last active first, and no further page (contract, W2.8).
func TestContactConversations(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for version, byActivity := range map[string]bool{"2.16.0": false, "4.0.1": false, "4.0.2": true, "4.16.2": true} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		who, private := srv.AddContact(cfchattest.Contact{Email: "jo@example.com"}), srv.AddInbox(cfchattest.Inbox{})
		var newest, latest []int64
		for i := range 22 {
			id := srv.AddConversation(cfchattest.Conversation{
				Contact: who, Status: []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved}[i%2], CreatedAt: day,
				LastActivity: day.Add(-time.Duration(i) * time.Hour), // the first is the last to be active
			})
			newest, latest = append([]int64{id}, newest...), append(latest, id)
		}
		want := newest[:20]
		if byActivity {
			want = latest[:20]
		}
		srv.AddConversation(cfchattest.Conversation{}) // somebody else's
		path := fmt.Sprintf("%s/%d/conversations", contacts, who)
		for _, query := range []string{"", "?page=2"} {
			if _, body := call(t, srv, srv.AgentKey(), "GET", path+query, ""); !slices.Equal(idsOf(t, body), want) {
				t.Errorf("%s%s: %v, want %v", version, query, idsOf(t, body), want)
			}
		}
		hidden := srv.AddConversation(cfchattest.Conversation{Contact: who, Inbox: private, CreatedAt: day.AddDate(0, 0, 1)})
		if _, body := call(t, srv, srv.AdminKey(), "GET", path, ""); idsOf(t, body)[0] != hidden {
			t.Errorf("%s: an administrator's begin with %d, want %d", version, idsOf(t, body)[0], hidden)
		}
		if _, body := call(t, srv, srv.AgentKey(), "GET", path, ""); !slices.Equal(idsOf(t, body), want) {
			t.Errorf("%s: an agent's are %v, want %v", version, idsOf(t, body), want)
		}
	}
}

// TestContactableInboxes checks the source id by which a contact can be written to in an inbox of each channel: none if they
// lack the address that it needs, or if a website visitor already has a conversation (contract, W2.9).
func TestContactableInboxes(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		inboxes := map[cfchat.Channel]int64{cfchat.ChannelAPI: 1}
		for _, channel := range []cfchat.Channel{cfchat.ChannelEmail, cfchat.ChannelSMS, cfchat.ChannelWhatsApp, cfchat.ChannelWebWidget, cfchat.ChannelLine} {
			inboxes[channel] = srv.AddInbox(cfchattest.Inbox{Channel: channel})
		}
		full := srv.AddContact(cfchattest.Contact{Email: "jo@example.com", Phone: "+14155551000", SourceID: "known"})
		empty := srv.AddContact(cfchattest.Contact{Name: "Jo"})
		visitor := srv.AddContact(cfchattest.Contact{Name: "Visitor"})
		web := fmt.Sprintf(`{"inbox_id":%d,"source_id":"visit"}`, inboxes[cfchat.ChannelWebWidget])
		if status, body := call(t, srv, srv.AdminKey(), "POST", fmt.Sprintf("%s/%d/contact_inboxes", contacts, visitor), web); status != 200 {
			t.Fatal(status, body)
		}
		by := func(id int64) map[int64]string {
			t.Helper()
			found := map[int64]string{}
			for _, row := range list(dig(got(t, srv, srv.AdminKey(), fmt.Sprintf("/contacts/%d/contactable_inboxes", id)), "payload")) {
				inbox, _ := dig(row, "inbox", "id").(float64)
				found[int64(inbox)], _ = dig(row, "source_id").(string)
			}
			return found
		}
		for id, want := range map[int64]map[cfchat.Channel]string{
			full:    {cfchat.ChannelAPI: "known", cfchat.ChannelEmail: "jo@example.com", cfchat.ChannelSMS: "+14155551000", cfchat.ChannelWhatsApp: "14155551000"},
			empty:   {},
			visitor: {cfchat.ChannelWebWidget: "visit"},
		} {
			sources := by(id)
			for channel, inbox := range inboxes {
				switch source, there := sources[inbox]; {
				case channel == cfchat.ChannelAPI && want[channel] == "": // one at random
					if again := by(id)[inbox]; source == "" || again == source {
						t.Errorf("%s: contact %d in the API inbox is %q, then %q", version, id, source, again)
					}
				case source != want[channel] || there != (want[channel] != ""):
					t.Errorf("%s: contact %d in an inbox of %s is %q, want %q", version, id, channel, source, want[channel])
				}
			}
		}
		call(t, srv, srv.AdminKey(), "POST", conversations, fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"source_id":"visit"}`, inboxes[cfchat.ChannelWebWidget], visitor))
		if source, there := by(visitor)[inboxes[cfchat.ChannelWebWidget]]; there {
			t.Errorf("%s: a visitor with a conversation is contactable by %q", version, source)
		}
	}
}
