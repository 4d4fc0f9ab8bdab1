package cfchat

import (
	"encoding/json"

	"github.com/cfchat/cfchat-go/internal/decode"
)

// UnmarshalJSON reads the assignee of an answer as a person or as a bot, depending on assignee_type.
func (m *ConversationMeta) UnmarshalJSON(data []byte) error {
	type plain ConversationMeta                               // without methods
	m.Assignee, m.AssigneeBot, m.AssigneeType = nil, nil, nil // when decoding over an earlier conversation
	if err := json.Unmarshal(data, (*plain)(m)); err != nil || m.GetAssigneeType() != SenderTypeAgentBot {
		return err
	}
	var bot struct{ Assignee *AgentBot }
	err := json.Unmarshal(data, &bot) // few conversations have one, so only these are read twice
	m.Assignee, m.AssigneeBot = nil, bot.Assignee
	return err
}

// decodeJSON reads the same as UnmarshalJSON.
func (m *ConversationMeta) decodeJSON(r *decode.Reader) {
	begin := r.Pos()
	m.decodeFields(r)
	if m.GetAssigneeType() == SenderTypeAgentBot {
		decode.Again(m, r, begin) // few have one
	}
}

// MarshalJSON writes what UnmarshalJSON has read. If there are both a person and a bot, it writes the bot, as the servers
// do.
func (m ConversationMeta) MarshalJSON() ([]byte, error) {
	type plain ConversationMeta
	if m.AssigneeBot == nil {
		return json.Marshal(plain(m))
	}
	return json.Marshal(struct {
		plain

		Assignee *AgentBot `json:"assignee"`
	}{plain(m), m.AssigneeBot})
}
