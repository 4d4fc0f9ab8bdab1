package cfchattest

import (
	"math/rand/v2"
	"slices"
)

// DeliveryFailure describes how a delivery fails. The zero value is a refused connection.
type DeliveryFailure struct {
	Status   int  // answered instead of the receiver's, such as 500
	TimedOut bool // the receiver gets it but answers too late
}

// mishap is something to go wrong with deliveries.
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

// FailDeliveries makes the next n delivery attempts to an address fail; "" matches any address. Each retry of a bot counts
// as an attempt. Unused failures apply to later deliveries; n = 0 cancels those for the same address.
func (s *Server) FailDeliveries(url string, n int, f DeliveryFailure) {
	s.addMishap(mishap{url, n, fails, f})
}

// LoseDeliveries drops the next n deliveries to an address, "" for any, as when the server is stopped. [Server.Deliveries]
// does not list them. The rest is as with [Server.FailDeliveries].
func (s *Server) LoseDeliveries(url string, n int) {
	s.addMishap(mishap{url: url, left: n, kind: isLost})
}

// RepeatDeliveries makes the next n deliveries to an address, "" for any, twice, with the same id and body. The rest is as
// with [Server.FailDeliveries].
func (s *Server) RepeatDeliveries(url string, n int) {
	s.addMishap(mishap{url: url, left: n, kind: comesTwice})
}

// RequeueDeliveries makes the next n deliveries to an address, "" for any, twice, the second time with another id. For
// webhooks of accounts and API inboxes, the second body shows the state by then. This happens when the job of an event fails
// after it has queued them (contract, H3). The rest is as with [Server.FailDeliveries].
func (s *Server) RequeueDeliveries(url string, n int) {
	s.addMishap(mishap{url: url, left: n, kind: isQueuedAgain})
}

// HoldDeliveries holds all deliveries from now on, until [Server.ReleaseDeliveries]. [Server.Settle] does not wait for them.
func (s *Server) HoldDeliveries() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post.holds = true
}

// Order returns the order in which to release n held deliveries, as a permutation of their positions 0 to n-1.
type Order func(n int) []int

// InOrder is the [Order] in which the deliveries were held.
func InOrder(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// Reversed is the [Order] that releases the latest delivery first.
func Reversed(n int) []int {
	order := InOrder(n)
	slices.Reverse(order)
	return order
}

// Shuffled returns a random [Order], which is always the same for a seed.
func Shuffled(seed uint64) Order {
	return func(n int) []int { return rand.New(rand.NewPCG(seed, seed)).Perm(n) }
}

// ReleaseDeliveries releases the held deliveries in an order, [InOrder] if nil, and ends holding. The bodies for webhooks of
// the account and of API inboxes are built only now, so several may show the same, newer state (contract, H3).
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

// places returns the positions of n deliveries in an order. An order that is not a permutation fails the test.
func (s *Server) places(order Order, n int) []int {
	if order == nil {
		order = InOrder
	}
	places := order(n)
	if sorted := slices.Sorted(slices.Values(places)); !slices.Equal(sorted, InOrder(n)) {
		s.mistake("ReleaseDeliveries", "the order of %d is %v, which is not a permutation", n, places)
	}
	return places
}

// addMishap adds a mishap, or removes all of its kind and address.
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

// checkMishap fails the test if a mishap is impossible.
func (s *Server) checkMishap(m mishap) {
	switch f := m.DeliveryFailure; {
	case m.left < 0:
		s.mistake(m.kind.String(), "%d deliveries cannot go wrong; 0 cancels earlier calls", m.left)
	case f.Status != 0 && (f.Status < 200 || f.Status > 999):
		s.mistake("DeliveryFailure.Status", "%d is not the status of an answer", f.Status)
	case f.Status != 0 && f.TimedOut:
		s.mistake("DeliveryFailure.TimedOut", "there is no answer then; leave out Status")
	case m.url != "":
		s.checkAddress(m.kind.String(), m.url)
	}
}

// String returns the name of the method that adds mishaps of the kind.
func (k mishapKind) String() string {
	return [...]string{"FailDeliveries", "LoseDeliveries", "RepeatDeliveries", "RequeueDeliveries"}[k]
}

// mishapOf takes the first mishap of some kinds that is due for a delivery, nil for none.
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

// failureOf returns how an attempt is to fail, nil if it is not.
func (s *Server) failureOf(o *outgoing) *DeliveryFailure {
	if m := s.mishapOf(o, fails); m != nil {
		return &m.DeliveryFailure
	}
	return nil
}

// goesAstray reports whether a delivery is lost, and queues the copy of one that is to be made twice.
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
