package cfchat_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestSendInvalidUTF8 checks that invalid UTF-8 is refused wherever it is, because encoding/json would replace it.
func TestSendInvalidUTF8(t *testing.T) {
	for name, m := range map[string]cfchat.MessageCreate{
		"processed_params": {Content: "a", TemplateParams: map[string]any{"name": "n", "processed_params": map[string]any{"1": "a\xff"}}},
		"items":            {ContentType: cfchat.MessageContentTypeInputSelect, Items: []cfchat.MessageItem{{Title: "a\xff", Value: "b"}}},
		"attributes":       {Content: "a", ContentAttributes: map[string]any{"k": "a\xff"}},
		"attachments":      {Content: "a", Attachments: []string{"\xff"}},
	} {
		w := sentWire{version: "4.16.2"}
		if _, err := w.over(t).Send(t.Context(), 42, m); err == nil {
			t.Errorf("%s: sent as %q", name, fmt.Sprint(w.body))
		}
	}
}

// TestSendNUL checks that a NUL is refused, even in items and in names within attributes.
func TestSendNUL(t *testing.T) {
	for name, m := range map[string]cfchat.MessageCreate{
		"items":       {ContentType: cfchat.MessageContentTypeInputSelect, Items: []cfchat.MessageItem{{Title: "a\x00", Value: "b"}}},
		"nested name": {Content: "a", ContentAttributes: map[string]any{"k": map[string]any{"a\x00": 1}}},
		"attachments": {Content: "a", Attachments: []string{"a\x00"}},
		"contenttype": {Content: "a", ContentType: "te\x00xt"},
	} {
		w := sentWire{version: "4.16.2"}
		if _, err := w.over(t).Send(t.Context(), 42, m); err == nil {
			t.Errorf("%s: sent as %q", name, fmt.Sprint(w.body))
		}
	}
}

// TestSendEmpty checks that messages that are empty, in whatever way, are refused.
func TestSendEmpty(t *testing.T) {
	for name, m := range map[string]cfchat.MessageCreate{
		"nil items":             {ContentAttributes: map[string]any{"items": nil}},
		"typed empty items":     {ContentAttributes: map[string]any{"items": []map[string]any{}}},
		"items []Item":          {ContentAttributes: map[string]any{"items": []cfchat.MessageItem{}}},
		"blank signed id":       {Attachments: []string{""}},
		"params without a name": {TemplateParams: map[string]any{"language": "en"}},
		"items without a type":  {Items: []cfchat.MessageItem{{Title: "a", Value: "b"}}},
		"params all null":       {TemplateParams: map[string]any{"name": nil}},
	} {
		w := sentWire{version: "4.16.2"}
		if _, err := w.over(t).Send(t.Context(), 42, m); err == nil {
			t.Errorf("%s: sent as %q", name, fmt.Sprint(w.body))
		}
	}
}

// TestFirstMessageRefuses checks that first messages are refused for what Send refuses.
func TestFirstMessageRefuses(t *testing.T) {
	for name, m := range map[string]cfchat.FirstMessage{
		"NUL":           {Content: "a\x00"},
		"blanks":        {Content: " \n"},
		"nothing in it": {MessageType: cfchat.MessageKindOutgoing},
		"UTF-8":         {Content: "a", ContentAttributes: map[string]any{"a": "\xff"}},
		"UTF-8 params":  {Content: "a", TemplateParams: map[string]any{"name": "a", "processed_params": map[string]any{"1": "\xff"}}},
	} {
		sent := ""
		_, err := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			b, _ := io.ReadAll(req.Body)
			sent = string(b)
			return trial.Reply(500, "application/json", "{}"), nil
		})).Account(7).Conversations.Create(t.Context(), cfchat.ConversationCreate{SourceID: "s", Message: m})
		if sent != "" {
			t.Errorf("%s: sent %s (%v)", name, sent, err)
		}
	}
}

// TestSendAddressesWithBlanks checks that a blank within an address is refused, because it would make a different address.
func TestSendAddressesWithBlanks(t *testing.T) {
	w := sentWire{version: "4.16.2"}
	_, err := w.over(t).Send(t.Context(), 42, cfchat.MessageCreate{Content: "a", CCEmails: "jo@example.com ann@example.com, jo doe@example.com"})
	if err == nil {
		t.Errorf("sent to %q", w.body["cc_emails"])
	}
}

// TestSendManyAttachments checks that more signed ids than a message accepts are refused, even without files.
func TestSendManyAttachments(t *testing.T) {
	w := sentWire{version: "4.16.2"}
	if _, err := w.over(t).Send(t.Context(), 42, cfchat.MessageCreate{Attachments: strings.Split(strings.Repeat("x", 16), "")}); err == nil {
		t.Errorf("16 signed ids were sent")
	}
}
