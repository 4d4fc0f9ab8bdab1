package progress

import "time"

const (
	// window is the time over which speed is measured: that of the servers' limits, so that a burst and the wait after it
	// count together.
	window = time.Minute
	// settled is the time after which a speed is meaningful.
	settled = 3 * time.Second
	// longest is the longest time left that is shown. A longer estimate means that the phase has only just started.
	longest = 99 * 24 * time.Hour
)

// speed is the speed of a phase.
type speed struct {
	samples []sample // a second apart, the oldest one at the beginning of the window
}

type sample struct {
	at         time.Time
	done, rows int64
}

// measure records a state and returns the measurements of the phase. The speed changes once a second, so that it is
// readable.
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
