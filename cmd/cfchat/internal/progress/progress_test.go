package progress_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
)

var errFailed = errors.New("failed")

// screen is a terminal: a redrawn line replaces the old one.
type screen struct {
	mu     sync.Mutex
	text   string // the current contents
	widest int    // line ever drawn
	drawn  int    // number of writes
}

// again matches the sequence that goes up some lines, and clears everything from there.
var again = regexp.MustCompile("\x1b\\[([0-9]+)A\x1b\\[J")

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drawn++
	rest := string(p)
	for rest != "" {
		at := again.FindStringSubmatchIndex(rest)
		if at == nil {
			s.text += rest
			break
		}
		s.text += rest[:at[0]]
		up, _ := strconv.Atoi(rest[at[2]:at[3]])
		for range up {
			s.text = s.text[:strings.LastIndexByte(strings.TrimSuffix(s.text, "\n"), '\n')+1]
		}
		rest = rest[at[1]:]
	}
	for line := range strings.Lines(s.text) {
		s.widest = max(s.widest, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")))
	}
	return len(p), nil
}

// lines returns the current contents.
func (s *screen) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Split(strings.TrimSuffix(s.text, "\n"), "\n")
}

func (s *screen) last() string {
	lines := s.lines()
	return lines[len(lines)-1]
}

// bar runs a test on a terminal of the given width, with its own clock.
func bar(t *testing.T, width int, test func(m *progress.Meter, s *screen)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		s := new(screen)
		m := progress.New(s, progress.Bar, progress.Width(width))
		test(m, s)
		m.Finish(nil)
	})
}

// step shows a phase of ten thousand items that does perSecond of them a second, with ten rows and a request each, for some
// seconds.
func step(m *progress.Meter, from, perSecond, seconds int64) {
	for i := range seconds {
		done := from + (i+1)*perSecond
		m.Show(progress.State{Phase: "messages", Done: done, Total: 10_000, Rows: done * 10, Requests: done})
		time.Sleep(time.Second)
	}
}

func TestDrawnLine(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		100: "messages        2% [>---------------------------]  2,000 rows  100 rows/s  200 requests  17m left",
		80:  "messages        2% [----------]  2,000 rows  100 rows/s  200 requests  17m left",
		72:  "messages        2%  2,000 rows  100 rows/s  200 requests  17m left",
		50:  "messages   2%  2,000 rows  100 rows/s  17m left",
		38:  "messages   2%  2,000 rows  17m left",
		24:  "messages   2%  17m left",
	} {
		bar(t, width, func(m *progress.Meter, s *screen) {
			step(m, 0, 10, 20)
			if got := s.last(); got != want {
				t.Errorf("%d columns: got %q, want %q", width, got, want)
			}
		})
	}
}

func TestUnknownTotal(t *testing.T) {
	t.Parallel()
	bar(t, 80, func(m *progress.Meter, s *screen) {
		m.Show(progress.State{Phase: "contacts", Done: 1, Rows: 1, Requests: 1})
		signs := map[string]bool{}
		for range 20 {
			time.Sleep(110 * time.Millisecond)
			sign, rest := s.last()[17:18], s.last()[18:]
			if signs[sign] = true; rest != "  1 row  1 request" {
				t.Error(s.last())
			}
		}
		if len(signs) != 4 {
			t.Error(signs)
		}
		m.Show(progress.State{Phase: "contacts", Done: 100, Rows: 5, Requests: 1})
		time.Sleep(3500 * time.Millisecond)
		if got := s.last(); !strings.HasSuffix(got, "  5 rows  0.8 rows/s  1 request") {
			t.Error(got)
		}
	})
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	bar(t, 80, func(m *progress.Meter, s *screen) {
		step(m, 0, 10, 10)
		until := time.Now().Add(20 * time.Second)
		m.Show(progress.State{Phase: "messages", Done: 100, Total: 10_000, Rows: 1000, Requests: 100, WaitingUntil: until})
		time.Sleep(time.Second)
		want := "  1,000 rows  waiting for the limit until " + until.Format("15:04:05")
		if got := s.last(); !strings.HasSuffix(got, want) {
			t.Error(got)
		}
		time.Sleep(20 * time.Second)
		if got := s.last(); strings.Contains(got, "waiting") || !strings.HasSuffix(got, "left") {
			t.Error(got)
		}
	})
	bar(t, 40, func(m *progress.Meter, s *screen) {
		until := time.Now().Add(20 * time.Second)
		m.Show(progress.State{Phase: "messages", Total: 10, Rows: 1000, WaitingUntil: until})
		time.Sleep(time.Second)
		if got, want := s.last(), "messages   0%  waiting until "+until.Format("15:04:05"); got != want {
			t.Error(got)
		}
	})
}

