package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// sentWire records what one call sends to a server of a version, or "" for a server that does not report its version.
type sentWire struct {
	version string
	asked   int // how often the version was requested
	target  string
	body    map[string]any // nil if there was none
}

// over returns the messages of an account whose requests go over the wire, which answers them correctly.
func (w *sentWire) over(t *testing.T, options ...func(*cfchat.Config)) cfchat.MessagesService {
	t.Helper()
	return trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == "/base/api" {
			w.asked++
			if w.version == "" {
				return trial.Reply(404, "text/plain", ""), nil
			}
			return trial.Reply(200, "application/json", fmt.Sprintf(`{"version":%q}`, w.version)), nil
		}
		w.target = req.URL.RequestURI()
		if req.Body == nil {
			return trial.Reply(200, "application/json", `{"meta":{},"payload":[]}`), nil
		}
		body := json.NewDecoder(req.Body)
		body.UseNumber()
		return trial.Reply(200, "application/json", trial.GoodMessage), body.Decode(&w.body)
	}), options...).Account(trial.AccountID).Messages
}

// TestMessageList checks that the requested options are sent, and nothing else.
func TestMessageList(t *testing.T) {
	for query, options := range map[string]cfchat.MessageListOptions{
		"":                  {},
		"?before=5":         {Before: 5},
		"?after=7":          {After: 7},
		"?before=7&after=5": {Before: 7, After: 5},
	} {
		w := sentWire{}
		page, err := w.over(t).List(t.Context(), 42, options)
		if err != nil || page.Payload == nil || w.target != "/base/api/v1/accounts/7/conversations/42/messages"+query {
			t.Errorf("%+v: requested %q, got %+v, %v", options, w.target, page, err)
		}
	}
}

// TestMessageListRefusesEmptyRange checks that bounds that leave no room for a message are refused.
func TestMessageListRefusesEmptyRange(t *testing.T) {
	for _, options := range []cfchat.MessageListOptions{{Before: 3, After: 7}, {Before: 7, After: 7}} {
		w := sentWire{}
		if _, err := w.over(t).List(t.Context(), 42, options); !errors.Is(err, cfchat.ErrInvalidInput) || w.target != "" {
			t.Errorf("%+v: requested %q, %v", options, w.target, err)
		}
	}
}

