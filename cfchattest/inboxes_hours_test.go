package cfchattest_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestWorkingHours checks that an inbox has the given hours, and is closed on all other days.
func TestWorkingHours(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id := srv.AddInbox(cfchattest.Inbox{TimeZone: "Europe/Oslo", WorkingHours: []cfchat.WorkingHours{
			{DayOfWeek: 6, OpenAllDay: new(true)},
			{DayOfWeek: 1, OpenHour: new(int64(8)), OpenMinutes: new(int64(30)), CloseHour: new(int64(16))},
		}})
		for in, want := range map[int64][]string{
			1:  {"false UTC", "closed", "9:00-17:00", "9:00-17:00", "9:00-17:00", "9:00-17:00", "9:00-17:00", "closed"}, // the defaults of a new inbox
			id: {"true Europe/Oslo", "closed", "8:30-16:00", "closed", "closed", "closed", "closed", "open"},
		} {
			got, err := srv.Account(t).Inboxes.Get(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			shown := []string{fmt.Sprint(got.GetWorkingHoursEnabled(), " ", got.GetTimezone())}
			for _, day := range got.WorkingHours {
				shown = append(shown, hoursOf(day))
			}
			if !slices.Equal(shown, want) {
				t.Errorf("%s: inbox %d has %q, want %q", version, in, shown, want)
			}
		}
	}
}

// hoursOf returns the working hours of a day as text.
func hoursOf(h cfchat.WorkingHours) string {
	switch {
	case h.GetClosedAllDay():
		return "closed"
	case h.GetOpenAllDay():
		return "open"
	}
	return fmt.Sprintf("%d:%02d-%d:%02d", *h.OpenHour, *h.OpenMinutes, *h.CloseHour, *h.CloseMinutes)
}
