package cfchat

import (
	"errors"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/release"
)

// AtLeast reports whether the server has what came with a version, such as "4.8.0". It is false where the server says nothing
// of its version, of what is no version, and of nil. Of a server that says 4.11.2 it is false from 4.12.0 on, although what
// was tagged v4.11.2 has it.
func (s *ServerInfo) AtLeast(version string) bool {
	other := release.Of(version)
	return !other.IsZero() && release.Of(s.String()).Compare(other) >= 0 // what is no version is before all others
}

// String returns the version.
func (s *ServerInfo) String() string {
	if s == nil {
		return ""
	}
	return s.Version
}

// lacks reports whether the server surely has not what came with a version. 4.11.2 may be 4.12.0.
func (s *ServerInfo) lacks(since string) bool {
	known := !release.Of(s.String()).IsZero()
	return known && !s.AtLeast(since) && (since != "4.12.0" || !s.AtLeast("4.11.2"))
}

// askAgain is how long a server is not asked for its version again that did not tell it.
const askAgain = time.Minute

// knownServer is what a Chat knows of its server: from the Config, or asked when it is first needed.
type knownServer struct {
	asking chan struct{} // holds the one that asks
	given  bool          // by the Config

	mu     sync.Mutex
	info   *ServerInfo
	failed error     // why it is not known
	asked  time.Time // when that was known, zero before
	tried  time.Time // when it was asked for
}

func newKnownServer(version string) *knownServer {
	known := &knownServer{asking: make(chan struct{}, 1), given: version != ""}
	if known.given {
		known.info = &ServerInfo{Version: version}
	}
	return known
}

// now returns what is known, whether it is of use to ask, and why nothing is known. What is not enough is asked for again.
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

// triedSince reports whether the server was asked since a time, or did not answer since then what it was asked before.
func (k *knownServer) triedSince(begun time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tried.After(begun) || k.failed != nil && k.asked.After(begun)
}

// anyAnswer takes whatever is known.
func anyAnswer(*ServerInfo, error) bool { return true }

// tellsNot reports whether a server, or what is before it, does not tell its version, and is not only out of reach for now.
func tellsNot(failed error) bool {
	for _, lasting := range []error{ErrNotFound, ErrUnauthorized, ErrForbidden, ErrDecode, ErrRedirect, ErrTooLarge, ErrRejected} {
		if errors.Is(failed, lasting) {
			return true
		}
	}
	return false
}