// TestMessagesOfAnotherConversation checks that messages of another conversation are not accepted for the requested ones.
func TestMessagesOfAnotherConversation(t *testing.T) {
	other := strings.Replace(trial.GoodMessage, "42", "43", 1)
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return trial.Reply(200, "application/json", `{"payload":[`+other+`]}`), nil
		}
		return trial.Reply(200, "application/json", other), nil
	}))
	messages := chat.Account(1).Messages
	_, listed := messages.List(t.Context(), 42, cfchat.MessageListOptions{})
	_, sent := messages.Send(t.Context(), 42, cfchat.MessageCreate{Content: "hi"})
	for what, err := range map[string]error{"list": listed, "send": sent} {
		if !errors.Is(err, cfchat.ErrDecode) || errors.Is(err, cfchat.ErrUnknownOutcome) != (what == "send") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestSendForm checks the wire form of each field, and that the caller's values stay unchanged.
func TestSendForm(t *testing.T) {
	own := map[string]any{"order": 1}
	for _, c := range []struct {
		message cfchat.MessageCreate
		want    string
	}{
		{cfchat.MessageCreate{Content: "hi"}, `{"content":"hi"}`},
		{cfchat.MessageCreate{Content: "hi", Private: true, MessageType: cfchat.MessageKindOutgoing}, `{"content":"hi","private":true,"message_type":"outgoing"}`},
		{cfchat.MessageCreate{Content: "hi", InReplyTo: 9, ContentAttributes: own}, `{"content":"hi","content_attributes":{"in_reply_to":9,"order":1}}`},
		{
			cfchat.MessageCreate{
				ContentType: cfchat.MessageContentTypeCards,
				Items:       []cfchat.MessageItem{{Title: "{{T}}", Actions: []cfchat.MessageAction{{Type: "link", Text: "Go", URI: "https://x"}}}},
			},
			`{"content_type":"cards","content_attributes":{"items":[{"title":"{{T}}","actions":[{"type":"link","text":"Go","uri":"https://x"}]}]}}`,
		},
		{
			cfchat.MessageCreate{Content: "hi", CCEmails: "a@x.test, b@x.test", BCCEmails: " c@x.test", ToEmails: "d@x.test\n", EmailHTMLContent: "<b>{{x}}</b>"},
			`{"content":"hi","cc_emails":"a@x.test,b@x.test","bcc_emails":"c@x.test","to_emails":"d@x.test","email_html_content":"<b>{{x}}</b>"}`,
		},
		{cfchat.MessageCreate{Attachments: []string{"signed"}}, `{"attachments":["signed"]}`},
		{
			cfchat.MessageCreate{Content: "hi", SourceID: "s", EchoID: "e", CampaignID: 3, ExternalCreatedAt: "2020-01-01"},
			`{"content":"hi","source_id":"s","echo_id":"e","campaign_id":3,"external_created_at":"2020-01-01"}`,
		},
	} {
		w := sentWire{version: "4.16.2"}
		if _, err := w.over(t).Send(t.Context(), 42, c.message); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
		for _, difference := range differences("", read(t, []byte(c.want)), read(t, encode(t, w.body))) {
			t.Errorf("%s: %s", c.want, difference)
		}
	}
	if len(own) != 1 {
		t.Errorf("the caller's attributes became %v", own)
	}
}

// TestSendRendered checks that exactly the texts that servers of a version render are escaped, and that the version is
// requested only if it matters.
func TestSendRendered(t *testing.T) {
	const text, escaped = "{{x}} `y`", `{{ "{" }}{{ "{" }}x}} {{ "%60" | url_decode }}y{{ "%60" | url_decode }}`
	kind := func(kind cfchat.MessageKind) cfchat.MessageCreate {
		return cfchat.MessageCreate{Content: text, MessageType: kind}
	}
	for _, c := range []struct {
		version string
		message cfchat.MessageCreate
		want    string // "" if refused
		asked   int
	}{
		{"2.16.0", kind(""), escaped, 0},
		{"2.16.0", kind(cfchat.MessageKindOutgoing), escaped, 0},
		{"2.16.0", cfchat.MessageCreate{Content: text, Private: true}, escaped, 0},
		{"2.16.0", cfchat.MessageCreate{Content: text, Template: true}, text, 0},
		{"4.16.2", kind(cfchat.MessageKindIncoming), text, 0},
		{"4.16.2", kind(cfchat.MessageKindActivity), text, 0},
		{"2.16.0", kind(cfchat.MessageKindTemplate), text, 1},
		{"2.17.0", kind(cfchat.MessageKindTemplate), escaped, 1},
		{"", kind(cfchat.MessageKindTemplate), "", 1},
		{"", cfchat.MessageCreate{Content: "hi", MessageType: cfchat.MessageKindTemplate}, "hi", 0},
		{"2.17.0", cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindTemplate, Template: true}, text, 1},
		{"2.16.0", cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindTemplate, Template: true}, "", 1},
		{"4.16.2", cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindActivity, Template: true}, "", 0},
	} {
		w := sentWire{version: c.version}
		_, err := w.over(t).Send(t.Context(), 42, c.message)
		if (c.want == "") != errors.Is(err, cfchat.ErrInvalidInput) || c.want != "" && w.body["content"] != c.want || c.want == "" && w.target != "" {
			t.Errorf("%q: %+v is sent as %v, want %q (%v)", c.version, c.message, w.body["content"], c.want, err)
		}
		if w.asked != c.asked {
			t.Errorf("%q: %+v requests the version %d times, want %d", c.version, c.message, w.asked, c.asked)
		}
	}
}

