package scan

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Reader reads from the server. Its functions must be safe for concurrent use.
type Reader[T any] struct {
	// Read requests a window. It returns the rows received, their number including several for one id, and how many more
	// there may be, 0 if none.
	Read func(ctx context.Context, w Window) (came []T, rows, more int64, err error)
	// Again requests earlier rows again, and returns the ids received.
	Again func(ctx context.Context, ids []int64) (came []int64, err error)
	// Judge returns what a failure of Read can mean.
	Judge func(err error) Verdict
	ID    func(T) int64
}

// Verdict is what the failure of a window can mean.
type Verdict int

// The verdicts: nothing can be read any more; something in the window cannot be shown; it has too many ids; or any of these,
// because the server may be down.
const (
	Ends Verdict = iota
	Blames
	Refuses
	Doubts
)

// Windows reads stretches of ids, one after another, and learns from them.
type Windows[T any] struct {
	Reader[T]
	Ticker
	AtOnce int

	came   *came
	proofs *proofs

	mu       sync.Mutex // guards the fields below, and the parts of a stretch
	widths   widths
	stumbles int // failures that did not recur
	vain     int // failures before anything was received
	patience int // how many of these are allowed
}

// New returns Windows, given the rows of a page and the maximum number of ids in one request.
func New[T any](reader Reader[T], ticker Ticker, atOnce int, page, widest int64) *Windows[T] {
	return &Windows[T]{Reader: reader, Ticker: ticker, AtOnce: atOnce, came: &came{}, proofs: newProofs(), patience: defaultPatience, widths: widths{page: page, pages: 1, given: widest, most: widest, least: math.MaxInt64}}
}

// Like returns Windows that read with another function, one window after another, and that share what w has learned.
func (w *Windows[T]) Like(read func(ctx context.Context, w Window) (came []T, rows, more int64, err error)) *Windows[T] {
	w.mu.Lock()
	defer w.mu.Unlock()
	like := &Windows[T]{Reader: w.Reader, Ticker: Ticker{Tick: func() {}}, AtOnce: 1, came: w.came, proofs: w.proofs, patience: w.patience, widths: w.widths}
	like.Read = read
	like.widths.ids, like.widths.last = 1, like.widths.most // few rows are expected
	like.widths.rows = 0
	return like
}

// defaultPatience is the number of windows that may fail before anything was received.
const defaultPatience = 24

// BePatient lets more windows fail before anything was received.
func (w *Windows[T]) BePatient(failures int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.patience = max(w.patience, w.vain+failures)
}

// MakeDo records that there will be no more rows to judge by than those received, even if that is only one.
func (w *Windows[T]) MakeDo() { w.came.makeDo() }

// Expect sets the approximate number of rows among the ids of the next stretch.
func (w *Windows[T]) Expect(rows, ids int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.widths.expect(rows, ids, int64(w.AtOnce))
}

// Widest returns how many ids the server accepts in one request, as far as known.
func (w *Windows[T]) Widest() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.widths.most
}

// Refused returns the fewest ids that the server did not accept in one request, as far as known.
func (w *Windows[T]) Refused() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.widths.least
}

// Came records a row received elsewhere, so that the server can be judged by it.
func (w *Windows[T]) Came(row T) { w.came.see(w.ID(row)) }

// CanJudge reports whether enough rows were received to judge the server by.
func (w *Windows[T]) CanJudge() bool { return w.came.enough() }

// stretch is one run over parts.
type stretch[T any] struct {
	*Windows[T]
	ctx     context.Context //nolint:containedctx // a run has one
	parts   []*Part[T]      // in the order of ids, without those already handed over
	running int
	held    int  // how many rows are in the parts
	exited  bool // the caller's code has ended its goroutine, as a failing test does
	ready   chan struct{}
	fetches sync.WaitGroup
}

// Run reads parts, which are in the order of ids, and hands them over in that order, until yield returns false. It keeps
// reading meanwhile, as far ahead as is useful. It returns the error that ended the reading.
func (w *Windows[T]) Run(ctx context.Context, parts []Part[T], yield func(*Part[T]) bool) error {
	s := &stretch[T]{Windows: w, ready: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(ctx)
	defer s.fetches.Wait()
	defer cancel()
	s.ctx = ctx
	for i := range parts {
		p := &parts[i]
		if p.left() == 0 {
			p.state = done
		}
		s.parts = append(s.parts, p)
		s.held += len(p.Rows)
	}
	for {
		switch front, exited := s.front(); {
		case exited:
			runtime.Goexit()
		case front == nil:
			return nil
		case front.state == ended:
			return front.Err
		case front.state == done:
			if !yield(front) {
				return nil
			}
		default:
			s.wait(s.ready)
		}
	}
}

// front returns a copy of the first part, and removes it if it is done. It returns nil if there are no more.
func (s *stretch[T]) front() (front *Part[T], exited bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start()
	if s.exited || len(s.parts) == 0 {
		return nil, s.exited
	}
	if front = new(*s.parts[0]); front.state == done {
		s.parts = s.parts[1:]
		s.held -= len(front.Rows)
		s.start()
	}
	return front, false
}

// How far the reading may be ahead of the parts handed over, per concurrent request.
const (
	partsAhead = 16
	pagesAhead = 14
)

// start requests parts, in order, as many at once as allowed. The caller holds the lock.
func (s *stretch[T]) start() {
	for i := 0; i < len(s.parts) && s.running < s.AtOnce && !s.exited; i++ {
		p := s.parts[i]
		if p.state == ended || !p.sized && s.isAhead(i) {
			break
		}
		if p.state != waiting {
			continue
		}
		if !p.sized || p.half == nil && p.left() > s.widths.most {
			if p = s.size(p); p.state == done { // everything was received
				continue
			}
		}
		p.state = underWay
		s.running++
		s.fetches.Go(func() { s.fetch(p) })
	}
	if s.running == 0 && !s.exited {
		s.unpark()
	}
}

// isAhead reports whether a part is too far ahead to be started. None is as long as rows are needed to judge by, unless too
// many windows have failed.
func (s *stretch[T]) isAhead(i int) bool {
	if i == 0 {
		return false
	}
	if !s.came.enough() && slices.ContainsFunc(s.parts[:i], func(p *Part[T]) bool { return p.state == parked }) {
		return s.vain >= s.patience
	}
	return i >= partsAhead*s.AtOnce || s.held >= pagesAhead*int(s.widths.page)*s.AtOnce
}

// size cuts a part to the size of the next window, and returns it; the rest becomes another part.
func (s *stretch[T]) size(p *Part[T]) *Part[T] {
	if size := s.widths.next(); p.width() > size {
		front, rest := p.cut(p.Lo+size-1, s.ID)
		s.replace(p, front, rest)
		p = front
	}
	p.sized = true
	return p
}

// replace replaces one part with others.
func (s *stretch[T]) replace(p *Part[T], by ...*Part[T]) {
	i := slices.Index(s.parts, p)
	s.parts = slices.Replace(s.parts, i, i+1, by...)
}

// fetch requests a part and processes the answer.
func (s *stretch[T]) fetch(p *Part[T]) {
	exited := true
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
		s.exited = s.exited || exited
		s.start()
		select {
		case s.ready <- struct{}{}:
		default:
		}
	}()
	w, begun := p.window(s.ID), s.proofs.failed()
	if came, rows, more, err := s.Read(s.ctx, w); err == nil {
		s.take(p, w, came, rows, more)
	} else {
		s.fail(p, w, err, begun)
	}
	exited = false
}
