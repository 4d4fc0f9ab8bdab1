package check

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// farPage is beyond the last page of any account, but not too large for the server.
const farPage = 1_000_000

// noConversation is the largest possible id, which no conversation has.
const noConversation = 1<<31 - 1

// listing is a request for a page of the list.
type listing struct {
	what    string
	options cfchat.ConversationListOptions
	wrong   func([]cfchat.Conversation) bool // nil for never
	problem string                           // printed if it is wrong

	twin   branches // a filter that finds the same; nil if there is none
	oldest bool     // oldest first, an order that filters lack
}

func listings() []listing {
	of := func(s cfchat.Status) branches { return branches{{cfchat.Equal(cfchat.AttributeStatus, s)}} }
	return []listing{
		{"the latest conversations", cfchat.ConversationListOptions{Status: cfchat.StatusAll}, nil, "", of(cfchat.StatusAll), false},
		{"the default page", cfchat.ConversationListOptions{}, anyNotOpen, "it has conversations that are not open",
			of(cfchat.StatusOpen), false},
		{"the oldest conversations", cfchat.ConversationListOptions{Status: cfchat.StatusAll, SortBy: cfchat.SortBySortOnCreatedAt},
			notByAge, "they are not in the order of their creation", of(cfchat.StatusAll), true},
		{"a page beyond the last", cfchat.ConversationListOptions{Status: cfchat.StatusAll, Page: farPage},
			notEmpty, "it is not empty", nil, false},
	}
}

// ids returns those among which the conversations of the page are, as they are to be asked for.
func (l listing) ids(c *checker) [][]int64 {
	if l.oldest {
		return slices.Collect(slices.Chunk(idsFrom(1, oldestIDs), oldestAtOnce))
	}
	return [][]int64{c.allIDs(len(l.twin))}
}

// readLists requests the latest conversations, the open ones, the oldest, and a page beyond the last.
func (c *checker) readLists(ctx context.Context) error {
	for _, ask := range listings() {
		page, err := c.list(ctx, ask, ask.options.Page)
		isFirst := err == nil && ask.twin != nil
		if isUnrendered(err) && ask.twin != nil {
			page, err = c.listAgain(ctx, ask, err)
		}
		if err := c.take(ctx, opList, ask.what, err); err != nil {
			return err
		}
		if page == nil {
			continue
		}
		c.checkList(ask, page.Payload)
		if isFirst {
			if err := c.checkListPage(ctx, ask, page); err != nil {
				return err
			}
		}
	}
	c.report.of(opList).complete = true
	return nil
}

// checkList reports what is wrong with the conversations on a page.
func (c *checker) checkList(ask listing, page []cfchat.Conversation) {
	if ask.wrong != nil && ask.wrong(page) {
		c.report.problem(opList, ask.what+": "+ask.problem)
	}
	if !ask.oldest {
		c.checkOrder(opList, ask.what, page)
	}
	if some, _ := repeats(page); some {
		c.report.problem(opList, ask.what+": it has a conversation more than once")
	}
}

// list requests a page of the list.
func (c *checker) list(ctx context.Context, ask listing, page int) (*cfchat.ConversationPage, error) {
	ask.options.Page = page
	answer, err := c.account.Conversations.List(ctx, ask.options)
	c.sent(opList)
	return answer, err
}

func notEmpty(page []cfchat.Conversation) bool { return len(page) > 0 }

func anyNotOpen(page []cfchat.Conversation) bool {
	return slices.ContainsFunc(page, func(c cfchat.Conversation) bool { return c.Status != cfchat.StatusOpen })
}

func notByAge(page []cfchat.Conversation) bool {
	return !slices.IsSortedFunc(page, func(a, b cfchat.Conversation) int { return a.CreatedAt.Compare(b.CreatedAt.Time) })
}

// readConversations gets a few of the listed conversations, and one that does not exist.
func (c *checker) readConversations(ctx context.Context) error {
	for _, id := range c.some() {
		var answer cfchat.Response
		_, err := c.account.Conversations.Get(ctx, id, cfchat.WithResponse(&answer))
		c.sent(opGet)
		if isAnother(answer, id) { // which the client refuses
			c.report.problem(opGet, "it answers with a conversation other than the requested one")
			continue
		}
		if err := c.take(ctx, opGet, "a conversation that was listed", err); err != nil {
			return err
		}
	}
	var answer cfchat.Response
	_, err := c.account.Conversations.Get(ctx, noConversation, cfchat.WithResponse(&answer))
	c.sent(opGet)
	c.report.of(opGet).complete = len(c.watch.ids) > 0
	switch {
	case err == nil || isAnother(answer, noConversation):
		c.report.problem(opGet, "a conversation that does not exist is answered")
		return nil
	case errors.Is(err, cfchat.ErrNotFound):
		c.notInJSON(opGet, "a conversation that does not exist", err)
		return nil
	}
	return c.take(ctx, opGet, "a conversation that does not exist", err)
}

// isAnother reports whether an answer is a conversation other than the requested one.
func isAnother(answer cfchat.Response, id int64) bool {
	var conversation cfchat.Conversation
	return answer.StatusCode == http.StatusOK && json.Unmarshal(answer.Body, &conversation) == nil && conversation.ID != 0 && conversation.ID != id
}

// some returns at most three of the conversations seen: the oldest, the newest, and one in between.
func (c *checker) some() []int64 {
	ids := slices.Clone(c.watch.ids)
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) > 3 {
		ids = []int64{ids[0], ids[len(ids)/2], ids[len(ids)-1]}
	}
	return ids
}
