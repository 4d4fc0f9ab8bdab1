package cfchattest

import (
	"cmp"
	"slices"

	cfchat "github.com/cfchat/cfchat-go"
)

// counts are taken before assignee_type. With q each is of one page only, so that the difference says nothing
// (contract, 6.5).
func (f *found) counts() (object, error) {
	all, mine, unassignedCount := len(f.conversations), 0, 0
	for _, each := range f.conversations {
		switch {
		case unassigned(each):
			unassignedCount++
		case f.mine(each):
			mine++
		}
	}
	if f.params["q"] != nil && f.recent == nil {
		if f.number == tooFar {
			return nil, errPage
		}
		for _, count := range []*int{&all, &mine, &unassignedCount} {
			from, to := pageOf(*count, f.number)
			*count = to - from
		}
	}
	return object{"mine_count": mine, "assigned_count": all - unassignedCount, "unassigned_count": unassignedCount, "all_count": all}, nil
}

func (c *caller) mine(each *conversation) bool {
	return each.assignee != nil && *each.assignee == c.user.ID
}

func unassigned(each *conversation) bool { return each.assignee == nil }

func assigned(each *conversation) bool { return each.assignee != nil }

// page renders the page that was asked for.
func (f *found) page() ([]object, error) {
	rows := f.sorted(f.byAssignee())
	if f.recent != nil {
		return f.view().conversations(kept(rows, f.recent))
	}
	rows, err := paged(rows, f.number)
	if err != nil {
		return nil, err
	}
	return f.view().conversations(rows)
}

// recently keeps what changed within the seconds of updated_within, which from 3.6.0 on takes the place of pages. It is nil
// without them.
func (c *caller) recently() (filterFunc, error) {
	within := c.params["updated_within"]
	if c.version == version216 || blank(within) {
		return nil, nil
	}
	seconds, ok := castInteger(within)
	if _, isText := within.(string); !ok && !isText {
		return nil, errPage
	}
	now := c.clock()
	return func(each *conversation) bool { return now.Sub(each.updated).Seconds() < float64(seconds) }, nil
}

// byAssignee narrows to an assignee_type. One that is unknown is all.
func (f *found) byAssignee() []*conversation {
	switch kind, _ := f.params["assignee_type"].(string); cfchat.AssigneeType(kind) {
	case cfchat.AssigneeTypeMe:
		return kept(f.conversations, f.mine)
	case cfchat.AssigneeTypeUnassigned:
		return kept(f.conversations, unassigned)
	case cfchat.AssigneeTypeAssigned:
		return kept(f.conversations, assigned)
	}
	return f.conversations
}

// kept are the rows that a filter keeps.
func kept(rows []*conversation, keep filterFunc) []*conversation {
	var out []*conversation
	for _, each := range rows {
		if keep(each) {
			out = append(out, each)
		}
	}
	return out
}

// conversations renders rows. One that cannot be rendered takes all the others with it.
func (v view) conversations(rows []*conversation) ([]object, error) {
	out := make([]object, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = v.conversation(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

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

// byLastUserMessage is an order of 2.16.0: what the contact wrote last comes first, the longest waiting at the front.
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
