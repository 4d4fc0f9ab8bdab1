package trial_test

import (
	"testing"

	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestTableOfCalls finds the operation that the tests do not call.
func TestTableOfCalls(t *testing.T) {
	for _, op := range operation.All {
		if len(trial.CallsThat(func(c trial.Call) bool { return c.Operation == op })) != 1 {
			t.Errorf("%s: Calls needs one row for it", op)
		}
	}
}
