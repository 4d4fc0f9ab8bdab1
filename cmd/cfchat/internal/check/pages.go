package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// pageSize is how many conversations a page has unless it is the last: always for a filter, and by default for the list.
const pageSize = 25

// slack is by how many a page may differ from its counts: the server counts in a separate query, and conversations come and
// go in between (contract, 6).
const slack = 2

// isFull reports whether a first page has as many conversations as it should, given the total.
func isFull(size, all int64) bool {
	want := min(pageSize, all)
	return size >= want-slack && size <= min(pageSize, want+slack)
}

// checkOrder reports a page that is not in order of the latest activity, the default.
func (c *checker) checkOrder(id, what string, page []cfchat.Conversation) {
	if !slices.IsSortedFunc(page, func(a, b cfchat.Conversation) int { return b.Timestamp.Compare(a.Timestamp.Time) }) {
		c.report.problem(id, what+": the latest activity does not come first")
	}
}

// repeats reports whether a page has some conversation more than once, and whether it has one more often than that has
// labels: before 3.1.1 a filter lists a conversation once per label (contract, 5.4).
func repeats(page []cfchat.Conversation) (some, tooMany bool) {
	rows := map[int64]int{}
	for _, conversation := range page {
		rows[conversation.ID]++
	}
	for _, conversation := range page {
		n := rows[conversation.ID]
		some = some || n > 1
		tooMany = tooMany || n > max(1, len(conversation.Labels))
	}
	return some, tooMany
}

// checkFilterPage reports what is wrong with the first page of a filter.
func (c *checker) checkFilterPage(what string, page *cfchat.ConversationPage) {
	c.checkOrder(opFilter, what, page.Payload)
	some, tooMany := repeats(page.Payload)
	switch {
	case tooMany:
		c.report.problem(opFilter, what+": it has a conversation more than once")
	case some:
		because := "a filter lists conversations once for each of their labels"
		if !slices.ContainsFunc(c.signs, func(s sign) bool { return s.Because == because }) {
			c.signs = append(c.signs, sign{Before: version{3, 1, 1}, Because: because})
		}
	}
	if size, all := int64(len(page.Payload)), page.Meta.AllCount; !isFull(size, all) {
		c.report.problem(opFilter, fmt.Sprintf("%s: its first page has %d of %d conversations, and should have %d", what, size, all, min(pageSize, all)))
	}
}

// checkListPage reports what is wrong with the first page of a list. From 3.4.0 on its size can be configured, which
// determines the last page; if that is elsewhere, conversations are lost between pages.
func (c *checker) checkListPage(ctx context.Context, ask listing, page *cfchat.ConversationPage) error {
	size, all := int64(len(page.Payload)), page.Meta.AllCount
	if isFull(size, all) || size > 0 && size == c.report.PageSize {
		return nil
	}
	if size > 0 && size < all-slack {
		last, err := c.list(ctx, ask, int((all-1)/size+1))
		if reason := c.stopped(ctx, err); reason != nil {
			return reason
		}
		if isUnrendered(err) || err == nil && isRest(int64(len(last.Payload)), (all-1)%size+1) {
			c.setUp(size)
			return nil
		}
	} else if size > pageSize { // all of them
		c.setUp(size)
		return nil
	}
	c.report.problem(opList, fmt.Sprintf("%s: its first page has %d of %d conversations, and the pages after it lack the rest", ask.what, size, all))
	return nil
}

// isRest reports whether a last page has as many conversations as should be left.
func isRest(size, rest int64) bool { return size > 0 && size >= rest-slack && size <= rest+slack }

// setUp records that the list is configured to another than the original page size, which is possible from 3.4.0 on.
func (c *checker) setUp(size int64) {
	if c.report.PageSize == 0 {
		c.report.PageSize = size
		c.signs = append(c.signs, sign{AtLeast: version{3, 4, 0}, Because: fmt.Sprintf("pages of the list have %d conversations", size)})
	}
}
