package chain

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// patience is how long to wait for the caller's code after the end of its context. Code that obeys its context returns at
// once.
const patience = 100 * time.Millisecond

// abandoned is the failure of the caller's code that is still running, and may yet do anything.
type abandoned struct {
	what   string
	reason error
}

func (a *abandoned) Error() string {
	return fmt.Sprintf("%s did not return when its context ended: %v", a.what, a.reason)
}

func (a *abandoned) Unwrap() error { return a.reason }

func isAbandoned(err error) bool {
	return each(err, func(e error) bool {
		a, ok := e.(*abandoned)
		return ok && a != nil
	})
}

// Foreign runs the caller's code, such as a limiter, so that it cannot make a call panic or hang: a panic is returned as an
// error, and once the context has ended, it does not wait much longer. The code runs in a goroutine, which ends when it
// returns. If it calls runtime.Goexit, as a failing test does, the calling goroutine ends too.
func Foreign[T any](ctx context.Context, what string, run func() (T, error)) (T, error) {
	return Opened(ctx, what, run, nil)
}

// Opened is like Foreign, for code that opens something. A result that nobody waits for any more is passed to late, once.
func Opened[T any](ctx context.Context, what string, run func() (T, error), late func(T)) (T, error) {
	if ctx.Done() == nil {
		return caught(what, run)
	}
	type returned struct {
		value  T
		err    error
		exited bool
	}
	done := make(chan returned, 1)
	go func() {
		r := returned{exited: true}
		defer func() { done <- r }()
		r.value, r.err = caught(what, run)
		r.exited = false
	}()
	take := func(r returned) (T, error) {
		if r.exited {
			runtime.Goexit()
		}
		return r.value, r.err
	}
	select {
	case r := <-done:
		return take(r)
	case <-ctx.Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case r := <-done:
		return take(r)
	case <-timer.C:
		if late != nil {
			go func() { late((<-done).value) }()
		}
		var none T
		return none, &abandoned{what, contextError(ctx)}
	}
}

// Run is like Foreign, for code that returns only an error.
func Run(ctx context.Context, what string, run func() error) error {
	_, err := Foreign(ctx, what, func() (any, error) { return nil, run() })
	return err
}

// closedOnce is the caller's body, closed only once, by the first to close it. Only that one sees a panic of Close.
type closedOnce struct {
	io.ReadCloser

	once sync.Once
}

func (c *closedOnce) Close() (err error) {
	c.once.Do(func() {
		_, err = caught("the body", func() (any, error) { return nil, c.ReadCloser.Close() })
	})
	return err
}

// untilEnd is the caller's body, read until the context ends.
type untilEnd struct {
	io.ReadCloser

	ctx context.Context //nolint:containedctx // whose end ends it
}

func (u *untilEnd) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.ReadCloser.Read(p)
}

// caught runs the caller's code and turns a panic into an error.
func caught[T any](what string, run func() (T, error)) (value T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s panicked: %v%s", what, cause, panicked())
		}
	}()
	return run()
}

// Caught is like Foreign, but waits for as long as the code takes.
func Caught[T any](what string, run func() (T, error)) (T, error) { return caught(what, run) }

// panicked returns where the panic being recovered from started, "" if unknown.
func panicked() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for inPanic := false; ; {
		frame, more := frames.Next()
		isRuntime := strings.HasPrefix(frame.Function, "runtime.")
		switch {
		case isRuntime && frame.Function == "runtime.gopanic":
			inPanic = true
		case inPanic && !isRuntime:
			return fmt.Sprintf(" (%s:%d)", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}
