package cfchattest_test

import (
	"fmt"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestFirstMessageIsATemplate sends first messages: an outgoing one is rendered, from 2.17.0 on a template message too, and
// an invalid template stays unchanged (contract, W1.2).
func TestFirstMessageIsATemplate(t *testing.T) {
	for _, c := range []struct{ version, kind, content, want string }{
		{"4.7.0", "outgoing", "Hi {{contact.name}}, {{ contact.first_name }} of {{contact.email}}{{x}}",
			"Hi Jo Doe, Jo of jo@example.com"},
		{"2.16.0", "outgoing", "{{agent.name}} {{conversation.display_id}} {{inbox.name}}", "Ada Admin 1 API inbox"},
		{"4.7.0", "outgoing", `{{ "{" }}{contact.name}} {{ "%60" | url_decode }}`, "{{contact.name}} `"},
		{"4.7.0", "outgoing", "`{{contact.name}}`{% if", "`{{contact.name}}`{% if"},
		{"4.7.0", "incoming", "{{contact.name}}", "{{contact.name}}"},
		{"2.16.0", "template", "{{contact.name}}", "{{contact.name}}"},
		{"2.17.0", "template", "{{contact.name}}", "Jo Doe"},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		srv.AddContact(cfchattest.Contact{Name: "Jo Doe", Email: "jo@example.com"})
		body := fmt.Sprintf(`{"inbox_id":1,"contact_id":1,"message":{"content":%q,"message_type":%q}}`, c.content, c.kind)
		got := created(t, srv, srv.AdminKey(), body).Messages[0]
		if got.GetContent() != c.want {
			t.Errorf("%s: %s %q is stored as %q, want %q", c.version, c.kind, c.content, got.GetContent(), c.want)
		}
		if processed := got.GetProcessedMessageContent(); c.version == "4.7.0" && processed != c.want {
			t.Errorf("%q is processed to %q, want %q", c.content, processed, c.want)
		}
	}
}

// TestUnknownTemplate checks that a template that the stand-in cannot render fails the test, and is stored unchanged.
func TestUnknownTemplate(t *testing.T) {
	failing := &failingTest{TB: t}
	srv := cfchattest.New(failing)
	srv.AddContact(cfchattest.Contact{})
	made := created(t, srv, srv.AdminKey(), `{"inbox_id":1,"contact_id":1,"message":{"content":"{% assign a = 1 %}"}}`)
	if got := made.Messages[0].GetContent(); got != "{% assign a = 1 %}" {
		t.Errorf("it is stored as %q", got)
	}
	want := `cfchattest: a message is a Liquid template, and the stand-in has no support for the tag assign: "{% assign a = 1 %}"`
	if said := failing.said(); said != want {
		t.Errorf("it fails with %q, want %q", said, want)
	}
}
