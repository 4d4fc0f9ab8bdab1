package cfchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// answers decodes and checks the answer of each operation.
var answers = map[string]func([]byte) (any, error){
	operation.List.ID:   decode(checkList),
	operation.Counts.ID: decodeCounts,
	operation.Get.ID:    decode(checkConversation),
	operation.Filter.ID: decode(checkFilter),
	operation.Create.ID: decode(checkConversation),
	operation.Toggle.ID: decode(checkToggle),
}

// decode reads an answer's whole body (a Decoder would leave what follows it) and checks what it holds.
func decode[T any](check func(*T) error) func([]byte) (any, error) {
	return func(data []byte) (any, error) {
		value := new(T)
		if err := json.Unmarshal(data, value); err != nil {
			return nil, err
		}
		return value, check(value)
	}
}

// checkList wants the payload, which the servers send even when it is empty.
func checkList(l *ConversationList) error {
	if l.Data.Payload == nil {
		return errors.New("there is no data.payload")
	}
	return checkConversations(l.Data.Payload)
}

func checkFilter(p *FilterPage) error {
	if p.Payload == nil {
		return errors.New("there is no payload")
	}
	return checkConversations(p.Payload)
}

func checkConversations(conversations []Conversation) error {
	for i := range conversations {
		if err := checkConversation(&conversations[i]); err != nil {
			return fmt.Errorf("payload[%d]: %w", i, err)
		}
	}
	return nil
}

// checkConversation wants what every conversation of every version has.
func checkConversation(c *Conversation) error {
	if c.ID <= 0 || c.Status == "" {
		return errors.New("there is no conversation with an id and a status")
	}
	return nil
}

func checkToggle(r *ToggleStatusResult) error {
	if r.Payload.ConversationID <= 0 || r.Payload.CurrentStatus == "" {
		return errors.New("there is no payload with a conversation_id and a current_status")
	}
	return nil
}

// decodeCounts looks for the counts by name, because 0 is as good a count as any, and for the payload, because a filter's
// answer has counts too.
func decodeCounts(data []byte) (any, error) {
	value, err := decode(func(*ConversationCounts) error { return nil })(data)
	if err != nil {
		return nil, err
	}
	var names struct {
		Meta    map[string]json.RawMessage
		Payload json.RawMessage
	}
	if err := json.Unmarshal(data, &names); err != nil {
		return nil, err
	}
	for _, name := range []string{"mine_count", "assigned_count", "unassigned_count", "all_count"} {
		if _, ok := names.Meta[name]; !ok {
			return nil, fmt.Errorf("there is no meta.%s", name)
		}
	}
	if bytes.HasPrefix(names.Payload, []byte("[")) {
		return nil, errors.New("there is a payload")
	}
	return value, nil
}
