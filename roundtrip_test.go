package cfchat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cfchat/cfchat-go/api"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestRoundTripUnrecorded checks in the same way the fields, nulls and kinds that can occur according to contract, 1.7, 4.1
// and N2, and that no recording shows. Each case changes one recorded conversation.
func TestRoundTripUnrecorded(t *testing.T) {
	t.Parallel()
	conversation := recordings.Read(t, "testdata/recordings/4.7.0/show-attachments.json").Response.Body
	for name, patch := range map[string]string{
		"sla":                 `{"sla_policy_id":3,"applied_sla":{"id":1,"sla_status":"active","created_at":1795386404},"sla_events":[{"id":9,"event_type":"frt"}]}`,
		"sla empty":           `{"applied_sla":{},"sla_events":[]}`,
		"priority":            `{"priority":"urgent"}`,
		"unknown enums":       `{"priority":"dire","status":"parked","meta":{"channel":"Channel::Tiktok"}}`,
		"inbox gone":          `{"meta":{"channel":null,"hmac_verified":null}}`,
		"contact nulls":       `{"meta":{"sender":{"name":null,"additional_attributes":null,"custom_attributes":null,"availability_status":null}}}`,
		"assignee nulls":      `{"meta":{"assignee":{"id":1,"account_id":null,"availability_status":null,"auto_offline":null,"confirmed":false,"email":"","available_name":"","name":"","role":null,"thumbnail":"","custom_attributes":{"a":[]},"custom_role_id":7}}}`,
		"team nulls":          `{"meta":{"team":{"id":1,"name":"a","description":null,"allow_auto_assign":null,"account_id":1,"is_member":null}}}`,
		"bot":                 `{"meta":{"assignee":{"id":1,"name":null,"description":null,"thumbnail":"","bot_type":"webhook"},"assignee_type":"AgentBot"}}`,
		"bot with an address": `{"meta":{"assignee":{"id":1,"name":"B","description":"d","thumbnail":"","outgoing_url":"http://b","bot_type":"hologram"},"assignee_type":"AgentBot"}}`,
		"person with a type":  `{"meta":{"assignee_type":"User"}}`,
		"a future owner":      `{"meta":{"assignee_type":"Hologram"}}`,
		"team icon":           `{"meta":{"team":{"id":1,"name":"a","description":null,"allow_auto_assign":true,"account_id":1,"is_member":true,"icon":"star","icon_color":""}}}`,
		"company":             `{"meta":{"sender":{"company_id":7}},"last_non_activity_message":{"sender":{"id":1,"type":"contact","company_id":8}}}`,
		"a call":              `{"last_non_activity_message":{"content_type":"voice_call","call":{"id":1,"provider":"twilio","duration_seconds":null}}}`,
		"newer attachments":   `{"last_non_activity_message":{"attachments":[{"id":1,"message_id":1,"account_id":1,"file_type":"embed","data_url":"http://x"},{"id":2,"message_id":1,"account_id":1,"file_type":"ig_post","data_url":"http://x","thumb_url":""},{"id":3,"message_id":1,"account_id":1,"file_type":"file","content_type":"application/pdf","data_url":"http://x","thumb_url":"","file_size":1,"extension":"pdf"}]}}`,
		"message race":        `{"messages":[null],"last_non_activity_message":null}`,
		"message nulls":       `{"messages":[{"id":1,"content":null,"account_id":1,"inbox_id":1,"conversation_id":null,"message_type":3,"created_at":1,"updated_at":"2026-11-22T22:26:44.495Z","private":null,"status":null,"source_id":null,"content_type":null,"content_attributes":null,"sender_type":null,"sender_id":null,"external_source_ids":null,"additional_attributes":null,"conversation":null}]}`,
		"message kinds":       `{"last_non_activity_message":{"message_type":9,"content_type":"hologram","status":"progress","label_list":["a"],"sentiment":{"label":"joy","score":0.98}}}`,
		"captain assistant":   `{"last_non_activity_message":{"sender_type":"Captain::Assistant","sender":{"id":1,"name":"C","avatar_url":"","description":"d","created_at":"2026-11-22T22:26:44.495Z","type":"captain_assistant"}}}`,
		"agent bot":           `{"last_non_activity_message":{"sender_type":"AgentBot","sender":{"id":1,"name":null,"avatar_url":"","type":"agent_bot"}}}`,
		"user away":           `{"last_non_activity_message":{"sender":{"id":1,"name":"A","available_name":"A","avatar_url":"","type":"user","availability_status":null,"thumbnail":""}}}`,
		"sender odd":          `{"last_non_activity_message":{"sender":{"id":1,"type":"contact","additional_attributes":{},"custom_attributes":{},"email":"","identifier":"","phone_number":"","name":"","thumbnail":"","blocked":true}}}`,
		"no attachments":      `{"last_non_activity_message":{"attachments":[]}}`,
		"attachment kinds":    `{"last_non_activity_message":{"attachments":[null,{"id":1,"message_id":1,"account_id":1,"file_type":"audio","data_url":null,"thumb_url":"","file_size":null,"extension":null,"transcribed_text":"hi"},{"id":2,"message_id":1,"account_id":1,"file_type":"contact","fallback_title":null,"meta":{"firstName":"A"}},{"id":3,"message_id":1,"account_id":1,"file_type":"hologram","coordinates_lat":-0.125,"coordinates_long":1e-7,"meta":{},"width":1.5,"height":2}]}}`,
		"numbers":             `{"custom_attributes":{"order":12345678901234567890,"price":1.10,"tiny":1e-400,"nested":{"deep":[1.0,{"n":9007199254740993}]}}}`,
		"large ids":           `{"id":9007199254740993,"account_id":9223372036854775807,"unread_count":9007199254740993}`,
		"times":               `{"updated_at":1795386404.123457,"waiting_since":0,"last_activity_at":1795386404,"created_at":-1,"timestamp":-0.25}`,
		"snoozed other forms": `{"snoozed_until":"2026-11-22T22:26:44+02:00"}`,
		"odd text":            `{"labels":["a,b","<&>"," ","😀"],"custom_attributes":{"":"\u0000\u2028"}}`,
	} {
		t.Run(name, func(t *testing.T) { roundTrip(t, operation.GetDetailsOfAConversation, patched(t, conversation, patch)) })
	}
	for _, toggle := range []string{
		`{"payload":{"success":null,"conversation_id":1,"current_status":"open","snoozed_until":null}}`,
		`{"payload":{"success":false,"conversation_id":1,"current_status":"parked","snoozed_until":"1970-01-01T00:33:50.000Z"}}`,
	} {
		roundTrip(t, operation.ToggleStatusOfAConversation, toggle)
	}
}

