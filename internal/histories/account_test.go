package histories_test

import (
	"math"
	"math/rand/v2"
	"time"
)

// shapes are the ways in which ids are spread over an account, with the percentage of accounts that have each.
var shapes = []struct {
	name string
	of   int
	ids  func(rnd *rand.Rand) []int64
}{
	{"dense", 36, func(rnd *rand.Rand) []int64 { return spread(rnd, 1, rnd.IntN(700), 1) }},
	{"empty, or nearly", 3, func(rnd *rand.Rand) []int64 { return spread(rnd, 1, rnd.IntN(3), 20) }},
	{"gaps of any size up to 8,192", 16, func(rnd *rand.Rand) []int64 {
		return spread(rnd, 1, rnd.IntN(300), 1<<rnd.IntN(9))
	}},
	{"one id in 300", 12, func(rnd *rand.Rand) []int64 { return spread(rnd, 1, 30+rnd.IntN(500), 600) }},
	{"dense and empty by turns", 12, func(rnd *rand.Rand) []int64 {
		return turns(rnd, 1+rnd.IntN(8), 1+rnd.IntN(120), 1_000+rnd.Int64N(15_000))
	}},
	{"a late first id", 7, func(rnd *rand.Rand) []int64 {
		return spread(rnd, 1+rnd.Int64N(1_000_001), 1+rnd.IntN(200), 1<<rnd.IntN(6))
	}},
	{"gaps of a million", 3, func(rnd *rand.Rand) []int64 {
		return turns(rnd, 2+rnd.IntN(3), 1+rnd.IntN(60), 200_000+rnd.Int64N(1_200_000))
	}},
	{"the highest ids", 6, func(rnd *rand.Rand) []int64 {
		ids := spread(rnd, 1, 1+rnd.IntN(300), 1<<rnd.IntN(8))
		shift := math.MaxInt32 - rnd.Int64N(2) - ids[len(ids)-1]
		for i := range ids {
			ids[i] += shift
		}
		return ids
	}},
	{"thousands", 5, func(rnd *rand.Rand) []int64 { return spread(rnd, 1, 1_500+rnd.IntN(2_500), 1+rnd.Int64N(4)) }},
}

// spread returns n ids, with steps up to a size and now and then a large gap.
func spread(rnd *rand.Rand, first int64, n int, step int64) []int64 {
	ids := make([]int64, 0, n)
	for range n {
		ids = append(ids, first)
		first += 1 + rnd.Int64N(step)
		if rnd.IntN(150) == 0 {
			first += rnd.Int64N(1 << rnd.IntN(14))
		}
	}
	return ids
}

// turns returns the ids of n clusters, with gaps of about a given size.
func turns(rnd *rand.Rand, n, size int, gap int64) []int64 {
	var ids []int64
	first := 1 + rnd.Int64N(gap)
	for range n {
		ids = append(ids, spread(rnd, first, size, 1+rnd.Int64N(3))...)
		first = ids[len(ids)-1] + gap/2 + rnd.Int64N(gap)
	}
	return ids
}

// populate fills the account: its ids, their times of creation, and the inboxes of the key's person.
func (h *history) populate() {
	pick := h.rnd.IntN(100)
	for _, shape := range shapes {
		if pick -= shape.of; pick < 0 {
			h.is("ids: " + shape.name)
			h.ids = shape.ids(h.rnd)
			break
		}
	}
	now := time.Now().Unix()
	midnight := now - now%86_400
	n := len(h.ids)
	today := 0
	if n > 30 && h.chance(25, "more than 25 created today") {
		today = 26 + h.rnd.IntN(min(n-26, 300))
	}
	each := 1 + h.rnd.Int64N(1<<h.rnd.IntN(18)) // mean seconds between two, up to a day and a half
	created := midnight - 1 - int64(n)*each
	for i, id := range h.ids {
		if created += h.rnd.Int64N(2 * each); created >= midnight {
			created = midnight - 1
		}
		at := created
		if i >= n-today {
			at = midnight + (now-midnight)*int64(i-(n-today))/int64(today)
		}
		c := h.server.add(h.conversation(id, at))
		if h.rnd.IntN(3) > 0 { // many have the same time
			c.activity += h.rnd.Int64N(max(1, (now-at)/3_600)) * 3_600
		}
	}
	if n > 0 && h.chance(22, "imported, with the highest ids") {
		h.imports(min(30+h.rnd.IntN(100), 100))
	}
	if n > 0 && !h.slow() && h.chance(2, "a day with thousands of imported conversations") {
		h.imports(1_500 + h.rnd.IntN(2_500))
	}
	if h.chance(25, "an agent's key") {
		h.server.inboxes = map[int64]bool{7: true}
		h.membership()
	}
}