// TestSendTemplateParams checks that the texts that servers render from 4.6.0 on, in processed_params at any depth, are
// escaped, and no others.
func TestSendTemplateParams(t *testing.T) {
	const brace = `{{ "{" }}`
	processed := map[string]any{"body": map[string]any{"{1}": "{a", "2": 12345678901234567}, "list": []string{"{b"}}
	params := map[string]any{"name": "{n}", "processed_params": processed}
	const as = `{"name":"{n}","processed_params":{"body":{"{1}":"{a","2":12345678901234567},"list":["{b"]}}`
	escaped := strings.NewReplacer(`"{a"`, `"`+strings.ReplaceAll(brace, `"`, `\"`)+`a"`, `"{b"`, `"`+strings.ReplaceAll(brace, `"`, `\"`)+`b"`).Replace(as)
	for _, c := range []struct {
		version string
		message cfchat.MessageCreate
		want    string
	}{
		{"4.5.9", cfchat.MessageCreate{TemplateParams: params}, as},
		{"4.6.0", cfchat.MessageCreate{TemplateParams: params}, escaped},
		{"4.6.0", cfchat.MessageCreate{TemplateParams: params, Template: true}, as},
		{"4.5.9", cfchat.MessageCreate{TemplateParams: params, Template: true}, ""},
		{"", cfchat.MessageCreate{TemplateParams: params}, ""},
		{"", cfchat.MessageCreate{TemplateParams: map[string]any{"name": "{n}"}}, `{"name":"{n}"}`},
	} {
		w := sentWire{version: c.version}
		_, err := w.over(t).Send(t.Context(), 42, c.message)
		if c.want == "" {
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Field != `TemplateParams["processed_params"]` || w.target != "" {
				t.Errorf("%q is not refused: %v", c.version, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.version, err)
		}
		for _, difference := range differences("", read(t, []byte(c.want)), read(t, encode(t, w.body["template_params"]))) {
			t.Errorf("%q: %s", c.version, difference)
		}
	}
	for _, difference := range differences("", read(t, []byte(as)), read(t, encode(t, params))) {
		t.Errorf("the caller's parameters have changed: %s", difference)
	}
}

// TestMessageTooLong checks that the error mentions escapes only if the text is escaped.
func TestMessageTooLong(t *testing.T) {
	for kind, escaped := range map[cfchat.MessageKind]bool{cfchat.MessageKindIncoming: false, cfchat.MessageKindOutgoing: true} {
		create := cfchat.MessageCreate{Content: strings.Repeat("é", 150_001), MessageType: kind}
		_, err := trial.Chat(t, trial.Broken{}).Account(7).Messages.Send(t.Context(), 42, create)
		if !errors.Is(err, cfchat.ErrInvalidInput) || strings.Contains(err.Error(), "when sent") != escaped ||
			!strings.Contains(err.Error(), "150001 characters") || !strings.Contains(err.Error(), "the server accepts 150000") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestSendRefuses checks that each invalid field is named before anything is sent.
func TestSendRefuses(t *testing.T) {
	choice := []cfchat.MessageItem{{Title: "A", Value: "a"}}
	for _, c := range []struct {
		version string
		message cfchat.MessageCreate
		want    string // the refused fields, "" if there are none
	}{
		{"4.16.2", cfchat.MessageCreate{}, "Content"},
		{"4.16.2", cfchat.MessageCreate{Private: true, InReplyTo: 1, SourceID: "s"}, "Content"},
		{"4.16.2", cfchat.MessageCreate{Content: "a\x00", SourceID: "\x00", EchoID: "caf\xe9"}, "Content SourceID EchoID"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", ContentAttributes: map[string]any{"a": []string{"\x00"}}}, `ContentAttributes["a"]`},
		{"4.16.2", cfchat.MessageCreate{Content: "caf\xe9"}, "Content"},
		{"4.16.2", cfchat.MessageCreate{Content: strings.Repeat("é", 150_000)}, ""},
		{"4.16.2", cfchat.MessageCreate{Content: strings.Repeat("é", 150_001)}, "Content"},
		{"4.16.2", cfchat.MessageCreate{Content: strings.Repeat("{", 150_000/9+1)}, "Content"},
		{"4.16.2", cfchat.MessageCreate{Content: strings.Repeat("{", 150_000/9+1), MessageType: cfchat.MessageKindIncoming}, ""},
		{"4.16.2", cfchat.MessageCreate{Content: "a", MessageType: "Outgoing", InReplyTo: -1, CampaignID: -1}, "MessageType InReplyTo CampaignID"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", ContentType: cfchat.MessageContentTypeInputSelect}, "Items"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", ContentType: cfchat.MessageContentTypeForm, ContentAttributes: map[string]any{"items": []any{}}}, "Items"},
		{"4.16.2", cfchat.MessageCreate{ContentType: cfchat.MessageContentTypeInputSelect, Items: choice}, ""},
		{"4.16.2", cfchat.MessageCreate{ContentType: cfchat.MessageContentTypeCards, Items: choice}, "Items[0].Actions"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", InReplyTo: 1, ContentAttributes: map[string]any{"in_reply_to": 2}}, "InReplyTo"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", ContentAttributes: map[string]any{"in_reply_to": 2}}, ""},
		{"4.16.2", cfchat.MessageCreate{Content: "a", Items: choice, ContentAttributes: map[string]any{"items": []any{1}}}, "ContentType Items"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", Items: choice}, "ContentType"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", Items: choice, ContentType: cfchat.MessageContentTypeText}, "ContentType"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", Items: choice, ContentType: "hologram"}, ""},
		{"4.16.2", cfchat.MessageCreate{Content: " \n\t "}, "Content"},
		{"4.16.2", cfchat.MessageCreate{Content: " \n", ContentType: cfchat.MessageContentTypeInputSelect, Items: choice}, ""},
		{"4.16.2", cfchat.MessageCreate{Content: "a", ContentType: "hologram"}, ""},        // perhaps of a newer server
		{"4.16.2", cfchat.MessageCreate{Content: "a", SenderID: 1}, "SenderType SenderID"}, // with a bot's key
		{"4.16.2", cfchat.MessageCreate{Content: "a", SenderType: cfchat.SenderTypeAgentBot, SenderID: 1}, "SenderID"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", SenderType: cfchat.SenderTypeAgentBot}, "SenderID"},
		{"4.16.2", cfchat.MessageCreate{Content: "a", SenderType: cfchat.SenderTypeContact, SenderID: 1}, "SenderType SenderID"},
		{"3.3.1", cfchat.MessageCreate{Content: "a", SourceID: "s"}, "SourceID"},
		{"3.4.0", cfchat.MessageCreate{Content: "a", SourceID: "s"}, ""},
		{"2.18.0", cfchat.MessageCreate{Content: "a", ToEmails: "a@x.test"}, "ToEmails"},
		{"4.6.9", cfchat.MessageCreate{Content: "a", EmailHTMLContent: "<b>"}, "EmailHTMLContent"},
		{"4.8.9", cfchat.MessageCreate{Content: "a", ContentAttributes: map[string]any{"b": 1, "a": 1, "items": []any{1}}}, `ContentAttributes["a"] ContentAttributes["b"]`},
		{"4.9.0", cfchat.MessageCreate{Content: "a", ContentAttributes: map[string]any{"b": 1}}, ""},
		{"", cfchat.MessageCreate{Content: "a", SourceID: "s", ContentAttributes: map[string]any{"b": 1}}, ""}, // the version is unknown
	} {
		w := sentWire{version: c.version}
		_, err := w.over(t).Send(t.Context(), 42, c.message)
		var fields []string
		if e, ok := errors.AsType[*cfchat.Error](err); ok {
			for _, f := range e.Fields {
				fields = append(fields, f.Field)
			}
		}
		if got := strings.Join(fields, " "); got != c.want || (err != nil) != (c.want != "") || err != nil && (!errors.Is(err, cfchat.ErrInvalidInput) || w.target != "") {
			t.Errorf("%q: %.200v is refused for %q, want %q (%v)", c.version, c.message, got, c.want, err)
		}
	}
}

// TestMessagesRefuse checks that invalid ids, statuses and services are refused before anything is sent.
func TestMessagesRefuse(t *testing.T) {
	ctx, chat := t.Context(), trial.Chat(t, trial.Broken{})
	messages := chat.Account(1).Messages
	var none cfchat.MessagesService
	var noContext context.Context
	for what, err := range map[string]error{
		"list of 0":           trial.Second(messages.List(ctx, 0, cfchat.MessageListOptions{})),
		"list before -1":      trial.Second(messages.List(ctx, 1, cfchat.MessageListOptions{Before: -1})),
		"list after -1":       trial.Second(messages.List(ctx, 1, cfchat.MessageListOptions{After: -1})),
		"send to 0":           trial.Second(messages.Send(ctx, 0, cfchat.MessageCreate{Content: "a"})),
		"delete 0":            trial.Second(messages.Delete(ctx, 1, 0)),
		"delete of 0":         trial.Second(messages.Delete(ctx, 0, 1)),
		"set nothing":         trial.Second(messages.SetStatus(ctx, 1, 1, "")),
		"set something":       trial.Second(messages.SetStatus(ctx, 1, 1, "progress")),
		"fail without reason": trial.Second(messages.SetFailed(ctx, 1, 1, "")),
		"fail with a NUL":     trial.Second(messages.SetFailed(ctx, 1, 1, "\x00")),
		"resend -1":           trial.Second(messages.Resend(ctx, 1, -1)),
		"attachments, page 0": trial.Second(chat.Account(1).Conversations.Attachments(ctx, 1, 0)),
		"no service, list":    trial.Second(none.List(ctx, 1, cfchat.MessageListOptions{})),
		"no service, send":    trial.Second(none.Send(ctx, 1, cfchat.MessageCreate{Content: "{a", SourceID: "s"})),
		"no service, delete":  trial.Second(none.Delete(ctx, 1, 1)),
		"no context":          trial.Second(messages.Send(noContext, 1, cfchat.MessageCreate{Content: "a", SourceID: "s"})),
		"account 0":           trial.Second(chat.Account(0).Messages.Send(ctx, 1, cfchat.MessageCreate{Content: "a"})),
	} {
		if !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestSentMessageArrives sends hostile texts to the stand-in, which renders them as servers do, and checks that they are
// stored unchanged.
func TestSentMessageArrives(t *testing.T) {
	t.Parallel()
	parts := []string{
		"{{contact.name}}", "{{ contact.email }}", "{{", "}}", "{", "`", "{% raw %}", "{% endraw %}", "{%-", "%}", "{% comment %}", "{% assign a = 1 %}",
		`{{ "{" }}`, `{{ "%60" | url_decode }}`, "%60", `"`, "'", "\\", "\n", " ", "é", "\U0001F600", "a",
	}
	random := rand.New(rand.NewPCG(5, 6))
	for _, version := range []string{"2.16.0", "2.17.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id := srv.AddConversation(cfchattest.Conversation{Contact: srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com"})})
		messages := srv.Account(t).Messages
		for i := range 150 { // below the limit for a minute
			var text strings.Builder
			for range 1 + random.IntN(8) {
				text.WriteString(parts[random.IntN(len(parts))])
			}
			if strings.TrimSpace(text.String()) == "" {
				text.WriteString("a") // a blank text is refused
			}
			message := cfchat.MessageCreate{Content: text.String(), Private: i%2 == 0}
			message.MessageType = []cfchat.MessageKind{"", cfchat.MessageKindIncoming, cfchat.MessageKindActivity, cfchat.MessageKindTemplate}[i%4]
			sent, err := messages.Send(t.Context(), id, message)
			if err != nil || sent.GetContent() != message.Content {
				t.Errorf("%s: %s %q arrived as %q, %v", version, message.MessageType, message.Content, sent.GetContent(), err)
			}
		}
	}
}

// TestSendOutcome checks, with the texts that the stand-in takes from real servers, which messages count as refused and
// which may be stored.
func TestSendOutcome(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	web := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelWebWidget})
	mail := srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
	inWeb, inMail := srv.AddConversation(cfchattest.Conversation{Inbox: web}), srv.AddConversation(cfchattest.Conversation{Inbox: mail})
	flooded := srv.AddConversation(cfchattest.Conversation{})
	for range 200 {
		srv.AddMessage(flooded, cfchattest.Message{})
	}
	hi := cfchat.MessageCreate{Content: "hi"}
	for _, c := range []struct {
		conversation int64
		message      cfchat.MessageCreate
		want         error
	}{
		{inWeb, hi, nil},
		{inWeb, cfchat.MessageCreate{Content: "hi", MessageType: cfchat.MessageKindIncoming}, cfchat.ErrRejected},
		{inWeb, cfchat.MessageCreate{Content: "hi", ContentType: "hologram"}, cfchat.ErrRejected},
		{flooded, hi, cfchat.ErrRejected},
		{inMail, cfchat.MessageCreate{Content: "hi", CCEmails: "nobody"}, cfchat.ErrUnknownOutcome},
		{99, hi, cfchat.ErrNotFound},
	} {
		_, err := srv.Account(t).Messages.Send(t.Context(), c.conversation, c.message)
		if !errors.Is(err, c.want) || c.want != cfchat.ErrUnknownOutcome && errors.Is(err, cfchat.ErrUnknownOutcome) ||
			c.want == cfchat.ErrUnknownOutcome && errors.Is(err, cfchat.ErrRejected) {
			t.Errorf("%d %+v: %v, want %v", c.conversation, c.message, err, c.want)
		}
	}
}

