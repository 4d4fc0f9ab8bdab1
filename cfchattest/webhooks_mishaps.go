package cfchattest

import (
	"math/rand/v2"
	"slices"
)

// DeliveryFailure is how a delivery fails. The zero value is a connection that is refused.
type DeliveryFailure struct {
	Status   int  // is answered in place of the receiver, such as 500
	TimedOut bool // the receiver gets it, and its answer comes too late
}

// mishap is something that is to go wrong with deliveries.
type mishap struct {
	url  string // in one spelling; "" for any
	left int
	kind mishapKind
	DeliveryFailure
}

type mishapKind int

const (
	fails mishapKind = iota
	isLost
	comesTwice
	isQueuedAgain
)

// FailDeliveries makes the next n attempts to deliver to an address fail, "" for any. A bot that is tried again needs one for each.
// Those that are not used up wait for later deliveries; with n = 0 what was asked for the same address is taken back.
func (s *Server) FailDeliveries(url string, n int, f DeliveryFailure) {
	s.addMishap(mishap{url, n, fails, f})
}

// LoseDeliveries has the next n deliveries to an address, "" for any, never leave, as where the server is stopped. Nothing of them
// is in [Server.Deliveries]. As with [Server.FailDeliveries], what is not used up waits, and n = 0 takes it back.
func (s *Server) LoseDeliveries(url string, n int) {
	s.addMishap(mishap{url: url, left: n, kind: isLost})
}

// RepeatDeliveries has the next n deliveries to an address, "" for any, come twice, with the same id and the same body.
// As with [Server.FailDeliveries], what is not used up waits, and n = 0 takes it back.
func (s *Server) RepeatDeliveries(url string, n int) {
	s.addMishap(mishap{url: url, left: n, kind: comesTwice})
}

// RequeueDeliveries has the next n deliveries to an address, "" for any, come twice, with another id, and of webhooks of accounts and
// API inboxes with what is so by then: as where the job of an event fails after it has queued them (contract, H3).
// As with [Server.FailDeliveries], what is not used up waits, and n = 0 takes it back.
func (s *Server) RequeueDeliveries(url string, n int) {
	s.addMishap(mishap{url: url, left: n, kind: isQueuedAgain})
}

// HoldDeliveries keeps back what would be delivered from now on, until [Server.ReleaseDeliveries]. [Server.Settle] does not wait for
// it.
func (s *Server) HoldDeliveries() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.holds = true
}

// Order is an order in which n held deliveries leave: the place that each has had.
type Order func(n int) []int

// InOrder is the order in which they were held.
func InOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// Reversed has the latest leave first.
func Reversed(n int) []int {
	order := InOrder(n)
	slices.Reverse(order)
	return order
}

// Shuffled is an order by chance, the same each time for a seed.
func Shuffled(seed uint64) Order {
	return func(n int) []int { return rand.New(rand.NewPCG(seed, seed)).Perm(n) }
}

// ReleaseDeliveries has what was held leave in an order, nil for [InOrder], and nothing be held any more. The bodies of
// what goes to webhooks of the account and of API inboxes are made now: several may tell of the same, newer state
// (contract, H3).
func (s *Server) ReleaseDeliveries(order Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.post.held
	s.post.held, s.post.holds = nil, false
	released := make([]*outgoing, 0, len(held))
	for _, i := range s.places(order, len(held)) {
		released = append(released, held[i])
	}
	if len(released) > 0 {
		s.opened(len(released))
		s.enqueue(released)
	}
}

// places returns the places of n deliveries in an order. One that is not of each once fails the test.
func (s *Server) places(order Order, n int) []int {
	if order == nil {
		order = InOrder
	}
	places := order(n)
	if sorted := slices.Sorted(slices.Values(places)); !slices.Equal(sorted, InOrder(n)) {
		s.mistake("ReleaseDeliveries", "the order of %d is %v, which has not each place once", n, places)
	}
	return places
}

// addMishap adds what is to go wrong, or takes away all of its kind and address.
func (s *Server) addMishap(m mishap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checkMishap(m)
	if m.url != "" {
		m.url = bareAddress(m.url)
	}
	if m.left > 0 {
		s.post.mishaps = append(s.post.mishaps, &m)
		return
	}
	s.post.mishaps = slices.DeleteFunc(s.post.mishaps, func(each *mishap) bool { return each.kind == m.kind && each.url == m.url })
}

// checkMishap fails the test if nothing can go wrong so.
func (s *Server) checkMishap(m mishap) {
	switch f := m.DeliveryFailure; {
	case m.left < 0:
		s.mistake(m.kind.String(), "%d deliveries cannot go wrong; 0 takes back what was asked for", m.left)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		s.mistake("DeliveryFailure.Status", "%d is not the status of an answer", f.Status)
	case f.Status != 0 && f.TimedOut:
		s.mistake("DeliveryFailure.TimedOut", "nothing is answered then; leave out Status")
	case m.url != "":
		s.checkAddress(m.kind.String(), m.url)
	}
}

// String returns the method that has asked for it.
func (k mishapKind) String() string {
	return [...]string{"FailDeliveries", "LoseDeliveries", "RepeatDeliveries", "RequeueDeliveries"}[k]
}

// mishapOf takes the first mishap of some kinds whose turn it is with a delivery, nil for none.
func (s *Server) mishapOf(o *outgoing, kinds ...mishapKind) *mishap {
	address := bareAddress(o.url)
	for _, m := range s.post.mishaps {
		if m.left > 0 && slices.Contains(kinds, m.kind) && (m.url == "" || m.url == address) {
			m.left--
			return m
		}
	}
	return nil
}

// failureOf returns how an attempt is to fail, nil for not at all.
func (s *Server) failureOf(o *outgoing) *DeliveryFailure {
	if m := s.mishapOf(o, fails); m != nil {
		return &m.DeliveryFailure
	}
	return nil
}

// goesAstray reports whether a delivery is lost, and sees to it that one that is to come twice does.
func (s *Server) goesAstray(o *outgoing) (lost bool) {
	if o.copied {
		return false
	}
	m := s.mishapOf(o, isLost, comesTwice, isQueuedAgain)
	switch {
	case m == nil:
		return false
	case m.kind == isLost:
		return true
	}
	if o.body == nil && !o.build(true) {
		return true
	}
	again := *o
	again.copied = true
	if m.kind == isQueuedAgain {
		s.state.lastDelivery++
		again.id = newUUID(s.state.lastDelivery)
		if o.kind != HookBot {
			again.body = nil
		}
	}
	s.opened(1)
	s.enqueue([]*outgoing{&again})
	return false
}