// TestRoundTripUnrecordedMessages checks the same for messages and for a conversation's attachments, according to contract,
// W1.1 and W1.6.
func TestRoundTripUnrecordedMessages(t *testing.T) {
	message := recordings.Read(t, "testdata/recordings-whole/4.16.2/send-text.json").Response.Body
	page := recordings.Read(t, "testdata/recordings-whole/4.16.2/messages-bot.json").Response.Body
	for name, patch := range map[string]string{
		"nulls":             `{"content":null,"status":null,"private":null,"source_id":null}`,
		"unknown enums":     `{"content_type":"hologram","status":"progress","message_type":9,"sender":{"id":1,"type":"hologram"}}`,
		"a call":            `{"content_type":"voice_call","call":{"id":1,"provider":"twilio","duration_seconds":null}}`,
		"captain assistant": `{"sender":{"id":1,"name":"C","avatar_url":"","description":"d","created_at":"2026-11-22T22:26:44.495Z","type":"captain_assistant"}}`,
		"agent bot":         `{"sender":{"id":1,"name":null,"avatar_url":"","type":"agent_bot"}}`,
		"user away":         `{"sender":{"id":1,"name":"A","available_name":"A","avatar_url":"","type":"user","availability_status":null,"thumbnail":""}}`,
		"company":           `{"sender":{"id":1,"type":"contact","company_id":8,"blocked":true,"email":null,"name":"","thumbnail":"","identifier":null,"phone_number":null,"additional_attributes":{},"custom_attributes":{}}}`,
		"failed":            `{"status":"failed","content_attributes":{"external_error":null,"items":[],"n":1.10}}`,
		"attachment kinds":  `{"attachments":[null,{"id":1,"message_id":1,"account_id":1,"file_type":"share","data_url":null,"thumb_url":""},{"id":2,"message_id":1,"account_id":1,"file_type":"contact","fallback_title":null,"meta":{}},{"id":3,"message_id":1,"account_id":1,"file_type":"location","coordinates_lat":-0.125,"coordinates_long":1e-7,"fallback_title":"x","data_url":null},{"id":4,"message_id":1,"account_id":1,"file_type":"embed","data_url":"http://x"}]}`,
		"large ids":         `{"id":9223372036854775807,"inbox_id":9007199254740993}`,
		"echo":              `{"echo_id":""}`,
	} {
		t.Run(name, func(t *testing.T) {
			roundTrip(t, operation.CreateANewMessageInAConversation, patched(t, message, patch))
		})
	}
	for name, patch := range map[string]string{
		"assignee": `{"meta":{"assignee":{"id":1,"name":"A","available_name":"A","avatar_url":"","type":"user","availability_status":"busy","thumbnail":""}}}`,
		"seen":     `{"meta":{"agent_last_seen_at":"2026-11-25T23:49:50.637Z","assignee_last_seen_at":"2026-11-25T23:49:50.637Z","labels":["a","b"]}}`,
		"empty":    `{"payload":[]}`,
	} {
		t.Run(name, func(t *testing.T) { roundTrip(t, operation.ListAllMessages, patched(t, page, patch)) })
	}
	for name, attachments := range map[string]string{
		"2.17":  `{"payload":[{"id":1,"message_id":1,"account_id":1,"file_type":"location","coordinates_lat":1.5,"coordinates_long":2,"fallback_title":"x","data_url":"http://x"},null]}`,
		"2.18":  `{"payload":[{"message_id":1,"thumb_url":"","data_url":"http://x","file_size":5,"file_type":"file","extension":null,"created_at":1795654322}]}`,
		"empty": `{"meta":{"total_count":0},"payload":[]}`,
	} {
		t.Run(name, func(t *testing.T) { roundTrip(t, operation.ListAttachmentsOfAConversation, attachments) })
	}
}

