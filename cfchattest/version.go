package cfchattest

import (
	"fmt"

	"github.com/cfchat/cfchat-go/internal/release"
)

// defaultVersion is a server's version unless [Version] selects another.
var defaultVersion, _ = release.Parse("4.7.0")

// Version makes the server behave like a version such as "2.16.0": each difference between versions applies from the version
// that the contract gives. Recordings exist of 2.16.0, 4.7.0 and 4.16.2; earlier versions behave like the first of them,
// later ones like the last. The default is 4.7.0. An invalid version fails the test.
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
