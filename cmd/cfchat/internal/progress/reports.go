package progress

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"sync"
	"time"
)

// reports writes JSON.
type reports struct {
	out   io.Writer
	mu    sync.Mutex // guards against the timer
	state State
	speed speed
	began bool
	last  time.Time   // when a line was written
	due   *time.Timer // writes a state that was shown too soon after a line; nil if all is written
}

// report is a line. The package's comment explains it.
type report struct {
	Time          time.Time `json:"time"`
	Phase         string    `json:"phase"`
	Done          int64     `json:"done"`
	Total         int64     `json:"total,omitzero"`
	Rows          int64     `json:"rows"`
	Requests      int64     `json:"requests"`
	RowsPerSecond *float64  `json:"rows_per_second,omitzero"`
	WaitingUntil  time.Time `json:"waiting_until,omitzero"`
	SecondsLeft   int64     `json:"seconds_left,omitzero"`
	Warning       string    `json:"warning,omitzero"`
	Ended         string    `json:"ended,omitzero"`
}

func (r *reports) show(state State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := !r.began || state.Phase != r.state.Phase
	if changed {
		r.speed = speed{}
	}
	r.began, r.state = true, state
	now := time.Now()
	r.speed.measure(now, state)
	if wait := r.last.Add(time.Second).Sub(now); !changed && wait > 0 {
		if r.due == nil {
			r.due = time.AfterFunc(wait, r.overdue)
		}
		return
	}
	r.report("", "")
}

// overdue writes the state shown since the last line, because the next may take long.
func (r *reports) overdue() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due != nil {
		r.report("", "")
	}
}

func (r *reports) write(text []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(text)
}

func (r *reports) warn(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report(text, "")
}

func (r *reports) finish(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.report("", "done")
	case errors.Is(err, context.Canceled):
		r.report("", "interrupted")
	default:
		r.report("", "failed")
	}
}

// report writes a line. It ignores write errors: the command goes on even if nobody reads them.
func (r *reports) report(warning, ended string) {
	if r.due != nil {
		r.due.Stop()
		r.due = nil
	}
	r.last = time.Now()
	a := r.speed.measure(r.last, r.state)
	line := report{
		Time:  a.now.UTC().Truncate(time.Millisecond),
		Phase: a.Phase, Done: a.Done, Total: a.Total, Rows: a.Rows, Requests: a.Requests,
		SecondsLeft: int64(math.Ceil(a.left.Seconds())), Warning: warning, Ended: ended,
	}
	if a.rate >= 0 {
		line.RowsPerSecond = new(math.Round(a.rate*10) / 10)
	}
	if a.waits() {
		line.WaitingUntil = a.WaitingUntil.UTC().Truncate(time.Millisecond)
	}
	_ = json.NewEncoder(r.out).Encode(line) //nolint:errchkjson // it has plain fields
}
