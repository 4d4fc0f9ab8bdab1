package cfchat

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// checkMoment refuses a time within a day, of which the server would read only the UTC day; and the zero time.
func checkMoment(value any) error {
	switch t, ok := value.(time.Time); {
	case !ok:
		return nil
	case t.IsZero():
		return errors.New("it is the zero time; leave the rule out")
	default:
		return fmt.Errorf("it is %s in UTC, and the server compares only whole days in UTC; use Since, or give the day, such as %q",
			t.UTC().Format("15:04:05.999999999 on 2006-01-02"), t.Format(time.DateOnly))
	}
}

// Since holds when created_at or last_activity_at is at or after a time, to the second. Servers know days only, so it is
// sent as the day; [ConversationsService.FilterAll] and [ConversationsService.Scan] leave out the part of that day before
// it, while a page of [ConversationsService.Filter], and its counts, include it. It can be joined with And only.
func Since(attribute Attribute, t time.Time) Rule {
	rule := newRule(attribute, FilterOperatorIsGreaterThan, []any{t.UTC().AddDate(0, 0, -1).Format(time.DateOnly)})
	rule.since = new(t.Truncate(time.Second)) // like the times in answers
	return rule
}

// checkSince refuses a rule of Since that FilterAll and Scan could not check again.
func (f Filter) checkSince(r Rule) error {
	switch {
	case r.since == nil:
		return nil
	case r.rule.AttributeKey != string(AttributeCreatedAt) && r.rule.AttributeKey != string(AttributeLastActivityAt):
		return errors.New("Since accepts created_at and last_activity_at; for others, compare days with GreaterThan")
	case r.since.Unix() < 0 || r.since.Year() > 9999:
		return fmt.Errorf("%s is not a time that a conversation can have; leave the rule out to match all", r.since.UTC().Format(time.RFC3339))
	case slices.Contains(f.joins, QueryOperatorOR):
		return errors.New("Since cannot be in a filter with Or, because the server does not show which branch matched; filter for each branch separately")
	}
	return nil
}

// keeps reports whether a conversation that the server has found also matches the rules of Since.
func (f Filter) keeps(c *Conversation) bool {
	for _, r := range f.rules {
		if r.since == nil {
			continue
		}
		at := c.CreatedAt
		if r.rule.AttributeKey == string(AttributeLastActivityAt) {
			at = c.activity()
		}
		if at.Before(*r.since) {
			return false
		}
	}
	return true
}

// activity returns the last activity, to the second: before 2.17.1 servers send it as the timestamp only.
func (c *Conversation) activity() UnixTime {
	if c.LastActivityAt != nil {
		return *c.LastActivityAt
	}
	return c.Timestamp
}

// dated returns the filter as sent at a time: DaysBefore becomes LessThan with its day. That compares alike in every
// version, and from 4.11.2 on days_before itself is a 500.
func (f Filter) dated(now time.Time) Filter {
	rules := f.rules
	for i, r := range rules {
		days, ok := wholeNumber(first(r.rule.Values))
		if !ok || r.raw || r.rule.FilterOperator != FilterOperatorDaysBefore {
			continue
		}
		if &rules[0] == &f.rules[0] { // the caller's stay unchanged
			rules = slices.Clone(rules)
		}
		rules[i].rule.FilterOperator = FilterOperatorIsLessThan
		rules[i].rule.Values = []any{now.UTC().AddDate(0, 0, -int(days)).Format(time.DateOnly)}
	}
	return Filter{rules, f.joins}
}
