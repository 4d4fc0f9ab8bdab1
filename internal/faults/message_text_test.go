package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// messaged returns the error of a call about messages, from a server of the given version that answers with body; version ""
// means that the server does not report it.
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

// unreadable returns the error of FindSent if message 3 of a conversation cannot be read.
func unreadable(t *testing.T) error {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		var rows []string
		for id := int64(1); id <= 3; id++ {
			query := req.URL.Query()
			from, _ := strconv.ParseInt(query.Get("after"), 10, 64)
			to, _ := strconv.ParseInt(query.Get("before"), 10, 64)
			switch {
			case id < from || id >= to:
			case id == 3:
				return trial.Reply(500, "application/json", `{"error":"no"}`), nil
			default:
				rows = append(rows, fmt.Sprintf(`{"id":%d,"conversation_id":42,"message_type":0,"content_type":"text"}`, id))
			}
		}
		return trial.Reply(200, "application/json", `{"payload":[`+strings.Join(rows, ",")+`]}`), nil
	}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
	return trial.Second(chat.Account(56).Messages.FindSent(t.Context(), 42, cfchat.MessageCreate{Content: "hi"}, cfchat.SentSince{}))
}

func sentTo(version string, message cfchat.MessageCreate) func(*testing.T) error {
	return messaged(version, trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.Send(ctx, 42, message))
	})
}

func sent(message cfchat.MessageCreate) func(*testing.T) error { return sentTo("4.16.2", message) }

var marked = cfchat.MessageCreate{Content: "hi", Mark: "m"}

const noMessages = `{"payload":[]}`

func sendMarked(ctx context.Context, s cfchat.MessagesService) error {
	return trial.Second(s.Send(ctx, 42, marked))
}

func findSent(since cfchat.SentSince) func(context.Context, cfchat.MessagesService) error {
	return func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.FindSent(ctx, 42, marked, since))
	}
}

func sendOnce(message cfchat.MessageCreate, opts ...cfchat.CallOption) func(context.Context, cfchat.MessagesService) error {
	return func(ctx context.Context, s cfchat.MessagesService) error {
		_, _, err := s.SendOnce(ctx, 42, message, opts...)
		return err
	}
}

// onceOver returns the error of SendOnce, from a server that answers its requests with these statuses in turn; at a 0 the
// context ends.
func onceOver(statuses ...int) func(*testing.T) error {
	return func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		n := -1
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			if n++; statuses[n] == 0 {
				cancel()
				return nil, ctx.Err()
			}
			if statuses[n] != 200 {
				return trial.Reply(statuses[n], "application/json", `{"error":"no"}`), nil
			}
			return trial.Reply(200, "application/json", noMessages), nil
		}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		defer cancel()
		return sendOnce(marked)(ctx, chat.Account(56).Messages)
	}
}

