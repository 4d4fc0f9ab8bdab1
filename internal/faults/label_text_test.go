package faults_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// labelsAdded returns the error of adding labels, from a server that answers with these labels in turn; "" means no answer.
func labelsAdded(labels []string, answers ...string) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			answer := answers[0]
			if answers = answers[1:]; answer == "" {
				return nil, errors.New("connection reset")
			}
			return trial.Reply(200, "application/json", `{"payload":`+answer+`}`), nil
		}))
		return trial.Second(chat.Account(56).Conversations.AddLabels(t.Context(), 42, labels))
	}
}

var (
	vip = []string{"vip"}

	labelTexts = []errorText{
		{"no labels", labelsAdded(nil)},
		{"invalid labels", labelsAdded([]string{"a,b"})},
		{"a label with a comma that exists", labelsAdded(vip, `["a, b"]`)},
		{"labels that the server ignored", labelsAdded(vip, `[]`, `["a"]`)},
		{"eleven labels that the server ignored", labelsAdded(strings.Split("abcdefghijk", ""), `[]`, `[]`)},
		{"labels that another program overwrote", labelsAdded(vip, `[]`, `["vip"]`, `["a"]`)},
		{"labels of unknown outcome", labelsAdded(vip, `[]`, "", `["a"]`)},
		{"labels of unknown outcome that cannot be read", labelsAdded(vip, `[]`, "", "")},
		{"labels that cannot be read again", labelsAdded(vip, `[]`, `["vip"]`, "")},
		{"labels set to an empty list", func(t *testing.T) error {
			return trial.Second(trial.Chat(t, trial.Broken{}).Account(56).Contacts.SetLabels(t.Context(), 77, []string{}))
		}},
		{"labels without a payload", labelsCleared},
	}
)

func labelsCleared(t *testing.T) error {
	return trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `{}`), nil
	})).Account(56).Contacts.ClearLabels(t.Context(), 77)
}
