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

// TestFailuresAndKeys checks that each operation has a default response for failures, and lists the keys it accepts, each
// with both spellings of its header.
func TestFailuresAndKeys(t *testing.T) {
	for id, operation := range operations(spec(t)) {
		if operation.Responses.Default() == nil || operation.Security == nil {
			t.Errorf("%s: no default response, or no security", id)
			continue
		}
		keys := map[string]bool{}
		for _, alternative := range *operation.Security {
			for scheme := range alternative {
				keys[scheme] = true
			}
		}
		for _, scheme := range []string{"userApiKey", "agentBotApiKey"} {
			if keys[scheme] != keys[scheme+"Dashed"] {
				t.Errorf("%s: only one spelling of %s", id, scheme)
			}
		}
	}
}

// TestNullIsWrittenForEveryTool checks for nulls that tools which read OpenAPI strictly would not see: nullable applies only
// to the type beside it, and everything else the schema refers to or lists must allow null, too.
func TestNullIsWrittenForEveryTool(t *testing.T) {
	nullable := 0
	for name, ref := range spec(t).Components.Schemas {
		everySchema(name, ref, func(where string, s *openapi3.Schema) {
			if !s.Nullable {
				return
			}
			nullable++
			listsNull := len(s.Enum) == 0 || slices.Contains(s.Enum, nil)
			if s.Type == nil || len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) > 0 || !listsNull {
				t.Errorf("%s: write it as anyOf of what it refers to and NullValue", where)
			}
		})
	}
	if nullable == 0 {
		t.Error("no schema is nullable")
	}
}

// everySchema visits a schema and the schemas written inline within it.
func everySchema(where string, ref *openapi3.SchemaRef, visit func(where string, s *openapi3.Schema)) {
	if ref == nil || ref.Ref != "" {
		return
	}
	visit(where, ref.Value)
	for name, field := range ref.Value.Properties {
		everySchema(where+"."+name, field, visit)
	}
	for _, part := range slices.Concat(ref.Value.AllOf, ref.Value.AnyOf, ref.Value.OneOf) {
		everySchema(where, part, visit)
	}
	everySchema(where+"[]", ref.Value.Items, visit)
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
				t.Errorf("%s: the answer is not empty", e.File)
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

// problems lists the errors found by a schema: where, and by which rule.
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

// TestEmbeddedSpecIsCurrent compares the embedded spec with openapi.yaml, so that a forgotten go generate fails here.
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

// sortedLines returns the lines of indented JSON with its keys in order, to be compared.
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
