package cfchattest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestPriority sets a priority in each recorded way (contract, W3.3), and checks that every change is noted in the
// conversation.
func TestPriority(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	id := srv.AddConversation(cfchattest.Conversation{})
	path := fmt.Sprintf("%s/%d/toggle_priority", conversations, id)
	for _, c := range []struct {
		body   string
		status int
		want   cfchat.Priority
		moves  bool
	}{
		{`{"priority":"high"}`, 200, "high", true},
		{`{"priority":"high"}`, 200, "high", false},
		{`{"priority":"none"}`, 500, "high", false},
		{`{"priority":"3"}`, 500, "high", false},
		{`{"priority":9}`, 500, "high", false},
		{`{"priority":3}`, 200, "urgent", true},
		{`{"priority":null}`, 200, "", true},
		{`{"priority":""}`, 200, "", false},
		{`{}`, 200, "", false},
	} {
		before, _ := srv.Conversation(id)
		status, answer := call(t, srv, srv.AdminKey(), "POST", path, c.body)
		after, _ := srv.Conversation(id)
		moved := after.UpdatedAt.After(before.UpdatedAt.Time) && after.LastActivityAt.Compare(before.LastActivityAt.Time) >= 0
		if status != c.status || status == 200 && answer != "" || after.GetPriority() != c.want || moved != c.moves {
			t.Errorf("%s: %d %q, then the priority is %q, timestamps moved: %t", c.body, status, answer, after.GetPriority(), moved)
		}
	}
	call(t, srv, srv.BotKey(), "POST", path, `{"priority":"low"}`)
	var noted []string
	for m, err := range srv.Account(t).Messages.Scan(t.Context(), id, cfchat.MessageScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		noted = append(noted, m.GetContent())
	}
	if want := []string{
		"Ada Admin set the priority to high", "Ada Admin changed the priority from high to urgent", "Ada Admin removed the priority",
		"Helper Bot set the priority to low",
	}; !slices.Equal(noted, want) {
		t.Errorf("got the notes %q, want %q", noted, want)
	}
}
