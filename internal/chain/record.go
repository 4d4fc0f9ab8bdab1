package chain

import (
	"net/http"
	"slices"
	"time"
)

// Record is what a call got beside its data. A nil one keeps nothing.
type Record struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	Tries      int
	Duration   time.Duration
}

// begin forgets the try before.
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

// hide makes an answer that of a failure: it shortens it, and takes out what it repeats of the request's secrets.
func (r *Record) hide(req *http.Request) {
	if r != nil {
		s := secretsOf(req)
		r.Body = r.Body[:min(len(r.Body), maxErrorBody)]
		r.Body, r.Header = []byte(s.in(string(r.Body))), s.inHeader(r.Header)
	}
}
