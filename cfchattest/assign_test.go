package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestAssignment assigns a conversation that belongs to Grace and the team sales, in every way of contract, W3.2, in the
// last version in which bots cannot own one and in the first in which they can.
func TestAssignment(t *testing.T) {
	for _, c := range []struct{ body, answer, old, later string }{
		{`{"assignee_id":1}`, "agent 1", "agent 1, sales", "agent 1, sales"},
		{`{"assignee_id":"1"}`, "agent 1", "agent 1, sales", "agent 1, sales"},
		{`{"assignee_id":2}`, "agent 2", "agent 2, sales", "agent 2, sales"},
		{`{"assignee_id":null}`, "null", "nobody, sales", "nobody, sales"},
		{`{"assignee_id":""}`, "null", "nobody, sales", "nobody, sales"},
		{`{"assignee_id":0}`, "null", "nobody, sales", "nobody, sales"},
		{`{"assignee_id":"x"}`, "null", "nobody, sales", "nobody, sales"},
		{`{"assignee_id":99}`, "null", "nobody, sales", "nobody, sales"},
		{`{"assignee_id":99999999999}`, "null", "nobody, sales", "nobody, sales"},
		{`{"team_id":2}`, "team 2", "nobody, support", "nobody, support"},
		{`{"team_id":1}`, "team 1", "agent 2, sales", "agent 2, sales"},
		{`{"team_id":null}`, "null", "agent 2, no team", "agent 2, no team"},
		{`{"team_id":99}`, "null", "agent 2, no team", "agent 2, no team"},
		{`{"team_id":""}`, "null", "agent 2, no team", "agent 2, no team"},
		{`{"assignee_id":1,"team_id":2}`, "agent 1", "agent 1, sales", "agent 1, sales"},
		{`{"assignee_id":null,"team_id":2}`, "null", "nobody, sales", "nobody, sales"},
		{`{}`, "null", "agent 2, sales", "agent 2, sales"},
		{`{"assignee_id":1,"assignee_type":"AgentBot"}`, "agent 1", "agent 1, sales", "bot 1, sales"},
		{`{"assignee_id":99,"assignee_type":"AgentBot"}`, "null", "nobody, sales", "agent 2, sales"},
		{`{"assignee_id":null,"assignee_type":"AgentBot"}`, "null", "nobody, sales", "agent 2, sales"},
		{`{"team_id":2,"assignee_type":"AgentBot"}`, "", "nobody, support", "agent 2, sales"},
		{`{"assignee_id":1,"assignee_type":"Robot"}`, "agent 1", "agent 1, sales", "agent 1, sales"},
	} {
		for version, want := range map[string]string{"4.7.0": c.old, "4.8.0": c.later} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			sales := srv.AddTeam(cfchattest.Team{Name: "sales", Members: []int64{2}})
			srv.AddTeam(cfchattest.Team{Name: "support"})
			id := srv.AddConversation(cfchattest.Conversation{Assignee: 2, Team: sales})
			_, answer := call(t, srv, srv.AdminKey(), "POST", fmt.Sprintf("%s/%d/assignments", conversations, id), c.body)
			if got := hasIt(t, srv, id); got != want {
				t.Errorf("%s, %s: %s, want %s", version, c.body, got, want)
			}
			says := c.answer
			if strings.HasPrefix(want, "bot") {
				says = "bot 1"
			}
			if got := saysOf(answer); got != says && says != "" {
				t.Errorf("%s, %s: answers %s, want %s", version, c.body, got, says)
			}
		}
	}
}

// hasIt returns the assignee and the team of a conversation.
func hasIt(t *testing.T, srv *cfchattest.Server, id int64) string {
	t.Helper()
	now, ok := srv.Conversation(id)
	if !ok {
		t.Fatalf("conversation %d cannot be rendered", id)
	}
	who, team := "nobody", "no team"
	switch meta := now.Meta; {
	case meta.AssigneeBot != nil:
		who = fmt.Sprint("bot ", meta.AssigneeBot.ID)
	case meta.Assignee != nil:
		who = fmt.Sprint("agent ", meta.Assignee.ID)
	}
	if now.Meta.Team != nil {
		team = now.Meta.Team.Name
	}
	return who + ", " + team
}

// saysOf returns the assignee that an answer describes.
func saysOf(answer string) string {
	switch of := decode(answer); {
	case dig(of, "bot_type") != nil:
		return fmt.Sprint("bot ", dig(of, "id"))
	case dig(of, "email") != nil:
		return fmt.Sprint("agent ", dig(of, "id"))
	case dig(of, "created_at") != nil:
		return fmt.Sprint("team ", dig(of, "id"))
	}
	return answer
}

