package cfchattest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// PrivateNetwork lets the server call private addresses from 4.14.0 on too, which operators can allow from 4.14.1 on.
func PrivateNetwork(s *Server) { s.privateNetwork = true }

// maxRedirects is how many redirects servers follow from 4.14.0 on.
const maxRedirects = 10

// answered is how a receiver answered: with a status, too late, or not at all.
type answered struct {
	status   int
	location string
	late     bool
	refused  string // why it was not called; "" if it was
}

// headerOf returns the header of an attempt, with its time and the signature (contract, H2).
func (s *Server) headerOf(o *outgoing) http.Header {
	st := s.state
	header := http.Header{
		"Accept": {"application/json"}, "Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(o.body))},
		"Accept-Encoding": {"gzip;q=1.0,deflate;q=0.6,identity;q=0.3"}, "User-Agent": {"Ruby"},
	}
	if !st.version.AtLeast("4.14.0") {
		header.Set("User-Agent", "rest-client/2.1.0 (linux-gnu x86_64) ruby/3.3.8p144")
	}
	since := signed[o.kind]
	if st.since(since.id) {
		header.Set("X-Chatwoot-Delivery", o.id)
	}
	if !st.since(since.signature) || o.secret == "" {
		return header
	}
	now := time.Now()
	if s.ownClock {
		now = st.clock()
	}
	at := strconv.FormatInt(now.Unix(), 10)
	sum := hmac.New(sha256.New, []byte(o.secret))
	sum.Write([]byte(at + "."))
	sum.Write(o.body)
	header.Set("X-Chatwoot-Timestamp", at)
	header.Set("X-Chatwoot-Signature", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	return header
}

// call delivers to an address and follows redirects: before 4.14.0 with a GET, and only after a 303.
func (s *Server) call(ctx context.Context, o *outgoing, header http.Header) answered {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	method, body := http.MethodPost, o.body
	from, err := url.Parse(o.url)
	if err != nil {
		return answered{refused: "bad URI: " + o.url}
	}
	for range maxRedirects + 1 {
		answer := s.callOnce(ctx, method, from, header, body)
		to, err := from.Parse(answer.location)
		if answer.location == "" || err != nil || !s.follows(answer.status) {
			return answer
		}
		if to.User == nil && siteOf(to) == siteOf(from) {
			to.User = from.User
		}
		if from = to; !s.state.version.AtLeast("4.14.0") {
			method, body, header = http.MethodGet, nil, headerOfGet(header)
		}
	}
	return answered{refused: "too many redirects"}
}

// siteOf returns the scheme, the host and the port of an address in one spelling, with the default port left out.
func siteOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); port == "" || port == defaultPorts[u.Scheme] {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return (&url.URL{Scheme: u.Scheme, Host: host}).String()
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// headerOfGet returns the part of the POST's header that the GET after a 303 keeps. That it keeps no more is (unseen).
func headerOfGet(header http.Header) http.Header {
	return http.Header{
		"Accept": header["Accept"], "Accept-Encoding": header["Accept-Encoding"], "User-Agent": header["User-Agent"],
	}
}

// follows reports whether the version follows a redirect.
func (s *Server) follows(status int) bool {
	if s.state.version.AtLeast("4.14.0") {
		return status >= 300 && status < 400
	}
	return status == http.StatusSeeOther
}

// callOnce calls the receiver of an address.
func (s *Server) callOnce(ctx context.Context, method string, to *url.URL, header http.Header, body []byte) answered {
	if s.state.version.AtLeast("4.14.0") && !s.privateNetwork && isPrivate(to.Hostname()) {
		return answered{refused: "the address is private; servers from 4.14.0 on need the option PrivateNetwork"}
	}
	address := bareAddress(to.String())
	receiver := s.receiverOf(address)
	if receiver == nil {
		return refusedBy(address)
	}
	r := httptest.NewRequestWithContext(ctx, method, siteOf(to)+"/", bytes.NewReader(body))
	r.Header = header.Clone()
	r.URL, r.RequestURI = &url.URL{Path: cmp.Or(to.Path, "/"), RawPath: to.RawPath, RawQuery: to.RawQuery}, to.RequestURI()
	if to.User != nil {
		password, _ := to.User.Password()
		r.SetBasicAuth(to.User.Username(), password)
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	return s.serveDelivery(ctx, receiver, r)
}

// serveDelivery runs a handler until it returns or the context ends. A handler that is given up keeps running.
func (s *Server) serveDelivery(ctx context.Context, h http.Handler, r *http.Request) answered {
	w := finalRecorder{httptest.NewRecorder()}
	returned := make(chan struct{})
	whole := false
	go func() {
		defer close(returned)
		defer func() {
			if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
				s.complain(fmt.Sprintf("cfchattest: the receiver at %s panicked: %v", r.Host+r.RequestURI, cause))
			}
		}()
		h.ServeHTTP(w, r)
		whole = true
	}()
	select {
	case <-returned:
		if !whole {
			return answered{refused: "end of file reached"}
		}
		return answered{status: w.Code, location: w.Header().Get("Location")}
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.post.late = append(s.post.late, returned)
		return answered{late: true}
	}
}

// verdict returns why an attempt failed, in the server's words (unseen except for a status); "" if it did not.
func (s *Server) verdict(a answered) string {
	last := 207 // the last that rest-client treats as success
	if s.state.version.AtLeast("4.14.0") {
		last = 299
	}
	switch {
	case a.late && s.state.version.AtLeast("4.14.0"):
		return "Net::ReadTimeout with #<TCPSocket:(closed)>"
	case a.late:
		return "Timed out reading data from server"
	case a.refused != "":
		return a.refused
	case a.status >= http.StatusOK && a.status <= last:
		return ""
	}
	return fmt.Sprintf("%d %s", a.status, http.StatusText(a.status))
}

// bareAddress returns an address in one spelling, without user information and fragment.
func bareAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	steps := strings.Split(u.EscapedPath(), "/")
	for i, step := range steps {
		if plain, err := url.PathUnescape(step); err == nil {
			steps[i] = url.PathEscape(plain)
		}
	}
	bare := siteOf(u) + cmp.Or(strings.Join(steps, "/"), "/")
	if u.RawQuery != "" {
		bare += "?" + u.RawQuery
	}
	return bare
}

// refusedBy returns the outcome at an address where nothing listens.
func refusedBy(address string) answered {
	u, err := url.Parse(address)
	if err != nil {
		return answered{refused: "bad URI: " + address}
	}
	host := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultPorts[u.Scheme]))
	return answered{refused: fmt.Sprintf("Failed to open TCP connection to %s (Connection refused)", host)}
}