// TestSendAsBot checks that Send reports when the server has sent a message as the caller, because it does not know the bot.
func TestSendAsBot(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	messages := srv.Account(t, func(c *cfchat.Config) { c.Keys.AgentBot = auth.Key{} }).Messages
	as := func(bot int64) cfchat.MessageCreate {
		return cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeAgentBot, SenderID: bot}
	}
	sent, err := messages.Send(t.Context(), id, as(1))
	if err != nil || sent.Sender.Type != cfchat.SenderKindAgentBot || sent.Sender.ID != 1 {
		t.Errorf("as a bot: %+v, %v", sent, err)
	}
	if _, err = messages.Send(t.Context(), id, as(99)); !errors.Is(err, cfchat.ErrUnknownOutcome) || !errors.Is(err, cfchat.ErrDecode) || !strings.Contains(err.Error(), "was sent, but not as agent bot 99") {
		t.Errorf("as an unknown bot: %v", err)
	}
}

// TestChangeMessage changes messages on each version, and checks that the calls work exactly on the versions that have them.
func TestChangeMessage(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.4.0", "4.1.0", "4.2.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id := srv.AddConversation(cfchattest.Conversation{})
		inWeb := srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelWebWidget})})
		ctx, messages := t.Context(), srv.Account(t).Messages
		sent, err := messages.Send(ctx, id, cfchat.MessageCreate{Content: "hi"})
		if err != nil {
			t.Fatal(err)
		}
		isThere := func(since string) bool { return (&cfchat.ServerInfo{Version: version}).AtLeast(since) }
		has := func(what, since string, err error) {
			t.Helper()
			if e, ok := errors.AsType[*cfchat.Error](err); isThere(since) != (err == nil) || ok && !strings.Contains(e.Error(), "servers have it from "+since+" on") {
				t.Errorf("%s: %s: %v", version, what, err)
			}
		}
		_, err = messages.SetStatus(ctx, id, sent.ID, cfchat.MessageStatusRead)
		has("status", "4.2.0", err)
		_, err = messages.SetFailed(ctx, id, sent.ID, "no way")
		has("failed", "4.2.0", err)
		_, err = messages.Resend(ctx, id, sent.ID)
		has("resend", "3.4.0", err)
		_, err = srv.Account(t).Conversations.Attachments(ctx, id, 1)
		has("attachments", "2.17.0", err)
		if isThere("4.2.0") {
			changedAtAll(t, messages, id, sent.ID, inWeb)
		}
		gone, err := messages.Delete(ctx, id, sent.ID)
		if err != nil || gone.ID != sent.ID || gone.GetContent() != "This message was deleted" {
			t.Errorf("%s: delete: %+v, %v", version, gone, err)
		}
		if _, err = messages.Delete(ctx, id, 99999); !errors.Is(err, cfchat.ErrNotFound) {
			t.Errorf("%s: delete of a missing message: %v", version, err)
		}
	}
}

