package cfchattest

import (
	"errors"
	"iter"
	"slices"
)

// errFilter is a filter that the server's code stumbles over, errSQL one that its database refuses: both a 500.
var (
	errFilter = errors.New("the filter makes no sense")
	errSQL    = errors.New("the filter is no SQL")
)

// row is what a filter's conditions are about: a conversation, and on 2.16.0 one of its labels. There a conversation has one
// row per label, or one row without (contract, 5.4).
type row struct {
	*conversation
	label *string
}

// conversationFilter answers a page of what matches the rules.
func (c *caller) conversationFilter() (any, error) {
	rules, err := c.rules()
	if err != nil {
		return nil, err
	}
	conditions, err := c.compile(rules)
	if err != nil {
		return nil, err
	}
	number, err := pageNumber(c.params["page"])
	if err != nil {
		return nil, err
	}
	rows, err := c.matching(conditions)
	if err != nil {
		return nil, err
	}
	return c.filterPage(rows, number)
}

// matching returns the rows that meet the conditions, in the default order.
func (c *caller) matching(conditions expression) ([]*conversation, error) {
	var out []*conversation
	sees := c.seen()
	for each := range c.candidates(conditions) {
		// An agent is kept to their inboxes from 4.1.0 on only (contract, 4.2).
		if c.version != version216 && !sees(each) {
			continue
		}
		for _, one := range c.rowsOf(each) {
			met, err := conditions.met(one)
			if err != nil {
				return nil, err
			}
			if met {
				out = append(out, each)
			}
		}
	}
	return out, nil
}

// candidates returns the conversations to look at, in the default order.
func (c *caller) candidates(conditions expression) iter.Seq[*conversation] {
	ids, known := conditions.ids()
	if !known {
		return c.account.latestFirst()
	}
	var out []*conversation
	for id := range ids {
		if each := c.account.conversations[id]; each != nil {
			out = append(out, each)
		}
	}
	slices.SortFunc(out, func(x, y *conversation) int { return byActivity(y, x) })
	return slices.Values(out)
}

func (c *caller) rowsOf(each *conversation) []row {
	if c.version != version216 || len(each.labels) == 0 {
		return []row{{conversation: each}}
	}
	rows := make([]row, len(each.labels))
	for i := range each.labels {
		rows[i] = row{each, &each.labels[i]}
	}
	return rows
}

// filterPage renders one page of rows and counts all of them.
func (c *caller) filterPage(rows []*conversation, number int64) (any, error) {
	mineCount, unassignedCount := 0, 0
	for _, each := range rows {
		switch {
		case unassigned(each):
			unassignedCount++
		case c.mine(each):
			mineCount++
		}
	}
	shown, err := paged(rows, number)
	if err != nil {
		return nil, err
	}
	payload, err := c.view().conversations(shown)
	if err != nil {
		return nil, err
	}
	meta := object{"mine_count": mineCount, "unassigned_count": unassignedCount, "all_count": len(rows)}
	return object{"meta": meta, "payload": payload}, nil
}
