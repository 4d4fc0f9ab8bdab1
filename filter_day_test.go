package cfchat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestSince creates a conversation every hour for three days and asks for those since midnight in time zones on both sides of
// UTC. The walks must yield exactly these; a page may also have earlier ones, of the same UTC day.
func TestSince(t *testing.T) {
	begun := time.Date(2026, 8, 25, 0, 0, 30, 0, time.UTC)
	now := begun
	srv := cfchattest.New(t, cfchattest.Clock(func() time.Time { return now }))
	created := map[int64]time.Time{}
	for range 72 {
		created[srv.AddConversation(cfchattest.Conversation{})] = now
		now = now.Add(time.Hour)
	}
	acct := srv.Account(t)
	for _, hours := range []int{-12, -5, 0, 5, 14} {
		midnight := time.Date(2026, 8, 27, 0, 0, 0, 0, time.FixedZone("", hours*3600))
		for _, attribute := range []cfchat.Attribute{cfchat.AttributeCreatedAt, cfchat.AttributeLastActivityAt} {
			filter := cfchat.Where(cfchat.Equal("status", "all")).And(cfchat.Since(attribute, midnight))
			var want, all, scanned []int64
			for id, at := range created {
				if !at.Before(midnight) {
					want = append(want, id)
				}
			}
			for c, err := range acct.Conversations.FilterAll(t.Context(), filter) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c.ID)
			}
			for c, err := range acct.Conversations.Scan(t.Context(), filter, cfchat.ConversationScanOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				scanned = append(scanned, c.ID)
			}
			slices.Sort(want)
			slices.Sort(all)
			if len(want) == 0 || !slices.Equal(all, want) || !slices.Equal(scanned, want) {
				t.Errorf("%s since %s: FilterAll %v, Scan %v, want %v", attribute, midnight, all, scanned, want)
			}
			page, err := acct.Conversations.Filter(t.Context(), filter, 1)
			if err != nil || page.Meta.AllCount < int64(len(want)) {
				t.Errorf("%s since %s: a page counts %d, want at least %d (%v)", attribute, midnight, page.Meta.AllCount, len(want), err)
			}
		}
	}
}

// TestSinceToTheSecond checks that conversations created in the second of Since are kept, because answers have whole seconds.
func TestSinceToTheSecond(t *testing.T) {
	const second = 1_800_000_000
	body := func(at int) string {
		return fmt.Sprintf(`{"id":%d,"status":"open","created_at":%[1]d,"timestamp":1}`, at)
	}
	pages := []string{body(second-1) + "," + body(second) + "," + body(second+1), ""}
	acct := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		page := pages[0]
		pages = pages[1:]
		return trial.Reply(http.StatusOK, "application/json", `{"meta":`+trial.GoodCounts+`,"payload":[`+page+`]}`), nil
	})).Account(1)
	var got []int64
	for c, err := range acct.Conversations.FilterAll(t.Context(), cfchat.Where(cfchat.Since("created_at", time.Unix(second, 900)))) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.ID)
	}
	if !slices.Equal(got, []int64{second, second + 1}) {
		t.Errorf("got %v", got)
	}
}

// TestSinceStandsAlone checks that Since cannot be combined with Or or stored as JSON.
func TestSinceStandsAlone(t *testing.T) {
	since := cfchat.Since("created_at", time.Unix(1e9, 0))
	for _, filter := range []cfchat.Filter{
		cfchat.Where(since).Or(cfchat.Equal("status", "open")), cfchat.Where(cfchat.Equal("status", "open")).Or(since),
	} {
		if wrong := filter.CheckConversations(); len(wrong) != 1 || !strings.Contains(wrong[0].Reason, "Since cannot be in a filter with Or") {
			t.Errorf("%s: %v", filter, wrong)
		}
	}
	if wrong := cfchat.Where(since).And(cfchat.Equal("status", "open")).CheckConversations(); wrong != nil {
		t.Error(wrong)
	}
	if said := cfchat.Where(since).And(cfchat.Equal("status", "open")).String(); !strings.HasPrefix(said, "created_at since 2001-09-09T") {
		t.Error(said)
	}
	if data, err := json.Marshal(cfchat.Where(since)); err == nil || !strings.Contains(err.Error(), "rule 1: Since has no JSON") {
		t.Errorf("encoded as %s: %v", data, err)
	}
}

// TestUnknownWordsPass checks that values that only a newer server knows are sent unchanged.
func TestUnknownWordsPass(t *testing.T) {
	var asked string
	acct := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		asked = req.URL.RawQuery
		return nil, trial.ErrRefused
	})).Account(1)
	for want, options := range map[string]cfchat.ConversationListOptions{
		"sort_by=unread_first":     {SortBy: "unread_first"},
		"status=archived":          {Status: "archived"},
		"assignee_type=mine":       {AssigneeType: "mine"},
		"conversation_type=silent": {ConversationType: "silent"},
	} {
		_, err := acct.Conversations.List(t.Context(), options)
		if asked != want || errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("sent %s, want %s: %v", asked, want, err)
		}
	}
}
