package filtersql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// Rule is one rule of a filter as it was sent.
type Rule struct {
	key      string
	operator string
	values   any // mostly a list
	join     any // the query_operator
	model    string
}

// The operators.
const (
	EqualTo        = "equal_to"
	NotEqualTo     = "not_equal_to"
	Contains       = "contains"
	DoesNotContain = "does_not_contain"
	IsPresent      = "is_present"
	IsNotPresent   = "is_not_present"
	IsGreaterThan  = "is_greater_than"
	IsLessThan     = "is_less_than"
	DaysBefore     = "days_before"
	StartsWith     = "starts_with" // for contacts' phone numbers; the whole number is compared
)

// Read reads the rules from a decoded payload, which must be a list of objects (contract, 1.1).
func Read(payload any) ([]Rule, error) {
	list, ok := payload.([]any)
	if !ok {
		return nil, ErrCode
	}
	rules := make([]Rule, len(list))
	for i, each := range list {
		sent, ok := each.(map[string]any)
		if !ok {
			return nil, ErrCode
		}
		rules[i] = Rule{values: sent["values"], join: sent["query_operator"]}
		rules[i].key, _ = sent["attribute_key"].(string)
		rules[i].operator, _ = sent["filter_operator"].(string)
		rules[i].model, _ = sent["custom_attribute_type"].(string)
	}
	return rules, nil
}

// Key returns the attribute that the rule is about.
func (r Rule) Key() string { return r.key }

// First returns the rule with only the first of its values, unless its operator is contains or does_not_contain. A text to
// compare for equality is changed by the given function. The server does this in filters of contacts (contract, W2.2).
func (r Rule) First(change func(string) string) Rule {
	list, isList := r.values.([]any)
	if !isList || len(list) == 0 || r.operator == Contains || r.operator == DoesNotContain {
		return r
	}
	first := list[0]
	if text, ok := first.(string); ok && (r.operator == EqualTo || r.operator == NotEqualTo || r.operator == StartsWith) {
		first = change(text)
	}
	r.values = []any{first}
	if r.operator == StartsWith {
		r.operator = EqualTo
	}
	return r
}

// validJoins checks every query_operator, as 3.16.0 does before it reads the rules. Their positions are not checked
// (contract, 4.2).
func validJoins(rules []Rule) error {
	for _, each := range rules {
		switch join := each.join.(type) {
		case string:
			if join != "" && !strings.EqualFold(join, "AND") && !strings.EqualFold(join, "OR") {
				return RefusalError(`Query operator must be either "AND" or "OR".`)
			}
		default:
			if join == false || !cast.Blank(join) {
				return ErrCode
			}
		}
	}
	return nil
}

// valid checks a rule as 3.8.0 does: first the operator of a standard attribute, then that there are values (contract, 5.2).
func (t *Table[R]) valid(r Rule) error {
	if of, standard := t.column(r.key); standard && !slices.Contains(of.Operators, r.operator) {
		allowed := strings.Join(of.Operators, ",")
		return RefusalError(fmt.Sprintf("Invalid operator. The allowed operators for %s are [%s].", r.key, allowed))
	}
	if r.operator != IsPresent && r.operator != IsNotPresent && cast.Blank(r.values) {
		return invalidValue(r.key)
	}
	return nil
}

func invalidValue(key string) error {
	return RefusalError(fmt.Sprintf("Invalid value. The values provided for %s are invalid", key))
}

// unknownKey returns the refusal of an attribute that is neither standard nor defined.
func (t *Table[R]) unknownKey(key string) error {
	names := make([]string, len(t.Columns))
	for i, each := range t.Columns {
		names[i] = each.Name
	}
	return RefusalError(fmt.Sprintf("Invalid attribute key - [%s]. The key should be one of [%s] "+
		"or a custom attribute defined in the account.", key, strings.Join(names, ",")))
}
