package api_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/cfchat/cfchat-go/internal/recordings"
)

// TestExamplesAreRecorded checks that each answer has an example, and that it is in the recordings. For an operation without
// a recorded success yet, which TestUnseen of internal/recordings lists, the example is made up.
func TestExamplesAreRecorded(t *testing.T) {
	t.Parallel()
	recorded := map[string][]any{}
	for _, e := range recordings.All(t, "..") {
		var body any
		if json.Unmarshal([]byte(e.Response.Body), &body) != nil {
			continue
		}
		kind := "failure"
		if e.Response.Status == 200 {
			kind = e.Operation.ID
		}
		recorded[kind] = append(recorded[kind], body)
	}
	for path, item := range spec(t).Paths.Map() {
		for method, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				answer := response.Value.Content["application/json"]
				if answer == nil { // the answer is empty
					continue
				}
				kind := "failure"
				if status == "200" {
					kind = op.OperationID
				}
				var example any
				data, err := json.Marshal(answer.Example)
				if err == nil {
					err = json.Unmarshal(data, &example)
				}
				found := false
				for _, body := range recorded[kind] {
					found = found || reflect.DeepEqual(body, example) || isBeginningOf(example, body)
				}
				if err != nil || example == nil || !found && recorded[kind] != nil {
					t.Errorf("%s %s, %s: no recorded answer is %s (%v)", method, path, status, data, err)
				}
			}
		}
	}
}

// isBeginningOf reports whether an example has the first of the recorded rows, which are too many for an example.
func isBeginningOf(example, recorded any) bool {
	shown, isObject := example.(map[string]any)
	whole, _ := recorded.(map[string]any)
	rows, isList := shown["payload"].([]any)
	all, _ := whole["payload"].([]any)
	return isObject && isList && len(shown) == 1 && len(rows) > 0 && len(rows) <= len(all) && reflect.DeepEqual(rows, all[:len(rows)])
}
