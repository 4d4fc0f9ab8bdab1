package cfchattest

import (
	"net/http"
	"net/url"
	"slices"
)

// Request is a request that the server received. It never includes the key.
type Request struct {
	Method    string
	Path      string
	Query     url.Values
	Operation string // the operationId, such as cfchat.OperationConversationList; "" for a request outside openapi.yaml
	Body      string
	Status    int // of the answer
}

// Requests returns the requests so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *Server) keep(r *http.Request, to route, body []byte, status int) {
	s.requests = append(s.requests, Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(),
		Operation: to.id(), Body: string(body), Status: status,
	})
}
