package check

import (
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go/internal/recordings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// recorded starts a stand-in with a recorded account.
func recorded(t *testing.T, version string) *cfchattest.Server {
	t.Helper()
	folder := "recordings"
	if version == "4.16.2" {
		folder = "recordings-newer"
	}
	srv := cfchattest.New(t, cfchattest.Version(version))
	if err := srv.LoadSnapshot(recordings.Snapshot(t, "../../../../testdata/"+folder+"/"+version+"/_snapshot.json.gz")); err != nil {
		t.Fatal(err)
	}
	return srv
}

// TestRecordedAccounts checks that recorded accounts show no drift, even if some of their conversations cannot be rendered.
func TestRecordedAccounts(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		srv := recorded(t, version)
		r, err := checkedJSON(t, srv.URL(), srv.AdminKey())
		if err != nil || r.Result != resultOK || r.Version.words() != version || len(r.Version.Signs) == 0 || len(r.NewValues) > 0 {
			t.Errorf("%s: %v, %+v", version, err, r)
		}
		gone := srv.Conversations()
		slices.SortFunc(gone, func(a, b cfchat.Conversation) int { return b.Timestamp.Compare(a.Timestamp.Time) })
		srv.DeleteContact(gone[0].Meta.Sender.ID)
		r, err = checkedJSON(t, srv.URL(), srv.AdminKey())
		if err != nil || r.Result != resultOK || !slices.Contains(r.Unrenderable, gone[0].ID) {
			t.Errorf("%s without a contact: %v, %+v", version, err, r)
		}
	}
}
