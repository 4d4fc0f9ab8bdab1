package cfchat_test

import (
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// sentMessage creates a conversation with a first message and returns the message that was sent, or nil if it was refused.
func sentMessage(t *testing.T, message cfchat.FirstMessage) (map[string]any, error) {
	t.Helper()
	var sent struct{ Message map[string]any }
	acct := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		return trial.Reply(http.StatusOK, "application/json", `{"id":1,"status":"open"}`), json.Unmarshal(body, &sent)
	})).Account(1)
	_, err := acct.Conversations.Create(t.Context(), cfchat.ConversationCreate{InboxID: 1, ContactID: 1, Message: message})
	return sent.Message, err
}

// TestLiquid checks the notation of contract, W1.2, in which 300 hostile texts arrived as they were written.
func TestLiquid(t *testing.T) {
	const brace, tick = `{{ "{" }}`, `{{ "%60" | url_decode }}`
	private := cfchat.FirstMessage{Private: true}
	incoming := cfchat.FirstMessage{MessageType: cfchat.MessageKindIncoming}
	outgoing := cfchat.FirstMessage{MessageType: cfchat.MessageKindOutgoing}
	for _, test := range []struct {
		message    cfchat.FirstMessage
		text, want string
	}{
		{cfchat.FirstMessage{}, "hello {{contact.name}}", "hello " + brace + brace + "contact.name}}"},
		{outgoing, "{% raw %}`a`{% endraw %}", brace + "% raw %}" + tick + "a" + tick + brace + "% endraw %}"},
		{private, "{", brace},
		{cfchat.FirstMessage{}, "`", tick},
		{cfchat.FirstMessage{}, brace, brace + brace + ` "` + brace + `" }}`},
		{cfchat.FirstMessage{}, "a } b %} \" | \\ 'é' \U0001F600\n", "a } b %} \" | \\ 'é' \U0001F600\n"},
		{incoming, "hello {{contact.name}} `x`", "hello {{contact.name}} `x`"},
		{cfchat.FirstMessage{Template: true}, "hello {{contact.name}} `x`", "hello {{contact.name}} `x`"},
	} {
		test.message.Content = test.text
		sent, err := sentMessage(t, test.message)
		if err != nil || sent["content"] != test.want {
			t.Errorf("%q is sent as %q, not %q (%v)", test.text, sent["content"], test.want, err)
		}
		if _, ok := sent["template"]; ok {
			t.Errorf("%v: template is sent", sent)
		}
	}
}

func TestLiquidRefuses(t *testing.T) {
	params := map[string]any{"name": "t", "processed_params": map[string]any{"body": map[string]any{"1": "{{contact.name}}"}}}
	tag := map[string]any{"name": "t", "processed_params": []any{"{% assign a = 1 %}"}}
	written := map[string]any{"name": json.RawMessage(`"\u007b\u007bcontact.name}}"`)}
	nested := map[string]any{"a": map[string]any{"b": map[string]any{"c": "{ { } }"}}}
	for _, test := range []struct {
		name    string
		message cfchat.FirstMessage
		field   string // the field that is refused, "" for none
	}{
		{"template parameters", cfchat.FirstMessage{TemplateParams: params}, "Message.TemplateParams"},
		{"a tag in template parameters", cfchat.FirstMessage{TemplateParams: tag}, "Message.TemplateParams"},
		{"escaped braces", cfchat.FirstMessage{TemplateParams: written}, "Message.TemplateParams"},
		{"parameters of a template", cfchat.FirstMessage{TemplateParams: params, Template: true}, ""},
		{"no template", cfchat.FirstMessage{TemplateParams: nested}, ""},
		{"as long as allowed", cfchat.FirstMessage{Content: strings.Repeat("é", 150_000)}, ""},
		{"too long", cfchat.FirstMessage{Content: strings.Repeat("é", 150_001)}, "Message.Content"},
		{"too long once escaped", cfchat.FirstMessage{Content: strings.Repeat("{", 150_000/9+1)}, "Message.Content"},
		{"as long as allowed once escaped", cfchat.FirstMessage{Content: strings.Repeat("`", 150_000/24)}, ""},
		{"a template from the contact", cfchat.FirstMessage{MessageType: cfchat.MessageKindIncoming, Template: true}, "Message.Template"},
		{"not UTF-8", cfchat.FirstMessage{Content: "caf\xe9"}, "Message.Content"},
	} {
		sent, err := sentMessage(t, test.message)
		e, _ := errors.AsType[*cfchat.Error](err)
		switch {
		case test.field == "" && err != nil:
			t.Errorf("%s: %v", test.name, err)
		case test.field != "" && (e == nil || !errors.Is(err, cfchat.ErrInvalidInput) || e.Fields[0].Field != test.field || sent != nil):
			t.Errorf("%s: not refused for %s, sent %v: %v", test.name, test.field, sent != nil, err)
		}
	}
}

// TestFirstMessageArrives creates conversations with hostile texts, and checks that the stand-in, which renders them as
// servers do, stores them unchanged.
func TestFirstMessageArrives(t *testing.T) {
	t.Parallel()
	parts := []string{
		"{{contact.name}}", "{{ contact.email }}", "{{", "}}", "{", "}", "`", "``", "{% raw %}", "{% endraw %}", "{%", "%}", "{{'a'}}", "{{-",
		`{{ "{" }}`, `{{ "%60" | url_decode }}`, "%60", "|", `"`, "'", "\\", "\n", " ", "é", "\U0001F600", "<b>", "{{account.name}}", "a",
	}
	random := rand.New(rand.NewPCG(3, 4))
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		inbox := srv.AddInbox(cfchattest.Inbox{})
		contact := srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com"})
		acct := srv.Account(t)
		for i := range 200 {
			var text strings.Builder
			for range 1 + random.IntN(8) {
				text.WriteString(parts[random.IntN(len(parts))])
			}
			if strings.TrimSpace(text.String()) == "" {
				text.WriteString("a") // a blank text is refused
			}
			message := cfchat.FirstMessage{Content: text.String(), Private: i%2 == 0}
			created, err := acct.Conversations.Create(t.Context(), cfchat.ConversationCreate{InboxID: inbox, ContactID: contact, Message: message})
			if err != nil {
				t.Fatalf("%q: %v", message.Content, err)
			}
			got, err := acct.Conversations.Get(t.Context(), created.ID)
			if err != nil || len(got.Messages) != 1 || got.Messages[0].GetContent() != message.Content {
				t.Errorf("%s: %q arrived as %v, %v", version, message.Content, got.Messages, err)
			}
		}
	}
}
