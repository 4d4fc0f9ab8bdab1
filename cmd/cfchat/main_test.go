package main

import (
	"os"
	"testing"
)

// isProgram makes the test binary the program itself, for tests that run it as a process of its own.
const isProgram = "CFCHAT_TEST_IS_THE_PROGRAM"

// memoryFile is where such a process writes in the end what the system says of its memory, if the variable is set.
const memoryFile = "CFCHAT_TEST_MEMORY_FILE"

func TestMain(m *testing.M) {
	if os.Getenv(isProgram) != "" {
		status := run(os.Args[1:])
		if name := os.Getenv(memoryFile); name != "" {
			if data, err := os.ReadFile("/proc/self/status"); err == nil {
				_ = os.WriteFile(name, data, 0o600)
			}
		}
		os.Exit(status)
	}
	os.Exit(m.Run())
}
