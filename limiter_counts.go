package cfchat

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

const (
	// countsPerMinute is how often a server counts an account's conversations in a minute, from countsLimited on (contract, N5).
	countsPerMinute = 30
	countsLimited   = "4.12.0"
	// manyAccounts is how many accounts' limits are kept before those are dropped that are of no use any more.
	manyAccounts = 100
)

// minuteLimits is the limiter of PerMinute: that of all requests, and one more for the counts of each account.
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
	}
	return err
}

// isFree asks whether the server has no limit for counts: only once somebody would have to wait for it.
func (m *minuteLimits) isFree(ctx context.Context) bool {
	lacks := chain.CallOf(ctx).Lacks
	if lacks != nil && lacks(ctx, countsLimited) {
		m.free.Store(true)
	}
	return m.free.Load()
}

// Sent learns how often a request was sent whose try is over.
func (m *minuteLimits) Sent(ctx context.Context, times int) {
	if counts := m.countsOf(chain.CallOf(ctx)); counts != nil {
		counts.Sent(ctx, times)
	}
	m.perMinute.Sent(ctx, times)
}

// Observe learns from an answer. A 429 to counts is taken for that of their own limit: if it is not, the next request finds
// that out.
func (m *minuteLimits) Observe(answer *http.Response) {
	if counts := m.countsOf(callOf(answer)); counts != nil {
		counts.Observe(answer)
		counted := *answer
		counted.StatusCode = http.StatusOK
		answer = &counted
	}
	m.perMinute.Observe(answer)
}

// countsOf returns the limit of an account's counts for a call, nil if the call is not one that counts, or there is none.
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

// isFull reports whether a request would have to wait.
func (p *perMinute) isFull() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	wait, _ := p.next(time.Now())
	return wait > 0
}

// isIdle reports whether nothing is counted any more, and nobody waits.
func (p *perMinute) isIdle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.age(time.Now())
	return len(p.used) == 0 && len(p.underWay) == 0 && len(p.queue) == 0
}
