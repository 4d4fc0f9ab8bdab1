package cfchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// The checks in this file look for what the answer of an operation has in every version.

// checkList wants the payload, which the servers send even when it is empty.
func checkList(l *ConversationList, _ []byte) error {
	if l.Data.Payload == nil {
		return errors.New("there is no data.payload")
	}
	return checkConversations(l.Data.Payload)
}

func checkFilter(p *FilterPage, _ []byte) error {
	if p.Payload == nil {
		return errors.New("there is no payload")
	}
	return checkConversations(p.Payload)
}

func checkConversations(conversations []Conversation) error {
	for i := range conversations {
		if err := checkConversation(&conversations[i], nil); err != nil {
			return fmt.Errorf("payload[%d]: %w", i, err)
		}
	}
	return nil
}

// checkConversation wants what every conversation of every version has.
func checkConversation(c *Conversation, _ []byte) error {
	if c.ID <= 0 || c.Status == "" {
		return errors.New("there is no conversation with an id and a status")
	}
	return nil
}

func checkToggle(r *ToggleStatusResult, _ []byte) error {
	if r.Payload.ConversationID <= 0 || r.Payload.CurrentStatus == "" {
		return errors.New("there is no payload with a conversation_id and a current_status")
	}
	return nil
}

// checkCounts looks for the counts by name, because 0 is as good a count as any, and for the payload, because a filter's
// answer has counts too.
func checkCounts(_ *ConversationCounts, body []byte) error {
	var names struct {
		Meta    map[string]json.RawMessage
		Payload json.RawMessage
	}
	if err := json.Unmarshal(body, &names); err != nil {
		return err
	}
	for _, name := range []string{"mine_count", "assigned_count", "unassigned_count", "all_count"} {
		if _, ok := names.Meta[name]; !ok {
			return fmt.Errorf("there is no meta.%s", name)
		}
	}
	if bytes.HasPrefix(names.Payload, []byte("[")) {
		return errors.New("there is a payload")
	}
	return nil
}
