package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestConversationAttributes replaces custom attributes in each recorded way, in the oldest and the newest version
// (contract, W3.4). A change moves only updated_at, and writes no message.
func TestConversationAttributes(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id := srv.AddConversation(cfchattest.Conversation{Custom: map[string]any{"plan": "free"}})
		path := fmt.Sprintf("%s/%d/custom_attributes", conversations, id)
		now := `{"plan":"free"}`
		for _, c := range []struct {
			sent   string
			status int
			answer string // the attributes, or the failure
		}{
			{`{"plan":"free"}`, 200, now},
			{`{"seats":2}`, 200, `{"seats":2}`},
			{`{"a":{"b":[1,null,"x"],"c":null}}`, 200, `{"a":{"b":[1,"x"],"c":null}}`},
			{`{"k":"` + strings.Repeat("ü", 1501) + `"}`, 422, `{"message":"Custom attributes k length should be \u003c 1500","attributes":["custom_attributes"]}`},
			{`{"k":10000000000}`, 422, `{"message":"Custom attributes k value should be \u003c 9999999999","attributes":["custom_attributes"]}`},
			{`null`, 500, ""},
			{`[1]`, 500, ""},
			{`"x"`, 500, ""},
			{`{"k":9999999999,"deep":{"k":10000000000}}`, 200, `{"deep":{"k":10000000000},"k":9999999999}`},
			{`{}`, 200, `{}`},
		} {
			before, _ := srv.Conversation(id)
			status, answer := call(t, srv, srv.AdminKey(), "POST", path, `{"custom_attributes":`+c.sent+`}`)
			after, _ := srv.Conversation(id)
			want := c.answer
			moves := status == 200 && c.answer != now
			if status == 200 {
				want, now = `{"custom_attributes":`+c.answer+`}`, c.answer
			}
			moved := after.UpdatedAt != nil && after.UpdatedAt.After(before.UpdatedAt.Time)
			if status != c.status || want != "" && answer != want || after.CustomAttributes.String() != now || moved != (moves && version == "4.16.2") {
				t.Errorf("%s, %.40s: %d %s, then %s, moved %t", version, c.sent, status, answer, after.CustomAttributes, moved)
			}
			if !after.Timestamp.Equal(before.Timestamp.Time) || len(after.Messages) > 0 {
				t.Errorf("%s, %.40s: the change moves the last activity, or writes a message: %+v", version, c.sent, after)
			}
		}
		if status, _ := call(t, srv, srv.AdminKey(), "POST", path, `{}`); status != 500 {
			t.Errorf("%s: without attributes: %d", version, status)
		}
	}
}