func TestWaitsUntilTheLocalTime(t *testing.T) { //nolint:paralleltest // it changes the program's time zone
	before := time.Local                           //nolint:gosmopolitan // it is what the test is about
	defer func() { time.Local = before }()         //nolint:gosmopolitan
	time.Local = time.FixedZone("", 5*60*60+30*60) //nolint:gosmopolitan
	bar(t, 80, func(m *progress.Meter, s *screen) {
		m.Show(progress.State{Phase: "messages", WaitingUntil: time.Date(2000, 1, 1, 0, 0, 20, 0, time.UTC)})
		time.Sleep(time.Second)
		if got := s.last(); !strings.HasSuffix(got, "waiting for the limit until 05:30:20") {
			t.Error(got)
		}
	})
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	left := func(s *screen) string {
		words := strings.Split(s.last(), "  ")
		if text, ok := strings.CutSuffix(words[len(words)-1], " left"); ok {
			return text
		}
		return ""
	}
	for _, test := range []struct {
		name string
		do   func(m *progress.Meter)
		want string
	}{
		{"too early", func(m *progress.Meter) { step(m, 0, 10, 3) }, ""},
		{"seconds", func(m *progress.Meter) { step(m, 0, 600, 16) }, "5s"},
		{"a minute", func(m *progress.Meter) { step(m, 0, 100, 44) }, "1m"},
		{"hours", func(m *progress.Meter) { step(m, 0, 1, 20) }, "2h47m"},
		{"days", func(m *progress.Meter) {
			for i := range int64(10) {
				m.Show(progress.State{Phase: "messages", Done: i, Total: 1_000_000})
				time.Sleep(time.Second)
			}
		}, "12 days"},
		{"what was done before is not taken for speed", func(m *progress.Meter) { step(m, 9_000, 10, 20) }, "2m"},
		{"faster than before", func(m *progress.Meter) { step(m, 0, 1, 100); step(m, 100, 50, 70) }, "3m"},
		{"slower than before", func(m *progress.Meter) { step(m, 0, 50, 100); step(m, 5_000, 1, 70) }, "1h23m"},
		{"bursts, and waits for the limit", func(m *progress.Meter) {
			for i := range int64(10) {
				step(m, i*300, 30, 10)
				time.Sleep(50 * time.Second)
			}
		}, "24m"},
		{"nothing is done any more", func(m *progress.Meter) { step(m, 0, 10, 20); time.Sleep(2 * time.Minute) }, ""},
		{"all is done", func(m *progress.Meter) { step(m, 0, 500, 20) }, ""},
		{"more than all", func(m *progress.Meter) { step(m, 0, 600, 20) }, ""},
		{"another phase", func(m *progress.Meter) {
			m.Show(progress.State{Phase: "conversations", Done: 5, Total: 10})
			time.Sleep(20 * time.Second)
			step(m, 0, 10, 3)
		}, ""},
		{"the same phase as long ago", func(m *progress.Meter) {
			m.Show(progress.State{Phase: "messages", Total: 10_000})
			time.Sleep(90 * time.Second)
			step(m, 0, 10, 20)
		}, "49m"},
	} {
		bar(t, 80, func(m *progress.Meter, s *screen) {
			test.do(m)
			if got := left(s); got != test.want {
				t.Errorf("%s: got %q, want %q, in %q", test.name, got, test.want, s.last())
			}
		})
	}
}

