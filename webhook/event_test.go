package webhook_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

// TestParseRecorded reads each delivery and checks that its noun has every field that the server sent, and that it encodes
// to the body as received, except for the token in contact_inbox.
func TestParseRecorded(t *testing.T) {
	eachRecorded(t, func(t *testing.T, d delivery) {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		came := object(t, d.Body)
		tokens := nulled(came, "pubsub_token")
		encoded, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if got := object(t, string(encoded)); !reflect.DeepEqual(got, any(came)) || string(e.Name) != came["event"] {
			t.Errorf("%s was encoded to %s", d.Body, encoded)
		}
		if strings.Contains(string(encoded), `"pubsub_token":"`) || tokens == 0 && strings.Contains(d.Body, "pubsub_token") {
			t.Error("a token was kept")
		}
		again := webhook.Event{}
		if err := json.Unmarshal(encoded, &again); err != nil || !bytes.Equal(again.JSON(), e.JSON()) {
			t.Errorf("parsed again: %v, %s", err, again.JSON())
		}
		delete(came, "event")
		delete(came, "changed_attributes")
		typed, err := json.Marshal(noun(t, e))
		if err != nil {
			t.Fatal(err)
		}
		for _, difference := range differences("", any(came), object(t, string(typed))) {
			t.Error(difference)
		}
		changes, err := json.Marshal(e.Changes)
		if want := object(t, d.Body)["changed_attributes"]; err != nil || !reflect.DeepEqual(decoded(t, string(changes)), want) {
			t.Errorf("got changes %s, want %v, %v", changes, want, err)
		}
	})
}

// noun returns the only noun of an event.
func noun(t *testing.T, e webhook.Event) any {
	t.Helper()
	var found []any
	for _, each := range []any{e.Conversation, e.Message, e.Contact, e.Typing, e.Widget, e.Inbox} {
		if !reflect.ValueOf(each).IsNil() {
			found = append(found, each)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d nouns", e.Name, len(found))
	}
	return found[0]
}

// differences compares a received value with the encoding of its type: a null may be absent, and a field that this kind of
// noun does not have may be present with its zero value.
func differences(place string, came, typed any) (all []string) {
	switch came := came.(type) {
	case map[string]any:
		fields, ok := typed.(map[string]any)
		if !ok {
			return []string{place + " is no object"}
		}
		for name, value := range came {
			if got, ok := fields[name]; ok || value != nil {
				all = append(all, differences(place+"."+name, value, got)...)
			}
		}
		for name, value := range fields {
			if _, ok := came[name]; !ok && value != nil && value != "" && value != json.Number("0") {
				all = append(all, place+"."+name+" was not sent")
			}
		}
	case []any:
		values, ok := typed.([]any)
		if !ok || len(values) != len(came) {
			return []string{place + " is another list"}
		}
		for i := range came {
			all = append(all, differences(place+"[]", came[i], values[i])...)
		}
	default:
		if came != typed {
			all = append(all, place+" differs")
		}
	}
	return all
}

// nulled replaces each field with the given name by null, and returns their number.
func nulled(value any, name string) (n int) {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			if key == name {
				value[key] = nil
				n++
			}
			n += nulled(value[key], name)
		}
	case []any:
		for i := range value {
			n += nulled(value[i], name)
		}
	}
	return n
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	fields, ok := decoded(t, text).(map[string]any)
	if !ok {
		t.Fatalf("%s is not an object", text)
	}
	return fields
}

// TestChanges checks the changes in recorded deliveries.
func TestChanges(t *testing.T) {
	var resolved, labelled, assigned int
	eachRecorded(t, func(t *testing.T, d delivery) {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name == webhook.ConversationStatusChanged && e.Changes != nil {
			t.Errorf("got changes %v, want none", e.Changes)
		}
		if c, ok := e.Changed("status"); ok && d.Step == "resolve" {
			before, isText := c.Previous().Text()
			after, _ := c.Current().Text()
			if before != "open" || after != "resolved" || !isText {
				t.Errorf("status from %q to %q", before, after)
			}
			resolved++
		}
		if c, ok := e.Changed("label_list"); ok {
			if texts, ok := c.Current().Texts(); !ok || len(texts) == 0 {
				t.Errorf("labels %q, %v", texts, ok)
			}
			labelled++
		}
		if c, ok := e.Changed("assignee_id"); ok && d.Step == "assign" {
			if id, ok := c.Current().Int(); !ok || id == 0 || !c.Previous().IsNull() || c.Current().IsNull() {
				t.Errorf("assignee %d, %v, before %s", id, ok, c.Previous().JSON())
			}
			assigned++
		}
		if c, ok := e.Changed("updated_at"); ok {
			before, _ := c.Previous().Time()
			after, ok := c.Current().Time()
			if !ok || !before.Before(after) || after.Location() != time.UTC || after.Year() != 2026 {
				t.Errorf("updated from %v to %v", before, after)
			}
		}
		if _, ok := e.Changed("hologram"); ok {
			t.Error("a column that does not exist is reported as changed")
		}
	})
	if resolved == 0 || labelled == 0 || assigned == 0 {
		t.Errorf("got %d resolved, %d labelled, %d assigned", resolved, labelled, assigned)
	}
}