// changedAtAll sets statuses that the server does not allow.
func changedAtAll(t *testing.T, messages cfchat.MessagesService, conversation, id, inWeb int64) {
	t.Helper()
	ctx := t.Context()
	if _, err := messages.SetStatus(ctx, conversation, id, cfchat.MessageStatusRead); err != nil {
		t.Error(err)
	}
	if _, err := messages.SetStatus(ctx, conversation, id, cfchat.MessageStatusDelivered); !errors.Is(err, cfchat.ErrRejected) || errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("delivered after read: %v", err)
	}
	if _, err := messages.SetStatus(ctx, inWeb, id, cfchat.MessageStatusRead); !errors.Is(err, cfchat.ErrForbidden) {
		t.Errorf("in a web widget: %v", err)
	}
	if _, err := messages.Resend(ctx, conversation, 99999); !errors.Is(err, cfchat.ErrRejected) || errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("resend of a missing message: %v", err)
	}
	choice, err := messages.Send(ctx, conversation, cfchat.MessageCreate{ContentType: cfchat.MessageContentTypeInputSelect, Items: []cfchat.MessageItem{{Title: "A", Value: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := messages.Resend(ctx, conversation, choice.ID); !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("resend of a choice: %v", err)
	}
}

// TestOldAttachments checks that there is only one page on a server that returns all attachments for every page.
func TestOldAttachments(t *testing.T) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `{"payload":[null,{"message_id":5,"file_type":"file"}]}`), nil
	}))
	for page, want := range map[int]int{1: 2, 2: 0} {
		got, err := chat.Account(1).Conversations.Attachments(t.Context(), 42, page)
		if err != nil || len(got.Payload) != want || got.Payload == nil {
			t.Errorf("page %d: %+v, %v", page, got, err)
		}
	}
}

