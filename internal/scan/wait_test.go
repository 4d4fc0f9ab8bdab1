package scan_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/internal/scan"
)

// TestEach checks that the last task runs first, and that tasks added by a task run before the earlier ones.
func TestEach(t *testing.T) {
	for _, tasks := range [][]int{nil, {1}, {1, 2, 3}} {
		var done []int
		err := scan.Each(t.Context(), 1, scan.Ticker{Tick: func() {}}, slices.Clone(tasks), func(_ context.Context, task int) ([]int, error) {
			if done = append(done, task); task == 3 {
				return []int{31, 32}, nil
			}
			return nil, nil
		})
		want := slices.Clone(tasks)
		if slices.Reverse(want); len(tasks) == 3 {
			want = []int{3, 32, 31, 2, 1}
		}
		if err != nil || !slices.Equal(done, want) {
			t.Errorf("ran %v, then %v; want %v", done, err, want)
		}
	}
}

// TestEachAtOnce checks that as many tasks run concurrently as allowed.
func TestEachAtOnce(t *testing.T) {
	for _, atOnce := range []int{1, 3, 10} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			running, most, begun := 0, 0, time.Now()
			err := scan.Each(t.Context(), atOnce, scan.Ticker{Tick: func() {}}, make([]int, 10), func(context.Context, int) ([]int, error) {
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				running--
				return nil, nil
			})
			if want := time.Duration((10+atOnce-1)/atOnce) * time.Second; err != nil || most != atOnce || time.Since(begun) != want {
				t.Errorf("got %v, %d at once, want %d; took %s, want %s", err, most, atOnce, time.Since(begun), want)
			}
		})
	}
}

// TestEachFails checks that Each returns the first error, cancels running tasks, waits for them, and starts no others.
func TestEachFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, later := errors.New("first"), errors.New("later")
		done, ended := 0, 0
		var mu sync.Mutex
		err := scan.Each(t.Context(), 3, scan.Ticker{Tick: func() {}}, []int{0, 0, 0, 0, 5, 1, 5}, func(ctx context.Context, seconds int) ([]int, error) {
			mu.Lock()
			done++
			mu.Unlock()
			select {
			case <-time.After(time.Duration(seconds) * time.Second):
				return []int{7}, first
			case <-ctx.Done():
				time.Sleep(time.Second)
				mu.Lock()
				defer mu.Unlock()
				ended++
				return nil, later
			}
		})
		if err != first || done != 3 || ended != 2 {
			t.Errorf("got %v; %d started, %d were canceled; want 3 and 2", err, done, ended)
		}
	})
}

// TestEachContext checks that Each ends with the caller's context.
func TestEachContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := scan.Each(ctx, 3, scan.Ticker{Tick: func() {}}, make([]int, 9), func(ctx context.Context, _ int) ([]int, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestEachGoexit checks that a task that ends its goroutine also ends the caller's, and the other tasks.
func TestEachGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left, ended, others := make(chan bool), false, 0
		var mu sync.Mutex
		go func() {
			defer close(left)
			_ = scan.Each(t.Context(), 3, scan.Ticker{Tick: func() {}}, []int{0, 0, 0, 0, 1, 0}, func(ctx context.Context, task int) ([]int, error) {
				if task == 1 {
					runtime.Goexit()
				}
				<-ctx.Done()
				mu.Lock()
				defer mu.Unlock()
				others++
				return nil, nil
			})
			ended = true
		}()
		if <-left; ended || others != 2 {
			t.Errorf("the caller continued: %t; %d other tasks ended, want 2", ended, others)
		}
	})
}

// TestTicker checks that a Ticker is called every half minute, and whenever it is woken.
func TestTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, wake, ticks := time.Now(), make(chan struct{}), []time.Duration(nil)
		time.AfterFunc(42*time.Second, func() { wake <- struct{}{} })
		tick := scan.Ticker{Wake: wake, Tick: func() { ticks = append(ticks, time.Since(begun)/time.Second) }}
		err := scan.Each(t.Context(), 1, tick, []int{1}, func(context.Context, int) ([]int, error) {
			time.Sleep(95 * time.Second)
			return nil, nil
		})
		if want := []time.Duration{30, 42, 60, 90}; err != nil || !slices.Equal(ticks, want) {
			t.Errorf("got %v, called at %v, want %v", err, ticks, want)
		}
	})
}

// TestRunTicks checks that the Ticker is called while a window takes long.
func TestRunTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(1, 2)
		s.latency = 2 * time.Minute
		w, ticks := s.windows(1, 100), 0
		w.Tick = func() { ticks++ }
		if run(t.Context(), t, w, all(2)).demand(t, []int64{1, 2}); ticks < 4 || ticks > 8 {
			t.Errorf("called %d times, want 4 to 8", ticks)
		}
	})
}
