//go:build !race

package mirror_test

const withRaceDetector = false