var messageTexts = []errorText{
	{"messages before an invalid id", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.List(ctx, 42, cfchat.MessageListOptions{Before: -1}))
	})},
	{"messages between two ids with none between them", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.List(ctx, 42, cfchat.MessageListOptions{Before: 3, After: 7}))
	})},
	{"an empty message", sent(cfchat.MessageCreate{})},
	{"a message of an invalid type", sent(cfchat.MessageCreate{Content: "hi", MessageType: "1"})},
	{"a message with a NUL", sent(cfchat.MessageCreate{Content: "a\x00b"})},
	{"a message in reply to an invalid id", sent(cfchat.MessageCreate{Content: "hi", InReplyTo: -1})},
	{"a message with two InReplyTo", sent(cfchat.MessageCreate{Content: "hi", InReplyTo: 1, ContentAttributes: map[string]any{"in_reply_to": 2}})},
	{"a message with automation_rule_id and more", sent(cfchat.MessageCreate{Content: "hi", InReplyTo: 1, ContentAttributes: map[string]any{"automation_rule_id": 2}})},
	{"a template from the contact", sent(cfchat.MessageCreate{Content: "hi", MessageType: cfchat.MessageKindIncoming, Template: true})},
	{"empty items", sent(cfchat.MessageCreate{Items: []cfchat.MessageItem{{Title: "a"}}})},
	{"empty items, as attributes", sent(cfchat.MessageCreate{ContentAttributes: map[string]any{"items": []any{1}}})},
	{"an address with a blank", sent(cfchat.MessageCreate{Content: "hi", CCEmails: "jo doe@example.com"})},
	{"a template without a name", sent(cfchat.MessageCreate{TemplateParams: map[string]any{"language": "en"}})},
	{"a template for an unreachable server", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(503, "text/plain", ""), nil
		}))
		return trial.Second(chat.Account(56).Messages.Send(t.Context(), 42, cfchat.MessageCreate{Content: "{{x}}", MessageType: cfchat.MessageKindTemplate}))
	}},
	{"an empty first message", func(t *testing.T) error {
		return trial.Second(trial.Chat(t, trial.Broken{}).Account(56).Conversations.Create(t.Context(), cfchat.ConversationCreate{
			SourceID: "s", Message: cfchat.FirstMessage{Private: true},
		}))
	}},
	{"a choice without options", sent(cfchat.MessageCreate{Content: "pick", ContentType: cfchat.MessageContentTypeInputSelect})},
	{"a card without a button", sent(cfchat.MessageCreate{
		ContentType: cfchat.MessageContentTypeCards, Items: []cfchat.MessageItem{{Title: "a"}},
	})},
	{"a message as a person", sent(cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeUser})},
	{"a contact's message as a bot", sent(cfchat.MessageCreate{
		Content: "hi", MessageType: cfchat.MessageKindIncoming, SenderType: cfchat.SenderTypeAgentBot,
	})},
	{"a message as another bot with a bot's key", sent(cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeAgentBot, SenderID: 9})},
	{"a message as a bot with an invalid id", messaged("", trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		asUser := auth.WithScheme(ctx, auth.UserAPIKey)
		return trial.Second(s.Send(asUser, 42, cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeAgentBot, SenderID: 9}))
	})},
	{"a source id for an older server", sentTo("3.3.1", cfchat.MessageCreate{Content: "hi", SourceID: "a"})},
	{"attributes for an older server", sentTo("4.8.0", cfchat.MessageCreate{Content: "hi", ContentAttributes: map[string]any{"order": 1}})},
	{"a template for an older server", sentTo("2.16.0", cfchat.MessageCreate{Content: "hi", MessageType: cfchat.MessageKindTemplate, Template: true})},
	{"Liquid in template parameters for an older server", sentTo("4.5.0", cfchat.MessageCreate{
		TemplateParams: map[string]any{"name": "t", "processed_params": map[string]any{"1": "{{contact.name}}"}}, Template: true,
	})},
	{"a template for a server of unknown version", sentTo("", cfchat.MessageCreate{Content: "{{x}}", MessageType: cfchat.MessageKindTemplate})},
	{"a message with two marks", sent(cfchat.MessageCreate{
		Content: "hi", Mark: "m", ContentAttributes: map[string]any{cfchat.MarkAttribute: "n"},
	})},
	{"a message with a mark in two places", sent(cfchat.MessageCreate{Content: "hi", Mark: "m", SourceID: "s"})},
	{"a message with a long mark", sent(cfchat.MessageCreate{Content: "hi", Mark: strings.Repeat("m", 256)})},
	{"a mark without a user's key", func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Keys.User = auth.Key{} })
		return trial.Second(chat.Account(56).Messages.Send(t.Context(), 42, marked))
	}},
	{"a mark for an older server", sentTo("3.3.1", marked)},
	{"a mark for a server of unknown version", sentTo("", marked)},
	{"a mark in an e-mail inbox", messaged("4.8.0", `{"id":42,"status":"open","meta":{"channel":"Channel::Email"}}`, sendMarked)},
	{"a mark in an inbox without a channel", messaged("4.8.0", `{"id":42,"status":"open","meta":{"channel":null}}`, sendMarked)},
	{"a mark that is not kept", sent(marked)},
	{"a missing message, sent at an unknown time", messaged("4.16.2", noMessages, findSent(cfchat.SentSince{}))},
	{"a missing message, sent just now", messaged("4.16.2", noMessages, func(ctx context.Context, s cfchat.MessagesService) error {
		return findSent(cfchat.SentSince{Time: time.Now()})(ctx, s)
	})},
	{"a missing message", messaged("4.16.2", noMessages, findSent(cfchat.SentSince{Time: time.Unix(1, 0)}))},
	{"a message found in another conversation", messaged("4.16.2", `{"payload":[`+trial.GoodMessage+`]}`, findSent(cfchat.SentSince{MessageID: 1234}))},
	{"SendOnce without a mark", messaged("4.16.2", noMessages, sendOnce(cfchat.MessageCreate{Content: "hi"}))},
	{"a try without a time", messaged("4.16.2", noMessages, sendOnce(marked, cfchat.TriedSince(cfchat.SentSince{}, time.Now())))},
	{"a try that began after the program started", messaged("4.16.2", noMessages, func(ctx context.Context, s cfchat.MessagesService) error {
		now := time.Now()
		return sendOnce(marked, cfchat.TriedSince(cfchat.SentSince{Time: now}, now.Add(-time.Second)))(ctx, s)
	})},
	{"a try made by another method", messaged("4.16.2", noMessages, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.Send(ctx, 42, marked, cfchat.TriedSince(cfchat.SentSince{}, time.Time{})))
	})},
	{"a message that may be the sought one", messaged("4.16.2", `{"payload":[`+strings.Replace(trial.GoodMessage, `"status"`, `"source_id":"m","status"`, 1)+`]}`, sendOnce(marked))},
	{"a message that was tried just now", messaged("4.16.2", noMessages, func(ctx context.Context, s cfchat.MessagesService) error {
		return sendOnce(marked, cfchat.TriedSince(cfchat.SentSince{Time: time.Now()}, time.Now()))(ctx, s)
	})},
	{"an unreadable message that may be the sought one", unreadable},
	{"a message that could not be looked for", onceOver(403)},
	{"a message that did not arrive", onceOver(200, 500, 200)},
	{"a message that could not be looked for again", onceOver(200, 500, 403)},
	{"a message that is not looked for again", onceOver(200, 0)},
	{"an invalid message status", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.SetStatus(ctx, 42, 1234, "seen"))
	})},
	{"a failure without a reason", messaged("", "", func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.SetFailed(ctx, 42, 1234, ""))
	})},
	{"a status that is not changed", messaged("", trial.GoodMessage, func(ctx context.Context, s cfchat.MessagesService) error {
		return trial.Second(s.SetStatus(ctx, 42, 1234, cfchat.MessageStatusDelivered))
	})},
	{"a message that is not deleted", messaged("", strings.Replace(trial.GoodMessage, "true", "false", 1), func(ctx context.Context, s cfchat.MessagesService) error {
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
	{"an attachment without a message", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", `{"payload":[{}]}`), nil
		}))
		return trial.Second(chat.Account(56).Conversations.Attachments(t.Context(), 42, 1))
	}},
}
