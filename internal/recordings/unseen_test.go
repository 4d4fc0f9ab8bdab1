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

// unseen lists the operations, by operationId, that have no recorded success yet: they are known only from the documentation
// or the server's code. This is the only place that names them, so that an operation can be developed before its recording
// exists.
var unseen = []string{"getAccountAgents", "getDetailsOfASingleTeam", "getInbox", "getInboxMembers", "listAllAccountAgentBots",
	"updateAWebhook", "deleteAWebhook"}

// TestUnseen prints the operations without a recorded success in testdata, and checks that unseen lists the same ones.
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
	t.Logf("%d of %d operations have no recorded success: %q", len(missing), len(ids), missing)
	for _, wrong := range disagreements(ids, missing, unseen) {
		t.Error(wrong)
	}
}

// inTestdata returns the recordings in the repository, which everybody has, without others that may be next to the checkout.
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

// disagreements returns the mistakes in a list of the operations without a recording.
func disagreements(ids, missing, listed []string) []string {
	var wrong []string
	for _, id := range missing {
		if !slices.Contains(listed, id) {
			wrong = append(wrong, id+" has no recorded success: record one, as CONTRIBUTING.md describes, "+
				"or list it in unseen until there is one")
		}
	}
	for i, id := range listed {
		switch {
		case !slices.Contains(ids, id):
			wrong = append(wrong, id+" is listed in unseen, but is not an operation")
		case !slices.Contains(missing, id):
			wrong = append(wrong, id+" has a recorded success: remove it from unseen")
		case slices.Contains(listed[:i], id):
			wrong = append(wrong, id+" is listed in unseen twice")
		}
	}
	return wrong
}

// TestDisagreements checks that disagreements finds each kind of mistake.
func TestDisagreements(t *testing.T) {
	ids := []string{"a", "b", "c"}
	for _, c := range []struct {
		missing, listed []string
		want            string
	}{
		{nil, nil, "[]"},
		{[]string{"b"}, []string{"b"}, "[]"},
		{[]string{"b"}, nil, "b has no recorded success: record one"},
		{[]string{"b"}, []string{"b", "a"}, "a has a recorded success: remove it"},
		{[]string{"b"}, []string{"b", "x"}, "x is listed in unseen, but is not an operation"},
		{[]string{"b"}, []string{"b", "b"}, "b is listed in unseen twice"},
	} {
		if got := disagreements(ids, c.missing, c.listed); len(got) > 1 || !strings.Contains(fmt.Sprint(got), c.want) {
			t.Errorf("missing %v, listed %v: got %q, want %q", c.missing, c.listed, got, c.want)
		}
	}
}
