package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
)

// question is a filter that every version answers with a page.
type question struct {
	what   string
	filter cfchat.Filter
	page   int
	fits   func(cfchat.Conversation) bool // nil for any
}

// questions returns one filter per kind of rule. Rules on custom attributes are left out: which of them a server knows is for
// each account to define.
func questions(ids []int64) []question {
	where := cfchat.Where
	future := time.Now().AddDate(0, 0, 2) // whatever the server's clock says
	return []question{
		{"a filter by status", where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)), 1,
			func(v cfchat.Conversation) bool { return v.Status == cfchat.StatusOpen }},
		{"a filter by ids", where(cfchat.Equal(cfchat.AttributeDisplayID, anys(ids)...)).
			And(cfchat.NotEqual(cfchat.AttributeInboxID, noConversation)), 1,
			func(v cfchat.Conversation) bool { return slices.Contains(ids, v.ID) }},
		{"a filter by what is there", where(cfchat.Absent(cfchat.AttributeAssigneeID)).
			Or(cfchat.Present(cfchat.AttributeLabels)), 1, nil},
		{"a filter by text", where(cfchat.Contains(cfchat.AttributeMailSubject, "a")).
			Or(cfchat.DoesNotContain(cfchat.AttributeReferer, "a")), 1, nil},
		{"a filter by days", where(cfchat.GreaterThan(cfchat.AttributeCreatedAt, "2000-01-01")).
			And(cfchat.LessThan(cfchat.AttributeCreatedAt, future)).
			Or(cfchat.DaysBefore(cfchat.AttributeLastActivityAt, 30)), 1, nil},
		{"a page beyond the last", where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusAll)), farPage,
			func(cfchat.Conversation) bool { return false }},
	}
}

// readFilters asks the questions, about the conversations that the lists had.
func (c *checker) readFilters(ctx context.Context) error {
	ids := c.some()
	if len(ids) == 0 {
		ids = []int64{noConversation}
	}
	for _, ask := range questions(ids) {
		page, err := c.account.Conversations.Filter(ctx, ask.filter, ask.page)
		c.sent(opFilter)
		if err := c.take(ctx, opFilter, ask.what, err); err != nil {
			return err
		}
		if page != nil && ask.fits != nil && slices.ContainsFunc(page.Payload, func(v cfchat.Conversation) bool { return !ask.fits(v) }) {
			c.report.problem(opFilter, ask.what+": it has conversations that do not belong there")
		}
	}
	return nil
}

func anys(ids []int64) []any {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}

// provocation is a request that versions answer differently (contract, sections 4.2 and 5.2).
type provocation struct {
	id, what string
	send     func(context.Context) error
	since    version // the first version that gives the later answer
	later    int     // that answer's status
	earlier  int
}

// provoke sends what tells versions apart by the status of the answer.
func (c *checker) provoke(ctx context.Context) error {
	all := []provocation{
		{opFilter, "a filter on an attribute that does not exist", func(ctx context.Context) error {
			_, err := c.account.Conversations.Filter(ctx, cfchat.Where(cfchat.Equal("cfchat_check_does_not_exist", "x")), 1)
			return err
		}, version{3, 8, 0}, http.StatusUnprocessableEntity, http.StatusInternalServerError},
		{opFilter, "a filter whose rules are joined by a word that does not exist", func(ctx context.Context) error {
			_, err := c.odd.ConversationFilterWithResponse(ctx, c.options.account, nil, joinedWrongly())
			return err
		}, version{3, 16, 0}, http.StatusUnprocessableEntity, http.StatusInternalServerError},
		{opFilter, "a filter on the priority", func(ctx context.Context) error {
			_, err := c.account.Conversations.Filter(ctx, cfchat.Where(cfchat.Equal(cfchat.AttributePriority, cfchat.PriorityUrgent)), 1)
			return err
		}, version{4, 0, 4}, http.StatusOK, http.StatusInternalServerError},
	}
	if len(c.watch.ids) == 0 { // no fields have told anything
		all = append(all, provocation{opList, "a list of a status that does not exist", func(ctx context.Context) error {
			params := &cfchat.ConversationListParams{Status: new(cfchat.Status("cfchat_check"))}
			_, err := c.odd.ConversationListWithResponse(ctx, c.options.account, params)
			return err
		}, version{2, 17, 0}, http.StatusOK, http.StatusInternalServerError})
	}
	for _, p := range all {
		err := p.send(ctx)
		c.sent(p.id)
		if err := c.judge(ctx, p, err); err != nil {
			return err
		}
	}
	c.report.of(opFilter).complete = true
	return nil
}

// judge makes a sign of how a provocation was answered. An answer that no version gives is a problem.
func (c *checker) judge(ctx context.Context, p provocation, err error) error {
	status := http.StatusOK
	if e, ok := errors.AsType[*cfchat.Error](err); ok {
		status = e.StatusCode
	}
	s := sign{Because: p.what + " is answered with " + statusText(status)}
	switch {
	case status == p.later:
		s.AtLeast = p.since
	case status == p.earlier:
		s.Before = p.since
	case err == nil:
		c.report.problem(p.id, s.Because)
		return nil
	default:
		return c.take(ctx, p.id, p.what, err)
	}
	c.signs = append(c.signs, s)
	if status == http.StatusOK {
		return c.take(ctx, p.id, p.what, err) // a 200 can still be something else than an answer
	}
	return nil
}

// joinedWrongly returns a filter with rules that are joined by neither AND nor OR.
func joinedWrongly() cfchat.FilterRequest {
	rule := cfchat.FilterRule{
		AttributeKey: string(cfchat.AttributeStatus), FilterOperator: cfchat.FilterOperatorEqualTo, Values: []any{string(cfchat.StatusOpen)},
	}
	first := rule
	first.QueryOperator = new(cfchat.QueryOperator("XOR"))
	return cfchat.FilterRequest{Payload: []cfchat.FilterRule{first, rule}}
}
