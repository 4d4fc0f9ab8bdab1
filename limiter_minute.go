package cfchat

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
)

const (
	// clockDoubt is how far the counting clock may be from the one that writes Date: a proxy may write it.
	clockDoubt = 100 * time.Millisecond
	// clockDrift is how much a clock may gain or lose: a second in 5,000 seconds.
	clockDrift = 5000
	// onItsWay is how long after its call a request without an answer may still arrive at the server.
	onItsWay = 2 * time.Minute
)

// perMinute is one limit. A minute is its number since 1970.
type perMinute struct {
	most     int
	queue    chan struct{} // holds the next waiter
	answered chan struct{} // wakes the next waiter

	mu       sync.Mutex
	used     map[int64]int // requests by the minute in which they were counted, or may have been
	underWay []underWay    // in the order in which they were sent

	// At that time the server's clock was ahead of the local one by low to high.
	low, high time.Duration
	at        time.Time // zero before the first Date, while the local clock stands in
}

func newPerMinute(n int) *perMinute {
	return &perMinute{
		most: n, queue: make(chan struct{}, 1), answered: make(chan struct{}, 1),
		used: map[int64]int{}, low: -clockDoubt, high: clockDoubt,
	}
}

// underWay is a request without an answer so far.
type underWay struct {
	call   *chain.Call
	minute int64 // the earliest in which it is counted, as of when it was sent
	sent   time.Time
	ended  time.Time // when it was given up; zero before that
}

