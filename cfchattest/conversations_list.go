package cfchattest

// conversationList answers a page of a search.
func (c *caller) conversationList() (any, error) {
	found, err := c.find()
	if err != nil {
		return nil, err
	}
	if err := c.sortable(c.params["q"] != nil || c.params["source_id"] != nil); err != nil {
		return nil, err
	}
	payload, err := found.page()
	if err != nil {
		return nil, err
	}
	return object{"data": object{"meta": found.counts, "payload": payload}}, nil
}

// conversationListMeta answers the counts of such a search.
func (c *caller) conversationListMeta() (any, error) {
	found, err := c.find()
	if err != nil {
		return nil, err
	}
	if err := c.sortable(c.params["q"] != nil); err != nil {
		return nil, err
	}
	return object{"meta": found.counts}, nil
}

// found is the result of a list before assignee_type is applied, in the default order.
type found struct {
	*caller
	conversations []*conversation
	recent        filterFunc // instead of pages
	number        int64      // the requested page, from 1
	counts        object
}

// find applies the parameters of a list (contract, 1.2). An empty parameter is not the same as an absent one.
func (c *caller) find() (*found, error) {
	filters, err := c.listFilters()
	if err != nil {
		return nil, err
	}
	recent, err := c.recently()
	if err != nil {
		return nil, err
	}
	if recent != nil && c.params["q"] != nil {
		filters = append(filters, recent) // the counts include it, as they do a page
	}
	number, err := pageNumber(c.params["page"])
	if err != nil && recent == nil {
		return nil, err
	}
	out := &found{caller: c, recent: recent, number: number, conversations: make([]*conversation, 0, len(c.account.byActivity))}
	for each := range c.account.latestFirst() {
		if keptByAll(filters, each) {
			out.conversations = append(out.conversations, each)
		}
	}
	out.counts, err = out.count()
	return out, err
}

// count returns the counts before assignee_type is applied. With q, each counts one page only, so that their difference is
// meaningless (contract, 6.5).
func (f *found) count() (object, error) {
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
	return object{
		"mine_count": mine, "assigned_count": all - unassignedCount, "unassigned_count": unassignedCount, "all_count": all,
	}, nil
}

// page renders the requested page.
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
