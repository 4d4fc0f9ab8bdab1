package cfchattest

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// RateLimits switches the server's rate limits on. In each whole minute of its clock it takes 300 requests, from 3.1.0 on
// 3,000, from 4.12.0 on 30 for the counts of an account by one key, from 3.6.0 on five searches of contacts of an account, from
// 3.9.0 on 100, and from 4.16.0 on 60 deletions of conversations of an account; the rest are answered 429. All requests count as
// from one address, whoever sends them.
func RateLimits(s *Server) { s.limits = &limits{} }

// limits counts what was asked in the present minute (contract, section 3 and 4.2; contract, N5; contract, W2.1 and W3.7).
type limits struct {
	minute time.Time
	asked  map[string]int
}

// exceed counts a request and reports whether it is one too many. What is refused counts too, and so does what has no key
// that the server knows.
func (l *limits) exceed(s *Server, r *http.Request) bool {
	if minute := s.state.clock().Truncate(time.Minute); !minute.Equal(l.minute) {
		l.minute, l.asked = minute, map[string]int{}
	}
	most := 300
	if s.state.version.AtLeast("3.1.0") {
		most = 3000
	}
	tooMany := l.count("", most)
	before, _, counts := strings.Cut(r.URL.Path, "/conversations/meta")
	if counts && r.Method == http.MethodGet && s.state.version.AtLeast("4.12.0") {
		who := cmp.Or(r.Header.Get("uid"), s.keyOf(r.Header))
		tooMany = l.count(before+" "+who, 30) || tooMany
	}
	if searches := s.searches(); searches > 0 && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/contacts/search") {
		tooMany = l.count(r.URL.Path, searches) || tooMany
	}
	if to := routeOf(r); to.Operation == operation.DeleteAConversation && s.state.version.AtLeast("4.16.0") {
		tooMany = l.count(to.ID+" "+to.ids["account_id"], 60) || tooMany
	}
	return tooMany
}

// searches is how many searches of contacts of an account the server takes in a minute, 0 for as many as there are.
func (s *Server) searches() int {
	switch {
	case s.state.version.AtLeast("3.9.0"):
		return 100
	case s.state.version.AtLeast("3.6.0"):
		return 5
	}
	return 0
}

func (l *limits) count(name string, most int) (tooMany bool) {
	l.asked[name]++
	return l.asked[name] > most
}
