package check

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// A server that cannot render a conversation answers 500 for it and for every page with it. That is not drift, so the check
// searches for the conversation, within bounds.
const (
	maxUnrenderable = 5      // the most to name
	maxSearch       = 70     // no search starts after this many requests of the run
	maxIDs          = 50_000 // the most ids in a filter; servers were seen to accept as many
	oldestIDs       = 50     // the oldest conversations are among this many ids, unless many were deleted
	oldestAtOnce    = 8      // how many of those to request at once: before 3.1.1 each is listed once per label
	pagesBeyond     = 3      // how many pages after such a page to try
)

// isUnrendered reports whether a single conversation may have caused a failure: a plain 500.
func isUnrendered(err error) bool {
	e, ok := errors.AsType[*cfchat.Error](err)
	return ok && e.StatusCode == http.StatusInternalServerError
}

// branches is a filter that can be narrowed: an OR of lists of rules that are joined by AND.
type branches [][]cfchat.Rule

// with returns the filter with additional required rules in each branch, because AND binds tighter than OR.
func (b branches) with(more ...cfchat.Rule) (f cfchat.Filter) {
	for _, rules := range b {
		join := f.Or
		for _, rule := range slices.Concat(rules, more) {
			f = join(rule)
			join = f.And
		}
	}
	return f
}

// filter requests a page of a filter, without the conversations that are known to be unrenderable.
func (c *checker) filter(ctx context.Context, all branches, page int, more ...cfchat.Rule) (*cfchat.ConversationPage, error) {
	if len(c.report.Unrenderable) > 0 {
		more = append(more, cfchat.NotEqual(cfchat.AttributeDisplayID, anys(c.report.Unrenderable)...))
	}
	answer, err := c.account.Conversations.Filter(ctx, all.with(more...), page)
	c.sent(opFilter)
	return answer, err
}

// filterAgain repeats a question that was answered with a 500, without the unrenderable conversations. It returns the 500 if
// they do not explain it.
func (c *checker) filterAgain(ctx context.Context, ask question, failed error) (*cfchat.ConversationPage, error) {
	page, err := c.filter(ctx, ask.branches, 1)
	for isUnrendered(err) {
		found, stopped := c.search(ctx, ask.branches, c.allIDs(len(ask.branches)))
		if stopped != nil {
			return nil, stopped
		}
		if !found {
			break
		}
		page, err = c.filter(ctx, ask.branches, 1)
	}
	if len(c.report.Unrenderable) == 0 || isUnrendered(err) && !c.searchedEnough() {
		return page, failed
	}
	c.excuse(opFilter, ask.what)
	if isUnrendered(err) {
		return nil, nil
	}
	return page, err
}

// listAgain repeats the request for a page of the list that was a 500. If it fails again, it searches for the unrenderable
// conversations and returns a later page. It returns the 500 if the conversations on the page do not explain it.
func (c *checker) listAgain(ctx context.Context, ask listing, failed error) (*cfchat.ConversationPage, error) {
	if page, err := c.list(ctx, ask, 1); !isUnrendered(err) {
		return page, failed // a 500 that does not recur is a problem of the server
	}
	for found := true; found; {
		var stopped error
		if found, stopped = c.search(ctx, ask.twin, ask.ids(c)...); stopped != nil {
			return nil, stopped
		}
	}
	named := len(c.report.Unrenderable)
	page, failing, err := c.listBeyond(ctx, ask)
	switch {
	case err != nil:
		return nil, err
	case page == nil && named == 0, named < failing && c.isRenderedElsewhere(ctx, ask):
		return page, failed
	}
	c.excuse(opList, ask.what)
	return page, nil
}

// listBeyond returns the first readable page after the first, nil if there is none, and how many pages before it were a 500,
// each of which needs a conversation to explain it.
func (c *checker) listBeyond(ctx context.Context, ask listing) (page *cfchat.ConversationPage, failing int, err error) {
	for failing = 1; failing <= pagesBeyond; failing++ {
		page, err = c.list(ctx, ask, failing+1)
		switch {
		case isUnrendered(err):
			continue
		case err != nil || len(page.Payload) == 0:
			return nil, failing, err
		}
		return page, failing, nil
	}
	return nil, failing, nil
}

// isRenderedElsewhere reports whether a filter returns everything that pages of the list fail to, except known unrenderable
// conversations. Before 3.1.1 it has more pages than the list, because conversations are listed once per label.
func (c *checker) isRenderedElsewhere(ctx context.Context, ask listing) bool {
	if ask.oldest || c.searchedEnough() { // filters do not have this order
		return false
	}
	for number := 1; number <= 2*pagesBeyond; number++ {
		page, err := c.filter(ctx, ask.twin, number)
		if err != nil {
			return false
		}
		if len(page.Payload) == 0 {
			break
		}
	}
	return true
}

// search looks for an unrenderable conversation among the results of a filter by halving their ids: the half with it is a
// 500 too, because it comes no later there. It is found if getting it is a 500 as well.
func (c *checker) search(ctx context.Context, all branches, among ...[]int64) (found bool, stopped error) {
	fails := func(ids ...int64) bool {
		_, err := c.filter(ctx, all, 1, cfchat.Equal(cfchat.AttributeDisplayID, anys(ids)...))
		stopped = c.stopped(ctx, err)
		return isUnrendered(err)
	}
	if c.searchedEnough() || fails(noConversation) || stopped != nil {
		return false, stopped
	}
	failing := slices.IndexFunc(among, func(ids []int64) bool { return stopped == nil && fails(ids...) })
	if failing < 0 || stopped != nil {
		return false, stopped
	}
	ids := among[failing]
	for len(ids) > 1 {
		half := len(ids) / 2
		if fails(ids[:half]...) {
			half, ids = 0, ids[:half]
		}
		if ids = ids[half:]; stopped != nil {
			return false, stopped
		}
	}
	_, err := c.account.Conversations.Get(ctx, ids[0])
	c.sent(opGet)
	if !isUnrendered(err) {
		return false, c.stopped(ctx, err)
	}
	c.report.Unrenderable = append(c.report.Unrenderable, ids[0])
	return true, nil
}

// searchedEnough reports whether no further search may start.
func (c *checker) searchedEnough() bool {
	return len(c.report.Unrenderable) >= maxUnrenderable || c.watch.requests >= maxSearch
}

// allIDs returns the ids of the account's conversations, or the latest of them, for each of some branches.
func (c *checker) allIDs(branches int) []int64 {
	last := c.total
	for _, id := range c.watch.ids {
		last = max(last, id)
	}
	last += min(last+100, maxIDs/5) // some were deleted
	return idsFrom(max(1, last-maxIDs/int64(branches)+1), last)
}

func idsFrom(first, last int64) (ids []int64) {
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}

// excuse records a page that was a 500 because of an unrenderable conversation.
func (c *checker) excuse(id, what string) {
	c.excused = append(c.excused, excused{id, what})
}

// excused is a page of an operation that was a 500.
type excused struct{ id, what string }

// settle reports the excused pages. If nothing was rendered at all, although there are more conversations than the
// unrenderable ones, the server is to blame instead.
func (c *checker) settle() {
	blamed := len(c.watch.ids) == 0 && int64(len(c.report.Unrenderable)) < c.total
	for _, page := range c.excused {
		if blamed {
			c.report.problem(page.id, page.what+": answered with "+statusText(http.StatusInternalServerError))
			continue
		}
		op := c.report.of(page.id)
		op.Unrendered = append(op.Unrendered, page.what)
	}
	if blamed {
		c.report.Unrenderable = []int64{}
	}
	slices.Sort(c.report.Unrenderable)
}