// TestAssignmentsAreNoted checks that an assignment changes the timestamps of contract, W3.2, and writes the recorded
// messages, and that repeating it does neither.
func TestAssignmentsAreNoted(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	online, _ := srv.AddAgent(cfchattest.Agent{Name: "Linus", Online: true})
	inbox := srv.AddInbox(cfchattest.Inbox{Members: []int64{2, online}})
	srv.AddTeam(cfchattest.Team{Name: "sales", Members: []int64{2}})
	srv.AddTeam(cfchattest.Team{Name: "turns", Members: []int64{2, online}, AllowAutoAssign: true})
	id := srv.AddConversation(cfchattest.Conversation{Inbox: inbox})
	admin, agent, bot := srv.AdminKey(), srv.AgentKey(), srv.BotKey()
	for _, c := range []struct {
		as, body, owner, note string
		moves                 bool
	}{
		{admin, `{"assignee_id":2}`, "agent 2, no team", "Assigned to Grace Agent by Ada Admin", true},
		{agent, `{"assignee_id":2}`, "agent 2, no team", "", false},
		{admin, `{"assignee_id":1}`, "agent 1, no team", "Ada Admin self-assigned this conversation", true},
		{admin, `{"team_id":1}`, "nobody, sales", "Assigned to sales by Ada Admin", true},
		{admin, `{"team_id":1}`, "nobody, sales", "", false},
		{admin, `{"team_id":2}`, "agent 3, turns", "Assigned to Linus via turns by Ada Admin", true},
		{admin, `{"assignee_id":null}`, "nobody, turns", "Conversation unassigned by Ada Admin", true},
		{admin, `{"assignee_id":99}`, "nobody, turns", "", false},
		{admin, `{"assignee_id":1,"assignee_type":"AgentBot"}`, "bot 1, turns", "", true},
		{admin, `{"assignee_id":1,"assignee_type":"AgentBot"}`, "bot 1, turns", "", false},
		{admin, `{"team_id":1}`, "bot 1, sales", "Assigned to sales by Ada Admin", true},
		{admin, `{"assignee_id":null}`, "nobody, sales", "", true},
		{admin, `{"assignee_id":1,"assignee_type":"AgentBot"}`, "bot 1, sales", "", true},
		{bot, `{"assignee_id":2}`, "agent 2, sales", "Assigned to Grace Agent by Helper Bot", true},
		{admin, `{"team_id":null}`, "agent 2, no team", "Unassigned from sales by Ada Admin", true},
		{admin, `{"team_id":null}`, "agent 2, no team", "", false},
	} {
		before, _ := srv.Conversation(id)
		notes := len(notesOf(t, srv, id))
		if status, answer := call(t, srv, c.as, "POST", fmt.Sprintf("%s/%d/assignments", conversations, id), c.body); status != 200 {
			t.Fatalf("%s: %d %s", c.body, status, answer)
		}
		after, _ := srv.Conversation(id)
		noted := strings.Join(notesOf(t, srv, id)[notes:], "; ")
		if moves := !after.UpdatedAt.Equal(before.UpdatedAt.Time); moves != c.moves || noted != c.note || hasIt(t, srv, id) != c.owner {
			t.Errorf("%s: %s, notes %q, moves %t; want %s, %q, %t", c.body, hasIt(t, srv, id), noted, moves, c.owner, c.note, c.moves)
		}
	}
}

// notesOf returns the activity messages of a conversation.
func notesOf(t *testing.T, srv *cfchattest.Server, id int64) (notes []string) {
	t.Helper()
	for m, err := range srv.Account(t).Messages.Scan(t.Context(), id, cfchat.MessageScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if m.MessageType == cfchat.MessageTypeActivity {
			notes = append(notes, m.GetContent())
		}
	}
	return notes
}

// TestAssignmentIsRefused checks that the key and the conversation are checked before anything else.
func TestAssignmentIsRefused(t *testing.T) {
	for _, c := range []struct {
		version, key string
		id           int64
		status       int
	}{
		{"3.5.0", "bot", 1, 401}, {"3.6.0", "bot", 1, 200}, {"3.6.0", "agent", 2, 401}, {"4.16.2", "administrator", 99, 404}, {"4.16.2", "agent", 2, 401},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		srv.AddConversation(cfchattest.Conversation{})
		srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(cfchattest.Inbox{})})
		path := fmt.Sprintf("%s/%d/assignments", conversations, c.id)
		if status, answer := call(t, srv, srv.Key(c.key), "POST", path, `{"assignee_id":2}`); status != c.status {
			t.Errorf("%s, %s: %d %s, want %d", c.version, c.key, status, answer, c.status)
		}
	}
}
