package scan

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Ticker is called during a wait: whenever Wake signals, and every half minute.
type Ticker struct {
	Wake <-chan struct{}
	Tick func()
}

// TickEvery is the longest time between two calls of a Ticker.
const TickEvery = 30 * time.Second

// wait returns when ready has something.
func (t Ticker) wait(ready <-chan struct{}) {
	timer := time.NewTicker(TickEvery)
	defer timer.Stop()
	for {
		select {
		case <-ready:
			return
		case <-t.Wake:
		case <-timer.C:
		}
		t.Tick()
	}
}

// Each runs tasks, up to atOnce concurrently, the last one first. A task may add more. It returns the first error; after
// that no other task starts, and those under way are canceled.
func Each[T any](ctx context.Context, atOnce int, tick Ticker, tasks []T, do func(context.Context, T) ([]T, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e := &each[T]{ctx: ctx, cancel: cancel, free: atOnce, tasks: tasks, do: do, over: make(chan struct{})}
	e.mu.Lock()
	e.start()
	e.mu.Unlock()
	tick.wait(e.over)
	if e.exited {
		runtime.Goexit()
	}
	return e.err
}

type each[T any] struct {
	ctx    context.Context //nolint:containedctx // a run has one
	cancel context.CancelFunc
	do     func(context.Context, T) ([]T, error)
	over   chan struct{} // closed when nothing is left

	mu      sync.Mutex
	tasks   []T
	free    int
	running int
	err     error
	exited  bool // the caller's code has ended its goroutine, as a failing test does
}

// start starts as many tasks as may run. The caller holds the lock.
func (e *each[T]) start() {
	for e.err == nil && !e.exited && len(e.tasks) > 0 && e.running < e.free {
		task := e.tasks[len(e.tasks)-1]
		e.tasks = e.tasks[:len(e.tasks)-1]
		e.running++
		go e.run(task)
	}
	if e.running == 0 {
		close(e.over)
	}
}

func (e *each[T]) run(task T) {
	exited := true
	var more []T
	var err error
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.running--
		e.exited = e.exited || exited
		if err != nil && e.err == nil {
			e.err = err
		}
		if e.err != nil || e.exited {
			e.cancel()
		}
		e.tasks = append(e.tasks, more...)
		e.start()
	}()
	more, err = e.do(e.ctx, task)
	exited = false
}
