package exit

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// TestEnds checks the exit status and the text of each error.
func TestEnds(t *testing.T) {
	failure := errors.New("cfchat: getInbox: account 1: 404 Not Found")
	for name, c := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"none":                         {nil, 0, ""},
		"of the library":               {failure, Failed, "getInbox: account 1: 404 Not Found"},
		"with a status":                {With(2, failure), 2, "getInbox: account 1: 404 Not Found"},
		"with a status, wrapped":       {fmt.Errorf("around: %w", With(3, errors.New("it"))), 3, "around: it"},
		"already printed":              {With(1, nil), 1, ""},
		"interrupted":                  {Interrupted(failure, Signal(syscall.SIGINT)), 130, "interrupt: getInbox: account 1: 404 Not Found"},
		"terminated":                   {Interrupted(errors.New("it"), Signal(syscall.SIGTERM)), 143, "terminated: it"},
		"interrupted, already printed": {Interrupted(With(1, nil), Signal(syscall.SIGINT)), 130, "interrupt"},
		"interrupted, had one before":  {Interrupted(With(2, errors.New("it")), Signal(syscall.SIGINT)), 130, "interrupt: it"},
	} {
		if status, text := Status(c.err), Text(c.err); status != c.status || text != c.text {
			t.Errorf("%s: %d, %q", name, status, text)
		}
	}
}
