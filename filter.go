package cfchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Filter is a set of rules for [Account.Filter], joined by AND and OR. AND binds before OR, and there are no brackets:
//
//	// open in inbox 5 or 6, or assigned to nobody whatever the status
//	Where(Equal("status", "open")).And(Equal("inbox_id", 5, 6)).Or(Absent("assignee_id"))
//
// Filters are values: And and Or return a new one. The zero value has no rules; start with [Where].
type Filter struct {
	rules []FilterRule // the operator of each joins it to the next
}

// Where starts a filter with one rule.
func Where(rule FilterRule) Filter { return Filter{}.join(QueryOperatorAND, rule) }

// And adds a rule that must hold too.
func (f Filter) And(rule FilterRule) Filter { return f.join(QueryOperatorAND, rule) }

// Or adds a rule that may hold instead of all that stands before it.
func (f Filter) Or(rule FilterRule) Filter { return f.join(QueryOperatorOR, rule) }

func (f Filter) join(op QueryOperator, rule FilterRule) Filter {
	rules := slices.Clone(f.rules)
	if len(rules) > 0 {
		rules[len(rules)-1].QueryOperator = &op
	}
	return Filter{rules: append(rules, rule)}
}

// Equal holds when the attribute is one of the values. Ids are numbers.
func Equal(attribute string, values ...any) FilterRule {
	return newRule(attribute, FilterOperatorEqualTo, values)
}

// NotEqual holds when the attribute is there and is none of the values: conversations without it do not match.
func NotEqual(attribute string, values ...any) FilterRule {
	return newRule(attribute, FilterOperatorNotEqualTo, values)
}

// Contains holds when the attribute contains the text. Before 3.1.1 it finds only what is stored in lower case.
func Contains(attribute, text string) FilterRule {
	return newRule(attribute, FilterOperatorContains, []any{text})
}

// DoesNotContain holds when the attribute is there and does not contain the text.
func DoesNotContain(attribute, text string) FilterRule {
	return newRule(attribute, FilterOperatorDoesNotContain, []any{text})
}

// Present holds when the attribute is there.
func Present(attribute string) FilterRule { return newRule(attribute, FilterOperatorIsPresent, nil) }

// Absent holds when the attribute is not there, such as an assignee_id of a conversation assigned to nobody.
func Absent(attribute string) FilterRule { return newRule(attribute, FilterOperatorIsNotPresent, nil) }

// GreaterThan holds when the attribute is greater than a number, or after the day of a [time.Time] or of "2026-01-31".
func GreaterThan(attribute string, value any) FilterRule {
	return newRule(attribute, FilterOperatorIsGreaterThan, []any{value})
}

// LessThan holds when the attribute is less than a number, or before the day of a [time.Time] or of "2026-01-31".
func LessThan(attribute string, value any) FilterRule {
	return newRule(attribute, FilterOperatorIsLessThan, []any{value})
}

// DaysBefore holds when the attribute is a day more than so many days ago.
func DaysBefore(attribute string, days int) FilterRule {
	return newRule(attribute, FilterOperatorDaysBefore, []any{days})
}

// newRule writes a rule as the server wants it: times as days of UTC.
func newRule(attribute string, operator FilterOperator, values []any) FilterRule {
	values = slices.Clone(values)
	for i, value := range values {
		if t, ok := value.(time.Time); ok {
			values[i] = t.UTC().Format(time.DateOnly)
		}
	}
	return FilterRule{AttributeKey: attribute, FilterOperator: operator, Values: values}
}

// request checks the rules and wraps them as the server wants them (D1).
func (f Filter) request() (FilterRequest, error) {
	if len(f.rules) == 0 {
		return FilterRequest{}, invalid("filter: it has no rules; start with Where, and use Equal(\"status\", \"all\") for everything")
	}
	for i, rule := range f.rules {
		if err := checkRule(rule, i == len(f.rules)-1); err != nil {
			return FilterRequest{}, invalid("rule %d (%s %s): %w", i+1, rule.AttributeKey, rule.FilterOperator, err)
		}
	}
	return FilterRequest{Payload: f.rules}, nil
}

// checkRule refuses what the server answers with a 500 or reads as something else.
func checkRule(rule FilterRule, last bool) error {
	presence := rule.FilterOperator == FilterOperatorIsPresent || rule.FilterOperator == FilterOperatorIsNotPresent
	switch {
	case rule.AttributeKey == "":
		return errors.New("there is no attribute")
	case !rule.FilterOperator.Valid():
		return errors.New("the server does not know this operator; use a FilterOperator constant")
	case last && rule.QueryOperator != nil:
		return errors.New("QueryOperator is set; And and Or set it, and the last rule has none")
	case !presence && len(rule.Values) == 0:
		return errors.New("there is no value")
	}
	for _, value := range rule.Values {
		if _, err := json.Marshal(value); err != nil {
			return fmt.Errorf("%w; JSON has no such value", err)
		}
	}
	return nil
}