// conversation returns a random conversation.
func (h *history) conversation(id, created int64) *conversation {
	return &conversation{
		id: id, created: created, activity: created, inbox: []int64{1, 7, 7, 3}[h.rnd.IntN(4)], labels: someLabels(h.rnd),
		status:   []string{"open", "open", "open", "resolved", "resolved", "pending", "snoozed"}[h.rnd.IntN(7)],
		assignee: h.rnd.Int64N(3), team: h.rnd.Int64N(3), tier: []string{"", "", "gold", "Gold", "silver"}[h.rnd.IntN(5)],
	}
}

// imports adds conversations with the highest ids, all created and last active on one old day.
func (h *history) imports(n int) {
	id := h.server.last() + 1 + h.rnd.Int64N(1<<h.rnd.IntN(14))
	day := h.server.byCreated[0].created + h.rnd.Int64N(30*86_400) - 10*86_400
	day = min(day, time.Now().Unix()-86_400)
	day -= day % 86_400
	for range n {
		if id > math.MaxInt32 {
			return
		}
		at := day + h.rnd.Int64N(86_400)
		h.server.add(h.conversation(id, at))
		id += 1 + h.rnd.Int64N(3)
	}
}

// membership decides how many of the conversations an agent can see: from none to nearly all.
func (h *history) membership() {
	one := []int{0, 1, 3, 20, 300}[h.rnd.IntN(5)] // one in how many
	early := h.rnd.IntN(3) == 0                   // and only in the first half
	for i, c := range h.server.convs {
		c.inbox = 1
		if one > 0 && h.rnd.IntN(one) == 0 && (!early || i < len(h.server.convs)/2) {
			c.inbox = 7
		}
	}
}

// breakSome makes some conversations impossible to render.
func (h *history) breakSome() {
	s := h.server
	n := len(s.convs)
	if n == 0 || !h.chance(45, "broken conversations") {
		return
	}
	drop := 0
	if h.chance(15, "broken: some drop the connection") {
		drop = 1 + h.rnd.IntN(3)
	}
	brk := func(c *conversation) {
		if drop > 0 && h.rnd.IntN(drop) == 0 {
			c.drops = true
		} else {
			c.broken = true
		}
	}
	some := func(list []*conversation, what string) {
		h.is("broken: " + what)
		for range 1 + h.rnd.IntN(3) {
			brk(list[h.rnd.IntN(len(list))])
		}
	}
	switch pick := h.rnd.IntN(20); {
	case pick < 7:
		some(s.convs, "anywhere")
	case pick < 9:
		some(s.convs[:1], "the first id")
	case pick < 11:
		some(s.convs[n-1:], "the last id")
	case pick < 13:
		some(s.byCreated[:min(n, 25)], "on the list's first page")
	case pick < 15:
		some(s.byCreated[max(0, n-25):], "among the newest")
	case pick < 17:
		h.is("broken: on the filter's first page")
		brk(s.page(append([]*conversation{}, s.convs...), 1, 25, byActivity)[0])
	default:
		h.breakMost(brk, pick)
	}
}

// breakMost breaks many conversations, or if the account is small enough all but one, or all.
func (h *history) breakMost(brk func(*conversation), pick int) {
	convs := h.server.convs
	what, spare := "many", -1
	if len(convs) < 150 && pick == 18 {
		what, spare = "all but one", h.rnd.IntN(len(convs))
	} else if len(convs) < 150 && pick == 19 {
		what = "all"
	}
	h.is("broken: " + what)
	for i, c := range convs {
		if i != spare && (what != "many" || h.rnd.IntN(8) == 0 && i < 1_000) {
			brk(c)
		}
	}
}
