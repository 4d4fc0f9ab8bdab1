package cfchat

import (
	"maps"
	"math"
	"slices"
	"time"
)

// ledger records what a scan has dealt with: the ids of conversations, in four bytes each, by their unchangeable properties.
type ledger map[cell][]int32

// cell is a day of creation, counted from 1970 in UTC, and an inbox; inbox 0 if unknown.
type cell struct {
	day   int32
	inbox int64
}

// dayOfCreation returns the day on which a conversation was created.
func dayOfCreation(c *Conversation) int32 { return dayNumber(c.CreatedAt.Time) }

func dayNumber(t time.Time) int32 { return int32(t.Unix() / secondsOfDay) }

func (l ledger) put(at cell, id int64) { l[at] = append(l[at], int32(id)) }

// in returns the ids of a span, in order, each once.
func (l ledger) in(sp span) []int64 {
	var ids []int64
	for at, some := range l {
		if sp.has(at) {
			for _, id := range some {
				ids = append(ids, int64(id))
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// spans divides the whole time into spans of whole days, each with about this many ids, or of one day.
func (l ledger) spans(limit int) []span {
	days := map[int32]int{}
	for at, ids := range l {
		days[at.day] += len(ids)
	}
	all, from, n := []span{}, int32(firstDay), 0
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if n > 0 && n+days[day] > limit {
			all, from, n = append(all, span{from: from, to: day - 1}), day, 0
		}
		n += days[day]
	}
	return append(all, span{from: from, to: lastDay})
}

// inboxes returns the inboxes that have ids in a span.
func (l ledger) inboxes(sp span) []int64 {
	found := map[int64]bool{}
	for at := range l {
		if at.inbox != 0 && sp.has(at) {
			found[at.inbox] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// span is a range of days of creation, including first and last, of all inboxes, of one, or of all but some.
type span struct {
	from, to int32
	inbox    int64   // 0 for all
	without  []int64 // inboxes
	tries    int     // how often it could not be shown although it cannot be divided further
	runs     bool    // it includes what was dealt with before the scan, so ids are left out in runs
}

// A span from firstDay starts with the first conversation that exists, and one to lastDay ends with the last.
const (
	firstDay = math.MinInt32 + 1
	lastDay  = math.MaxInt32
	year2000 = 10_957 // earlier days are not distinguished

	secondsOfDay = 24 * 60 * 60
)

// whole reports whether a span leaves nothing out.
func (sp span) whole() bool {
	return sp.from == firstDay && sp.to == lastDay && sp.inbox == 0 && sp.without == nil
}

// has reports whether a cell may be in the span.
func (sp span) has(at cell) bool {
	return at.day >= sp.from && at.day <= sp.to && (sp.inbox == 0 || at.inbox == 0 || at.inbox == sp.inbox) && !slices.Contains(sp.without, at.inbox)
}

// cellOf returns the cell of a conversation that was shown in the span, regardless of its own fields.
func (sp span) cellOf(c *Conversation) cell {
	at := cell{min(max(dayOfCreation(c), sp.from), sp.to), c.InboxID}
	if sp.inbox != 0 {
		at.inbox = sp.inbox
	}
	return at
}

// days returns the span with the day before and the day after it.
func (sp span) days() span {
	sp.from, sp.to = max(sp.from, firstDay+1)-1, min(sp.to, lastDay-1)+1
	return sp
}

// day returns a day of the span.
func (sp span) day() int32 {
	if sp.from == firstDay {
		return sp.to
	}
	return sp.from
}

// rules returns the filter rules for the span.
func (sp span) rules() []Rule {
	var rules []Rule
	if sp.from != firstDay {
		rules = append(rules, GreaterThan(AttributeCreatedAt, date(sp.from-1)))
	}
	if sp.to != lastDay {
		rules = append(rules, LessThan(AttributeCreatedAt, date(sp.to+1)))
	}
	if sp.inbox != 0 {
		rules = append(rules, Equal(AttributeInboxID, sp.inbox))
	}
	if len(sp.without) > 0 {
		rules = append(rules, NotEqual(AttributeInboxID, sp.without))
	}
	return rules
}

func date(day int32) string { return time.Unix(int64(day)*secondsOfDay, 0).UTC().Format(time.DateOnly) }

// halves returns the span in two parts, the earlier first, cut after a day near the wanted one; nil if it is a single day.
func (sp span) halves(today int32, wanted int32) []span {
	if sp.isADay(today) {
		return nil
	}
	lo, hi := sp.toldApart(today)
	early, late := sp, sp
	early.to = min(max(wanted, lo), hi-1)
	late.from = early.to + 1
	return []span{early, late}
}

// isADay reports whether a span cannot be divided into days.
func (sp span) isADay(today int32) bool {
	lo, hi := sp.toldApart(today)
	return lo >= hi
}

// middle returns the day in the middle of a span.
func (sp span) middle(today int32) int32 {
	lo, hi := sp.toldApart(today)
	return lo + (hi-lo)/2
}

// toldApart returns the first and the last day of a span after which it can be cut.
func (sp span) toldApart(today int32) (lo, hi int32) {
	return max(sp.from, year2000), min(sp.to, max(today+1, sp.from))
}

// byInbox returns the span once for each of some inboxes, and once for all others; nil if it covers one inbox.
func (sp span) byInbox(inboxes []int64) []span {
	if sp.inbox != 0 || sp.without != nil || len(inboxes) == 0 {
		return nil
	}
	others := sp
	others.without = inboxes
	all := []span{others}
	for _, inbox := range inboxes {
		one := sp
		one.inbox = inbox
		all = append(all, one)
	}
	return all
}
