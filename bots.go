package cfchat

import (
	"encoding/json"

	"github.com/cfchat/cfchat-go/internal/decode"
)

// UnmarshalJSON reads the one assignee of an answer as a person or as a bot, as assignee_type says.
func (m *ConversationMeta) UnmarshalJSON(data []byte) error {
	type plain ConversationMeta                               // without methods
	m.Assignee, m.AssigneeBot, m.AssigneeType = nil, nil, nil // of a conversation that is decoded over
	if err := json.Unmarshal(data, (*plain)(m)); err != nil || m.GetAssigneeType() != SenderTypeAgentBot {
		return err
	}
	var bot struct{ Assignee *AgentBot }
	err := json.Unmarshal(data, &bot) // few conversations have one, so only these are read twice
	m.Assignee, m.AssigneeBot = nil, bot.Assignee
	return err
}

// decodeJSON reads what UnmarshalJSON does.
func (m *ConversationMeta) decodeJSON(r *decode.Reader) {
	begin := r.Pos()
	m.decodeFields(r)
	if m.GetAssigneeType() == SenderTypeAgentBot {
		decode.Again(m, r, begin) // few have one
	}
}

// MarshalJSON writes what UnmarshalJSON has read. Of a person and a bot it writes the bot, as the servers do.
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
