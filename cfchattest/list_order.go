package cfchattest

import (
	"cmp"
	"slices"
)

// sorted puts rows in the order of sort_by. One that is unknown is the default order, in which they are.
func (f *found) sorted(rows []*conversation) []*conversation {
	name, _ := f.params["sort_by"].(string)
	if f.version == version216 && name == "last_user_message_at" {
		return byLastUserMessage(rows)
	}
	order := orders[name]
	if f.version == version216 && name != "sort_on_created_at" {
		order = nil
	}
	if order == nil {
		return rows
	}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, order)
	return rows
}

// orders are the values of sort_by of 4.7.0 (contract, 4.2). What has no priority or nobody waiting comes last either way.
var orders = map[string]func(x, y *conversation) int{
	"sort_on_created_at":    byCreation,
	"created_at_asc":        byCreation,
	"created_at_desc":       func(x, y *conversation) int { return byCreation(y, x) },
	"last_activity_at_asc":  byActivity,
	"sort_on_priority":      byPriority(-1),
	"priority_desc":         byPriority(-1),
	"priority_asc":          byPriority(1),
	"sort_on_waiting_since": byWaiting(1),
	"waiting_since_asc":     byWaiting(1),
	"waiting_since_desc":    byWaiting(-1),
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

// byLastUserMessage sorts in an order of 2.16.0: what the contact wrote last comes first, the longest waiting at the front.
// Conversations without messages are left out.
func byLastUserMessage(rows []*conversation) []*conversation {
	rows = kept(rows, func(each *conversation) bool { return len(each.messages) > 0 })
	slices.SortStableFunc(rows, func(x, y *conversation) int {
		last, other := x.messages[len(x.messages)-1], y.messages[len(y.messages)-1]
		return cmp.Or(cmp.Compare(last.MessageType, other.MessageType),
			last.CreatedAt.Compare(other.CreatedAt.Time), cmp.Compare(last.ID, other.ID))
	})
	return rows
}
