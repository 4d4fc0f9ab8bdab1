package cfchat_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// TestRecord records the conformance test and reads the recordings: they must have every request that the server received,
// in order, with roles in place of keys, in the format of the recordings in testdata, and fit for the tests that read those.
func TestRecord(t *testing.T) {
	t.Parallel()
	dir, server := t.TempDir(), cfchattest.New(t, cfchattest.Version("2.16.0"))
	if !t.Run("run", func(t *testing.T) { conform(t, standInTarget(t, server), dir) }) {
		return
	}
	folder := filepath.Join(dir, "2.16.0")
	exchanges := recordings.In(t, folder)
	isWhole(t, exchanges, server.Requests())
	hasRoles(t, exchanges)
	decodes(t, exchanges)
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != len(exchanges) {
		t.Errorf("%d files, %v, and %d exchanges", len(files), err, len(exchanges))
	}
	for _, e := range exchanges {
		for _, key := range []string{server.AdminKey(), server.BotKey(), server.AgentKey(), wrongKey} {
			if text := string(fileOf(t, e.File)); len(key) < 8 || strings.Contains(text, key) {
				t.Errorf("%s has the key %q: %s", e.Name, key, text)
			}
		}
	}
	for ours, theirs := range map[string]string{
		"paging-new-conversation":            "create-bot",
		"a-conversation-conversation-filter": "filter-created-lt",
	} {
		got := shape(read(t, fileOf(t, filepath.Join(folder, ours+".json"))))
		if want := shape(read(t, fileOf(t, "testdata/recordings/2.16.0/"+theirs+".json"))); got != want {
			t.Errorf("%s has the fields\n%s\nbut %s has\n%s", ours, got, theirs, want)
		}
	}
}

func fileOf(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// shape lists the fields of a JSON value with the kinds of their values.
func shape(value any) string {
	object, ok := value.(map[string]any)
	if !ok {
		return fmt.Sprintf("%T", value)
	}
	var fields []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		fields = append(fields, name+" "+shape(object[name]))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// isWhole compares the exchanges with the requests that the server reports, except for the request for its version, which is
// sent before there can be a recorder.
func isWhole(t *testing.T, exchanges []recordings.Exchange, served []cfchattest.Request) {
	t.Helper()
	sum := map[string]int{}
	for _, r := range served[1:] {
		if r.Operation == "" { // a file; openapi.yaml has no operation for it
			continue
		}
		sum[fmt.Sprint(r.Operation, " ", r.Method, " ", r.Path, " ", r.Body, " ", r.Status)]++
	}
	succeeded, last := map[*operation.Operation]bool{}, 0
	for _, e := range exchanges {
		path, _, _ := strings.Cut(e.Request.Path, "?")
		body := ""
		if e.Request.Body != nil {
			body = *e.Request.Body
		}
		sum[fmt.Sprint(e.ID, " ", e.Request.Method, " ", path, " ", body, " ", e.Response.Status)]--
		succeeded[e.Operation] = succeeded[e.Operation] || e.Response.Status == http.StatusOK
		if e.Sequence != last+1 {
			t.Errorf("%s has the number %d, after %d", e.Name, e.Sequence, last)
		}
		last = e.Sequence
	}
	for request, difference := range sum {
		if difference != 0 {
			t.Errorf("%d recordings are missing of %s", difference, request)
		}
	}
	for _, op := range operation.All {
		if !succeeded[op] && op.Since() == "2.16.0" {
			t.Errorf("no successful %s is recorded", op)
		}
	}
}

// hasRoles checks as whom requests are recorded, and that their headers agree.
func hasRoles(t *testing.T, exchanges []recordings.Exchange) {
	t.Helper()
	found := map[string]int{}
	for _, e := range exchanges {
		found[fmt.Sprint(e.Called, " ", e.As, " ", e.Response.Status)]++
		value, sent := e.Request.Headers["api_access_token"]
		if sent == e.IsPublic() || sent && value != "<"+e.As+">" || (e.As == "none") == sent {
			t.Errorf("%s is recorded as %s, with %q", e.Name, e.As, e.Request.Headers)
		}
	}
	for _, want := range []string{
		"server_information none 200", "conversation_list administrator 200", "conversation_list wrong 401",
		"toggle_status_of_a_conversation bot 200", "get_details_of_a_conversation bot 401",
		"get_details_of_a_conversation administrator 404", "new_conversation bot 200",
	} {
		if found[want] == 0 {
			t.Errorf("%s is missing from %v", want, found)
		}
	}
}

// decodes has the client decode each response again, once per operation and status.
func decodes(t *testing.T, exchanges []recordings.Exchange) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range exchanges {
		what := fmt.Sprint(e.Called, " ", e.Response.Status)
		if seen[what] {
			continue
		}
		seen[what] = true
		row := e.Operation == operation.ContactMerge && !atLeast(e.Version, "3.2.0")
		if e.Response.Status == http.StatusOK && e.Response.Body != "" && !row {
			t.Run(what, func(t *testing.T) { roundTrip(t, e.Operation, e.Response.Body) })
		}
	}
}
