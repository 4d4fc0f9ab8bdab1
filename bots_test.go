package cfchat_test

import (
	"encoding/json"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// TestBotsAreNoPeople checks that an assignee is decoded according to assignee_type, even over an existing one.
func TestBotsAreNoPeople(t *testing.T) {
	var c cfchat.Conversation
	for _, step := range []struct {
		file        string
		person, bot int64
		kind        cfchat.SenderType
	}{
		{file: "testdata/recordings/4.7.0/show-no-messages.json", person: 2},
		{file: "testdata/recordings-newer/4.16.2/create-bot.json", bot: 1, kind: cfchat.SenderTypeAgentBot},
		{file: "testdata/recordings-newer/4.16.2/show-no-messages.json", person: 2, kind: cfchat.SenderTypeUser},
		{file: "testdata/recordings-newer/4.16.2/create-bot.json", bot: 1, kind: cfchat.SenderTypeAgentBot},
		{file: "testdata/recordings/4.7.0/show-attachments.json"},
	} {
		if err := json.Unmarshal([]byte(recordings.Read(t, step.file).Response.Body), &c); err != nil {
			t.Fatal(err)
		}
		m := &c.Meta
		if (m.Assignee != nil) != (step.person != 0) || m.GetAssignee().GetID() != step.person ||
			(m.AssigneeBot != nil) != (step.bot != 0) || m.GetAssigneeBot().GetID() != step.bot || m.GetAssigneeType() != step.kind {
			t.Errorf("%s: person %d, bot %d, %q", step.file, m.GetAssignee().GetID(), m.GetAssigneeBot().GetID(), m.GetAssigneeType())
		}
	}
}

// TestInvalidAssignee checks that an invalid assignee is an error instead of a person without a name.
func TestInvalidAssignee(t *testing.T) {
	for _, text := range []string{`{"assignee":5}`, `{"assignee":5,"assignee_type":"AgentBot"}`, `{"assignee":{"id":"x"}}`, `[]`} {
		if err := json.Unmarshal([]byte(text), new(cfchat.ConversationMeta)); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
	var m cfchat.ConversationMeta
	if err := json.Unmarshal([]byte(`{"assignee":null}`), &m); err != nil || m.Assignee != nil {
		t.Errorf("null: %v, %v", m.Assignee, err)
	}
}
