//go:build race

package cfchat_test

const withRaceDetector = true
