package cfchattest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// otherwise maps the recorded messages that the stand-in answers differently, by the beginning of their names, to the
// reason.
var otherwise = map[string]string{
	"messages-signed-id":                 "signed ids are not known here",
	"messages-one-refused-of-two":        "a file's type is looked for in its bytes",
	"messages-web-exe-as-text":           "a file's type is looked for in its bytes",
	"messages-web-text-as-exe":           "a file's type is looked for in its bytes",
	"messages-web-png":                   "a file's type is looked for in its bytes, and pictures were recorded as text",
	"messages-web-csv":                   "a file's type is looked for in its bytes",
	"messages-web-svg":                   "a file's type is looked for in its bytes",
	"messages-picture":                   "pictures were recorded as text",
	"messages-mixed":                     "pictures were recorded as text",
	"messages-api-png-as-text":           "pictures were recorded as text",
	"messages-web-41-MB":                 "the body was not recorded",
	"messages-attributes-reply":          "it replies to a message that does not exist here",
	"messages-attributes-automation":     "it replies to a message that does not exist here",
	"messages-flood":                     "it follows 200 others",
	"messages-email-markdown":            "Markdown is not rendered",
	"messages-content-type-'input_csat'": "the survey's sentence is not generated",
	"messages-template-with-input_csat":  "the survey's sentence is not generated",
	"conversations-delete":               "its conversation was deleted",
}

// TestRecordedMessages sends the recorded messages found beside the checkout, each to a new conversation in an inbox of the
// same kind, because their account is not available. It compares everything that does not depend on the account.
func TestRecordedMessages(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		t.Run(version, func(t *testing.T) {
			data, err := os.ReadFile("../../shared/recordings-more/" + version + ".json")
			if err != nil {
				t.Skip(err)
			}
			var all struct{ Exchanges []recordings.Exchange }
			if err := json.Unmarshal(data, &all); err != nil {
				t.Fatal(err)
			}
			srv := cfchattest.New(t, cfchattest.Version(version))
			channels := map[string]int64{"1": 1, "2": srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelWebWidget}), "3": srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})}
			inboxes := inboxesOf(all.Exchanges)
			compared := 0
			for _, e := range all.Exchanges {
				inbox, known := channels[inboxes[conversationOf(e)]]
				if e.Called != "create_a_new_message_in_a_conversation" || !known || e.As != "administrator" || isOtherwise(e.Name) {
					continue
				}
				compared++
				resend(t, srv, e, srv.AddConversation(cfchattest.Conversation{Inbox: inbox}))
			}
			if t.Logf("compared %d messages", compared); compared < 50 {
				t.Error("these are too few")
			}
		})
	}
}

func isOtherwise(name string) bool {
	for begin := range otherwise {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	return false
}

// conversationOf returns the id of the conversation in a request's path.
func conversationOf(e recordings.Exchange) string {
	steps := strings.Split(e.Request.Path, "/")
	return steps[min(6, len(steps)-1)]
}

// inboxesOf returns the inbox of each conversation, according to the answers.
func inboxesOf(all []recordings.Exchange) map[string]string {
	inboxes := map[string]string{}
	for _, e := range all {
		if inbox := dig(decode(e.Response.Body), "inbox_id"); inbox != nil && strings.HasSuffix(e.Request.Path, "/messages") {
			inboxes[conversationOf(e)] = fmt.Sprint(inbox)
		}
	}
	return inboxes
}

// resend sends a recorded message to a conversation.
func resend(t *testing.T, srv *cfchattest.Server, e recordings.Exchange, conversation int64) {
	t.Helper()
	body := ""
	if e.Request.Body != nil {
		body = *e.Request.Body
	}
	r := request(t, srv.AdminKey(), "POST", fmt.Sprintf("%s/%d/messages", conversations, conversation), body)
	r.Header.Set("Content-Type", cmp.Or(e.Request.Headers["Content-Type"], "application/json"))
	resp, err := srv.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer := readAll(t, resp)
	if resp.StatusCode != e.Response.Status {
		t.Errorf("%s: %.200s: %d %s, recorded %d %s", e.Name, body, resp.StatusCode, answer, e.Response.Status, e.Response.Body)
		return
	}
	got, want := decode(answer), decode(e.Response.Body)
	if resp.StatusCode != http.StatusOK {
		begins, _, _ := strings.Cut(fmt.Sprint(dig(want, "error")), "\n") // the row follows
		if dig(got, "error") != begins {
			t.Errorf("%s: %s, recorded %s", e.Name, answer, e.Response.Body)
		}
		return
	}
	for _, each := range []any{got, want} {
		m := object(each)
		m["sender"] = dig(m, "sender", "type")
		for _, name := range []string{"id", "conversation_id", "inbox_id", "created_at"} {
			delete(m, name)
		}
		for _, a := range list(m["attachments"]) {
			for _, name := range []string{"id", "message_id", "data_url", "thumb_url"} {
				delete(object(a), name)
			}
		}
	}
	if d := differAt("", got, want); d != "" {
		t.Errorf("%s: %.200s: %s", e.Name, body, d)
	}
}