// Wait returns when a request may be sent.
func (p *perMinute) Wait(ctx context.Context) error {
	if err := cmp.Or(ctx.Err(), p.tooLong(ctx)); err != nil { // even if others are first
		return err
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		wait := p.take(chain.CallOf(ctx))
		if wait == 0 {
			return nil
		}
		if err := p.tooLong(ctx); err != nil {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.answered:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// tooLong returns an error if this minute is full and the context ends before the next.
func (p *perMinute) tooLong(ctx context.Context) error {
	deadline, limited := ctx.Deadline()
	if !limited {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait, full := p.next(time.Now()); full && wait > time.Until(deadline) {
		return fmt.Errorf("the limit is %d a minute, and the next minute begins after the deadline: %w", p.most, context.DeadlineExceeded)
	}
	return nil
}

// take lets a request be sent, or returns the time to the next minute.
func (p *perMinute) take(call *chain.Call) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait, _ := p.next(now)
	if wait == 0 {
		p.underWay = append(p.underWay, underWay{call: call, minute: p.earliest(now), sent: now})
	}
	return wait
}

// next returns 0 if there is room for a request in each minute in which it may be counted. Otherwise it returns the time to
// the next minute, and whether nothing else helps.
func (p *perMinute) next(now time.Time) (wait time.Duration, full bool) {
	p.age(now)
	for minute := p.earliest(now); minute <= p.latest(now); minute++ {
		if p.used[minute]+p.mayCount(minute, now) >= p.most {
			turn := time.Unix((p.earliest(now)+1)*60, 0).Add(-p.low)
			return max(turn.Sub(now), time.Nanosecond), p.used[minute] >= p.most
		}
	}
	return 0, false
}

// Sent learns how often a request was sent, once its try is over and may have been answered.
func (p *perMinute) Sent(ctx context.Context, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.find(chain.CallOf(ctx))
	if i < 0 {
		return
	}
	if times == 0 {
		p.underWay = slices.Delete(p.underWay, i, i+1)
		p.wake()
		return
	}
	p.underWay[i].ended = time.Now()
	for range times - 1 { // which had no answer
		p.underWay = slices.Insert(p.underWay, i, underWay{minute: p.underWay[i].minute, sent: p.underWay[i].sent, ended: p.underWay[i].ended})
		i++
	}
}

// Observe learns from an answer what the server's clock is, and in which minute the request was counted.
func (p *perMinute) Observe(answer *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.age(now)
	date, err := http.ParseTime(answer.Header.Get("Date"))
	sent, knownMinute := now, int64(math.MinInt64)
	if i := p.find(callOf(answer)); i >= 0 {
		sent, knownMinute = p.underWay[i].sent, p.underWay[i].minute
		p.underWay = slices.Delete(p.underWay, i, i+1)
		if err == nil {
			p.learn(date, sent, now)
		}
	}
	tooMany := answer.StatusCode == http.StatusTooManyRequests
	late := tooMany && p.at.IsZero() && sent.Sub(sent.Truncate(time.Minute)) < chain.LateTurn
	if late { // the local clock seems to be ahead: from now on every minute is expected to turn late
		p.low, knownMinute = -chain.LateTurn, math.MinInt64
	}
	first, last := p.earliest(sent), p.latest(now)
	switch {
	case late:
		last = first
	case err == nil:
		last = min(last, minuteOf(date.Add(clockDoubt+time.Second)))
	}
	for minute := first; minute <= last; minute++ {
		p.used[minute]++
	}
	if tooMany {
		// Not a minute that was over when the request was sent, as far as was known then, or when the server wrote the Date.
		full := max(first, knownMinute)
		if err == nil {
			full = max(full, minuteOf(date.Add(-clockDoubt)))
		}
		p.used[full] = max(p.used[full], p.most)
	}
	p.wake()
}

// callOf returns the call that an answer belongs to, nil if unknown.
func callOf(answer *http.Response) *chain.Call {
	if answer.Request == nil {
		return nil
	}
	return chain.CallOf(answer.Request.Context())
}

// wake makes the next waiter look again.
func (p *perMinute) wake() {
	select {
	case p.answered <- struct{}{}:
	default:
	}
}

// find returns the index of the last request of a call that is under way, -1 if there is none.
func (p *perMinute) find(call *chain.Call) int {
	for i, u := range slices.Backward(p.underWay) {
		if u.call == call {
			return i
		}
	}
	return -1
}

// learn narrows down how far the server's clock is ahead, using a Date, which is cut to the second and was written between
// two local times. A Date that contradicts what was known replaces it; if that was the local clock, requests counted by it
// may really have been counted in the Date's minute.
func (p *perMinute) learn(date, sent, now time.Time) {
	low, high := date.Sub(now)-clockDoubt, date.Add(time.Second).Sub(sent)+clockDoubt
	closerLow, closerHigh := max(low, p.low), min(high, p.high)
	if closerLow <= closerHigh {
		p.low, p.high, p.at = closerLow, closerHigh, now
		return
	}
	byLocal := p.at.IsZero()
	p.low, p.high, p.at = low, high, now
	if byLocal {
		before := 0
		for _, n := range p.used {
			before += n
		}
		p.used = map[int64]int{}
		for minute := p.earliest(now); minute <= p.latest(now); minute++ {
			p.used[minute] = before
		}
	}
}

// earliest returns the minute in which the server counts a request sent at a local time, if its clock is as slow as it may
// be.
func (p *perMinute) earliest(local time.Time) int64 { return minuteOf(local.Add(p.low)) }

// latest returns the same, if its clock is as fast as it may be.
func (p *perMinute) latest(local time.Time) int64 { return minuteOf(local.Add(p.high)) }

// mayCount returns how many requests without an answer may be counted in a minute: from that in which they were sent to the
// one after they were given up.
func (p *perMinute) mayCount(minute int64, now time.Time) (n int) {
	for _, u := range p.underWay {
		end := u.ended
		if end.IsZero() {
			end = now
		}
		if p.earliest(u.sent) <= minute && minute <= p.latest(end)+1 {
			n++
		}
	}
	return n
}

// age drops what is no longer needed, and trusts the known offset of the server's clock a little less. A request that
// belongs to no call counts as on its way for as long as one that was given up.
func (p *perMinute) age(now time.Time) {
	p.underWay = slices.DeleteFunc(p.underWay, func(u underWay) bool {
		return !u.ended.IsZero() && now.Sub(u.ended) > onItsWay || u.call == nil && now.Sub(u.sent) > onItsWay
	})
	if !p.at.IsZero() {
		drift := now.Sub(p.at) / clockDrift
		p.low, p.high, p.at = p.low-drift, p.high+drift, now
	}
	maps.DeleteFunc(p.used, func(minute int64, _ int) bool { return minute < p.earliest(now)-1 })
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }

// sentNow moves a request that had to wait for another limit to the minute in which it is sent. Until then it may have counted
// in that one too.
func (p *perMinute) sentNow(call *chain.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.find(call); i >= 0 {
		now := time.Now()
		p.underWay[i].sent, p.underWay[i].minute = now, p.earliest(now)
	}
}

// isFull reports whether a request would have to wait.
func (p *perMinute) isFull() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait, _ := p.next(time.Now())
	return wait > 0
}

// isIdle reports whether nothing is counted any more and nobody waits.
func (p *perMinute) isIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age(time.Now())
	return len(p.used) == 0 && len(p.underWay) == 0 && len(p.queue) == 0
}
