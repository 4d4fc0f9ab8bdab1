package api_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

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

// TestFailuresAndKeys wants a default response for the failures of each operation, and the keys it takes.
func TestFailuresAndKeys(t *testing.T) {
	for id, operation := range operations(spec(t)) {
		if operation.Responses.Default() == nil || operation.Security == nil {
			t.Errorf("%s: no default response, or no security", id)
		}
	}
}

// TestRecordedAnswersFitTheSpec checks every recorded success against its schema.
func TestRecordedAnswersFitTheSpec(t *testing.T) {
	t.Parallel()
	found := operations(spec(t))
	for _, e := range recordings.All(t, "..") {
		if e.Response.Status != 200 {
			continue
		}
		answer := found[e.ID].Responses.Status(200).Value.Content["application/json"]
		if answer == nil {
			if e.Response.Body != "" {
				t.Errorf("%s: it is not empty", e.File)
			}
			continue
		}
		schema := answer.Schema.Value
		for _, problem := range problems(schema.VisitJSON(decoded(t, e.Response.Body), openapi3.MultiErrors())) {
			t.Errorf("%s: %s", e.File, problem)
		}
	}
}

func decoded(t *testing.T, text string) (value any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
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
