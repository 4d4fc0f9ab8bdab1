package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"
)

const (
	lockGoroutines = 64
	lockTime       = 3 * time.Second
)

// profileLocks makes calls from many goroutines that share a client, and writes a profile of their waits for locks.
func profileLocks(call call, file string) error {
	runtime.SetMutexProfileFraction(1)
	end := time.Now().Add(lockTime)
	var group sync.WaitGroup
	var calls atomic.Int64
	var failed atomic.Pointer[error]
	for range lockGoroutines {
		group.Go(func() {
			for time.Now().Before(end) {
				if err := call(context.Background()); err != nil {
					failed.Store(&err)
					return
				}
				calls.Add(1)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	fmt.Printf("%d goroutines on one client made %d calls in %s, %.0f s of goroutines in all\n",
		lockGoroutines, calls.Load(), lockTime, (lockGoroutines * lockTime).Seconds())
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	return pprof.Lookup("mutex").WriteTo(out, 0)
}
