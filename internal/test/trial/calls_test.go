package trial_test

import (
	"testing"

	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestTableOfCalls checks that Calls has exactly one row for each operation.
func TestTableOfCalls(t *testing.T) {
	for _, op := range operation.All {
		if len(trial.CallsThat(func(c trial.Call) bool { return c.Operation == op })) != 1 {
			t.Errorf("%s: Calls must have exactly one row for it", op)
		}
	}
}
