// Package progress shows the progress of a long command: on a terminal as a line that is redrawn, and for programs as JSON.
//
// A line of JSON has these fields; unknown ones are absent:
//
//	time             when it was written, RFC 3339
//	phase            what the command is about
//	done, total      how far the phase is, in its own unit
//	rows, requests   what was written and requested so far
//	rows_per_second  over the last minute
//	waiting_until    until when the command waits for the server's limit
//	seconds_left     how long the phase still takes, by the last minute
//	warning          what went wrong without ending the command, with the state at that time
//	ended            only in the last line: "done", "interrupted" if the command was told to end, or "failed"
package progress

import (
	"io"
	"sync"
	"time"
)

// State is the progress of a command.
type State struct {
	Phase          string
	Done, Total    int64 // of the phase, in any unit; a Total of 0 means unknown
	Rows, Requests int64 // as shown
	WaitingUntil   time.Time
}

// Mode is how a meter shows the progress.
type Mode int

// The modes.
const (
	Quiet Mode = iota // not at all
	Bar               // a line for each phase on a terminal; elsewhere like Quiet
	JSON              // a line of JSON at each change of the phase, and otherwise at most one per second
)

// Meter shows the progress. It is safe for concurrent use.
type Meter struct {
	out     io.Writer
	mu      sync.Mutex
	display display // nil if nothing is shown, or no longer
}

// display is how a mode shows the progress. Its methods are not called at the same time.
type display interface {
	show(state State)
	write(text []byte) (int, error)
	warn(text string)
	finish(err error)
}

// New returns a meter. Call Finish unless it is Quiet.
func New(out io.Writer, mode Mode, options ...Option) *Meter {
	var set settings
	for _, option := range options {
		option(&set)
	}
	m := &Meter{out: out}
	switch {
	case mode == JSON:
		m.display = &reports{out: out}
	case mode == Bar && set.width > 0:
		m.display = newLines(out, set.width)
	case mode == Bar && isTerminal(out):
		m.display = newLines(out, widthUnlessKnown(out))
	}
	return m
}

// Option configures a meter.
type Option func(*settings)

type settings struct{ width int }

// Width makes a meter draw as on a terminal with this many columns, whatever it draws on.
func Width(columns int) Option { return func(s *settings) { s.width = columns } }

// Show sets the progress. It may be called at any rate: only the last state is drawn.
func (m *Meter) Show(state State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.display != nil {
		m.display.show(state)
	}
}

// Write writes whole lines, such as warnings, above what is drawn.
func (m *Meter) Write(text []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.display != nil {
		return m.display.write(text)
	}
	return m.out.Write(text)
}

// Warn reports what went wrong without ending the command: in words above what is drawn, or as a line of JSON.
func (m *Meter) Warn(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.display != nil {
		m.display.warn(text)
		return
	}
	_, _ = m.out.Write(inWords(text))
}

// inWords returns a warning as text for people.
func inWords(warning string) []byte { return []byte("cfchat: " + warning + "\n") }

// Finish ends the progress, shown as done if there is no error, and leaves the terminal at the start of a line. Afterwards
// the meter shows nothing.
func (m *Meter) Finish(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.display != nil {
		m.display.finish(err)
		m.display = nil
	}
}

// at is a State at a time, with the measurements until then.
type at struct {
	State

	now  time.Time
	rate float64       // rows per second, negative if unknown
	left time.Duration // 0 if unknown
}

// waits reports whether the command waits for the limit.
func (a at) waits() bool { return a.now.Before(a.WaitingUntil) }
