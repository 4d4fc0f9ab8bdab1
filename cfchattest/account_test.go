package cfchattest_test

import (
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// sales is an account with five conversations that differ in what lists and filters look at.
func sales(t testing.TB, opts ...cfchattest.Option) *cfchattest.Server {
	t.Helper()
	srv := cfchattest.New(t, opts...)
	private := srv.AddInbox(cfchattest.Inbox{Name: "Private"})
	team := srv.AddTeam(cfchattest.Team{Name: "Sales", Members: []int64{2}})
	for key, display := range map[string]string{"tier": "text", "seats": "number", "paid": "checkbox", "since": "date", "price": "currency"} {
		srv.AddCustomAttribute(cfchattest.CustomAttribute{Key: key, Display: display})
	}
	day := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, c := range []cfchattest.Conversation{
		{Labels: []string{"a", "b"}, Assignee: 1, Custom: map[string]any{"tier": "Gold", "seats": 5, "since": "2026-01-02"}},
		{Labels: []string{"b"}, Assignee: 2, Team: team, Additional: map[string]any{"mail_subject": "Hello World"}},
		{Status: cfchat.StatusResolved, Priority: cfchat.PriorityUrgent, Custom: map[string]any{"tier": "silver", "paid": true}},
		{Status: cfchat.StatusPending, Inbox: private, Labels: []string{"a,b"}},
		{Status: cfchat.StatusSnoozed, SnoozedUntil: day, Additional: map[string]any{"browser_language": "en"}},
	} {
		c.CreatedAt = day.AddDate(0, 0, i)
		srv.AddConversation(c)
	}
	return srv
}
