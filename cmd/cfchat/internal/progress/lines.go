package progress

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// redraw is the time between two redraws.
const redraw = 100 * time.Millisecond

// isTerminal reports whether lines can be redrawn there.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// widthUnlessKnown returns a width for a terminal that does not know its own, as in a container or on a serial line, else 0.
func widthUnlessKnown(out io.Writer) int {
	if file, ok := out.(*os.File); ok {
		if width, height, err := term.GetSize(int(file.Fd())); err == nil && width > 0 && height > 0 {
			return 0
		}
	}
	return 80
}

// lines draws a line for each phase. The lines of earlier phases stay above the current one.
type lines struct {
	all  *mpb.Progress
	bar  *mpb.Bar // of the phase, nil before the first
	line *line
}

// newLines returns lines for a terminal, or for one with a given width.
func newLines(out io.Writer, width int) *lines {
	options := []mpb.ContainerOption{mpb.WithOutput(out), mpb.WithRefreshRate(redraw), mpb.PopCompletedMode()}
	if width > 0 {
		hidden := struct{ io.Writer }{out} // mpb would ask a terminal for its width
		options = append(options, mpb.WithOutput(hidden), mpb.ForceTTY(), mpb.WithAutoRefresh(), mpb.WithWidth(width))
	}
	return &lines{all: mpb.New(options...)}
}

func (l *lines) show(state State) {
	if l.bar != nil && l.line.show(state) {
		return
	}
	l.end(false)
	l.line = &line{began: time.Now(), bar: mpb.BarStyle().Build()}
	l.line.show(state)
	l.bar, _ = l.all.Add(0, mpb.BarFillerFunc(l.line.middle), mpb.BarFillerTrim(),
		mpb.PrependDecorators(decor.Any(l.line.head)), mpb.AppendDecorators(decor.Any(l.line.tail)))
}

// end leaves the line of the phase unchanged.
func (l *lines) end(failed bool) {
	switch {
	case l.bar == nil:
	case failed:
		l.bar.Abort(false)
	default:
		l.bar.SetTotal(-1, true)
	}
	l.bar = nil
}

func (l *lines) write(text []byte) (int, error) { return l.all.Write(text) }

func (l *lines) warn(text string) { _, _ = l.write(inWords(text)) }

func (l *lines) finish(err error) {
	l.end(err != nil)
	l.all.Wait()
}

// line is the line of a phase. It is updated and drawn concurrently.
type line struct {
	began time.Time
	bar   mpb.BarFiller
	mu    sync.Mutex
	state State
	speed speed
}

// show updates the state, and reports whether it is of the line's phase.
func (l *line) show(state State) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.speed.samples) > 0 && state.Phase != l.state.Phase {
		return false
	}
	l.state = state
	l.speed.measure(time.Now(), state)
	return true
}

func (l *line) at() at {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.speed.measure(time.Now(), l.state)
}

// head is the text before the bar.
func (l *line) head(s decor.Statistics) string { return head(l.at(), s) }

// middle draws the bar, if there is room and a total.
func (l *line) middle(out io.Writer, s decor.Statistics) error {
	const least, most, around = 8, 30, 2 // columns
	a := l.at()
	s.AvailableWidth -= around
	if a.Total <= 0 || s.Completed || s.AvailableWidth < least {
		return nil
	}
	s.RequestedWidth = most
	s.Total, s.Current = a.Total, min(max(a.Done, 0), a.Total)
	if _, err := io.WriteString(out, " "); err != nil {
		return err
	}
	return l.bar.Fill(out, s)
}

// tail is the text after the bar.
func (l *line) tail(s decor.Statistics) string {
	a := l.at()
	if s.Completed {
		return fitting(ending(a, a.now.Sub(l.began)), s.AvailableWidth)
	}
	return fitting(going(a), s.AvailableWidth)
}
