package cfchattest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

const (
	deliveryTimeout = 5 * time.Second // how long the server waits for an answer
	botAttempts     = 3               // from 4.12.0 on, if a bot answers 429 or 500
	botPause        = 3 * time.Second // between them; a server adds up to 15 % of it
)

// Delivery is an attempt to deliver an event. It never includes the secret.
type Delivery struct {
	Kind    string // HookAccount, HookInbox or HookBot
	Event   cfchat.WebhookEvent
	URL     string
	ID      string // sent from 4.12.0 on, to bots from 4.13.0 on; the same in all attempts
	Attempt int    // from 1; higher if a bot is tried again
	Header  http.Header
	Body    string
	Status  int    // of the answer; 0 for none
	Failed  string // why it counts as failed; "" if it was received
}

// outgoing is a delivery that has not been made.
type outgoing struct {
	hook
	*occurrence

	from    *state // its state, which may have been replaced since
	id      string
	attempt int
	copied  bool      // it is the second copy
	body    []byte    // nil until it is built
	due     time.Time // zero for now
}

// build builds the body from the current state. It reports false if that fails, and the delivery is lost.
func (o *outgoing) build(job bool) bool {
	body, err := o.occurrence.body(job)
	if err == nil {
		o.body = encode(body)
	}
	return err == nil
}

// post holds the deliveries: those waiting, and those made.
type post struct {
	receivers map[string]http.Handler
	waiting   []*outgoing
	held      []*outgoing
	holds     bool
	mishaps   []*mishap
	made      []Delivery

	open    int           // deliveries not yet made, without the held ones
	settled chan struct{} // closed when none is open
	more    chan struct{} // signals that more are waiting
	running bool          // whether the goroutine that makes them runs
	stop    context.CancelFunc
	ended   chan struct{} // closed when the goroutine ends
	closed  bool
	late    []chan struct{} // handlers that were given up, closed when they return
}

// Receive registers a handler for deliveries to an address, in memory: those to webhooks of the account, of API inboxes and
// of agent bots with that URL. An address that ends in a slash matches all that start with it; the longest match wins. The
// case of the host, a default port and the escaping of the path make no difference; a query is part of the address. A
// delivery to an address without a handler fails as if nothing listened there. Objects deleted before their delivery are not
// delivered.
//
// Deliveries are made in the background, one at a time, after the answer to the request that caused them. Each is a POST
// with the headers, the body and the signature of the version. It waits 5 s for the answer; then its context ends and it has
// failed. From 4.14.0 on servers call no private address, such as 10.1.2.3 or localhost, without the option
// [PrivateNetwork]. A handler may call the Server's methods and its operations, except [Server.Settle] and [Server.Close].
func (s *Server) Receive(url string, h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkAddress("Receive", url)
	if h == nil {
		s.mistake("Receive", "the handler of %s is nil", url)
	}
	if s.post.receivers == nil {
		s.post.receivers = map[string]http.Handler{}
	}
	s.post.receivers[bareAddress(url)] = h
}

// Settle waits until everything, including what follows from it, has been delivered or has finally failed. It does not wait
// for deliveries held by [Server.HoldDeliveries]. If ctx ends first, it returns its error. Each retry of a bot takes 3 s,
// which is no real time in [testing/synctest].
func (s *Server) Settle(ctx context.Context) error {
	for {
		s.mu.Lock()
		open, settled := s.post.open, s.post.settled
		s.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-settled:
		case <-ctx.Done():
			return fmt.Errorf("cfchattest: %d deliveries are open: %w", open, context.Cause(ctx))
		}
	}
}

// Deliveries returns the delivery attempts so far, in order.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := slices.Clone(s.post.made)
	for i := range made {
		made[i].Header = made[i].Header.Clone()
	}
	return made
}

// take takes the deliveries that the last change queued, which count as open from now on. It is called with the lock, at the
// end of a request or of a method that changes something.
func (s *Server) take() []*outgoing {
	s.state.forget()
	taken := s.state.outbox
	s.state.outbox = nil
	s.opened(len(taken))
	return taken
}

// opened counts deliveries that are to be made.
func (s *Server) opened(n int) {
	if s.post.open == 0 && n > 0 {
		s.post.settled = make(chan struct{})
	}
	if s.post.open += n; s.post.open == 0 && s.post.settled != nil {
		close(s.post.settled)
		s.post.settled = nil
	}
}

// unlock ends a method that changes something, and sends its deliveries.
func (s *Server) unlock() {
	taken := s.take()
	s.mu.Unlock()
	s.send(taken)
}

// send starts making deliveries in the background.
func (s *Server) send(taken []*outgoing) {
	if len(taken) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enqueue(taken)
}

