package chain

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// waitAfter returns how long to wait after a failed try; false if that is longer than the allowed maximum or the caller's
// deadline.
func waitAfter(ctx context.Context, f *Failure, try int, most time.Duration) (time.Duration, bool) {
	wait := f.wait
	switch {
	case f.paced && f.Status == http.StatusTooManyRequests && !f.Asked:
		return 0, f.RetryAfter <= most
	case wait == 0:
		wait = min(time.Duration(try)*500*time.Millisecond, most)
		wait += rand.N(wait/2 + 1)
	}
	deadline, limited := ctx.Deadline()
	return wait, f.RetryAfter <= most && (!limited || wait < time.Until(deadline))
}

// sleep waits and says so before, or returns why the context ended.
func (c *Call) sleep(ctx context.Context, wait time.Duration) error {
	if c.Waiting != nil && wait > 0 {
		c.Waiting(time.Now().Add(wait))
	}
	return Sleep(ctx, wait)
}

// Sleep waits, or returns why the context ended.
func Sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// LateTurn is how long after the full minute of the local clock the server's minute may start, if no Date reveals its clock.
const LateTurn = 5 * time.Second

// tellWait sets how long to wait, as reported and with jitter, and whether the server asks for that. A 429 without
// Retry-After means the next full minute: the server counts the requests of every minute of its clock, so a shorter wait is
// in vain and a longer one too long. The server's clock is its Date, or else the local one, which may be ahead: if a try
// that has waited for a minute is too early, the server's minute may be about to start, and waiting for the next would lose
// one minute after another. Nothing is set if there is no reason to wait.
func (f *Failure) tellWait(header http.Header, now time.Time, hasWaited bool) {
	date, err := http.ParseTime(header.Get("Date"))
	dated := err == nil
	if dated {
		now = date
	}
	value := strings.TrimSpace(header.Get("Retry-After"))
	var told time.Duration
	if date, err := http.ParseTime(value); err == nil {
		told = date.Sub(now)
	} else if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		told = time.Duration(min(max(seconds, 0), 1e9)) * time.Second // 31 years, and no overflow
	}
	switch {
	case told > 0:
		f.RetryAfter, f.wait, f.Asked = told, told, true
	case f.Status == http.StatusTooManyRequests:
		minute := now.Truncate(time.Minute)
		turn := minute.Add(time.Minute)
		if hasWaited && !dated && now.Sub(minute) < LateTurn {
			turn = minute.Add(LateTurn)
		}
		f.RetryAfter = turn.Sub(now)
		f.wait = f.RetryAfter + time.Second/4 + rand.N(time.Second*3/4)
	}
}
