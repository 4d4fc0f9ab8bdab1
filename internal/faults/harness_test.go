package faults_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// The fault tests put a client of the public package over a server that speaks raw bytes, on the virtual time of
// testing/synctest: a fault is a string, a wait is exact and costs nothing, and leftover goroutines cause a deadlock report.
// The ids in the names of the cases (T1, S12, …) are those of the list of faults that the client must survive.

// Texts that must never show in an error, a log or a printed client.
const (
	userKey  = trial.UserKey
	botKey   = trial.BotKey
	searched = trial.Searched // what somebody searched for
)

const accountID = trial.AccountID

// errStopped is the cause of every cancellation in these tests.
var errStopped = errors.New("stopped by the operator")

// step is the server's reaction to one request.
type step struct {
	pause time.Duration // before the answer
	bytes string        // the answer, as it goes over the wire
	good  bool          // send the operation's good answer
	drip  time.Duration // before each byte of the body; 0 writes the whole answer in one go
	after ending
}

// ending is the fate of the connection after the answer.
type ending int

const (
	stayOpen ending = iota
	closed
	silent // it stays open, but nothing more is written
)

var (
	fine   = step{good: true}
	hangUp = step{after: closed}
	mute   = step{after: silent}
)

// says returns a step that sends a whole answer. Each further header is a whole line.
func says(status int, contentType, body string, headers ...string) step {
	lines := []string{fmt.Sprintf("HTTP/1.1 %d %s", status, http.StatusText(status))}
	if contentType != "" {
		lines = append(lines, "Content-Type: "+contentType)
	}
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)))
	return step{bytes: strings.Join(append(lines, headers...), "\r\n") + "\r\n\r\n" + body}
}

// sendsJSON returns a step that sends a whole answer in JSON.
func sendsJSON(status int, body string, headers ...string) step {
	return says(status, "application/json; charset=utf-8", body, headers...)
}

// thenCloses returns the same step, but closes the connection after the answer.
func (s step) thenCloses() step {
	s.after = closed
	return s
}

// play sends the answer, and reports whether the connection can carry another request. It stops waiting when over is closed.
func (s step) play(c net.Conn, good string, over <-chan struct{}) bool {
	rest := func(d time.Duration) {
		select {
		case <-time.After(d):
		case <-over:
		}
	}
	rest(s.pause)
	if s.good {
		s.bytes = sendsJSON(http.StatusOK, good).bytes
	}
	head, body := s.bytes, ""
	if s.drip > 0 {
		head, body, _ = strings.Cut(s.bytes, "\r\n\r\n")
		head += "\r\n\r\n"
	}
	if _, err := io.WriteString(c, head); err != nil {
		return false
	}
	for i := range body {
		rest(s.drip)
		if _, err := io.WriteString(c, body[i:i+1]); err != nil {
			return false
		}
	}
	if s.after == silent {
		_, _ = io.Copy(io.Discard, c) // until the client gives up
	}
	return s.after == stayOpen
}

// sentRequest is a request as the server saw it.
type sentRequest struct {
	at   time.Duration // since the server began
	conn int           // the number of its connection
	head string        // the request line and headers, byte for byte
	body string
}

// faultServer is a server at the other end of a net.Pipe.
type faultServer struct {
	refusals []error                // errors of the dials, in order (nil: the dial succeeds); the last one repeats
	steps    []step                 // for the requests, in order; the last repeats
	good     string                 // the body of a good answer
	answer   func(sentRequest) step // in place of steps, if not nil
	begun    time.Time
	over     chan struct{} // the test is over

	mu       sync.Mutex
	dialed   []string
	requests []sentRequest
	conns    []net.Conn // the server's ends
}