// TestUnknownFieldsDecode checks that a server may add fields anywhere.
func TestUnknownFieldsDecode(t *testing.T) {
	body := recordings.Read(t, "testdata/recordings/4.7.0/show-attachments.json").Response.Body
	more := patched(t, body, `{"new":1,"meta":{"new":{"a":[1]},"sender":{"new":null}},"last_non_activity_message":{"new":"x"}}`)
	var want, got cfchat.Conversation
	if err := json.Unmarshal([]byte(body), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(more), &got); err != nil {
		t.Fatal(err)
	}
	for _, difference := range differences("", read(t, encode(t, want)), read(t, encode(t, got))) {
		t.Error(difference)
	}
}

// roundTrip has Raw decode a response, and compares the response with the result's encoding.
func roundTrip(t *testing.T, op *operation.Operation, body string) {
	t.Helper()
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(http.StatusOK, "application/json; charset=utf-8", body), nil
	}))
	value, err := trial.CallOf(op.ID).JSON200(t, chat.Raw(), trial.SubjectOf(t, body))
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range differences("", read(t, []byte(body)), read(t, encode(t, value))) {
		t.Error(difference)
	}
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// read decodes JSON without losing digits.
func read(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func readObject(t *testing.T, text string) map[string]any {
	t.Helper()
	object, ok := read(t, []byte(text)).(map[string]any)
	if !ok {
		t.Fatalf("%s is not an object", text)
	}
	return object
}

// loosely returns the places in responses, such as .payload[].priority, where openapi.yaml lets a field be both null and
// absent. Either is a nil pointer in Go, so null may become absent.
var loosely = sync.OnceValue(func() map[string]bool {
	places := map[string]bool{}
	spec, err := api.GetSpec()
	if err != nil {
		panic(err)
	}
	for _, item := range spec.Paths.Map() {
		for _, op := range item.Operations() {
			if answer := op.Responses.Value("200").Value.Content["application/json"]; answer != nil { // otherwise it is empty
				findLoose(places, "", answer.Schema.Value)
			}
		}
	}
	return places
})

func findLoose(places map[string]bool, place string, schema *openapi3.Schema) {
	for _, part := range slices.Concat(schema.AllOf, schema.AnyOf) {
		findLoose(places, place, part.Value)
	}
	if schema.Items != nil {
		findLoose(places, place+"[]", schema.Items.Value)
	}
	for name, field := range schema.Properties {
		if mayBeNull(field.Value) && !slices.Contains(schema.Required, name) {
			places[place+"."+name] = true
		}
		if field.Value.Extensions["x-secret"] == true {
			secrets[place+"."+name] = true
		}
		findLoose(places, place+"."+name, field.Value)
	}
}

// mayBeNull reports whether a field may be null, by itself or by an anyOf with a nullable part.
func mayBeNull(field *openapi3.Schema) bool {
	return field.Nullable || slices.ContainsFunc(field.AnyOf, func(part *openapi3.SchemaRef) bool { return part.Value.Nullable })
}

// secrets are the places in responses that openapi.yaml marks with x-secret.
var secrets = map[string]bool{}

// secret reports whether a place holds a secret.
func secret(place string) bool {
	loosely() // fills secrets
	return secrets[place]
}

var index = regexp.MustCompile(`\[\d+\]`)

// differences lists the differences between two JSON values.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return differentFields(path, want, got)
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			var all []string
			for i := range want {
				all = append(all, differences(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])...)
			}
			return all
		}
	case json.Number:
		if got, ok := got.(json.Number); ok && sameNumber(want, got) {
			return nil
		}
	default:
		if want == got {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: answered %v, encoded %v", path, want, got)}
}

