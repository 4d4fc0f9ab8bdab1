package scan

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// came remembers a few recently received ids, to distinguish a server that is down from a row that it cannot show.
type came struct {
	mu    sync.Mutex
	ids   []int64 // the latest last
	alone bool    // one must suffice, because there are no two
}

// remembered is the number of ids kept, and pairs the number of pairs of them that are tried: one of a pair may have become
// unreadable since.
const (
	remembered = 16
	pairs      = 3
)

// ErrTooFew means that fewer rows were received than a proof needs.
var ErrTooFew = errors.New("too few rows have arrived to judge by")

// see notes a received id.
func (c *came) see(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.Contains(c.ids, id) {
		return
	}
	if len(c.ids) == remembered {
		c.ids = slices.Delete(c.ids, 0, 1)
	}
	c.ids = append(c.ids, id)
}

// enough reports whether two were received, or the only one there is.
func (c *came) enough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.ids) >= 2 || len(c.ids) == 1 && c.alone
}

// makeDo records that no others will be received, and reports whether that changes anything.
func (c *came) makeDo() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ids) != 1 || c.alone {
		return false
	}
	c.alone = true
	return true
}

// pair returns the two last received ids, except for some; fewer if there are no more.
func (c *came) pair(but []int64) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := slices.DeleteFunc(slices.Clone(c.ids), func(id int64) bool { return slices.Contains(but, id) })
	return ids[max(len(ids)-2, 0):]
}

// forget drops ids that can no longer be read.
func (c *came) forget(ids []int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = slices.DeleteFunc(c.ids, func(id int64) bool { return slices.Contains(ids, id) })
}

// Prove returns nil if two rows received before can be read again, the reason if not, and ErrTooFew if too few were
// received.
func (w *Windows[T]) Prove(ctx context.Context) error {
	var failed []int64
	var failure error
	for {
		ids := w.came.pair(failed)
		switch {
		case len(failed) == 0 && !w.came.enough():
			return ErrTooFew
		case len(ids) == 0, len(ids) == 1 && len(failed) > 0:
			return failure
		}
		again, err := w.Again(ctx, ids)
		switch {
		case err == nil && len(again) == len(ids):
			w.came.forget(failed) // they seem to have become unreadable since
			return nil
		case err == nil: // deleted since, which proves nothing
			w.came.forget(slices.DeleteFunc(ids, func(id int64) bool { return slices.Contains(again, id) }))
		case ctx.Err() != nil || len(failed) >= 2*(pairs-1) || w.Judge(err) != Blames:
			return err
		default:
			failed, failure = append(failed, ids...), err
		}
	}
}

// proofs are made one at a time, so that one failed proof covers all windows that failed before it.
type proofs struct {
	turn chan struct{}

	mu   sync.Mutex
	n    int // number of failed proofs
	last error
}

func newProofs() *proofs { return &proofs{turn: make(chan struct{}, 1)} }

// failed returns how many proofs have failed.
func (p *proofs) failed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// proveSince does the same as Prove, but reuses a failed proof made since the given number had failed.
func (w *Windows[T]) proveSince(ctx context.Context, failed int) error {
	p := w.proofs
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.failed() > failed {
		return p.last
	}
	err := w.Prove(ctx)
	if err != nil && err != ErrTooFew {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.n, p.last = p.n+1, err
	}
	return err
}