// dial is a DialContext function. A nil refusal makes a connection.
func (s *faultServer) dial(ctx context.Context, _, address string) (net.Conn, error) {
	s.mu.Lock()
	s.dialed = append(s.dialed, address)
	n := len(s.dialed)
	var refusal error
	if len(s.refusals) > 0 {
		refusal = s.refusals[min(n, len(s.refusals))-1]
	}
	s.mu.Unlock()
	if refusal == errDialHangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if refusal != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: refusal}
	}
	client, server := net.Pipe()
	s.mu.Lock()
	s.conns = append(s.conns, server)
	s.mu.Unlock()
	go s.serve(n, server)
	return client, nil
}

var errDialHangs = errors.New("nobody answers the dial")

func (s *faultServer) serve(n int, c net.Conn) {
	defer c.Close()
	var seen bytes.Buffer
	r := bufio.NewReader(io.TeeReader(c, &seen))
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		head, _, _ := strings.Cut(seen.String(), "\r\n\r\n")
		seen.Reset()
		if !s.next(sentRequest{conn: n, head: head, body: string(body)}).play(c, s.good, s.over) {
			return
		}
	}
}

// next records a request and returns its step.
func (s *faultServer) next(r sentRequest) step {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.at = time.Since(s.begun)
	s.requests = append(s.requests, r)
	if s.answer != nil {
		return s.answer(r)
	}
	if len(s.steps) == 0 {
		return fine
	}
	return s.steps[min(len(s.requests), len(s.steps))-1]
}

// hangUp closes the server's end of every connection.
func (s *faultServer) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
}

// counted counts the bytes read from a transport's response bodies, and the bodies that are still open.
type counted struct {
	http.RoundTripper
	mu       sync.Mutex
	taken    int64 // bytes, after decompression
	unclosed int
}

func (c *counted) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(req)
	if err == nil && resp.Body != nil {
		c.mu.Lock()
		c.unclosed++
		c.mu.Unlock()
		resp.Body = &countedBody{ReadCloser: resp.Body, by: c}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	by     *counted
	closed bool
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.by.mu.Lock()
	defer b.by.mu.Unlock()
	b.by.taken += int64(n)
	return n, err
}

func (b *countedBody) Close() error {
	b.by.mu.Lock()
	defer b.by.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.by.unclosed--
	}
	return b.ReadCloser.Close()
}

// connect returns a client of the server that has both keys, and the counts of its transport.
func (s *faultServer) connect(t *testing.T, options ...func(*cfchat.Config)) (*cfchat.Chat, *counted) {
	t.Helper()
	s.begun, s.over = time.Now(), make(chan struct{})
	transport := &http.Transport{DialContext: s.dial, MaxIdleConnsPerHost: 16, MaxResponseHeaderBytes: 64 << 10}
	count := &counted{RoundTripper: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.hangUp() // if an option replaced the http.Client, only the server can close its connections
		close(s.over)
		synctest.Wait()
		if count.unclosed != 0 {
			t.Errorf("%d bodies left open", count.unclosed)
		}
	})
	config := cfchat.Config{
		Keys:       auth.Keys{User: auth.NewKey(userKey), AgentBot: auth.NewKey(botKey)},
		Server:     "http://127.0.0.1",
		HTTPClient: &http.Client{Transport: count},
	}
	for _, option := range options {
		option(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return chat, count
}

// inBubble runs a subtest on virtual time.
func inBubble(t *testing.T, name string, f func(*testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// span is a range of virtual time.
type span struct{ from, to time.Duration }

// exactly returns a span that holds only d.
func exactly(d time.Duration) span { return span{d, d} }

func (s span) holds(d time.Duration) bool { return s.from <= d && d <= s.to }

// The client's own two waits between tries, with their jitter.
var (
	firstWait  = span{500 * time.Millisecond, 750 * time.Millisecond}
	secondWait = span{1000 * time.Millisecond, 1500 * time.Millisecond}
	bothWaits  = span{firstWait.from + secondWait.from, firstWait.to + secondWait.to}
)

// fault is a case: what goes wrong, and what must result.
type fault struct {
	name     string       // begins with the id
	on       []trial.Call // nil for all
	refusals []error
	steps    []step
	option   func(*cfchat.Config)
	editor   cfchat.RequestEditorFn
	cancel   time.Duration // the caller cancels after this time, with errStopped
	deadline time.Duration // the caller's
	late     bool          // the caller cancels before the call
	noRaw    bool          // do not play it through Raw
	want     outcome
}

// outcome is the required result of a call. Of the sentinels, its error must match exactly those in is; it must also match
// every error in also.
type outcome struct {
	ok         bool
	is         []error
	maybe      []error // sentinels that it may match or not
	also       []error
	status     int
	message    string // Error.Message, if not empty
	says       string // part of the error's text
	retryAfter time.Duration
	requests   int
	dials      int  // if not 0
	took       span // the whole call
	waits      []span
	check      func(*testing.T, *cfchat.Error, *faultServer, *counted)
}

var sentinels = []error{
	cfchat.ErrUnauthorized, cfchat.ErrForbidden, cfchat.ErrNotFound, cfchat.ErrRejected, cfchat.ErrRateLimited, cfchat.ErrServer, cfchat.ErrRedirect,
	cfchat.ErrDecode, cfchat.ErrTooLarge, cfchat.ErrInvalidInput, cfchat.ErrNotSent, cfchat.ErrUnknownOutcome, cfchat.ErrOverwritten,
}

// testFaults runs every case on its operations, through Account and through Raw, which must fail alike.
func testFaults(t *testing.T, faults []fault) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			if f.on == nil {
				f.on = trial.Calls
			}
			for _, c := range f.on {
				t.Run(c.ID, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f.run(t, c, func(ctx context.Context, chat *cfchat.Chat) (any, error) {
							return c.Do(ctx, chat, f.editors()...)
						})
					})
				})
				if f.noRaw {
					continue
				}
				t.Run("raw "+c.ID, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f.run(t, c, func(ctx context.Context, chat *cfchat.Chat) (any, error) {
							return c.Raw(ctx, chat.Raw(), f.editors()...)
						})
					})
				})
			}
		})
	}
}

