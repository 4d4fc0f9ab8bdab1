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

// patience is how long after the end of its context the caller's code is waited for. What obeys its context returns at once.
const patience = 100 * time.Millisecond

// abandoned is the failure of code of the caller's that still runs, and may do anything yet.
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

// Foreign runs code of the caller's, such as a limiter, that must not make a call panic, or hang: what it panics with comes
// back as an error, and when the context has ended, it is not waited for much longer. It runs in a goroutine, which ends
// when the code returns. What it ends with runtime.Goexit, as a failed test does, ends the calling goroutine too.
func Foreign[T any](ctx context.Context, what string, run func() (T, error)) (T, error) {
	return Opened(ctx, what, run, nil)
}

// Opened is Foreign for code that opens something. What it returns when it is not waited for any more is given to late, once.
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

// Run is Foreign for what returns nothing but an error.
func Run(ctx context.Context, what string, run func() error) error {
	_, err := Foreign(ctx, what, func() (any, error) { return nil, run() })
	return err
}

// closedOnce is a body of the caller's that is closed once, by whoever is the first to close it. A panic of Close is only the
// first one's.
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

// untilEnd is a body of the caller's that is read until the context ends.
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

// caught runs code of the caller's and makes an error of a panic.
func caught[T any](what string, run func() (T, error)) (value T, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%s panicked: %v%s", what, cause, panicked())
		}
	}()
	return run()
}

// Caught is Foreign for code that is waited for as long as it takes.
func Caught[T any](what string, run func() (T, error)) (T, error) { return caught(what, run) }

// panicked returns where the panic that is being recovered from began, "" if that is not known.
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
