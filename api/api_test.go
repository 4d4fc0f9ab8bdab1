package api_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/api"
	"github.com/getkin/kin-openapi/openapi3"
)

// operationIDs are the documented names and the operationIds made of them.
var operationIDs = map[string]string{
	"conversation_filter":             "conversationFilter",
	"conversation_list":               "conversationList",
	"conversation_list_meta":          "conversationListMeta",
	"get_details_of_a_conversation":   "getDetailsOfAConversation",
	"new_conversation":                "newConversation",
	"toggle_status_of_a_conversation": "toggleStatusOfAConversation",
}

func spec(t *testing.T) *openapi3.T {
	t.Helper()
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestSpecIsValid(t *testing.T) {
	if err := spec(t).Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSpecHasTheSixOperations, each with a default response for its failures.
func TestSpecHasTheSixOperations(t *testing.T) {
	found := operations(spec(t))
	for name, id := range operationIDs {
		operation := found[id]
		if operation == nil {
			t.Errorf("%s: there is no %s", name, id)
			continue
		}
		if operation.Responses.Default() == nil || operation.Security == nil {
			t.Errorf("%s: no default response, or no security", id)
		}
	}
	if len(found) != len(operationIDs) {
		t.Errorf("there are %d operations", len(found))
	}
}

// TestRecordedAnswersFitTheSpec checks every recorded success against its schema.
func TestRecordedAnswersFitTheSpec(t *testing.T) {
	t.Parallel()
	found := operations(spec(t))
	checked := map[string]int{}
	for _, e := range exchanges(t) {
		if e.Response.Status != 200 {
			continue
		}
		schema := found[operationIDs[e.Operation]].Responses.Status(200).Value.Content["application/json"].Schema.Value
		for _, problem := range problems(schema.VisitJSON(e.answer, openapi3.MultiErrors())) {
			t.Errorf("%s: %s", e.file, problem)
		}
		checked[e.Operation]++
	}
	if len(checked) != len(operationIDs) {
		t.Errorf("only these operations have a recorded success: %v", checked)
	}
}

func operations(spec *openapi3.T) map[string]*openapi3.Operation {
	all := map[string]*openapi3.Operation{}
	for _, path := range spec.Paths.Map() {
		for _, operation := range path.Operations() {
			all[operation.OperationID] = operation
		}
	}
	return all
}

// problems lists what a schema found wrong: where, and which rule.
func problems(err error) []string {
	if err == nil {
		return nil
	}
	var all []string
	if many, ok := err.(openapi3.MultiError); ok {
		for _, one := range many {
			all = append(all, problems(one)...)
		}
		return all
	}
	if one, ok := err.(*openapi3.SchemaError); ok {
		return []string{"/" + strings.Join(one.JSONPointer(), "/") + ": " + one.SchemaField + ": " + one.Reason}
	}
	return []string{err.Error()}
}

// TestEmbeddedSpecIsCurrent compares what is embedded with openapi.yaml, so that a forgotten go generate shows here.
func TestEmbeddedSpecIsCurrent(t *testing.T) {
	embedded, err := api.GetSpecJSON()
	if err != nil {
		t.Fatal(err)
	}
	file, err := openapi3.NewLoader().LoadFromFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	current, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := sortedLines(t, embedded), sortedLines(t, current); !slices.Equal(a, b) {
		t.Error("openapi.yaml has changed; run go generate ./...")
	}
}

// sortedLines makes JSON comparable: indented, with its keys in order.
func sortedLines(t *testing.T, data []byte) []string {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(bytes.TrimSpace(text)), "\n")
}