func differentFields(path string, want, got map[string]any) []string {
	var all []string
	for key, value := range want {
		field := path + "." + key
		other, ok := got[key]
		switch {
		case ok:
			all = append(all, differences(field, value, other)...)
		case value == nil && loosely()[index.ReplaceAllString(field, "[]")]:
		case secret(index.ReplaceAllString(field, "[]")): // no type has it
		default:
			all = append(all, fmt.Sprintf("%s: lost; the response has %v", field, value))
		}
	}
	for key, value := range got {
		if _, ok := want[key]; !ok {
			all = append(all, fmt.Sprintf("%s.%s: invented: %v", path, key, value))
		}
	}
	return all
}

// sameNumber compares numbers by value, exactly; it skips the work if the texts are the same.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

// patched merges a JSON patch (RFC 7396, but null is a value) into a JSON object.
func patched(t *testing.T, body, patch string) string {
	t.Helper()
	base := readObject(t, body)
	merge(base, readObject(t, patch))
	return string(encode(t, base))
}

func merge(base, patch map[string]any) {
	for key, value := range patch {
		inner, isObject := value.(map[string]any)
		target, hasObject := base[key].(map[string]any)
		if isObject && hasObject && key != "custom_attributes" {
			merge(target, inner)
			continue
		}
		base[key] = value
	}
}
