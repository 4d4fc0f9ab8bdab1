package progress_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
)

// reports runs a test with its own clock, which starts in the year 2000, and compares the output.
func reports(t *testing.T, want string, test func(m *progress.Meter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		test(progress.New(&out, progress.JSON))
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	})
}

func TestReports(t *testing.T) {
	t.Parallel()
	reports(t, `{"time":"2000-01-01T00:00:00Z","phase":"conversations","done":0,"rows":0,"requests":0}
{"time":"2000-01-01T00:00:00.5Z","phase":"messages","done":10,"total":10000,"rows":100,"requests":10}
{"time":"2000-01-01T00:00:01.5Z","phase":"messages","done":20,"total":10000,"rows":200,"requests":20}
{"time":"2000-01-01T00:00:02.5Z","phase":"messages","done":30,"total":10000,"rows":300,"requests":30}
{"time":"2000-01-01T00:00:03.5Z","phase":"messages","done":40,"total":10000,"rows":400,"requests":40,"rows_per_second":100,"seconds_left":996}
{"time":"2000-01-01T00:00:04.5Z","phase":"messages","done":40,"total":10000,"rows":400,"requests":41,"rows_per_second":75,`+
		`"waiting_until":"2000-01-01T00:01:00Z","seconds_left":1328}
{"time":"2000-01-01T00:01:00.5Z","phase":"messages","done":50,"total":10000,"rows":500,"requests":51,"rows_per_second":6.7,"seconds_left":14925}
{"time":"2000-01-01T00:01:00.5Z","phase":"messages","done":50,"total":10000,"rows":500,"requests":51,"rows_per_second":6.7,"seconds_left":14925,"ended":"done"}
`, func(m *progress.Meter) {
		m.Show(progress.State{Phase: "conversations"})
		time.Sleep(500 * time.Millisecond)
		step(m, 0, 10, 4)
		m.Show(progress.State{
			Phase: "messages", Done: 40, Total: 10_000, Rows: 400, Requests: 41,
			WaitingUntil: time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC),
		})
		time.Sleep(56 * time.Second)
		m.Show(progress.State{Phase: "messages", Done: 50, Total: 10_000, Rows: 500, Requests: 51})
		m.Finish(nil)
		m.Finish(nil)
		m.Show(progress.State{Phase: "nothing more"})
		time.Sleep(time.Minute)
	})
}

// TestReportsAreOneASecond checks that a state shown too soon after a line is written a second after it, even if nothing
// follows.
func TestReportsAreOneASecond(t *testing.T) {
	t.Parallel()
	reports(t, `{"time":"2000-01-01T00:00:00Z","phase":"messages","done":0,"rows":0,"requests":0}
{"time":"2000-01-01T00:00:01Z","phase":"messages","done":9,"rows":9,"requests":9}
{"time":"2000-01-01T00:01:00.09Z","phase":"messages","done":9,"rows":9,"requests":9,"rows_per_second":0.1,"ended":"failed"}
`, func(m *progress.Meter) {
		for i := range int64(10) {
			m.Show(progress.State{Phase: "messages", Done: i, Rows: i, Requests: i})
			if i < 9 {
				time.Sleep(10 * time.Millisecond)
			}
		}
		time.Sleep(time.Minute)
		m.Finish(errFailed)
	})
}

func TestReportsOfABusyMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m := progress.New(&out, progress.JSON)
		for i := range int64(60_000) {
			m.Show(progress.State{Phase: "messages", Done: i})
			time.Sleep(time.Millisecond)
		}
		m.Finish(nil)
		var last time.Time
		lines := 0
		for line := range bytes.Lines(out.Bytes()) {
			var report struct {
				Time  time.Time
				Ended string
			}
			if err := json.Unmarshal(line, &report); err != nil {
				t.Fatal(err)
			}
			if report.Ended == "" && report.Time.Sub(last) < time.Second {
				t.Errorf("%s after %s", report.Time, last)
			}
			last = report.Time
			lines++
		}
		if lines != 61 && lines != 62 {
			t.Errorf("there are %d lines", lines)
		}
	})
}

// TestReportsTheEnd checks that a failure is distinguished from an interruption.
func TestReportsTheEnd(t *testing.T) {
	for want, err := range map[string]error{"done": nil, "failed": errFailed, "interrupted": fmt.Errorf("reading: %w", context.Canceled)} {
		var out bytes.Buffer
		m := progress.New(&out, progress.JSON)
		m.Finish(err)
		if !strings.Contains(out.String(), `"ended":"`+want+`"`) {
			t.Errorf("%v: %s", err, &out)
		}
	}
}
