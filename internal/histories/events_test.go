package histories_test

import (
	"math"
	"math/rand/v2"
	"time"
)

// live decides how much happens to the account between any two looks at the database.
func (h *history) live() {
	if !h.chance(75, "things happen") {
		return
	}
	most := 1 + h.rnd.IntN(4)
	late := h.chance(20, "smaller ids appear after larger ones")
	breaks := h.chance(12, "conversations break and heal meanwhile")
	deletes := h.chance(50, "deletions")
	left := 3_000 // events
	h.server.happens = func() {
		for range h.server.rnd.IntN(most + 1) {
			if left--; left > 0 {
				h.event(late, breaks, deletes)
			}
		}
	}
}

// event makes one thing happen. The caller holds the lock, and the random source is the server's.
func (h *history) event(late, breaks, deletes bool) {
	s, rnd := h.server, h.server.rnd
	if rnd.IntN(8) == 0 || len(s.convs) == 0 {
		h.creates(late)
		return
	}
	c := s.convs[rnd.IntN(len(s.convs))]
	if c.gone {
		return
	}
	active := true
	switch rnd.IntN(15) {
	case 0, 1:
		c.status = "resolved"
	case 2, 3:
		c.status = "open"
	case 4:
		c.status = []string{"pending", "snoozed"}[rnd.IntN(2)]
	case 5:
		c.labels = someLabels(rnd)
	case 6:
		c.assignee = rnd.Int64N(3)
	case 7:
		c.team = rnd.Int64N(3)
	case 8:
		c.tier, active = []string{"", "gold", "Gold", "silver"}[rnd.IntN(4)], false // does not change last_activity_at
	case 9:
		c.gone = c.gone || deletes && rnd.IntN(4) == 0
	case 10:
		if breaks && rnd.IntN(8) == 0 {
			c.broken, active = !c.broken, false
		}
	}
	if active {
		c.activity = time.Now().Unix()
	}
	s.noted(c)
}

// creates adds a conversation, or has it appear only later.
func (h *history) creates(late bool) {
	s, rnd := h.server, h.server.rnd
	h.next = max(h.next, s.last()) + 1
	if rnd.IntN(6) == 0 {
		h.next += rnd.Int64N(30) // inserts that were rolled back
	}
	if h.created++; h.created > 250 || h.next > math.MaxInt32 {
		return
	}
	at := time.Now().Unix()
	if rnd.IntN(10) == 0 { // imported
		at -= rnd.Int64N(40_000_000)
	}
	c := &conversation{id: h.next, inbox: []int64{1, 7, 3}[rnd.IntN(3)], status: "open", labels: someLabels(rnd), created: at, activity: at}
	if late && rnd.IntN(2) == 0 {
		s.commits = append(s.commits, commit{time.Now().Add(time.Duration(rnd.IntN(800)) * time.Millisecond), c})
		return
	}
	s.noted(s.add(c))
}

// someLabels returns none to four labels.
func someLabels(rnd *rand.Rand) []string {
	var labels []string
	for _, l := range []string{"vip", "bug", "refund", "sales"} {
		if rnd.IntN(4) == 0 {
			labels = append(labels, l)
		}
	}
	return labels
}
