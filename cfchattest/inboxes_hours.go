package cfchattest

import (
	"fmt"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
)

// checkHours fails the test if an inbox cannot have such working hours.
func (s *Server) checkHours(in Inbox) {
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
		s.mistake("Inbox.TimeZone", "there is no time zone %q as Europe/Oslo is", in.TimeZone)
	}
	given := map[int64]bool{}
	for _, day := range in.WorkingHours {
		if problem := hoursProblem(day); problem != "" {
			s.mistake("Inbox.WorkingHours", "of day %d: %s", day.DayOfWeek, problem)
		}
		if given[day.DayOfWeek] {
			s.mistake("Inbox.WorkingHours", "day %d is there twice", day.DayOfWeek)
		}
		given[day.DayOfWeek] = true
	}
}

// hoursProblem says what is wrong with the working hours of a day, "" for nothing.
func hoursProblem(h cfchat.WorkingHours) string {
	opens, closes := 60*h.GetOpenHour()+h.GetOpenMinutes(), 60*h.GetCloseHour()+h.GetCloseMinutes()
	switch {
	case h.DayOfWeek < 0 || h.DayOfWeek > 6:
		return "the days are 0 for Sunday to 6 for Saturday"
	case h.GetClosedAllDay() && h.GetOpenAllDay():
		return "it is closed all day and open all day; set one of them"
	case h.GetClosedAllDay() || h.GetOpenAllDay():
		return ""
	case h.OpenHour == nil || h.CloseHour == nil:
		return "give OpenHour and CloseHour, or ClosedAllDay, or OpenAllDay"
	case max(h.GetOpenHour(), h.GetCloseHour()) > 23 || max(h.GetOpenMinutes(), h.GetCloseMinutes()) > 59 ||
		min(h.GetOpenHour(), h.GetCloseHour(), h.GetOpenMinutes(), h.GetCloseMinutes()) < 0:
		return "hours are 0 to 23, and minutes 0 to 59"
	case closes <= opens:
		return fmt.Sprintf("it closes at %d:%02d, and opens at %d:%02d", closes/60, closes%60, opens/60, opens%60)
	}
	return ""
}

// week returns working hours from Sunday on, nil for none. A day that was not given is closed.
func week(given []cfchat.WorkingHours) (days []cfchat.WorkingHours) {
	if len(given) == 0 {
		return nil
	}
	for day := range int64(7) {
		i := slices.IndexFunc(given, func(h cfchat.WorkingHours) bool { return h.DayOfWeek == day })
		if i < 0 {
			days = append(days, closedOn(day))
			continue
		}
		h := given[i]
		h.ClosedAllDay, h.OpenAllDay = new(h.GetClosedAllDay()), new(h.GetOpenAllDay())
		if h.OpenHour != nil && h.CloseHour != nil {
			h.OpenHour, h.OpenMinutes = new(h.GetOpenHour()), new(h.GetOpenMinutes())
			h.CloseHour, h.CloseMinutes = new(h.GetCloseHour()), new(h.GetCloseMinutes())
		}
		days = append(days, h)
	}
	return days
}

func closedOn(day int64) cfchat.WorkingHours {
	return cfchat.WorkingHours{DayOfWeek: day, ClosedAllDay: new(true), OpenAllDay: new(false)}
}

// shownHours returns the working hours of an inbox. Where they are switched off they are those of a new one: from nine to five, but on
// weekends.
func (in *inbox) shownHours() []cfchat.WorkingHours {
	if in.hours != nil {
		return in.hours
	}
	var days []cfchat.WorkingHours
	for day := int64(time.Monday); day <= int64(time.Friday); day++ {
		days = append(days, cfchat.WorkingHours{DayOfWeek: day, OpenHour: new(int64(9)), CloseHour: new(int64(17))})
	}
	return week(days)
}
