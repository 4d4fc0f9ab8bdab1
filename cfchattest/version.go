package cfchattest

import (
	"fmt"
	"regexp"
	"strconv"
)

// version is the rule set of the server that is stood in for.
type version int

const (
	version470 version = iota // the default
	version216
)

func (v version) String() string {
	if v == version216 {
		return "2.16.0"
	}
	return "4.7.0"
}

// Version makes the server behave as a version, such as "2.16.0", by the nearest rule set that there is: that of 2.16.0,
// where a wrong filter is a 500 instead of a 422, a filter has one row per label, and messages come up to ten at a time, or
// that of 4.7.0, the default. An invalid version fails the test.
func Version(name string) Option {
	return func(s *Server) {
		parts := versionForm.FindStringSubmatch(name)
		if parts == nil {
			s.wrong = fmt.Errorf("cfchattest: %q is no version such as 4.7.0", name)
			return
		}
		major, _ := strconv.Atoi(parts[1])
		minor, _ := strconv.Atoi(parts[2])
		s.state.version = version470
		if major < 3 || major == 3 && minor < 12 { // half way between the two
			s.state.version = version216
		}
	}
}

var versionForm = regexp.MustCompile(`^v?([0-9]{1,4})\.([0-9]{1,4})(\.[0-9]{1,4})?$`)
