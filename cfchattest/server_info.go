package cfchattest

import (
	"net/http"
	"time"
)

// isServerInfo reports whether a request asks for the server itself, which belongs to no account.
func isServerInfo(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.Path == "/api" }

// serverInfo says which version this is, on every version and to everybody: it asks for no key (contract-whole, 0).
func (s *Server) serverInfo() *reply {
	return answer(object{
		"version": s.state.version.String(), "timestamp": s.state.clock().UTC().Format(time.DateTime),
		"queue_services": "ok", "data_services": "ok",
	})
}
