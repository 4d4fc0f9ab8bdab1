package cfchattest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// exampleOf returns the example that openapi.yaml has for the body of an operation's request.
func exampleOf(t *testing.T, described *openapi3.Operation) string {
	t.Helper()
	if described.RequestBody == nil {
		return ""
	}
	example := described.RequestBody.Value.Content["application/json"].Example
	body, err := json.Marshal(example)
	if err != nil || example == nil {
		t.Errorf("%s: the request has no example in openapi.yaml: %v", described.OperationID, err)
	}
	return string(body)
}

// specVersions are the versions that openapi.yaml is compared with: the recorded ones, and one between them.
var specVersions = []string{"2.16.0", "3.16.0", "4.7.0", "4.16.2"}

// TestOperationsOfTheSpec sends the example of every operation of openapi.yaml, in each version, and checks that this
// operation serves it, and that the answer matches the spec.
func TestOperationsOfTheSpec(t *testing.T) {
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range specVersions {
		srv := talkative(t, cfchattest.Version(version))
		validator := &api.Validator{Base: srv.Transport()}
		for path, item := range spec.Paths.Map() {
			id := "1"
			if strings.HasSuffix(path, "/{contact_id}") { // its operations include DELETE
				id = strconv.FormatInt(srv.AddContact(cfchattest.Contact{Email: version + "@other.test"}), 10)
			}
			path = strings.NewReplacer("{account_id}", "1", "{conversation_id}", "2", "{message_id}", firstMessage(t, srv, 2), "{contact_id}", id, "{team_id}", "1", "{inbox_id}", "1", "{webhook_id}", "1").Replace(path)
			described := item.Operations()
			for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
				described, there := described[method]
				if !there {
					continue
				}
				id := described.OperationID
				if since := opSince(id); !atLeast(version, since) {
					continue
				}
				sendTo(t, validator, srv.AdminKey(), method, path, exampleOf(t, described))
				if got := srv.Requests()[len(srv.Requests())-1]; got.Operation != id || got.Status != http.StatusOK {
					t.Errorf("%s: %s %s is served by %q with %d, want %q with 200", version, method, path, got.Operation, got.Status, id)
				}
			}
		}
		for _, finding := range validator.Findings() {
			t.Errorf("%s: %v", version, finding)
		}
	}
}

// opSince returns the first version with an operation.
func opSince(id string) string { return operation.ByID(id).Since() }

// atLeast reports whether a version is since or later.
func atLeast(version, since string) bool {
	return (&cfchat.ServerInfo{Version: version}).AtLeast(since)
}

// firstMessage returns the id of a conversation's first message.
func firstMessage(t *testing.T, srv *cfchattest.Server, conversation int64) string {
	t.Helper()
	page, err := srv.Account(t).Messages.List(t.Context(), conversation, cfchat.MessageListOptions{})
	if err != nil || len(page.Payload) == 0 {
		t.Fatalf("%+v, %v", page, err)
	}
	return strconv.FormatInt(page.Payload[0].ID, 10)
}

// TestRefusalsFitTheSpec checks that each kind of refusal matches the spec.
func TestRefusalsFitTheSpec(t *testing.T) {
	for _, version := range specVersions {
		srv := talkative(t, cfchattest.Version(version))
		validator := &api.Validator{Base: srv.Transport()}
		long := `{"inbox_id":1,"contact_id":1,"additional_attributes":{"k":"` + strings.Repeat("x", 1501) + `"}}`
		var got []int
		for _, c := range []struct{ key, method, path, body string }{
			{"", "GET", "", ""},
			{srv.BotKey(), "GET", "", ""},
			{srv.AdminKey(), "GET", "/99", ""},
			{srv.AdminKey(), "POST", "", long},
			{srv.AdminKey(), "POST", "/filter", rules(`status equal_to ["open"] AND`)},
		} {
			got = append(got, sendTo(t, validator, c.key, c.method, conversations+c.path, c.body))
		}
		if want := []int{401, 401, 404, 422, 500}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", version, got, want)
		}
		for _, finding := range validator.Findings() {
			t.Errorf("%s: %v", version, finding)
		}
	}
}

// talkative returns the server of sales with messages of every kind.
func talkative(t *testing.T, opts ...cfchattest.Option) *cfchattest.Server {
	srv := sales(t, opts...)
	srv.AddContact(cfchattest.Contact{SourceID: "known"})
	for _, kind := range []cfchat.MessageType{cfchat.MessageTypeOutgoing, cfchat.MessageTypeActivity, cfchat.MessageTypeTemplate, cfchat.MessageTypeIncoming} {
		srv.AddMessage(2, cfchattest.Message{Type: kind})
	}
	if _, err := srv.Account(t).Webhooks.Create(t.Context(), cfchat.WebhookCreate{URL: "https://example.com/first"}); err != nil {
		t.Fatal(err)
	}
	return srv
}

// sendTo sends a request over a transport, reads the answer to its end, and returns the status.
func sendTo(t *testing.T, over http.RoundTripper, key, method, path, body string) int {
	t.Helper()
	resp, err := over.RoundTrip(request(t, key, method, path, body))
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, resp)
	return resp.StatusCode
}
