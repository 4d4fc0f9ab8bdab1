package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// canary is a value that must never appear in a finding.
const canary = "Ada-Lovelace"

// TestEveryField changes one field of a recorded conversation at a time, and checks that exactly this change is found.
func TestEveryField(t *testing.T) {
	t.Parallel()
	var conversation any = recordedConversation(t)
	changes := 0
	change(conversation, "", func(path, what string) {
		changes++
		body, err := json.Marshal(conversation)
		if err != nil {
			t.Fatal(err)
		}
		got := exchanged(t, get(t, "/9"), func(*http.Request) *http.Response {
			return reply(200, "application/json", string(body))
		})
		if len(got) != 1 || got[0].Path != path || got[0].Operation != "getDetailsOfAConversation" || got[0].In != api.InResponse {
			t.Errorf("%s, %s: found %v", path, what, got)
		}
		if text := fmt.Sprintf("%#v %s", got, got); strings.Contains(text, canary) {
			t.Errorf("%s, %s: the finding includes a value: %s", path, what, text)
		}
	})
	if changes < 150 {
		t.Errorf("only %d changes were made", changes)
	}
}

// recordedConversation reads a conversation that has an assignee, a sender and attachments.
func recordedConversation(t *testing.T) (conversation map[string]any) {
	t.Helper()
	e := recordings.Read(t, "../testdata/recordings/4.7.0/show-attachments.json")
	if err := json.Unmarshal([]byte(e.Response.Body), &conversation); err != nil {
		t.Fatal(err)
	}
	return conversation
}

// change makes every change within a value in turn, calls changed, and undoes it: another type for each field, and one new
// field in each object.
func change(value any, path string, changed func(path, what string)) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			change(item, path+"[]", changed)
		}
	case map[string]any:
		at := path
		if at != "" {
			at += "."
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if strings.HasSuffix(name, "_attributes") || name == "sentiment" || name == "external_source_ids" {
				continue // their content is not checked
			}
			was := v[name]
			var other any = map[string]any{canary: canary}
			if _, isObject := was.(map[string]any); isObject {
				other = canary
			}
			v[name] = other
			changed(at+name, "another type")
			v[name] = was
			change(was, at+name, changed)
		}
		v["plan"] = canary
		changed(at+"plan", "a new field")
		delete(v, "plan")
	}
}

// TestRequiredFields removes the required fields of a conversation, one at a time, and sets each to null.
func TestRequiredFields(t *testing.T) {
	t.Parallel()
	schemas := spec(t).Components.Schemas
	schema := schemas["Conversation"].Value
	for _, name := range schema.Required {
		conversation := recordedConversation(t)
		find := func() []api.Finding {
			body, err := json.Marshal(conversation)
			if err != nil {
				t.Fatal(err)
			}
			return exchanged(t, get(t, "/9"), func(*http.Request) *http.Response {
				return reply(200, "application/json", string(body))
			})
		}
		delete(conversation, name)
		if got := find(); len(got) != 1 || got[0].Path != name || got[0].Kind != api.KindMissing {
			t.Errorf("without %s: %v", name, got)
		}
		conversation[name] = nil
		field := schema.Properties[name].Value
		mayBeNull := field.Nullable || slices.ContainsFunc(field.AnyOf, func(part *openapi3.SchemaRef) bool { return part.Value.Nullable })
		if got := find(); mayBeNull && len(got) != 0 || !mayBeNull && (len(got) != 1 || got[0].Kind != api.KindNull) {
			t.Errorf("%s null: %v", name, got)
		}
	}
}

