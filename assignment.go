package cfchat

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cfchat/cfchat-go/internal/decode"
)

// Assignment is the answer to an assignment, as [Chat.Raw] returns it: a person, a bot or a team; or none of them, for a
// null that means that there is nobody or that nothing has happened.
type Assignment struct {
	Agent *Agent    // the person who has the conversation
	Bot   *AgentBot // the bot that owns it, from 4.8.0 on
	Team  *TeamRow  // the conversation's team
}

// UnmarshalJSON reads whichever it is, recognized by the fields that only that one has.
func (a *Assignment) UnmarshalJSON(data []byte) error {
	*a = Assignment{}
	var has map[string]json.RawMessage
	if err := json.Unmarshal(data, &has); err != nil || has == nil {
		return err
	}
	switch {
	case has["bot_type"] != nil:
		return json.Unmarshal(data, &a.Bot)
	case has["allow_auto_assign"] != nil:
		return json.Unmarshal(data, &a.Team)
	case has["email"] != nil:
		return json.Unmarshal(data, &a.Agent)
	}
	return errors.New("it is neither a person nor a bot nor a team")
}

func (a *Assignment) decodeJSON(r *decode.Reader) { decode.Any(a, r) }

// MarshalJSON writes what UnmarshalJSON has read.
func (a Assignment) MarshalJSON() ([]byte, error) {
	switch {
	case a.Agent != nil:
		return json.Marshal(a.Agent)
	case a.Bot != nil:
		return json.Marshal(a.Bot)
	}
	return json.Marshal(a.Team)
}

func checkAssignment(a *Assignment, _ []byte) error {
	if a.Agent != nil && a.Agent.ID <= 0 || a.Bot != nil && a.Bot.ID <= 0 || a.Team != nil && a.Team.ID <= 0 {
		return errors.New("there is no id")
	}
	return nil
}

// String names who it is, "nobody" for none.
func (a Assignment) String() string {
	switch {
	case a.Agent != nil:
		return fmt.Sprintf("agent %d (%q)", a.Agent.ID, a.Agent.Name)
	case a.Bot != nil:
		return fmt.Sprintf("bot %d (%q)", a.Bot.ID, a.Bot.GetName())
	case a.Team != nil:
		return fmt.Sprintf("team %d (%q)", a.Team.ID, a.Team.Name)
	}
	return "nobody"
}

// isNobody reports whether it is null.
func (a Assignment) isNobody() bool { return a == Assignment{} }

// AssigneeKind is the kind of an [AssignmentRequest]'s ID.
type AssigneeKind string

// The kinds of assignees.
const (
	AssigneeKindAgent    AssigneeKind = ""         // a person
	AssigneeKindAgentBot AssigneeKind = "AgentBot" // from 4.8.0 on; before, the servers read the id as a person's
	AssigneeKindTeam     AssigneeKind = "Team"
)

// AssignmentRequest names whom [Chat.Raw] assigns a conversation to. The zero value removes the person or bot who has it.
type AssignmentRequest struct {
	ID   int64        // 0 removes whoever is there
	Kind AssigneeKind // of the ID
}

// MarshalJSON writes one of assignee_id and team_id, and null for 0. It fails for what no server accepts.
func (r AssignmentRequest) MarshalJSON() ([]byte, error) {
	var id *int64
	if r.ID != 0 {
		id = &r.ID
	}
	switch {
	case r.Kind == AssigneeKindAgent:
		return json.Marshal(map[string]any{"assignee_id": id})
	case r.Kind == AssigneeKindTeam:
		return json.Marshal(map[string]any{"team_id": id})
	case r.Kind == AssigneeKindAgentBot && id != nil:
		return json.Marshal(map[string]any{"assignee_id": id, "assignee_type": AssigneeKindAgentBot})
	case r.Kind == AssigneeKindAgentBot:
		return nil, errors.New("without an ID it would do nothing; unassign a bot the way you unassign a person")
	}
	return nil, fmt.Errorf("a conversation cannot be assigned to %q", r.Kind)
}
