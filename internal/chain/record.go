package chain

import (
	"net/http"
	"slices"
	"time"
)

// Record is what a call returned besides its data. A nil Record keeps nothing.
type Record struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	Tries      int
	Duration   time.Duration
}

// begin forgets the previous try.
func (r *Record) begin(try int) {
	if r != nil {
		*r = Record{Tries: try}
	}
}

// keep keeps an answer.
func (r *Record) keep(resp *http.Response, body []byte) {
	if r != nil {
		r.StatusCode, r.Header, r.Body = resp.StatusCode, resp.Header.Clone(), slices.Clone(body)
	}
}

// hide makes an answer a failure's: it shortens it, and removes the request's secrets.
func (r *Record) hide(req *http.Request) {
	if r != nil {
		s := secretsOf(req)
		r.Body = r.Body[:min(len(r.Body), maxErrorBody)]
		r.Body, r.Header = []byte(s.in(string(r.Body))), s.inHeader(r.Header)
	}
}