// TestSendConcurrently sends from several goroutines to one conversation, and checks that each message is stored once.
func TestSendConcurrently(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	messages := srv.Account(t).Messages
	var sending sync.WaitGroup
	for i := range 8 {
		sending.Go(func() {
			if _, err := messages.Send(context.WithoutCancel(t.Context()), id, cfchat.MessageCreate{Content: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	sending.Wait()
	page, err := messages.List(t.Context(), id, cfchat.MessageListOptions{After: 1, Before: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, m := range page.Payload {
		texts = append(texts, m.GetContent())
	}
	slices.Sort(texts)
	if got := strings.Join(texts, ""); got != "01234567" {
		t.Errorf("got the messages %q", texts)
	}
}

// TestKeepMessageJSON checks that messages are kept byte for byte as they were received, and that nothing is kept unless
// KeepJSON is passed.
func TestKeepMessageJSON(t *testing.T) {
	own := strings.Replace(trial.GoodMessage, `"id"`, `"new": [1.0], "id"`, 1)
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return trial.Reply(200, "application/json", `{"payload":[`+own+`]}`), nil
		}
		return trial.Reply(200, "application/json", own), nil
	}))
	messages := chat.Account(1).Messages
	for _, option := range [][]cfchat.CallOption{nil, {cfchat.KeepJSON()}} {
		page, err := messages.List(t.Context(), 42, cfchat.MessageListOptions{}, option...)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := messages.Send(t.Context(), 42, cfchat.MessageCreate{Content: "hi"}, option...)
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if option != nil {
			want = own
		}
		if string(sent.JSON()) != want || string(page.Payload[0].JSON()) != want {
			t.Errorf("kept %s and %s, want %s", sent.JSON(), page.Payload[0].JSON(), want)
		}
	}
	if (*cfchat.Message)(nil).JSON() != nil {
		t.Error("a nil message has JSON")
	}
}

// TestSendAfterUpgrade checks that texts are escaped for a server that is upgraded while the program runs, and that renders
// them from then on.
func TestSendAfterUpgrade(t *testing.T) {
	w := sentWire{version: "4.5.0"}
	messages := w.over(t)
	m := cfchat.MessageCreate{Content: "a", TemplateParams: map[string]any{"name": "n", "processed_params": map[string]any{"1": "{{contact.email}}"}}}
	if _, err := messages.Send(t.Context(), 42, m); err != nil {
		t.Fatal(err)
	}
	w.version = "4.6.0"
	if _, err := messages.Send(t.Context(), 42, m); err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprint(w.body); strings.Contains(s, "{{contact.email}}") {
		t.Errorf("requested the version %d times; 4.6.0 receives %s, and renders it", w.asked, s)
	}
}

// TestSendWithoutVersion checks the errors of a request for the version that fails: it is the context's error if the context
// has ended, and a server that fails briefly is asked again.
func TestSendWithoutVersion(t *testing.T) {
	m := cfchat.MessageCreate{Content: "a", TemplateParams: map[string]any{"name": "n", "processed_params": map[string]any{"1": "{"}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := sentWire{version: "4.16.2"}
	_, err := w.over(t).Send(ctx, 42, m)
	if !errors.Is(err, context.Canceled) || errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("canceled before: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	_, err = trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/api") {
			cancel()
			return nil, ctx.Err()
		}
		return trial.Reply(200, "application/json", trial.GoodMessage), nil
	})).Account(7).Messages.Send(ctx, 42, m)
	if !errors.Is(err, context.Canceled) || errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("canceled meanwhile: %v", err)
	}
	asked := 0
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/api") {
			if asked++; asked == 1 {
				return trial.Reply(503, "text/plain", ""), nil
			}
			return trial.Reply(200, "application/json", `{"version":"4.16.2"}`), nil
		}
		return trial.Reply(200, "application/json", trial.GoodMessage), nil
	}))
	_, err = chat.Account(7).Messages.Send(t.Context(), 42, m)
	if !errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrInvalidInput) || !strings.Contains(err.Error(), "503") {
		t.Errorf("during the 503: %v", err)
	}
	if _, err = chat.Account(7).Messages.Send(t.Context(), 42, m); err != nil {
		t.Errorf("the call after the 503: %v (version requested %d times)", err, asked)
	}
}
