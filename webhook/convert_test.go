package webhook_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

// TestConvertRecorded converts each noun of 4.16.2 and checks that each field either has the received value, or is zero and
// reported as lacking.
func TestConvertRecorded(t *testing.T) {
	kinds := map[string]int{}
	for _, d := range recorded(t, "4.16.2").Deliveries {
		e, err := webhook.Parse([]byte(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		came := object(t, d.Body)
		switch {
		case e.Conversation != nil:
			kinds["conversation"]++
			value, lacks := e.Conversation.AsConversation()
			// These have another type, or another place, in webhooks.
			came["account_id"] = valueAt(came, "account.id")
			if meta, ok := came["meta"].(map[string]any); ok {
				meta["channel"] = came["channel"]
			}
			came["first_reply_created_at"] = secondsOf(t, came["first_reply_created_at"])
			converted(t, d.Name, value, lacks, came)
		case e.Message != nil:
			kinds["message"]++
			value, lacks := e.Message.AsMessage()
			came["conversation_id"], came["inbox_id"] = valueAt(came, "conversation.id"), valueAt(came, "inbox.id")
			came["created_at"] = secondsOf(t, came["created_at"])
			came["message_type"] = map[any]any{"incoming": json.Number("0"), "outgoing": json.Number("1"), "template": json.Number("3")}[came["message_type"]]
			if list, ok := valueAt(came, "conversation.messages").([]any); ok && len(list) > 0 {
				if last, ok := list[0].(map[string]any); ok && last["id"] == came["id"] {
					kinds["last message"]++
					came["status"] = last["status"]
				}
			}
			if sender, ok := came["sender"].(map[string]any); ok && sender["type"] == nil {
				sender["type"] = "contact"
				kinds["contact as sender"]++
			} else if ok {
				delete(sender, "email") // the API does not have it there
			}
			converted(t, d.Name, value, lacks, came)
		case e.Contact != nil:
			kinds["contact"]++
			value, lacks := e.Contact.AsContact()
			converted(t, d.Name, value, lacks, came)
		}
	}
	for _, kind := range []string{"conversation", "message", "last message", "contact as sender", "contact"} {
		if kinds[kind] == 0 {
			t.Errorf("no recording has a %s", kind)
		}
	}
}

// secondsOf converts a time in a webhook to the form in which the API writes it.
func secondsOf(t *testing.T, value any) json.Number {
	t.Helper()
	if value == nil {
		return "0"
	}
	text, _ := value.(string) // "" fails below
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return json.Number(strconv.FormatInt(at.Unix(), 10))
}

// converted compares a value of the API with the object received in a webhook, field by field.
func converted(t *testing.T, name string, value any, lacks []string, came map[string]any) {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	got := object(t, string(encoded))
	for _, field := range lacks {
		if at := valueAt(got, field); at != nil && at != "" && at != false && at != json.Number("0") {
			t.Errorf("%s: lacks %s and has %v", name, field, at)
		}
	}
	compare(t, name, "", reflect.TypeOf(value), lacks, came, got)
}

// compare compares the fields of a type.
func compare(t *testing.T, name, place string, of reflect.Type, lacks []string, came, got map[string]any) {
	t.Helper()
	for f := range of.Fields() {
		field, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := place + field
		want, ok := came[field]
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		nested := slices.ContainsFunc(lacks, func(l string) bool { return strings.HasPrefix(l, at+".") })
		switch {
		case field == "-" || field == "" || slices.Contains(lacks, at):
		case nested:
			wanted, _ := want.(map[string]any)
			had, _ := got[field].(map[string]any)
			compare(t, name, at+".", inner, lacks, wanted, had)
		case !ok:
			if got[field] != nil {
				t.Errorf("%s: %s is %v, but was not sent", name, at, got[field])
			}
		case want != nil || got[field] != nil:
			for _, difference := range differences(at, want, got[field]) {
				t.Errorf("%s: %s: %v, want %v", name, difference, got[field], want)
			}
		}
	}
}

func valueAt(fields map[string]any, place string) any {
	first, rest, within := strings.Cut(place, ".")
	if !within {
		return fields[first]
	}
	inner, _ := fields[first].(map[string]any)
	return valueAt(inner, rest)
}

// TestConvertUnseen converts objects that are in no recording.
func TestConvertUnseen(t *testing.T) {
	e, err := webhook.Parse([]byte(`{"event":"conversation_updated","id":5,"first_reply_created_at":null,"snoozed_until":"2026-11-26T00:22:54.092Z",
		"meta":{"sender":null,"assignee":{"id":4,"name":"B","avatar_url":"","type":"agent_bot"},"assignee_type":"AgentBot","team":{"id":6,"name":"t","icon":"i","icon_color":"c"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, lacks := e.Conversation.AsConversation()
	if c.Meta.AssigneeBot.ID != 4 || *c.Meta.AssigneeBot.Name != "B" || c.Meta.Assignee != nil || c.Meta.Team.ID != 6 || *c.Meta.Team.Icon != "i" ||
		*c.Meta.Team.IconColor != "c" || c.SnoozedUntil.String() != "2026-11-26T00:22:54.092Z" || !c.FirstReplyCreatedAt.IsZero() {
		t.Errorf("%+v", c.Meta)
	}
	for _, want := range []string{"account_id", "last_activity_at", "meta.sender", "meta.assignee.bot_type", "meta.team.is_member"} {
		if !slices.Contains(lacks, want) {
			t.Errorf("%s is not reported as lacking", want)
		}
	}
	for sender, want := range map[string]string{
		`null`: "", `{"id":1,"name":"B","type":"agent_bot"}`: "sender.avatar_url",
		`{"id":1,"name":"C","avatar_url":"u","description":"d","created_at":"2026-11-26T00:22:54.092Z","type":"captain_assistant"}`: "",
	} {
		e, err := webhook.Parse([]byte(`{"event":"message_created","id":3,"message_type":"hologram","conversation":{"messages":[{"id":4,"status":"sent"}]},"sender":` + sender + `}`))
		if err != nil {
			t.Fatal(err)
		}
		m, lacks := e.Message.AsMessage()
		got := slices.DeleteFunc(lacks, func(l string) bool { return !strings.HasPrefix(l, "sender") })
		if strings.Join(got, " ") != want || m.Status != nil || (m.Sender == nil) != (sender == "null") {
			t.Errorf("%s: %+v lacks %q", sender, m, got)
		}
		if encoded, err := json.Marshal(m.Sender); err != nil || len(differences("", decoded(t, sender), decoded(t, string(encoded)))) > 0 {
			t.Errorf("%s was converted to %s", sender, encoded)
		}
	}
	first := &webhook.Message{ID: 1} // in a conversation that has no other
	if m, lacks := first.AsMessage(); m.Status != nil || !slices.Contains(lacks, "status") {
		t.Errorf("%+v lacks %q", m, lacks)
	}
	_, none := (*webhook.Conversation)(nil).AsConversation()
	_, noMessage := (*webhook.Message)(nil).AsMessage()
	_, noContact := (*webhook.Contact)(nil).AsContact()
	if none != nil || noMessage != nil || noContact != nil {
		t.Error("a nil object reports lacking fields")
	}
}
