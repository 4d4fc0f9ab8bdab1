package cfchat_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestRowsAreChecked takes one field at a time out of good answers, of those by which their kind is recognized, and checks
// that each is missed: an answer without it is of another kind, however much else it has in common with the requested one.
func TestRowsAreChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of     *operation.Operation
		fields []string
	}{
		{operation.FetchProfile, []string{"id", "accounts", "role"}},
		{operation.GetAccountAgents, []string{"id", "email"}},
		{operation.ListAllTeams, []string{"id", "account_id", "is_member"}},
		{operation.GetDetailsOfASingleTeam, []string{"id", "account_id", "is_member"}},
		{operation.ListAllInboxes, []string{"id", "channel_type", "payload"}},
		{operation.ListAllLabels, []string{"id", "title", "payload"}},
		{operation.GetAccountCustomAttribute, []string{"id", "attribute_key"}},
		{operation.ListAllAccountAgentBots, []string{"id", "bot_type"}},
		{operation.ListAllWebhooks, []string{"id", "url", "subscriptions"}},
		{operation.ContactList, []string{"id", "additional_attributes", "current_page", "payload"}},
		{operation.ContactInboxCreation, []string{"source_id", "id"}},
	} {
		call := trial.CallOf(c.of.ID)
		for _, field := range c.fields {
			without := strings.Replace(call.Good, `"`+field+`":`, `"other":`, 1)
			if without == call.Good {
				t.Fatalf("%s has no %s", call.ID, field)
			}
			_, err := call.Do(t.Context(), trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				return trial.Reply(http.StatusOK, "application/json", without), nil
			})))
			if !errors.Is(err, cfchat.ErrDecode) || !strings.Contains(err.Error(), call.ID) {
				t.Errorf("%s without %s: %v, want an ErrDecode", call.ID, field, err)
			}
		}
	}
}
