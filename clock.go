package cfchat

import (
	"net/http"
	"sync/atomic"
	"time"
)

// serverClock is what the Date of an answer reveals about the server's clock. Its zero value is the local clock.
type serverClock struct{ seen atomic.Pointer[seenDate] }

type seenDate struct {
	date  string // as received
	local time.Time
}

// refreshDate is how long a Date suffices to know the day.
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

// known reports whether an answer has revealed the server's clock.
func (c *serverClock) known() bool { return c.seen.Load() != nil }

// now returns the time by the server's clock, or the local time while that is unknown.
func (c *serverClock) now() time.Time {
	if last := c.seen.Load(); last != nil {
		if date, err := http.ParseTime(last.date); err == nil {
			return date.Add(time.Since(last.local))
		}
	}
	return time.Now()
}
