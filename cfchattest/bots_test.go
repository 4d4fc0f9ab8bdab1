package cfchattest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// ownerOf returns the owner of a conversation as the server shows it.
func ownerOf(t *testing.T, srv *cfchattest.Server, id int64) string {
	t.Helper()
	c, ok := srv.Conversation(id)
	if !ok {
		t.Fatalf("conversation %d cannot be rendered", id)
	}
	switch {
	case c.Meta.AssigneeBot != nil:
		return "bot " + c.Meta.AssigneeBot.GetName()
	case c.Meta.Assignee != nil:
		return "agent " + c.Meta.Assignee.Name
	}
	return "nobody"
}

// TestBotOwner checks that a bot's conversation shows its owner, and is unassigned in lists, counts and filters (contract,
// N5).
func TestBotOwner(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.8.0"))
	helper, _ := srv.AddBot(cfchattest.Bot{Name: "Router", Description: "sorts", OutgoingURL: "https://example.com/bot"})
	owned := srv.AddConversation(cfchattest.Conversation{Bot: helper})
	srv.AddConversation(cfchattest.Conversation{Assignee: 2})
	c, _ := srv.Conversation(owned)
	got := c.Meta.AssigneeBot
	if got == nil || got.ID != helper || got.GetDescription() != "sorts" || got.GetOutgoingURL() != "https://example.com/bot" ||
		c.Meta.GetAssigneeType() != cfchat.SenderTypeAgentBot || c.Meta.Assignee != nil {
		t.Errorf("the bot's conversation shows %+v, %+v", c.Meta, got)
	}
	other, _ := srv.Conversation(2)
	if other.Meta.GetAssigneeType() != cfchat.SenderTypeUser || other.Meta.Assignee == nil {
		t.Errorf("the agent's conversation shows %+v", other.Meta)
	}
	for query, want := range map[string][]int64{"assignee_type=unassigned": {owned}, "assignee_type=assigned": {2}} {
		if _, body := call(t, srv, srv.AdminKey(), "GET", conversations+"?"+query, ""); !slices.Equal(idsOf(t, body), want) {
			t.Errorf("%s: %v, want %v", query, idsOf(t, body), want)
		}
	}
	_, counts := call(t, srv, srv.AdminKey(), "GET", conversations+"/meta", "")
	if want := `{"meta":{"all_count":2,"assigned_count":1,"mine_count":0,"unassigned_count":1}}`; counts != want {
		t.Errorf("counts %s, want %s", counts, want)
	}
	_, filtered := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", rules("assignee_id is_not_present []"))
	if got := idsOf(t, filtered); !slices.Equal(got, []int64{owned}) {
		t.Errorf("filter: %v", got)
	}
}

// TestBotOwnerOfNew checks that from 4.16.2 on a bot owns the conversations created in its inbox, unless they are assigned
// (contract, N6).
func TestBotOwnerOfNew(t *testing.T) {
	for version, want := range map[string]string{"4.7.0": "nobody", "4.16.1": "nobody", "4.16.2": "bot Helper Bot"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		inbox := srv.AddInbox(cfchattest.Inbox{Bot: true})
		free, blocked := srv.AddContact(cfchattest.Contact{}), srv.AddContact(cfchattest.Contact{Blocked: true})
		for body, want := range map[string]string{
			fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"status":"open"}`, inbox, free): "pending " + want,
			fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d,"assignee_id":2}`, inbox, free): "pending agent Grace Agent",
			fmt.Sprintf(`{"inbox_id":%d,"contact_id":%d}`, inbox, blocked):              "resolved nobody",
		} {
			made := created(t, srv, srv.AdminKey(), body)
			if got := fmt.Sprintf("%s %s", made.Status, ownerOf(t, srv, made.ID)); got != want {
				t.Errorf("%s: %s: %s, want %s", version, body, got, want)
			}
		}
	}
}

// TestBotOwnerTakenOff toggles a bot's conversation: an agent who opens it takes it from the bot and becomes the assignee;
// from 4.16.2 on an administrator takes it from the bot as well, and so does a handoff by the bot (contract, N6).
func TestBotOwnerTakenOff(t *testing.T) {
	for _, c := range []struct {
		version, role, body, want string
	}{
		{"4.8.0", "administrator", `{"status":"open"}`, "bot Helper Bot"},
		{"4.8.0", "agent", `{"status":"open"}`, "agent Grace Agent"},
		{"4.8.0", "bot", `{"status":"open"}`, "bot Helper Bot"},
		{"4.16.2", "administrator", `{"status":"open"}`, "nobody"},
		{"4.16.2", "administrator", `{"status":"resolved"}`, "bot Helper Bot"},
		{"4.16.2", "agent", ``, "agent Grace Agent"},
		{"4.16.2", "bot", `{"status":"open"}`, "nobody"},
		{"4.16.2", "bot", ``, "bot Helper Bot"}, // no handoff
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		id := srv.AddConversation(cfchattest.Conversation{Bot: 1, Status: cfchat.StatusPending})
		toggled(t, srv, srv.Key(c.role), id, "", c.body)
		if got := ownerOf(t, srv, id); got != c.want {
			t.Errorf("%s: %s %s: %s, want %s", c.version, c.role, c.body, got, c.want)
		}
	}
}

// TestBotWithoutInbox checks that from 4.8.0 on a bot may use the account that it belongs to (contract, N3).
func TestBotWithoutInbox(t *testing.T) {
	for version, want := range map[string]int{"4.7.0": 401, "4.8.0": 200} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddConversation(cfchattest.Conversation{})
		_, foreign := srv.AddBot(cfchattest.Bot{Stray: true})
		for key, want := range map[string]int{srv.Key("stray_bot"): want, foreign: 401} {
			if got, body := call(t, srv, key, "POST", conversations+"/1/toggle_status", ""); got != want {
				t.Errorf("%s: %d %s, want %d", version, got, body, want)
			}
		}
	}
}

// TestBotGets checks that a bot can get a conversation from 4.14.2 on, but not one with a team (contract, N3).
func TestBotGets(t *testing.T) {
	for version, want := range map[string][2]int{"4.14.1": {401, 401}, "4.14.2": {200, 500}} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddConversation(cfchattest.Conversation{})
		srv.AddConversation(cfchattest.Conversation{Team: srv.AddTeam(cfchattest.Team{})})
		for i, want := range want {
			if got, body := call(t, srv, srv.BotKey(), "GET", fmt.Sprintf("%s/%d", conversations, i+1), ""); got != want {
				t.Errorf("%s: conversation %d: %d %s, want %d", version, i+1, got, body, want)
			}
		}
	}
}

// TestBotAnswers checks that a bot's answer ends a contact's wait from 4.10.0 on (contract, N1).
func TestBotAnswers(t *testing.T) {
	for version, waits := range map[string]bool{"4.9.0": true, "4.10.0": false} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddContact(cfchattest.Contact{})
		made := created(t, srv, srv.BotKey(), `{"inbox_id":1,"contact_id":1,"message":{"content":"Hello"}}`)
		if got := !made.GetWaitingSince().IsZero(); got != waits {
			t.Errorf("%s: waiting %t, want %t", version, got, waits)
		}
	}
}
