package cfchattest

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// RateLimits switches the server's rate limits on. In each whole minute of its clock the server accepts 300 requests, 3,000
// from 3.1.0 on. Of these, 30 with one key may ask for the counts of an account (from 4.12.0 on), five may search the
// contacts of an account (from 3.6.0 on; 100 from 3.9.0 on), and 60 may delete conversations of an account (from 4.16.0 on).
// In each whole hour it accepts 20 transcripts of an account from 2.18.0 on, 1,000 from 4.12.0 on. Further requests are
// answered 429. All requests count as coming from one address, whoever sends them.
func RateLimits(s *Server) { s.limits = &limits{} }

// limits counts requests (contract, section 3 and 4.2; contract, N5; contract, W2.1, W3.6 and W3.7).
type limits struct{ minute, hour stretch }

// stretch counts the requests in the current stretch of time.
type stretch struct {
	begun time.Time
	asked map[string]int
}

// goOn starts the next stretch of a length when it is due.
func (s *stretch) goOn(now time.Time, length time.Duration) {
	if begun := now.Truncate(length); !begun.Equal(s.begun) {
		s.begun, s.asked = begun, map[string]int{}
	}
}

func (s *stretch) count(name string, most int) (tooMany bool) {
	s.asked[name]++
	return s.asked[name] > most
}

// exceed counts a request and reports whether it is one too many. Refused requests count too, as do those without a known
// key.
func (l *limits) exceed(s *Server, r *http.Request) bool {
	l.minute.goOn(s.state.clock(), time.Minute)
	l.hour.goOn(s.state.clock(), time.Hour)
	most := 300
	if s.state.version.AtLeast("3.1.0") {
		most = 3000
	}
	tooMany := l.minute.count("", most)
	before, _, counts := strings.Cut(r.URL.Path, "/conversations/meta")
	if counts && r.Method == http.MethodGet && s.state.version.AtLeast("4.12.0") {
		who := cmp.Or(r.Header.Get("uid"), s.keyOf(r.Header))
		tooMany = l.minute.count(before+" "+who, 30) || tooMany
	}
	if searches := s.searches(); searches > 0 && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/contacts/search") {
		tooMany = l.minute.count(r.URL.Path, searches) || tooMany
	}
	return l.exceedOf(s, routeOf(r)) || tooMany
}

// exceedOf counts a request of an operation with a limit of its own, and reports whether it is one too many.
func (l *limits) exceedOf(s *Server, to route) bool {
	account := to.ID + " " + to.ids["account_id"]
	switch most := s.transcripts(); {
	case to.Operation == operation.SendTranscriptOfAConversation && most > 0:
		return l.hour.count(account, most)
	case to.Operation == operation.DeleteAConversation && s.state.version.AtLeast("4.16.0"):
		return l.minute.count(account, 60)
	}
	return false
}

// transcripts returns how many transcripts of an account the server accepts in an hour, 0 for no limit. Some version in
// between raised it to 30; the contract does not say which.
func (s *Server) transcripts() int {
	switch {
	case s.state.version.AtLeast("4.12.0"):
		return 1000
	case s.state.version.AtLeast("2.18.0"):
		return 20
	}
	return 0
}

// searches returns how many contact searches of an account the server accepts in a minute, 0 for no limit.
func (s *Server) searches() int {
	switch {
	case s.state.version.AtLeast("3.9.0"):
		return 100
	case s.state.version.AtLeast("3.6.0"):
		return 5
	}
	return 0
}
