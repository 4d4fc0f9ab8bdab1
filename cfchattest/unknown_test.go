package cfchattest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestUnknown calls every operation of openapi.yaml that is about a conversation or a contact with the id of one that does
// not exist, and the example of its body: the answer is 404, whatever the id looks like. For a conversation in an inbox that
// the agent is not a member of it is 401 (contract, 1.0 and W2).
func TestUnknown(t *testing.T) {
	t.Parallel()
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range specVersions {
		srv := talkative(t, cfchattest.Version(version))
		calls := 0
		for path, item := range spec.Paths.Map() {
			about := slices.IndexFunc([]string{"{conversation_id}", "{contact_id}"}, func(name string) bool { return strings.Contains(path, name) })
			if about < 0 {
				continue
			}
			for method, described := range item.Operations() {
				if !atLeast(version, opSince(described.OperationID)) {
					continue
				}
				for id, want := range map[string]int{"99": 404, "x": 404, "99999999999": 404, "-1": 404, "4": 401} {
					key := srv.AdminKey()
					if want == 401 {
						if key = srv.AgentKey(); about > 0 { // a contact is everybody's
							continue
						}
					}
					path := strings.NewReplacer("{account_id}", "1", "{conversation_id}", id, "{contact_id}", id, "{message_id}", "1").Replace(path)
					status, body := call(t, srv, key, method, path, exampleOf(t, described))
					if calls++; status != want || want == http.StatusNotFound && body != `{"error":"Resource could not be found"}` {
						t.Errorf("%s: %s %s: %d %s, want %d", version, method, path, status, body, want)
					}
				}
			}
		}
		if calls < 60 {
			t.Errorf("%s: made only %d calls", version, calls)
		}
	}
}
