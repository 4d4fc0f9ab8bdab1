package check

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// provocation is a request that versions answer differently.
type provocation struct {
	id, what string
	send     func(context.Context) error
	signs    map[int]sign // by the status of the answer
}

// provoke sends the requests whose status distinguishes versions (contract, 4.2, 5.2 and N4).
func (c *checker) provoke(ctx context.Context) error {
	all := []func() provocation{
		c.unknownAttribute, c.joinedWrongly, c.priority, c.countryCode, c.daysBefore, c.contact, c.partOfID,
	}
	if len(c.watch.ids) == 0 { // there were no fields to go by
		all = append(all, c.unknownStatus)
	}
	for _, next := range all {
		p := next()
		err := p.send(ctx)
		c.sent(p.id)
		if err := c.judge(ctx, p, err); err != nil {
			return err
		}
	}
	c.report.of(opFilter).complete = true
	return nil
}

// judge makes a sign from the answer to a provocation. An answer that no version gives is a problem.
func (c *checker) judge(ctx context.Context, p provocation, err error) error {
	status := http.StatusOK
	if e, ok := errors.AsType[*cfchat.Error](err); ok {
		status = e.StatusCode
	}
	because := p.what + " is answered with " + statusText(status)
	s, known := p.signs[status]
	switch {
	case status == http.StatusInternalServerError && !c.answered[p.id]: // nor is anything else, so this means nothing
		return c.take(ctx, p.id, p.what, err)
	case known:
		s.Because = because
		c.signs = append(c.signs, s)
		if status == http.StatusUnprocessableEntity {
			c.notInJSON(p.id, p.what, err)
		}
		if status != http.StatusOK {
			return nil
		}
	case err == nil:
		c.report.problem(p.id, because)
		return nil
	}
	return c.take(ctx, p.id, p.what, err) // a 200 can still be something else
}

// since returns the signs of a change, by the status of the answer from a version on and before it.
func since(v version, later, earlier int) map[int]sign {
	return map[int]sign{later: {AtLeast: v}, earlier: {Before: v}}
}

func (c *checker) unknownAttribute() provocation {
	return provocation{opFilter, "a filter on an attribute that does not exist", func(ctx context.Context) error {
		_, err := c.account.Conversations.Filter(ctx, cfchat.Where(cfchat.Equal("cfchat_check_does_not_exist", "x")), 1)
		return err
	}, since(version{3, 8, 0}, http.StatusUnprocessableEntity, http.StatusInternalServerError)}
}

// joinedWrongly joins rules with neither AND nor OR.
func (c *checker) joinedWrongly() provocation {
	rule := cfchat.FilterRule{
		AttributeKey: string(cfchat.AttributeStatus), FilterOperator: cfchat.FilterOperatorEqualTo, Values: []any{string(cfchat.StatusOpen)},
	}
	first := rule
	first.QueryOperator = new(cfchat.QueryOperator("XOR"))
	body := cfchat.FilterRequest{Payload: []cfchat.FilterRule{first, rule}}
	return provocation{opFilter, "a filter whose rules are joined by a word that does not exist", func(ctx context.Context) error {
		_, err := c.odd.ConversationFilterWithResponse(ctx, c.Options.Account, nil, body)
		return err
	}, since(version{3, 16, 0}, http.StatusUnprocessableEntity, http.StatusInternalServerError)}
}

func (c *checker) priority() provocation {
	return c.rule("on the priority", cfchat.AttributePriority, cfchat.FilterOperatorEqualTo, string(cfchat.PriorityUrgent),
		since(version{4, 0, 4}, http.StatusOK, http.StatusInternalServerError))
}

func (c *checker) countryCode() provocation {
	return c.rule("on the country_code", cfchat.AttributeCountryCode, cfchat.FilterOperatorEqualTo, "DE",
		since(version{4, 10, 0}, http.StatusUnprocessableEntity, http.StatusOK))
}

func (c *checker) daysBefore() provocation {
	return c.rule("by days_before", cfchat.AttributeLastActivityAt, cfchat.FilterOperatorDaysBefore, 30,
		since(version{4, 11, 2}, http.StatusInternalServerError, http.StatusOK))
}

// contact asks for the contact_id, which was a key until 3.8.0 and is one again from 4.14.2 on. Whether unknown attributes
// are refused shows which of the two it is.
func (c *checker) contact() provocation {
	known := sign{Before: version{3, 8, 0}}
	if slices.ContainsFunc(c.signs, func(s sign) bool { return s.AtLeast == version{3, 8, 0} }) {
		known = sign{AtLeast: version{4, 14, 2}}
	}
	return c.rule("on the contact_id", cfchat.AttributeContactID, cfchat.FilterOperatorEqualTo, noConversation,
		map[int]sign{http.StatusUnprocessableEntity: {AtLeast: version{3, 8, 0}, Before: version{4, 14, 2}}, http.StatusOK: known})
}

func (c *checker) partOfID() provocation {
	return c.rule("by a part of the display_id", cfchat.AttributeDisplayID, cfchat.FilterOperatorContains, "1",
		since(version{4, 16, 0}, http.StatusOK, http.StatusInternalServerError))
}

// rule sends a rule after one that no conversation matches, so that nothing has to be found or rendered. It bypasses the
// client's checks.
func (c *checker) rule(what string, a cfchat.Attribute, o cfchat.FilterOperator, value any, signs map[int]sign) provocation {
	filter := cfchat.Where(cfchat.Equal(cfchat.AttributeDisplayID, noConversation)).
		And(cfchat.RawRule(cfchat.FilterRule{AttributeKey: string(a), FilterOperator: o, Values: []any{value}}))
	return provocation{opFilter, "a filter " + what, func(ctx context.Context) error {
		_, err := c.account.Conversations.Filter(ctx, filter, 1)
		return err
	}, signs}
}

func (c *checker) unknownStatus() provocation {
	return provocation{opList, "a list of a status that does not exist", func(ctx context.Context) error {
		params := &cfchat.ConversationListParams{Status: new(cfchat.Status("cfchat_check"))}
		_, err := c.odd.ConversationListWithResponse(ctx, c.Options.Account, params)
		return err
	}, since(version{2, 17, 0}, http.StatusOK, http.StatusInternalServerError)}
}
