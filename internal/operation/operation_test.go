package operation_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// TestOperationsAreThoseOfTheSpec compares the table with openapi.yaml: id, method, path, and the schemes of security in
// their order of preference.
func TestOperationsAreThoseOfTheSpec(t *testing.T) {
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for path, item := range spec.Paths.Map() {
		for method, want := range item.Operations() {
			count++
			got := operation.Of(httptest.NewRequest(method, path, nil))
			if got.ID != want.OperationID {
				t.Errorf("%s %s is %q, in the spec %q", method, path, got.ID, want.OperationID)
			}
			var schemes []string
			for _, requirement := range *want.Security {
				for name := range requirement {
					schemes = append(schemes, name)
				}
			}
			if !slices.Equal(got.Schemes, schemes) {
				t.Errorf("%s takes %v, in the spec %v", got.ID, got.Schemes, schemes)
			}
			if byID := operation.ByID(got.ID); byID.Write != got.Write || !slices.Equal(byID.Schemes, got.Schemes) {
				t.Errorf("%s is %v by its id and %v by its request", got.ID, byID, got)
			}
		}
	}
	if count != 6 {
		t.Errorf("the spec has %d operations", count)
	}
}

func TestOf(t *testing.T) {
	for _, c := range []struct {
		method, path, id string
		write            bool
	}{
		{"GET", "/api/v1/accounts/1/conversations", "conversationList", false},
		{"GET", "/base/accounts/9/api/v1/accounts/1/conversations/", "conversationList", false},
		{"GET", "/api/v1/accounts/1/conversations/meta", "conversationListMeta", false},
		{"GET", "/api/v1/accounts/1/conversations/42", "getDetailsOfAConversation", false},
		{"POST", "/api/v1/accounts/1/conversations/filter", "conversationFilter", false},
		{"POST", "/api/v1/accounts/1/conversations", "newConversation", true},
		{"POST", "/accounts/1/conversations/api/v1/accounts/1/conversations", "newConversation", true},
		{"POST", "/api/v1/accounts/1/conversations/42/toggle_status", "toggleStatusOfAConversation", true},
		{"GET", "/api/v1/accounts/1/conversations/42/messages", "GET /api/v1/accounts/1/conversations/42/messages", false},
		{"POST", "/api/v1/accounts/1/contacts", "POST /api/v1/accounts/1/contacts", true},
		{"DELETE", "/api/v1/accounts/1/conversations/42", "DELETE /api/v1/accounts/1/conversations/42", true},
		{"GET", "/", "GET /", false},
	} {
		got := operation.Of(httptest.NewRequest(c.method, c.path, nil))
		if got.ID != c.id || got.Write != c.write {
			t.Errorf("%s %s: got %s, write %v", c.method, c.path, got.ID, got.Write)
		}
	}
}
