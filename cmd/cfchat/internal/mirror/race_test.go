//go:build race

package mirror_test

// withRaceDetector is whether the race detector is on, which is slow, and gets a part of a history.
const withRaceDetector = true
