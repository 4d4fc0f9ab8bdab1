package cfchat

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// Limiter holds requests back: [Config].Limiter. Wait is asked before each try, returns when it may be made, and must return
// when the context ends; its failure is ErrNotSent. The limiters of golang.org/x/time/rate are such.
//
// One that also has the method
//
//	Observe(*http.Response)
//
// is given the answer to each try that got one, of a failed try too: its status and header, and no body. The context of the
// answer's Request is that of Wait. Both methods are called from many goroutines at once.
type Limiter interface {
	Wait(ctx context.Context) error
}

// PerMinute returns a limiter that lets n requests through in each minute of the server's clock, in the order in which they
// ask. That is how the servers count: 300 from one address before 3.1.0, and 3,000 since, unless they are set up otherwise.
//
// The clock is known from the Date of the answers; without one the local clock is taken for it. A request that may be counted
// in one minute or in the next, because it is under way when the minute ends, counts in both until its answer tells. So a
// program that has a limit to itself gets no 429. Where others share it, a 429 ends the minute for all who wait, so that no
// more requests are refused than were under way; to repeat one is then left to the limiter too.
//
// It is for the calls of one Chat, or of several to the same server, and is safe for concurrent use. A wait lasts as long as
// the context does, but fails at once when the deadline is before the next minute.
func PerMinute(n int) Limiter { //nolint:ireturn // its methods are for the chain alone
	return &perMinute{
		most: n, queue: make(chan struct{}, 1), answered: make(chan struct{}, 1),
		used: map[int64]int{}, low: -clockDoubt, high: clockDoubt,
	}
}

const (
	// clockDoubt is how far the clock that counts may be from the one that writes Date: a proxy may write it.
	clockDoubt = 100 * time.Millisecond
	// clockDrift is how much a clock may gain or lose: 0.2 s in 1,000 s.
	clockDrift = 5000
	// unanswered is how long after it was sent a request is believed to be on its way to the server.
	unanswered = 2 * time.Minute
)

// limiter refuses one that cannot let anything through.
func (r *refusal) limiter(field string, limiter Limiter) {
	if v := reflect.ValueOf(limiter); v.Kind() == reflect.Pointer && v.IsNil() {
		r.add(field, "it is a nil %T; leave it out for no limit", limiter)
		return
	}
	if p, ok := limiter.(*perMinute); ok && p.most < 1 {
		r.add(field, "PerMinute(%d) lets nothing through; give at least 1", p.most)
	}
}

// perMinute is the limiter of PerMinute. A minute is its number since 1970.
type perMinute struct {
	most     int
	queue    chan struct{} // holds the one that is next
	answered chan struct{} // wakes the one that is next

	mu       sync.Mutex
	used     map[int64]int // requests by the minute in which they were counted, or may have been
	underWay []underWay    // in the order in which they were sent

	// The server's clock is ahead of the local one by something from low to high, as it was at a time.
	low, high time.Duration
	at        time.Time // zero before the first Date
}

// underWay is a request without an answer so far.
type underWay struct {
	call *chain.Call
	sent time.Time
}

// Wait returns when a request may be sent.
func (p *perMinute) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		wait, full := p.take(chain.CallOf(ctx))
		if wait == 0 {
			return nil
		}
		if deadline, ok := ctx.Deadline(); ok && full && wait > time.Until(deadline) {
			return fmt.Errorf("the limit is %d a minute, and the next minute begins after the deadline: %w", p.most, context.DeadlineExceeded)
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

// PacesTries tells the chain that a 429 is waited out here.
func (p *perMinute) PacesTries() {}

// take lets a request be sent, or returns how long it is to the next minute, and whether nothing but that helps.
func (p *perMinute) take(call *chain.Call) (wait time.Duration, full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.forget(now)
	for minute := p.earliest(now); minute <= p.latest(now); minute++ {
		if p.used[minute]+p.mayCount(minute) >= p.most {
			next := time.Unix((p.earliest(now)+1)*60, 0).Add(-p.low)
			return max(next.Sub(now), time.Nanosecond), p.used[minute] >= p.most
		}
	}
	p.underWay = append(p.underWay, underWay{call, now})
	return 0, false
}

// Observe learns from an answer what the server's clock is, and in which minute the request was counted.
func (p *perMinute) Observe(answer *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	sent := p.arrived(answer.Request, now)
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err == nil {
		p.learn(date, sent, now)
	}
	first, last := p.earliest(sent), p.latest(now)
	if err == nil {
		last = min(last, minuteOf(date.Add(clockDoubt+time.Second)))
	}
	for minute := first; minute <= last; minute++ {
		p.used[minute]++
	}
	if answer.StatusCode == http.StatusTooManyRequests {
		p.used[first] = max(p.used[first], p.most)
	}
	select {
	case p.answered <- struct{}{}:
	default:
	}
}

// arrived returns when the request of an answer was sent, which is under way no more.
func (p *perMinute) arrived(req *http.Request, now time.Time) time.Time {
	var call *chain.Call
	if req != nil {
		call = chain.CallOf(req.Context())
	}
	for i, u := range slices.Backward(p.underWay) {
		if u.call == call {
			p.underWay = slices.Delete(p.underWay, i, i+1)
			return u.sent
		}
	}
	return now
}

// learn narrows down how far the server's clock is ahead, by a Date, which is cut to the second, and was written between two
// local times. What contradicts all that was known replaces it.
func (p *perMinute) learn(date, sent, now time.Time) {
	low, high := date.Sub(now)-clockDoubt, date.Add(time.Second).Sub(sent)+clockDoubt
	if !p.at.IsZero() {
		drift := now.Sub(p.at) / clockDrift
		closerLow, closerHigh := max(low, p.low-drift), min(high, p.high+drift)
		if closerLow <= closerHigh {
			low, high = closerLow, closerHigh
		}
	}
	p.low, p.high, p.at = low, high, now
}

// earliest returns the minute in which the server counts what is sent at a local time, if its clock is as slow as it may be.
func (p *perMinute) earliest(local time.Time) int64 { return minuteOf(local.Add(p.low)) }

// latest returns the same, if its clock is as fast as it may be.
func (p *perMinute) latest(local time.Time) int64 { return minuteOf(local.Add(p.high)) }

// mayCount returns how many requests without an answer may be counted in a minute: that in which they were sent, or the next.
func (p *perMinute) mayCount(minute int64) (n int) {
	for _, u := range p.underWay {
		if p.earliest(u.sent) <= minute && minute <= p.latest(u.sent)+1 {
			n++
		}
	}
	return n
}

// forget drops what is of no use any more.
func (p *perMinute) forget(now time.Time) {
	p.underWay = slices.DeleteFunc(p.underWay, func(u underWay) bool { return now.Sub(u.sent) > unanswered })
	maps.DeleteFunc(p.used, func(minute int64, _ int) bool { return minute < p.earliest(now)-1 })
}

func minuteOf(t time.Time) int64 { return t.Unix() / 60 }
