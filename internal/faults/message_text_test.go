package faults_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// messaged is what a call of messages says, over a server of a version, "" for one that does not tell it, that answers with a
// body.
func messaged(version, body string, ask func(context.Context, cfchat.MessagesService) error) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/base/api" {
				return trial.Reply(404, "text/plain", ""), nil
			}
			return trial.Reply(200, "application/json", body), nil
		}), func(c *cfchat.Config) { c.ServerVersion = version })
		return ask(t.Context(), chat.Account(56).Messages)
	}
}

func sentTo(version string, message cfchat.MessageCreate) func(*testing.T) error {
	return messaged(version, trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.Send(ctx, 42, message))
	})
}

func sent(message cfchat.MessageCreate) func(*testing.T) error { return sentTo("4.16.2", message) }

var messageTexts = []errorText{
	{"messages before one that is none", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.List(ctx, 42, cfchat.MessageListOptions{Before: -1}))
	})},
	{"a message without anything", sent(cfchat.MessageCreate{})},
	{"a message of no kind", sent(cfchat.MessageCreate{Content: "hi", MessageType: "1"})},
	{"a message with a NUL", sent(cfchat.MessageCreate{Content: "a\x00b"})},
	{"a message that answers none", sent(cfchat.MessageCreate{Content: "hi", InReplyTo: -1})},
	{"a message that answers twice", sent(cfchat.MessageCreate{Content: "hi", InReplyTo: 1, ContentAttributes: map[string]any{"in_reply_to": 2}})},
	{"a message of a rule, with more", sent(cfchat.MessageCreate{Content: "hi", InReplyTo: 1, ContentAttributes: map[string]any{"automation_rule_id": 2}})},
	{"a template of the contact's", sent(cfchat.MessageCreate{Content: "hi", MessageType: cfchat.MessageKindIncoming, Template: true})},
	{"items of nothing", sent(cfchat.MessageCreate{Items: []cfchat.MessageItem{{Title: "a"}}})},
	{"an address with a blank", sent(cfchat.MessageCreate{Content: "hi", CCEmails: "jo doe@example.com"})},
	{"a template without a name", sent(cfchat.MessageCreate{TemplateParams: map[string]any{"language": "en"}})},
	{"a template for a server out of reach", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(503, "text/plain", ""), nil
		}))
		return trial.Second(chat.Account(56).Messages.Send(t.Context(), 42, cfchat.MessageCreate{Content: "{{x}}", MessageType: cfchat.MessageKindTemplate}))
	}},
	{"a first message of nothing", func(t *testing.T) error {
		return trial.Second(trial.Chat(t, trial.Broken{}).Account(56).Conversations.Create(t.Context(), cfchat.ConversationCreate{
			SourceID: "s", Message: cfchat.FirstMessage{Private: true},
		}))
	}},
	{"a choice of nothing", sent(cfchat.MessageCreate{Content: "pick", ContentType: cfchat.MessageContentTypeInputSelect})},
	{"a card without a button", sent(cfchat.MessageCreate{
		ContentType: cfchat.MessageContentTypeCards, Items: []cfchat.MessageItem{{Title: "a"}},
	})},
	{"a message as a person", sent(cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeUser})},
	{"a contact's message as a bot", sent(cfchat.MessageCreate{
		Content: "hi", MessageType: cfchat.MessageKindIncoming, SenderType: cfchat.SenderTypeAgentBot,
	})},
	{"a message as another bot with a bot's key", sent(cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeAgentBot, SenderID: 9})},
	{"a message as a bot that is none", messaged("", trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		asUser := auth.WithScheme(ctx, auth.UserAPIKey)
		return trial.Second(s.Send(asUser, 42, cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeAgentBot, SenderID: 9}))
	})},
	{"a source id for an older server", sentTo("3.3.1", cfchat.MessageCreate{Content: "hi", SourceID: "a"})},
	{"attributes for an older server", sentTo("4.8.0", cfchat.MessageCreate{Content: "hi", ContentAttributes: map[string]any{"order": 1}})},
	{"a template for an older server", sentTo("2.16.0", cfchat.MessageCreate{Content: "hi", MessageType: cfchat.MessageKindTemplate, Template: true})},
	{"a template in parameters for an older server", sentTo("4.5.0", cfchat.MessageCreate{
		TemplateParams: map[string]any{"name": "t", "processed_params": map[string]any{"1": "{{contact.name}}"}}, Template: true,
	})},
	{"a template for who knows what server", sentTo("", cfchat.MessageCreate{Content: "{{x}}", MessageType: cfchat.MessageKindTemplate})},
	{"a status of a message that is none", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.SetStatus(ctx, 42, 1234, "seen"))
	})},
	{"a failure without a reason", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.SetFailed(ctx, 42, 1234, ""))
	})},
	{"a status that stays", messaged("", trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.SetStatus(ctx, 42, 1234, cfchat.MessageStatusDelivered))
	})},
	{"a message that stays", messaged("", strings.Replace(trial.GoodMessage, "true", "false", 1), func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.Delete(ctx, 42, 1234))
	})},
	{"another message", messaged("", trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.Resend(ctx, 42, 1235))
	})},
	{"no message", messaged("", `{"id":1234}`, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.Resend(ctx, 42, 1234))
	})},
	{"messages of two conversations", messaged("",
		`{"payload":[`+trial.GoodMessage+`,`+strings.Replace(trial.GoodMessage, "42", "43", 1)+`]}`,
		func(ctx context.Context, s cfchat.MessagesService) error {
			return trial.Second(s.List(ctx, 42, cfchat.MessageListOptions{}))
		})},
	{"an attachment of no message", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", `{"payload":[{}]}`), nil
		}))
		return trial.Second(chat.Account(56).Conversations.Attachments(t.Context(), 42, 1))
	}},
}