func (f fault) editors() []cfchat.RequestEditorFn {
	if f.editor == nil {
		return nil
	}
	return []cfchat.RequestEditorFn{f.editor}
}

func (f fault) run(t *testing.T, c trial.Call, do func(context.Context, *cfchat.Chat) (any, error)) {
	w := &faultServer{refusals: f.refusals, steps: f.steps, good: c.Good}
	var options []func(*cfchat.Config)
	if f.option != nil {
		options = append(options, f.option)
	}
	chat, count := w.connect(t, options...)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	if f.late {
		cancel(errStopped)
	}
	if f.cancel > 0 {
		time.AfterFunc(f.cancel, func() { cancel(errStopped) })
	}
	if f.deadline > 0 {
		limited, stop := context.WithTimeout(ctx, f.deadline)
		defer stop()
		ctx = limited
	}
	value, err := do(ctx, chat)
	took := time.Since(w.begun)
	synctest.Wait() // for writes still in progress
	f.want.judge(t, c, value, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) != f.want.requests {
		t.Errorf("server got %d requests, want %d", len(w.requests), f.want.requests)
	}
	if f.want.dials != 0 && len(w.dialed) != f.want.dials {
		t.Errorf("got %d dials, want %d", len(w.dialed), f.want.dials)
	}
	if !f.want.took.holds(took) {
		t.Errorf("took %v, want %v", took, f.want.took)
	}
	for i, want := range f.want.waits {
		if i+1 < len(w.requests) && !want.holds(w.requests[i+1].at-w.requests[i].at) {
			t.Errorf("request %d arrived after %v, want %v", i+2, w.requests[i+1].at-w.requests[i].at, want)
		}
	}
	for _, r := range w.requests[min(1, len(w.requests)):] {
		if first := w.requests[0]; r.head != first.head || r.body != first.body {
			t.Errorf("the requests differ:\n%s\n%s\n%s\n%s", first.head, first.body, r.head, r.body)
		}
	}
	if f.want.check != nil {
		e, _ := errors.AsType[*cfchat.Error](err)
		f.want.check(t, e, w, count)
	}
}

