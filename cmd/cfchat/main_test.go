package main

import (
	"os"
	"testing"
)

// isProgram makes the test binary the program itself, for tests that run it as a process of its own.
const isProgram = "CFCHAT_TEST_IS_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(isProgram) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}
