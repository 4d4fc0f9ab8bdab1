package cfchat

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"
)

// dated returns the filter as it goes out at a time: DaysBefore as LessThan with the day that it means. It compares alike in
// every version, and from 4.11.2 on days_before itself is a 500.
func (f Filter) dated(now time.Time) Filter {
	rules := f.rules
	for i, r := range rules {
		days, ok := wholeNumber(first(r.rule.Values))
		if !ok || r.raw || r.rule.FilterOperator != FilterOperatorDaysBefore {
			continue
		}
		if len(rules) > 0 && &rules[0] == &f.rules[0] {
			rules = slices.Clone(rules)
		}
		rules[i].rule.FilterOperator = FilterOperatorIsLessThan
		rules[i].rule.Values = []any{now.UTC().AddDate(0, 0, -int(days)).Format(time.DateOnly)}
	}
	return Filter{rules, f.joins}
}

// serverClock is what the Date of an answer tells about the server's clock. Its zero value is the local clock.
type serverClock struct{ seen atomic.Pointer[seenDate] }

type seenDate struct {
	date  string // as it came
	local time.Time
}

// refreshDate is how long a Date is good enough to know the day by.
const refreshDate = time.Minute

// see keeps the Date of an answer, now and then.
func (c *serverClock) see(header http.Header) {
	if last := c.seen.Load(); last != nil && time.Since(last.local) < refreshDate {
		return
	}
	if date := header.Get("Date"); date != "" {
		c.seen.Store(&seenDate{date, time.Now()})
	}
}

// now returns the time by the server's clock, or the local time while that is not known.
func (c *serverClock) now() time.Time {
	if last := c.seen.Load(); last != nil {
		if date, err := http.ParseTime(last.date); err == nil {
			return date.Add(time.Since(last.local))
		}
	}
	return time.Now()
}
