//go:build !race

package between_test

const withRaceDetector = false
