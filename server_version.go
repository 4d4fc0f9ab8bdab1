package cfchat

import (
	"errors"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/release"
)

// AtLeast reports whether the server has what was added in a version, such as "4.8.0". It is false if the server does not
// report its version, if the argument is not a version, and for nil. For a server that reports 4.11.2 it is false from
// 4.12.0 on, although the code tagged v4.11.2 has it.
func (s *ServerInfo) AtLeast(version string) bool {
	other := release.Of(version)
	return !other.IsZero() && release.Of(s.String()).Compare(other) >= 0 // an invalid version is before all others
}

// String returns the version.
func (s *ServerInfo) String() string {
	if s == nil {
		return ""
	}
	return s.Version
}

// lacks reports whether the server surely lacks what was added in a version. 4.11.2 may be 4.12.0.
func (s *ServerInfo) lacks(since string) bool {
	known := !release.Of(s.String()).IsZero()
	return known && !s.AtLeast(since) && (since != "4.12.0" || !s.AtLeast("4.11.2"))
}

// askAgain is how long a server that did not report its version is not asked again.
const askAgain = time.Minute

// knownServer is what a Chat knows about its server: from the Config, or asked when first needed.
type knownServer struct {
	asking chan struct{} // held by the caller who asks
	given  bool          // by the Config

	mu     sync.Mutex
	info   *ServerInfo
	failed error     // why it is unknown
	asked  time.Time // when info became known, zero before
	tried  time.Time // when it was asked for
}

func newKnownServer(version string) *knownServer {
	known := &knownServer{asking: make(chan struct{}, 1), given: version != ""}
	if known.given {
		known.info = &ServerInfo{Version: version}
	}
	return known
}

// now returns what is known, whether to ask, and why nothing is known. If it is not enough, the server is asked again.
func (k *knownServer) now(enough func(*ServerInfo, error) bool) (info *ServerInfo, ask bool, failed error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.given:
		return k.info, false, nil
	case k.info == nil && (k.asked.IsZero() || time.Since(k.asked) > askAgain):
		return nil, true, k.failed
	}
	return k.info, !enough(k.info, k.failed), k.failed
}

// triedSince reports whether the server was asked since a time, or failed since then to answer an earlier request.
func (k *knownServer) triedSince(begun time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tried.After(begun) || k.failed != nil && k.asked.After(begun)
}

// anyAnswer accepts whatever is known.
func anyAnswer(*ServerInfo, error) bool { return true }

// tellsNot reports whether a server or its proxy does not report the version, rather than being temporarily unreachable.
func tellsNot(failed error) bool {
	for _, lasting := range []error{ErrNotFound, ErrUnauthorized, ErrForbidden, ErrDecode, ErrRedirect, ErrTooLarge, ErrRejected} {
		if errors.Is(failed, lasting) {
			return true
		}
	}
	return false
}
