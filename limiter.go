package cfchat

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// Limiter holds requests back: [Config].Limiter. Wait is called before each try, returns when the try may be made, and must
// return when the context ends; its failure is ErrNotSent. The limiters of golang.org/x/time/rate fit.
//
// A limiter that also has the method
//
//	Observe(*http.Response)
//
// receives the answer to each try that got one, even of a failed try: its status and header, and no body. The context of the
// answer's Request is the one that Wait was called with. Both methods are called from many goroutines at once.
type Limiter interface {
	Wait(ctx context.Context) error
}

// PerMinute returns a limiter that lets n requests through in each minute of the server's clock, in the order of asking. The
// servers count this way: 300 from one address before 3.1.0, and 3,000 since, unless configured otherwise.
//
// The clock is known from the Date of the answers; without one the local clock stands in for it. A request under way when
// the minute ends may be counted in either minute, so it counts in both until its answer settles that. So a program that has
// a limit to itself gets no 429. Where others share the limit, a 429 ends the minute for all who wait, so that no more
// requests are refused than were under way; a repeat then waits for the limiter too.
//
// A local clock that stands in for the server's may be ahead. A 429 in the first 5 s of its minute is treated as proof: it
// does not end the minute, and from then on those 5 s carry only requests for which the previous minute has room.
//
// Servers from 4.12.0 on count an account's conversations 30 times a minute, so Counts has that limit besides. At the 31st
// the server is asked for its version, unless [Config].ServerVersion states it.
//
// It is for the calls of one Chat, or of several to the same server, and is safe for concurrent use. A wait lasts as long as
// the context does, but fails at once if the deadline is before the next minute.
func PerMinute(n int) Limiter { //nolint:ireturn // its methods are for the chain alone
	return &minuteLimits{perMinute: newPerMinute(n), counts: map[int64]*perMinute{}}
}

// limiter refuses one that cannot let anything through.
func (r *refusal) limiter(field string, limiter Limiter) {
	if v := reflect.ValueOf(limiter); v.Kind() == reflect.Pointer && v.IsNil() {
		r.add(field, "it is a nil %T; leave it out for no limit", limiter)
		return
	}
	if p, ok := limiter.(*minuteLimits); ok && p.most < 1 {
		r.add(field, "PerMinute(%d) lets nothing through; use at least 1", p.most)
	}
}

const (
	// countsPerMinute is how often a server counts an account's conversations in a minute, from countsLimited on (contract, N5).
	countsPerMinute = 30
	countsLimited   = "4.12.0"
	// manyAccounts is the number of accounts' limits that are kept before those no longer needed are dropped.
	manyAccounts = 100
)

// minuteLimits is the limiter of PerMinute: one for all requests, and one more for the counts of each account.
type minuteLimits struct {
	*perMinute

	free   atomic.Bool // the server has no limit of its own for counts
	mu     sync.Mutex
	counts map[int64]*perMinute // by account
}

// Wait returns when a request may be sent.
func (m *minuteLimits) Wait(ctx context.Context) error {
	counts := m.countsOf(chain.CallOf(ctx))
	if counts != nil && counts.isFull() && m.isFree(ctx) {
		counts = nil
	}
	if counts == nil {
		return m.perMinute.Wait(ctx)
	}
	if err := counts.Wait(ctx); err != nil {
		return err
	}
	err := m.perMinute.Wait(ctx)
	if err != nil {
		counts.Sent(ctx, 0)
		return err
	}
	counts.sentNow(chain.CallOf(ctx))
	return nil
}

// isFree reports whether the server has no limit for counts. It asks only once somebody would have to wait.
func (m *minuteLimits) isFree(ctx context.Context) bool {
	lacks := chain.CallOf(ctx).Lacks
	if lacks != nil && lacks(ctx, countsLimited) {
		m.free.Store(true)
	}
	return m.free.Load()
}

// Sent learns how often a request was sent, once its try is over.
func (m *minuteLimits) Sent(ctx context.Context, times int) {
	if counts := m.countsOf(chain.CallOf(ctx)); counts != nil {
		counts.Sent(ctx, times)
	}
	m.perMinute.Sent(ctx, times)
}

// Observe learns from an answer. A 429 to a count may come from either limit, so it ends the minute of both.
func (m *minuteLimits) Observe(answer *http.Response) {
	if counts := m.countsOf(callOf(answer)); counts != nil {
		counts.Observe(answer)
	}
	m.perMinute.Observe(answer)
}

// countsOf returns the limit of an account's counts for a call, nil if the call does not count conversations, or there is no
// limit.
func (m *minuteLimits) countsOf(call *chain.Call) *perMinute {
	if call == nil || call.Operation != operation.ConversationListMeta || m.free.Load() {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	counts, ok := m.counts[call.AccountID]
	if !ok {
		if len(m.counts) >= manyAccounts {
			maps.DeleteFunc(m.counts, func(_ int64, p *perMinute) bool { return p.isIdle() })
		}
		counts = newPerMinute(countsPerMinute)
		m.perMinute.mu.Lock()
		counts.low, counts.high, counts.at = m.low, m.high, m.at
		m.perMinute.mu.Unlock()
		m.counts[call.AccountID] = counts
	}
	return counts
}