// enqueue is send, with the lock.
func (s *Server) enqueue(taken []*outgoing) {
	p := &s.post
	switch {
	case p.closed:
		s.opened(-len(taken))
		return
	case p.holds:
		p.held = append(p.held, taken...)
		s.opened(-len(taken))
		return
	}
	p.waiting = append(p.waiting, taken...)
	if !p.running {
		ctx, stop := context.WithCancel(context.Background())
		p.running, p.stop, p.more, p.ended = true, stop, make(chan struct{}, 1), make(chan struct{})
		go s.run(ctx)
		return
	}
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// run makes deliveries until none is waiting.
func (s *Server) run(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &s.post
	defer func() {
		p.stop()
		p.running = false
		close(p.ended)
	}()
	for len(p.waiting) > 0 && ctx.Err() == nil {
		i := slices.IndexFunc(p.waiting, func(o *outgoing) bool { return !o.due.After(time.Now()) })
		if i < 0 {
			s.pause(ctx)
			continue
		}
		next := p.waiting[i]
		p.waiting = slices.Delete(p.waiting, i, i+1)
		s.deliver(ctx, next)
		s.opened(-1)
	}
	s.opened(-len(p.waiting))
	p.waiting = nil
}

// dropFormer drops the waiting deliveries of a replaced state. Held ones are dropped on release.
func (s *Server) dropFormer() {
	p := &s.post
	before := len(p.waiting)
	p.waiting = slices.DeleteFunc(p.waiting, func(o *outgoing) bool { return o.from != s.state })
	s.opened(len(p.waiting) - before)
}

// pause waits, without the lock, for the first delivery that is due, or for another one.
func (s *Server) pause(ctx context.Context) {
	first := slices.MinFunc(s.post.waiting, func(x, y *outgoing) int { return x.due.Compare(y.due) })
	timer, more := time.NewTimer(time.Until(first.due)), s.post.more
	defer timer.Stop()
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-timer.C:
	case <-more:
	case <-ctx.Done():
	}
}

// deliver makes an attempt, with any mishap that a test asked for, and handles its outcome.
func (s *Server) deliver(ctx context.Context, o *outgoing) {
	if o.from != s.state || o.attempt == 1 && s.goesAstray(o) {
		return
	}
	if o.body == nil && !o.build(true) {
		return
	}
	result := s.attempt(ctx, o)
	if ctx.Err() != nil && result.Status == 0 {
		return // the server was closed in the middle
	}
	s.post.made = append(s.post.made, result)
	if result.Failed == "" || o.from != s.state {
		return
	}
	retried := result.Status == http.StatusTooManyRequests || result.Status == http.StatusInternalServerError
	if o.kind == HookBot && retried && o.attempt < botAttempts && s.state.version.AtLeast("4.12.0") {
		again := *o
		again.attempt++
		again.due = time.Now().Add(botPause)
		s.opened(1)
		s.enqueue([]*outgoing{&again})
		return
	}
	s.failed(o, result.Failed)
	s.enqueue(s.take())
}

// attempt makes one attempt. The receiver is asked without the lock, because it may use the server.
func (s *Server) attempt(ctx context.Context, o *outgoing) Delivery {
	made := Delivery{
		Kind: o.kind, Event: cfchat.WebhookEvent(o.name), URL: o.url, ID: o.id, Attempt: o.attempt, Body: string(o.body), Header: s.headerOf(o),
	}
	if !s.state.since(signed[o.kind].id) {
		made.ID = ""
	}
	wrong := s.failureOf(o)
	if wrong != nil && !wrong.TimedOut {
		answer := answered{status: wrong.Status}
		if wrong.Status == 0 {
			answer = refusedBy(o.url)
		}
		made.Status, made.Failed = wrong.Status, s.verdict(answer)
		return made
	}
	answer := s.call(ctx, o, made.Header)
	if wrong != nil {
		answer = answered{late: true}
	}
	made.Status, made.Failed = answer.status, s.verdict(answer)
	return made
}

// receiverOf returns the handler of an address, nil for none.
func (s *Server) receiverOf(address string) http.Handler {
	if h := s.post.receivers[address]; h != nil {
		return h
	}
	longest := ""
	for each := range s.post.receivers {
		if strings.HasSuffix(each, "/") && strings.HasPrefix(address, each) && len(each) > len(longest) {
			longest = each
		}
	}
	return s.post.receivers[longest]
}

// closePost ends the current delivery and waits for the handlers that were given up.
func (s *Server) closePost() {
	s.mu.Lock()
	p := &s.post
	p.closed = true
	if p.running {
		p.stop()
		s.mu.Unlock()
		<-p.ended
		s.mu.Lock()
	}
	late := p.late
	s.mu.Unlock()
	for _, returned := range late {
		<-returned
	}
}
