package cfchattest

import (
	"errors"
	"iter"
	"slices"

	"github.com/cfchat/cfchat-go/cfchattest/internal/filtersql"
)

// conversationFilter answers a page of the conversations that match the rules.
func (c *caller) conversationFilter() (any, error) {
	filter, err := c.filter()
	if err != nil {
		return nil, err
	}
	number, err := pageNumber(c.params["page"])
	if err != nil {
		return nil, err
	}
	rows, err := c.matching(filter)
	if err != nil {
		return nil, err
	}
	return c.filterPage(rows, number)
}

// filter makes a filter from the parameters. Whatever the server refuses with a reason is a 422.
func (c *caller) filter() (*filtersql.Filter[row], error) {
	rules, err := filtersql.Read(c.params["payload"])
	if err != nil {
		return nil, err
	}
	filter, err := c.table().Compile(rules)
	if refusal, ok := errors.AsType[filtersql.RefusalError](err); ok {
		return nil, unprocessable(string(refusal))
	}
	return filter, err
}

// matching returns the rows that match the filter, in the default order.
func (c *caller) matching(filter *filtersql.Filter[row]) ([]*conversation, error) {
	var out []*conversation
	sees := c.seen()
	for each := range c.candidates(filter) {
		// Agents are restricted to their inboxes only from 4.1.0 on (contract, 4.2).
		if c.version.AtLeast("4.1.0") && !sees(each) {
			continue
		}
		for _, one := range c.rowsOf(each) {
			met, err := filter.Met(one)
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
func (c *caller) candidates(filter *filtersql.Filter[row]) iter.Seq[*conversation] {
	ids, known := filter.Only()
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
	if c.version.AtLeast("3.1.1") || len(each.labels) == 0 {
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
