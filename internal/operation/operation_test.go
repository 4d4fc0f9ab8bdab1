package operation_test

import (
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// TestOperationsAreThoseOfTheSpec checks every row of the table against openapi.yaml.
func TestOperationsAreThoseOfTheSpec(t *testing.T) {
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[*operation.Operation]bool{}
	for path, item := range spec.Paths.Map() {
		for method, want := range item.Operations() {
			got := operation.Of(httptest.NewRequest(method, path, nil))
			seen[got] = true
			if got.ID != want.OperationID || got.Method != method || got.Path != path {
				t.Errorf("%s %s is %+v, but in the spec %q", method, path, got, want.OperationID)
			}
			if got.Write != (want.Extensions["x-effect"] == "write") || got.Final500 != (want.Extensions["x-final-500"] == true) ||
				got.Unsure422 != (want.Extensions["x-unsure-422"] == true) || got.Administrators != (want.Extensions["x-administrators"] == true) {
				t.Errorf("%s: Write %v, Final500 %v, Unsure422 %v, Administrators %v, but in the spec %v", got, got.Write, got.Final500, got.Unsure422, got.Administrators, want.Extensions)
			}
			since, _ := want.Extensions["x-since"].(map[string]any)
			if want.Summary == "" || !idForm.MatchString(want.OperationID) {
				t.Errorf("%q has the summary %q: it needs one, and an id such as newConversation", want.OperationID, want.Summary)
			}
			var keys []operation.Key
			if len(*want.Security) == 0 && strings.Contains(path, "{account_id}") {
				t.Errorf("%s accepts no key, although it belongs to an account", got)
			}
			for _, requirement := range *want.Security {
				if len(requirement) != 1 {
					t.Errorf("%s: an alternative of security is %v, but the client sends only one key", got, requirement)
				}
				for name := range maps.Keys(requirement) {
					if strings.HasSuffix(name, "Dashed") { // the other spelling of the header
						continue
					}
					version, _ := since[name].(string)
					keys = append(keys, operation.Key{Scheme: name, Since: version})
				}
			}
			for name := range since {
				if !slices.ContainsFunc(keys, func(k operation.Key) bool { return k.Scheme == name }) {
					t.Errorf("%s: x-since has %s, which security does not have", got, name)
				}
			}
			if !slices.Equal(got.Keys, keys) {
				t.Errorf("%s accepts %v, but in the spec %v", got, got.Keys, keys)
			}
			if operation.ByID(got.ID) != got || operation.ByDocumented(got.Documented()) != got {
				t.Errorf("%s cannot be found by its id or by %s", got, got.Documented())
			}
		}
	}
	if len(seen) != len(operation.All) {
		t.Errorf("the table has %d rows, but the spec %d operations", len(operation.All), len(seen))
	}
}

// idForm matches the ids from which a Go name and a documented name can be made.
var idForm = regexp.MustCompile(`^[a-z]+([A-Z][a-z]*)*$`)

// TestOf checks which operation a request belongs to.
func TestOf(t *testing.T) {
	for _, c := range []struct {
		method, path, id string
		write            bool
	}{
		{"GET", "/api/v1/accounts/1/conversations", "conversationList", false},
		{"GET", "/base/accounts/9/api/v1/accounts/1/conversations/", "conversationList", false},
		{"GET", "/api/v1/accounts/1/conversations/meta", "conversationListMeta", false},
		{"GET", "/api/v1/accounts/1/conversations/42", "getDetailsOfAConversation", false},
		{"GET", "/api/v1/accounts/1/conversations/a%2Fb", "getDetailsOfAConversation", false},
		{"GET", "/api/v1/accounts/1/conversations/filter", "getDetailsOfAConversation", false},
		{"POST", "/api/v1/accounts/1/conversations/filter", "conversationFilter", false},
		{"POST", "/api/v1/accounts/1/conversations", "newConversation", true},
		{"POST", "/accounts/1/conversations/api/v1/accounts/1/conversations", "newConversation", true},
		{"POST", "/api/v1/accounts/1/conversations/42/toggle_status", "toggleStatusOfAConversation", true},

		{"GET", "/api", "serverInformation", false},
		{"GET", "/base/api/", "serverInformation", false},
		{"GET", "/api/v1/profile", "fetchProfile", false},
		{"GET", "/base/api/v1/profile", "fetchProfile", false},

		{"GET", "/api/v1/accounts/1/integrations/api", "GET /api/v1/accounts/1/integrations/api", false},
		{"GET", "/api/v1/accounts/1/profile", "GET /api/v1/accounts/1/profile", false},
		{"GET", "/api/v1/accounts/1/api/v1/profile", "GET /api/v1/accounts/1/api/v1/profile", false},
		{"PUT", "/api/v1/profile", "PUT /api/v1/profile", true},
		{"GET", "/api/v1/accounts/1/conversations/42/toggle_status", "GET /api/v1/accounts/1/conversations/42/toggle_status", false},
		{"HEAD", "/api/v1/accounts/1/conversations", "HEAD /api/v1/accounts/1/conversations", false},
		{"POST", "/api/v1/accounts/1/inboxes", "POST /api/v1/accounts/1/inboxes", true},
		{"DELETE", "/api/v1/accounts/1/conversations/42/labels", "DELETE /api/v1/accounts/1/conversations/42/labels", true},
		{"GET", "/api/v1/accounts//conversations", "GET /api/v1/accounts//conversations", false},
		{"GET", "/accounts/1/conversations", "GET /accounts/1/conversations", false},
		{"GET", "/x/conversations", "GET /x/conversations", false},
		{"GET", "/", "GET /", false},
	} {
		req := httptest.NewRequest(c.method, c.path, nil)
		got := operation.Of(req)
		if got.ID != c.id || got.Write != c.write || got.Known() != (operation.ByID(c.id) != nil) {
			t.Errorf("%s %s: got %s, write %v, known %v", c.method, c.path, got, got.Write, got.Known())
		}
		if !got.Known() && (len(got.Keys) != 2 || got.Keys[0].Scheme != operation.UserAPIKey || got.Keys[1].Scheme != operation.AgentBotAPIKey) {
			t.Errorf("%s accepts %v, want either key", got, got.Keys)
		}
	}
	req := httptest.NewRequest("GET", "/", nil)
	req.URL = nil
	if got := operation.Of(req); got.ID != "GET" || got.Known() {
		t.Errorf("without an address: got %s", got)
	}
	req = httptest.NewRequest("GET", "/api/v1/accounts/1/conversations", nil)
	req.Method = "" // net/http sends it as GET
	if got := operation.Of(req); got != operation.ConversationList {
		t.Errorf("without a method: got %s", got)
	}
}

// TestOfAllocatesNothing checks that Of does not allocate, because every call uses it.
func TestOfAllocatesNothing(t *testing.T) {
	req := httptest.NewRequest("POST", "/base/api/v1/accounts/1/conversations/42/toggle_status", nil)
	if n := testing.AllocsPerRun(100, func() { operation.Of(req) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

// TestValues checks the parameters of a path, and that the iteration can stop early.
func TestValues(t *testing.T) {
	steps := operation.Steps("/base/api/v1/accounts/7/conversations/a%2Fb/")
	got := maps.Collect(operation.Find("GET", steps).Values(steps))
	if want := map[string]string{"account_id": "7", "conversation_id": "a/b"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name := range operation.GetDetailsOfAConversation.Values(steps) {
		if name != "account_id" {
			t.Errorf("got %s first, want account_id", name)
		}
		break
	}
}

// TestWorksOn checks on which versions a key works.
func TestWorksOn(t *testing.T) {
	for _, c := range []struct {
		since, version string
		want           bool
	}{
		{"2.16.0", "2.16.0", true},
		{"2.16.0", "4.7.0", true},
		{"4.14.2", "4.7.0", false},
		{"4.14.2", "4.14.1", false},
		{"4.14.2", "4.16.0", true},
		{operation.Never, "9.0.0", false},
	} {
		if got := (operation.Key{Since: c.since}).WorksOn(c.version); got != c.want {
			t.Errorf("since %q, on %s: got %v", c.since, c.version, got)
		}
	}
}

// TestSchemes checks the kinds of key that a call may use.
func TestSchemes(t *testing.T) {
	ctx := t.Context()
	if got := operation.NewConversation.Schemes(ctx); !slices.Equal(got, []string{"agentBotApiKey", "userApiKey"}) {
		t.Errorf("got %v", got)
	}
	if got := operation.NewConversation.Schemes(operation.WithScheme(ctx, "userApiKey")); !slices.Equal(got, []string{"userApiKey"}) {
		t.Errorf("with a scheme: got %v", got)
	}
	if got := operation.Other("GET", "x").Schemes(ctx); !slices.Equal(got, []string{"userApiKey", "agentBotApiKey"}) {
		t.Errorf("another request: got %v", got)
	}
}

// TestIs checks whether a request belongs to an operation.
func TestIs(t *testing.T) {
	list := httptest.NewRequest("GET", "/api/v1/accounts/1/conversations", nil)
	meta := httptest.NewRequest("GET", "/api/v1/accounts/1/conversations/meta", nil)
	if !operation.ConversationList.Is(list) || operation.ConversationList.Is(meta) || operation.GetDetailsOfAConversation.Is(meta) {
		t.Error("a request belongs to the wrong operation")
	}
	other := operation.Other("GET", "x")
	if !other.Is(list) || other.Is(httptest.NewRequest("POST", "/", nil)) {
		t.Error("for an operation outside the table, the method must decide")
	}
}
