package cfchat

import (
	"encoding/json"
)

// UnmarshalJSON reads the one assignee of an answer as a person or as a bot, as assignee_type says.
func (m *ConversationMeta) UnmarshalJSON(data []byte) error {
	type plain ConversationMeta // without methods
	read := struct {
		*plain

		Assignee json.RawMessage `json:"assignee"`
	}{plain: (*plain)(m)}
	m.Assignee, m.AssigneeBot, m.AssigneeType = nil, nil, nil // of a conversation that is decoded over
	if err := json.Unmarshal(data, &read); err != nil || len(read.Assignee) == 0 {
		return err
	}
	if m.GetAssigneeType() == SenderTypeAgentBot {
		return json.Unmarshal(read.Assignee, &m.AssigneeBot)
	}
	return json.Unmarshal(read.Assignee, &m.Assignee)
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
