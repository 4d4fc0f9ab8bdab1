package cfchattest

import (
	"fmt"
	"slices"
	"strings"
)

// rule is one rule of a filter as it was sent.
type rule struct {
	key      string
	operator string
	values   any // mostly a list
	join     any // the query_operator
	model    string
}

// The operators.
const (
	equalTo        = "equal_to"
	notEqualTo     = "not_equal_to"
	contains       = "contains"
	doesNotContain = "does_not_contain"
	isPresent      = "is_present"
	isNotPresent   = "is_not_present"
	isGreaterThan  = "is_greater_than"
	isLessThan     = "is_less_than"
	daysBefore     = "days_before"
)

// rules reads the payload. It has to be a list of objects (contract, 1.1).
func (c *caller) rules() ([]rule, error) {
	payload, ok := c.params["payload"].([]any)
	if !ok {
		return nil, errFilter
	}
	rules := make([]rule, len(payload))
	for i, each := range payload {
		sent, ok := each.(map[string]any)
		if !ok {
			return nil, errFilter
		}
		rules[i] = rule{values: sent["values"], join: sent["query_operator"]}
		rules[i].key, _ = sent["attribute_key"].(string)
		rules[i].operator, _ = sent["filter_operator"].(string)
		rules[i].model, _ = sent["custom_attribute_type"].(string)
	}
	return rules, nil
}

// compile makes one expression of the rules. What the server's code refuses comes in the order of the rules, and before
// anything that only its database would refuse.
func (c *caller) compile(rules []rule) (expression, error) {
	if c.version != version216 {
		if err := validJoins(rules); err != nil {
			return nil, err
		}
	}
	compiler := &compiler{caller: c}
	var words []word
	for _, each := range rules {
		of, err := compiler.rule(each)
		if err != nil {
			return nil, err
		}
		words = append(words, of...)
	}
	if compiler.sqlError != nil {
		return nil, compiler.sqlError
	}
	if len(rules) == 0 {
		return everything, nil
	}
	return parseExpression(words)
}

// validJoins checks every query_operator, as 4.7.0 does before it looks at the rules. Where they stand is not checked.
func validJoins(rules []rule) error {
	for _, each := range rules {
		switch join := each.join.(type) {
		case string:
			if join != "" && !strings.EqualFold(join, "AND") && !strings.EqualFold(join, "OR") {
				return unprocessable(`Query operator must be either "AND" or "OR".`)
			}
		default:
			if join == false || !blank(join) {
				return errFilter
			}
		}
	}
	return nil
}

// valid checks a rule as 4.7.0 does: the operator of a standard attribute, then that there are values.
func (r rule) valid() error {
	if allowed, standard := operators470[r.key]; standard && !slices.Contains(allowed, r.operator) {
		return unprocessable(fmt.Sprintf("Invalid operator. The allowed operators for %s are [%s].", r.key, strings.Join(allowed, ",")))
	}
	if r.operator != isPresent && r.operator != isNotPresent && blank(r.values) {
		return unprocessable(fmt.Sprintf("Invalid value. The values provided for %s are invalid", r.key))
	}
	return nil
}

// unknownKey returns the refusal of an attribute that is neither standard nor defined.
func unknownKey(key string) error {
	return unprocessable(fmt.Sprintf("Invalid attribute key - [%s]. The key should be one of [%s] or a custom attribute defined in the account.",
		key, strings.Join(keys470, ",")))
}