// judge compares the result of a call with the outcome.
func (want outcome) judge(t *testing.T, c trial.Call, value any, err error) {
	t.Helper()
	if want.ok {
		if err != nil || value == nil {
			t.Fatalf("got %v, want success", err)
		}
		return
	}
	if value != nil {
		t.Errorf("failed call returned %v", value)
	}
	e, ok := err.(*cfchat.Error)
	if !ok {
		t.Fatalf("got %T %v, want an *Error", err, err)
	}
	checkSecrets(t, err)
	if e.Operation != c.ID {
		t.Errorf("operation %q, want %q", e.Operation, c.ID)
	}
	about := operation.Subject{
		AccountID: e.AccountID, ConversationID: e.ConversationID, MessageID: e.MessageID, ContactID: e.ContactID,
		InboxID: e.InboxID, TeamID: e.TeamID, WebhookID: e.WebhookID,
	}
	if about != c.About() {
		t.Errorf("about %q, want %q", about, c.About())
	}
	begin := "cfchat: " + c.ID + ": "
	if c.IsOfAccount() {
		begin += about.String() + ": "
	}
	if !strings.HasPrefix(err.Error(), begin) {
		t.Errorf("%q does not begin with the operation and its subject", err)
	}
	if e.Header == nil && e.StatusCode != 0 {
		t.Errorf("header %v with status %d", e.Header, e.StatusCode)
	}
	if e.StatusCode != want.status {
		t.Errorf("status %d, want %d: %v", e.StatusCode, want.status, err)
	}
	if want.message != "" && e.Message != want.message {
		t.Errorf("message %q, want %q", e.Message, want.message)
	}
	if want.retryAfter != 0 && e.RetryAfter != want.retryAfter {
		t.Errorf("RetryAfter %v, want %v", e.RetryAfter, want.retryAfter)
	}
	if !strings.Contains(err.Error(), want.says) {
		t.Errorf("got %q, want a text that contains %q", err, want.says)
	}
	for _, sentinel := range sentinels {
		if slices.Contains(want.maybe, sentinel) {
			continue
		}
		if is := slices.Contains(want.is, sentinel); errors.Is(err, sentinel) != is {
			t.Errorf("errors.Is(%q, %q) is %v", err, sentinel, !is)
		}
	}
	for _, cause := range want.also {
		if !errors.Is(err, cause) {
			t.Errorf("errors.Is(%q, %q) is false", err, cause)
		}
	}
}

// checkSecrets fails if an error, printed in any way, or anything in its chain shows a key or the searched text.
func checkSecrets(t *testing.T, err error) {
	t.Helper()
	for _, link := range layers(err) {
		if leak := leakIn(printed(link)...); leak != "" {
			t.Errorf("%T: %s", link, leak)
			return
		}
	}
}

// layers returns an error and all errors that it wraps.
func layers(err error) []error {
	links := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			links = append(links, layers(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			links = append(links, layers(inner)...)
		}
	}
	return links
}

// leaks are the forms in which fmt would print a secret.
var leaks = func() (forms []string) {
	for _, secret := range []string{userKey, botKey, searched} {
		forms = append(forms, secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
			strings.Trim(fmt.Sprint([]byte(secret)), "[]"))
	}
	return forms
}()

// leakIn reports which form of a key or of the searched text is in a text, and in which; "" if there is none.
func leakIn(texts ...string) string {
	for _, text := range texts {
		for _, form := range leaks {
			if strings.Contains(text, form) {
				return fmt.Sprintf("%s is in %.300q", form, text)
			}
		}
	}
	return ""
}

// printed returns the value in every printed form that people use.
func printed(value any) []string {
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%t", "%o", "% x", "%#x", "%10.3v"} {
		texts = append(texts, fmt.Sprintf(verb, value))
	}
	if data, err := json.Marshal(value); err == nil {
		texts = append(texts, string(data))
	} else {
		texts = append(texts, err.Error())
	}
	return texts
}