// TestValue reads each kind of value as each kind.
func TestValue(t *testing.T) {
	for value, want := range map[string]string{
		`null`: "null", `"open"`: "text", `5`: "int", `true`: "bool", `false`: "bool", `[]`: "texts", `["a"]`: "texts", `{}`: "", `1.5`: "",
		`"2026-11-26T00:22:54.092Z"`: "text time", `[1]`: "", `"2026"`: "text", `["a",null]`: "",
	} {
		body := `{"event":"contact_updated","changed_attributes":[{"x":{"previous_value":null,"current_value":` + value + `}}]}`
		e, err := webhook.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		c, _ := e.Changed("x")
		v, kinds := c.Current(), []string{}
		if v.IsNull() {
			kinds = append(kinds, "null")
		}
		if _, ok := v.Text(); ok {
			kinds = append(kinds, "text")
		}
		if _, ok := v.Int(); ok {
			kinds = append(kinds, "int")
		}
		if got, ok := v.Bool(); ok && got == (value == "true") {
			kinds = append(kinds, "bool")
		}
		if _, ok := v.Time(); ok {
			kinds = append(kinds, "time")
		}
		if _, ok := v.Texts(); ok {
			kinds = append(kinds, "texts")
		}
		if got := strings.Join(kinds, " "); got != want || v.String() != value {
			t.Errorf("%s is %q, want %q", value, got, want)
		}
	}
	if v := (webhook.Change{}).Current(); !v.IsNull() {
		t.Error("a missing change has a value")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, body := range []string{
		``, `{`, `null`, `[]`, `"event"`, `{}`, `{"event":null}`, `{"event":5}`, `{"event":"message_created","id":"x"}`,
		`{"event":"conversation_updated","changed_attributes":{"status":[]}}`, `{"event":"message_created"} {}`,
		`{"event":"conversation_updated","changed_attributes":[{"a":{},"b":{}}]}`, `{"event":"conversation_updated","changed_attributes":[{}]}`,
		`{"event":"conversation_updated","changed_attributes":[5]}`, `{"event":"hologram"`,
	} {
		if e, err := webhook.Parse([]byte(body)); err == nil || e.JSON() == nil || string(e.JSON()) != "null" {
			t.Errorf("%s: %v, %s", body, err, e.JSON())
		}
	}
}

// TestUnknownEvent checks that an unknown event is kept, but without its credentials.
func TestUnknownEvent(t *testing.T) {
	const body = `{"event":"automation_event.x","n":1.10,"contact_inbox":{"pubsub_token":"t","a":[{"Access_Token":"u"}]},"tokens":["k"],"password":{"a":1}}`
	e, err := webhook.Parse([]byte(body))
	const want = `{"event":"automation_event.x","n":1.10,"contact_inbox":{"pubsub_token":null,"a":[{"Access_Token":null}]},"tokens":["k"],"password":null}`
	if err != nil || string(e.JSON()) != want || e.ConversationID() != 0 || e.AccountID() != 0 {
		t.Errorf("%v, %s", err, e.JSON())
	}
	if _ = append(e.JSON(), "x"...); string(e.JSON()) != want {
		t.Error("appending to the JSON changed the event")
	}
}

// TestUnseenEvents parses events that are in no recording, but in the contract (H5).
func TestUnseenEvents(t *testing.T) {
	e, err := webhook.Parse([]byte(`{"id":7,"contact":null,"inbox":{"id":2,"name":"Web"},"account":{"id":3,"name":"A"},
		"current_conversation":{"id":9,"inbox_id":2,"contact_inbox":{"pubsub_token":"t"}},"source_id":"s","event":"webwidget_triggered","event_info":{"referer":"r"}}`))
	if err != nil || e.ConversationID() != 9 || e.AccountID() != 3 || e.Widget.ID != 7 || e.Widget.Inbox.Name != "Web" ||
		e.Widget.SourceID != "s" || e.Widget.Contact != nil || strings.Contains(string(e.JSON()), `"t"`) {
		t.Errorf("%v, %s", err, e.JSON())
	}
	if referer, _ := e.Widget.EventInfo.Text("referer"); referer != "r" {
		t.Errorf("event_info %v", e.Widget.EventInfo)
	}
	e, err = webhook.Parse([]byte(`{"timezone":"UTC","working_hours":[{"day_of_week":0}],"channel":{"id":4,"hmac_token":"t1","provider_config":{"api_key":"t2"},
		"account_sid":"t3","phone_number":"+1","residence":"kept"},"account":{"id":3,"name":"A"},"event":"inbox_updated","changed_attributes":null}`))
	if err != nil || e.AccountID() != 3 || *e.Inbox.Timezone != "UTC" || e.Changes != nil || len(e.Inbox.WorkingHours) != 1 {
		t.Errorf("%v, %s", err, e.JSON())
	}
	if place, _ := e.Inbox.Channel.Text("residence"); place != "kept" {
		t.Errorf("%s", e.JSON())
	}
	for _, secret := range []string{"t1", "t2", "t3"} {
		if strings.Contains(string(e.JSON()), secret) {
			t.Errorf("%s was kept in %s", secret, e.JSON())
		}
	}
}

// TestAbout checks the ids of recorded events that a mirror needs.
func TestAbout(t *testing.T) {
	accounts := 0
	eachRecorded(t, func(t *testing.T, d delivery) {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		came := object(t, d.Body)
		conversation := came
		if inner, ok := came["conversation"].(map[string]any); ok {
			conversation = inner
		}
		want := int64(0)
		if e.Contact == nil {
			want = number(t, conversation["id"])
		}
		if e.ConversationID() != want {
			t.Errorf("got conversation %d, want %d", e.ConversationID(), want)
		}
		if e.AccountID() == 1 {
			accounts++
		} else if e.AccountID() != 0 || came["account"] != nil || conversation["account"] != nil || !strings.HasPrefix(t.Name(), "TestAbout/2.16.0/") {
			t.Errorf("got account %d", e.AccountID())
		}
	})
	if accounts < 130 {
		t.Errorf("%d events name their account, want at least 130", accounts)
	}
}

func number(t *testing.T, value any) int64 {
	t.Helper()
	number, _ := value.(json.Number) // "" fails below
	n, err := number.Int64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}
