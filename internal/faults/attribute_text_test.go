package faults_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// attributesMerged returns the error of merging custom attributes, from a server that sends the answers in turn; "" means no
// answer, and "500" that status.
func attributesMerged(attributes map[string]any, answers ...string) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			answer := answers[0]
			switch answers = answers[1:]; answer {
			case "":
				return nil, errors.New("connection reset")
			case "500":
				return trial.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`), nil
			}
			answer = `{"id":42,"status":"open","custom_attributes":` + answer + `}`
			if req.Method == http.MethodPost {
				answer = strings.Replace(answer, `"id":42,"status":"open",`, "", 1)
			}
			return trial.Reply(200, "application/json", answer), nil
		}))
		return trial.Second(chat.Account(56).Conversations.MergeCustomAttributes(t.Context(), 42, attributes))
	}
}

var (
	seats = map[string]any{"seats": 3}

	attributeTexts = []errorText{
		{"an invalid priority", asked(func(ctx context.Context, s cfchat.ConversationsService) error { return s.SetPriority(ctx, 42, "none") })},
		{"custom attributes set to an empty map", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
			return trial.Second(s.SetCustomAttributes(ctx, 42, nil))
		})},
		{"no custom attributes to merge", attributesMerged(nil)},
		{"no custom attributes to remove", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
			return trial.Second(s.RemoveCustomAttributes(ctx, 42, nil))
		})},
		{"a blank custom attribute to remove from a contact", func(t *testing.T) error {
			return trial.Second(trial.Chat(t, trial.Broken{}).Account(56).Contacts.RemoveCustomAttributes(t.Context(), 77, []string{""}))
		}},
		{"a custom attribute that is too long", attributesMerged(map[string]any{"plan": strings.Repeat("x", 1501)})},
		{"a custom attribute that is too large", attributesMerged(map[string]any{"seats": 10_000_000_000})},
		{"a custom attribute with null in a list", attributesMerged(map[string]any{"plan": []any{nil}})},
		{"an existing custom attribute with null in a list", attributesMerged(seats, `{"plan":[null]}`)},
		{"custom attributes that the server ignored", attributesMerged(seats, `{}`, `{"seats":4}`)},
		{"custom attributes that another program overwrote", attributesMerged(seats, `{}`, `{"seats":3}`, `{"seats":4}`)},
		{"custom attributes of unknown outcome", attributesMerged(seats, `{}`, "", `{}`)},
		{"custom attributes of unknown outcome that cannot be read", attributesMerged(seats, `{}`, "", "")},
		{"custom attributes that cannot be read again", attributesMerged(seats, `{}`, `{"seats":3}`, "")},
		{"custom attributes without an answer", attributesMerged(seats, `{}`, `null`, `{}`)},
		{"custom attributes that a bot cannot read", func(t *testing.T) error {
			chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				return trial.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`), nil
			}))
			asBot := auth.WithScheme(t.Context(), auth.AgentBotAPIKey)
			return trial.Second(chat.Account(56).Conversations.MergeCustomAttributes(asBot, 42, seats))
		}},
	}
)
