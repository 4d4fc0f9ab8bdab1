package recordings_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// unseen are the operations, by their operationId, that no server was seen to succeed in yet: what is known of them is what
// the documentation or the server's code says. It is the one place that names them, so that an operation can be developed
// before its recording exists.
var unseen = []string{"getAccountAgents", "getDetailsOfASingleTeam", "getInbox", "getInboxMembers", "listAllAccountAgentBots",
	"updateAWebhook", "deleteAWebhook"}

// TestUnseen prints the operations without a recorded success in testdata, and fails where unseen does not say the same.
func TestUnseen(t *testing.T) {
	recorded := map[string]bool{}
	for _, e := range inTestdata(t) {
		recorded[e.ID] = recorded[e.ID] || e.Response.Status/100 == 2
	}
	var ids, missing []string
	for _, op := range operation.All {
		ids = append(ids, op.ID)
		if !recorded[op.ID] {
			missing = append(missing, op.ID)
		}
	}
	t.Logf("without a recorded success are %d of %d operations: %q", len(missing), len(ids), missing)
	for _, wrong := range disagreements(ids, missing, unseen) {
		t.Error(wrong)
	}
}

// inTestdata returns what is in the repository, without what may be at hand beside it: what everybody has.
func inTestdata(t *testing.T) []recordings.Exchange {
	t.Helper()
	folders, err := filepath.Glob("../../testdata/recordings*/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("there are no recordings: %v", err)
	}
	var all []recordings.Exchange
	for _, folder := range folders {
		all = append(all, recordings.In(t, folder)...)
	}
	return all
}

// disagreements says what is wrong with a list of the operations that are missing.
func disagreements(ids, missing, listed []string) []string {
	var wrong []string
	for _, id := range missing {
		if !slices.Contains(listed, id) {
			wrong = append(wrong, id+" has no recorded success: record one, as CONTRIBUTING.md says, "+
				"or list it in unseen until there is one")
		}
	}
	for i, id := range listed {
		switch {
		case !slices.Contains(ids, id):
			wrong = append(wrong, id+" is listed in unseen, and is no operation")
		case !slices.Contains(missing, id):
			wrong = append(wrong, id+" has a recorded success: take it out of unseen")
		case slices.Contains(listed[:i], id):
			wrong = append(wrong, id+" is listed in unseen twice")
		}
	}
	return wrong
}

func TestDisagreements(t *testing.T) {
	ids := []string{"a", "b", "c"}
	for _, c := range []struct {
		missing, listed []string
		want            string
	}{
		{nil, nil, "[]"},
		{[]string{"b"}, []string{"b"}, "[]"},
		{[]string{"b"}, nil, "b has no recorded success: record one"},
		{[]string{"b"}, []string{"b", "a"}, "a has a recorded success: take it out"},
		{[]string{"b"}, []string{"b", "x"}, "x is listed in unseen, and is no operation"},
		{[]string{"b"}, []string{"b", "b"}, "b is listed in unseen twice"},
	} {
		if got := disagreements(ids, c.missing, c.listed); len(got) > 1 || !strings.Contains(fmt.Sprint(got), c.want) {
			t.Errorf("missing %v, listed %v: %q, want %q", c.missing, c.listed, got, c.want)
		}
	}
}
