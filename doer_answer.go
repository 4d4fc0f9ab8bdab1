package cfchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// checkAnswer lets only a 200 pass that is this operation's answer, and keeps what it decoded for Account to pick up.
// Without it a login page, {} or another operation's answer would decode to an empty page, which looks like success.
func checkAnswer(next link) link {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next(req)
		if err != nil {
			return nil, err
		}
		body := resp.Body.(*answer)
		decode, known := answers[operation.Of(req).ID]
		if !known { // an operation that the spec has gained
			return resp, nil
		}
		if err = checkKind(req, resp); err == nil {
			body.value, err = decode(body.buffer.Bytes())
		}
		if err == nil {
			return resp, nil
		}
		e := errorOf(req, resp, body.buffer.Bytes())
		e.Message, e.Err, e.marks = http.StatusText(resp.StatusCode), safeCause(err, req), []error{ErrDecode}
		_ = body.Close()
		return nil, e
	}
}

// checkKind wants status 200 and JSON.
func checkKind(req *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return errors.New("the servers answer 200")
	}
	given := resp.Header.Get("Content-Type")
	kind, _, _ := mime.ParseMediaType(given)
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fmt.Errorf("the content type is %q, not JSON", withoutSecrets(given, req))
	}
	if !strings.Contains(given, "json") { // as the generated client looks for it
		resp.Header = resp.Header.Clone()
		resp.Header.Set("Content-Type", strings.ToLower(given))
	}
	return nil
}

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
