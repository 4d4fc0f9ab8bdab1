//go:build race

package mirror_test

// withRaceDetector is whether the race detector is on. It is slow, so that a history is cut short.
const withRaceDetector = true