func TestPhasesStay(t *testing.T) {
	t.Parallel()
	bar(t, 80, func(m *progress.Meter, s *screen) {
		for _, phase := range []string{"conversations", "messages"} {
			m.Show(progress.State{Phase: phase, Done: 1, Total: 2, Rows: 1234567, Requests: 1})
			time.Sleep(90 * time.Second)
		}
		if _, err := fmt.Fprintln(m, "a warning"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if got, want := strings.Join(s.lines(), "\n"), `conversations done  1,234,567 rows  1 request  in 1m30s
a warning
messages       50% [==========>----------]  1,234,567 rows  0 rows/s  1 request`; got != want {
			t.Error(got)
		}
		m.Finish(nil)
		if _, err := fmt.Fprintln(m, "a later one"); err != nil {
			t.Error(err)
		}
		m.Show(progress.State{Phase: "nothing more"})
		time.Sleep(time.Second)
		if got, want := strings.Join(s.lines(), "\n"), `conversations done  1,234,567 rows  1 request  in 1m30s
a warning
messages      done  1,234,567 rows  1 request  in 1m31s
a later one`; got != want || !strings.HasSuffix(s.text, "\n") {
			t.Error(got)
		}
	})
}

func TestFailureKeepsTheLine(t *testing.T) {
	t.Parallel()
	bar(t, 60, func(m *progress.Meter, s *screen) {
		m.Show(progress.State{Phase: "messages", Done: 99, Total: 100, Rows: 7, Requests: 1})
		m.Finish(errFailed)
		if want := "messages       99% [==================>]  7 rows  1 request\n"; s.text != want {
			t.Errorf("got %q, want %q", s.text, want)
		}
	})
	bar(t, 60, func(m *progress.Meter, s *screen) {
		m.Show(progress.State{Phase: "contacts", Rows: 7, Requests: 1})
		m.Finish(errFailed)
		if s.text != "contacts            7 rows  1 request\n" {
			t.Errorf("%q", s.text)
		}
	})
	bar(t, 60, func(m *progress.Meter, s *screen) {
		m.Finish(errFailed)
		if s.text != "" {
			t.Errorf("%q", s.text)
		}
	})
}

func TestNeverWiderThanTheTerminal(t *testing.T) {
	t.Parallel()
	for width := 1; width <= 130; width++ {
		bar(t, width, func(m *progress.Meter, s *screen) {
			for _, total := range []int64{0, 3} {
				for _, wait := range []time.Duration{0, time.Hour} {
					phase := fmt.Sprint("conversations again ", total, wait)
					for done := range int64(10) {
						m.Show(progress.State{
							Phase: phase, Done: done, Total: total << 40, Rows: done << 40, Requests: done << 40,
							WaitingUntil: time.Now().Add(wait),
						})
						time.Sleep(time.Second)
					}
				}
			}
			m.Finish(nil)
			if s.widest > width {
				t.Errorf("drew %d columns on a terminal of %d", s.widest, width)
			}
		})
	}
}

func TestRedrawsAreFew(t *testing.T) {
	t.Parallel()
	bar(t, 80, func(m *progress.Meter, s *screen) {
		for i := range int64(10_000) {
			m.Show(progress.State{Phase: "messages", Done: i, Total: 10_000})
			time.Sleep(time.Millisecond)
		}
		m.Finish(nil)
		if s.drawn < 90 || s.drawn > 102 {
			t.Errorf("it was drawn %d times in ten seconds", s.drawn)
		}
	})
}

func TestFinishDoesNotWaitForTheClock(t *testing.T) {
	t.Parallel()
	bar(t, 80, func(m *progress.Meter, _ *screen) {
		m.Show(progress.State{Phase: "messages"})
		began := time.Now()
		m.Finish(nil)
		m.Finish(errFailed)
		if took := time.Since(began); took > 200*time.Millisecond {
			t.Error(took)
		}
	})
}

// TestConcurrentUse uses every kind of meter from many goroutines, with phases that change all the time.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for _, mode := range []progress.Mode{progress.Quiet, progress.Bar, progress.JSON} {
		synctest.Test(t, func(t *testing.T) {
			m := progress.New(new(screen), mode, progress.Width(80))
			var running sync.WaitGroup
			for i := range 8 {
				running.Go(func() {
					for j := range int64(50) {
						m.Show(progress.State{Phase: fmt.Sprint(i % 2), Done: j, Total: 50})
						if _, err := m.Write([]byte("a line\n")); err != nil {
							t.Error(err)
						}
						time.Sleep(time.Duration(i) * 7 * time.Millisecond)
					}
				})
			}
			running.Go(func() {
				time.Sleep(time.Second)
				m.Finish(nil)
			})
			running.Wait()
		})
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var buffer bytes.Buffer
	for _, m := range []*progress.Meter{
		progress.New(file, progress.Bar), // not a terminal
		progress.New(&buffer, progress.Bar),
		progress.New(&buffer, progress.Quiet, progress.Width(80)),
	} {
		m.Show(progress.State{Phase: "messages"})
		m.Finish(nil)
	}
	if info, err := file.Stat(); err != nil || info.Size() != 0 || buffer.Len() != 0 {
		t.Error(info.Size(), err, buffer.String())
	}
	m := progress.New(&buffer, progress.Bar)
	if _, err := fmt.Fprintln(m, "a warning"); err != nil || buffer.String() != "a warning\n" {
		t.Error(err, buffer.String())
	}
}
