package progress

import "time"

const (
	// window is what a speed is of: the time by which servers count their limits, so that a burst and the wait that follows
	// are seen as one.
	window = time.Minute
	// settled is from when on a speed says anything.
	settled = 3 * time.Second
	// longest is a time left that is shown. What would take longer has only just begun.
	longest = 99 * 24 * time.Hour
)

// speed is how fast a phase goes.
type speed struct {
	samples []sample // a second apart, the oldest one at the beginning of the window
}

type sample struct {
	at         time.Time
	done, rows int64
}

// measure takes a state into account, and returns what is known of the phase now. The speed changes once a second, so that
// it can be read.
func (s *speed) measure(now time.Time, state State) at {
	if n := len(s.samples); n == 0 || now.Sub(s.samples[n-1].at) >= time.Second {
		s.samples = append(s.samples, sample{now, state.Done, state.Rows})
	}
	for len(s.samples) > 1 && now.Sub(s.samples[1].at) >= window {
		s.samples = s.samples[1:]
	}
	measured := at{State: state, now: now, rate: -1}
	first, last := s.samples[0], s.samples[len(s.samples)-1]
	took := last.at.Sub(first.at)
	if took < settled {
		return measured
	}
	if rows := last.rows - first.rows; rows >= 0 {
		measured.rate = float64(rows) / took.Seconds()
	}
	if done, rest := last.done-first.done, state.Total-last.done; done > 0 && rest > 0 {
		if left := float64(rest) / float64(done) * float64(took); left < float64(longest) {
			measured.left = time.Duration(left)
		}
	}
	return measured
}