// TestNeverNull checks that a null in a field in which no server sends it is found, and that the client can still read it.
func TestNeverNull(t *testing.T) {
	t.Parallel()
	for path, object := range map[string]func(conversation map[string]any) map[string]any{
		"additional_attributes":          func(c map[string]any) map[string]any { return c },
		"custom_attributes":              func(c map[string]any) map[string]any { return c },
		"messages[].content_type":        messageOf,
		"messages[].content_attributes":  messageOf,
		"messages[].external_source_ids": messageOf,
		"messages[].sender.avatar_url":   senderOf,
		"messages[].sender.thumbnail":    senderOf,
		"meta.team.is_member":            teamOf,
	} {
		conversation := recordedConversation(t)
		object(conversation)[path[strings.LastIndex(path, ".")+1:]] = nil
		body, err := json.Marshal(conversation)
		if err != nil {
			t.Fatal(err)
		}
		got := texts(exchanged(t, get(t, "/9"), func(*http.Request) *http.Response { return reply(200, "application/json", string(body)) }))
		if len(got) != 1 || !strings.HasPrefix(got[0], "getDetailsOfAConversation response "+path+": null, expected ") {
			t.Errorf("%s: found %q", path, got)
		}
		if err := json.Unmarshal(body, &cfchat.Conversation{}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func messageOf(conversation map[string]any) map[string]any {
	messages, _ := conversation["messages"].([]any)
	message, _ := messages[0].(map[string]any)
	return message
}

// senderOf makes a person the sender of the first message, and returns that person.
func senderOf(conversation map[string]any) map[string]any {
	sender := map[string]any{"id": 2, "type": "user", "name": "", "avatar_url": "", "thumbnail": ""}
	messageOf(conversation)["sender"] = sender
	return sender
}

func teamOf(conversation map[string]any) map[string]any {
	team := map[string]any{"id": 3, "name": "", "description": nil, "allow_auto_assign": true, "account_id": 1, "is_member": true}
	meta, _ := conversation["meta"].(map[string]any)
	meta["team"] = team
	return team
}

// TestNothingInTheSpecIsOverlooked fails when the spec begins to use a keyword that the Validator does not check.
func TestNothingInTheSpecIsOverlooked(t *testing.T) {
	document := spec(t)
	for name, ref := range document.Components.Schemas {
		checkKeywords(t, name, ref)
	}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			for _, p := range append(slices.Clone(item.Parameters), op.Parameters...) {
				checkKeywords(t, method+" "+path+" "+p.Value.Name, p.Value.Schema)
				if p.Value.Required != (p.Value.In == openapi3.ParameterInPath) || p.Value.In != openapi3.ParameterInPath && p.Value.In != openapi3.ParameterInQuery {
					t.Errorf("%s %s: parameter %s is required, or in the %s", method, path, p.Value.Name, p.Value.In)
				}
			}
		}
	}
}

func checkKeywords(t *testing.T, where string, ref *openapi3.SchemaRef) {
	t.Helper()
	if ref == nil || ref.Ref != "" {
		return
	}
	s := *ref.Value
	for name, field := range s.Properties {
		checkKeywords(t, where+"."+name, field)
	}
	for _, part := range append(slices.Clone(s.AllOf), s.AnyOf...) {
		checkKeywords(t, where, part)
	}
	checkKeywords(t, where+"[]", s.Items)
	if s.AdditionalProperties.Schema != nil || s.Type.IsMultiple() {
		t.Errorf("%s: additionalProperties has a schema, or there are several types", where)
	}
	// Clear the keywords that the Validator checks, and those that do not restrict a value.
	s.AllOf, s.AnyOf, s.Type, s.Nullable, s.Required, s.Properties, s.Items, s.Enum = nil, nil, nil, false, nil, nil, nil, nil
	s.Min, s.Max, s.MinLength, s.MaxLength, s.Pattern = nil, nil, 0, nil, ""
	s.AdditionalProperties = openapi3.AdditionalProperties{}
	s.Description, s.Format, s.Extensions, s.Origin = "", "", nil, nil
	if rest, err := s.MarshalJSON(); err != nil || string(rest) != "{}" {
		t.Errorf("%s: the Validator does not check %s (%v)", where, rest, err)
	}
}
