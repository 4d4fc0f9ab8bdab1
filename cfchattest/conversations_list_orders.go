package cfchattest

import (
	"cmp"
	"errors"
	"slices"
)

// errOrder is the error for an order that the database cannot combine with the search (contract, N5).
var errOrder = errors.New("the column of the order is ambiguous")

// order is a value of sort_by.
type order struct {
	since     string // the first version that knows it
	by        func(x, y *conversation) int
	ambiguous bool // when messages are searched too
}

// orders are the values of sort_by (contract, 4.2; contract, N5). Conversations without a priority, or with nobody waiting,
// come last either way.
var orders = map[string]order{
	"sort_on_created_at":           {since: "2.16.0", by: byCreation},
	"created_at_asc":               {since: "3.4.0", by: byCreation},
	"created_at_desc":              {since: "3.4.0", by: func(x, y *conversation) int { return byCreation(y, x) }},
	"last_activity_at_asc":         {since: "3.4.0", by: byActivity},
	"sort_on_priority":             {since: "2.17.0", by: byPriority(-1), ambiguous: true},
	"priority_desc":                {since: "3.4.0", by: byPriority(-1), ambiguous: true},
	"priority_asc":                 {since: "3.4.0", by: byPriority(1), ambiguous: true},
	"priority_desc_created_at_asc": {since: "4.12.0", by: byPriorityAndCreation, ambiguous: true},
	"sort_on_waiting_since":        {since: "3.1.0", by: byWaiting(1), ambiguous: true},
	"waiting_since_asc":            {since: "3.4.0", by: byWaiting(1), ambiguous: true},
	"waiting_since_desc":           {since: "3.4.0", by: byWaiting(-1), ambiguous: true},
	"unread":                       {since: "4.15.0", by: byUnread},
}

// order returns the requested order; false for the default, or if the version does not know the order.
func (c *caller) order() (order, bool) {
	name, _ := c.params["sort_by"].(string)
	known, ok := orders[name]
	return known, ok && (known.since == "2.16.0" || c.version.AtLeast(known.since))
}

// sortable checks whether the order works with the search. It was seen from 4.7.0 on, and read in the source of 3.4.0.
func (c *caller) sortable(looking bool) error {
	if by, ok := c.order(); ok && by.ambiguous && looking && c.version.AtLeast("3.4.0") {
		return errOrder
	}
	return nil
}

// sorted returns rows in the order of sort_by. An unknown order means the default, in which they already are.
func (f *found) sorted(rows []*conversation) []*conversation {
	if f.params["sort_by"] == "last_user_message_at" && !f.version.AtLeast("3.4.0") {
		return byLastUserMessage(rows)
	}
	by, known := f.order()
	if !known {
		return rows
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, by.by)
	return rows
}

func byCreation(x, y *conversation) int {
	return cmp.Or(x.created.Compare(y.created), cmp.Compare(x.id, y.id))
}

func byPriority(direction int) func(x, y *conversation) int {
	return func(x, y *conversation) int {
		if x.priority == nil || y.priority == nil {
			return nullsLast(x.priority == nil, y.priority == nil)
		}
		return direction * cmp.Compare(priorityNumber(string(*x.priority)), priorityNumber(string(*y.priority)))
	}
}

func byPriorityAndCreation(x, y *conversation) int {
	return cmp.Or(byPriority(-1)(x, y), byCreation(x, y))
}

// byUnread sorts by the contact's unread messages, most first; all count, although ten at most are shown.
func byUnread(x, y *conversation) int {
	return cmp.Or(cmp.Compare(y.unreadIncoming(), x.unreadIncoming()), byActivity(y, x))
}

func byWaiting(direction int) func(x, y *conversation) int {
	return func(x, y *conversation) int {
		if x.waiting.IsZero() || y.waiting.IsZero() {
			return cmp.Or(nullsLast(x.waiting.IsZero(), y.waiting.IsZero()), byCreation(x, y))
		}
		return cmp.Or(direction*x.waiting.Compare(y.waiting), byCreation(x, y))
	}
}

func nullsLast(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

// byLastUserMessage sorts in an order of 2.16.0: conversations whose last message is the contact's come first, the longest
// waiting at the front. Conversations without messages are left out.
func byLastUserMessage(rows []*conversation) []*conversation {
	rows = kept(rows, func(each *conversation) bool { return len(each.messages) > 0 })
	slices.SortStableFunc(rows, func(x, y *conversation) int {
		last, other := x.messages[len(x.messages)-1], y.messages[len(y.messages)-1]
		return cmp.Or(cmp.Compare(last.MessageType, other.MessageType),
			last.CreatedAt.Compare(other.CreatedAt.Time), cmp.Compare(last.ID, other.ID))
	})
	return rows
}
