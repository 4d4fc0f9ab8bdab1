package cfchattest

import (
	"fmt"

	"github.com/cfchat/cfchat-go/internal/release"
)

// defaultVersion is the version that a server behaves as unless [Version] says otherwise.
var defaultVersion, _ = release.Parse("4.7.0")

// Version makes the server behave as a version, such as "2.16.0": each difference between versions begins where the
// contract dates it. Recorded are 2.16.0, 4.7.0 and 4.16.2; what lies before the first of them behaves as that, and what
// comes after the last as that. The default is 4.7.0. An invalid version fails the test.
func Version(name string) Option {
	return func(s *Server) {
		v, err := release.Parse(name)
		if err != nil {
			s.wrong = fmt.Errorf("cfchattest: %w", err)
			return
		}
		s.state.version = v
	}
}
