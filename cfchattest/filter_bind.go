package cfchattest

import (
	"encoding/json"
	"slices"
	"strings"
)

// bound is a rule's comparison after the server's code, before its database.
type bound struct {
	operator string
	values   []any  // nil among them is NULL
	text     string // of an operator that takes one text: the value to compare with
}

// bind prepares a rule's values (contract, 5.3). After a rule on a custom attribute, texts are reduced to their first and
// lowered, which the server does in every version: that is what lowering says.
func (c *caller) bind(r rule, lowering bool) (bound, error) {
	switch r.operator {
	case equalTo, notEqualTo:
		values, err := c.bindValues(r, lowering)
		return bound{operator: r.operator, values: values}, err
	case contains, doesNotContain:
		values, err := c.bindPatterns(r)
		return bound{operator: r.operator, values: values}, err
	case isPresent, isNotPresent:
		return bound{operator: r.operator}, nil
	case isGreaterThan, isLessThan:
		first, err := firstValue(r.values)
		return bound{operator: r.operator, text: plain(first)}, err
	case daysBefore:
		date, err := c.bindDays(r)
		return bound{operator: isLessThan, text: date}, err
	}
	// Any other operator compares with the text of all values. A list's is never that of one value.
	values, err := c.bindValues(r, lowering)
	if len(values) == 1 && (!isList(r.values) || lowering && isText(values[0])) {
		return bound{text: plain(values[0])}, err
	}
	return bound{text: string(encode(values))}, err
}

// bindValues returns the values to compare with. Names of statuses and priorities become numbers, unknown ones NULL. 2.16.0
// has no priorities: to it the key is one like any other.
func (c *caller) bindValues(r rule, lowering bool) ([]any, error) {
	switch {
	case r.key == "status":
		return bindStatuses(r.values)
	case r.key == "priority" && c.version != version216:
		return bindNames(r.values, priorityNumber)
	}
	if lowering {
		first, err := firstValue(r.values)
		if err != nil {
			return nil, err
		}
		if isText(first) {
			return []any{strings.ToLower(whole(r.values))}, nil
		}
	}
	switch values := r.values.(type) {
	case []any:
		return values, nil
	default:
		return []any{values}, nil // one value, or NULL for none
	}
}

// bindStatuses: "all" is every status, in a list or inside a text.
func bindStatuses(values any) ([]any, error) {
	every := []any{json.Number("0"), json.Number("1"), json.Number("2"), json.Number("3")}
	switch v := values.(type) {
	case []any:
		if slices.ContainsFunc(v, func(each any) bool { return each == "all" }) {
			return every, nil
		}
		return bindNames(v, statusNumber)
	case string:
		if strings.Contains(v, "all") {
			return every, nil
		}
	}
	return nil, errFilter
}

func bindNames(values any, number func(string) int64) ([]any, error) {
	list, ok := values.([]any)
	if !ok {
		return nil, errFilter
	}
	out := make([]any, len(list))
	for i, each := range list {
		name, ok := each.(string)
		if !ok {
			return nil, errFilter
		}
		if n := number(name); n >= 0 {
			out[i] = json.Number(plain(n))
		}
	}
	return out, nil
}

// bindPatterns: 2.16.0 looks for the first value in lower case, 4.7.0 for every one.
func (c *caller) bindPatterns(r rule) ([]any, error) {
	values := []any{r.values}
	if list, ok := r.values.([]any); ok {
		values = list
		if c.version == version216 {
			values = list[:min(1, len(list))]
		}
	}
	if c.version == version216 && len(values) == 0 {
		return nil, errFilter
	}
	out := make([]any, len(values))
	for i, each := range values {
		text, ok := each.(string)
		if !ok {
			return nil, errFilter
		}
		if c.version == version216 {
			out[i] = "%" + strings.ToLower(text) + "%"
		} else {
			out[i] = "%" + strings.TrimSpace(text) + "%"
		}
	}
	return out, nil
}

// bindDays returns the day so many days ago, UTC.
func (c *caller) bindDays(r rule) (string, error) {
	first, err := firstValue(r.values)
	if err != nil {
		return "", err
	}
	switch first.(type) {
	case bool, []any, map[string]any: // of which the server's language makes no number
		return "", errFilter
	}
	ago, _ := castInteger(first)
	if !fitsInteger(ago) {
		return "", nil // no day, which the database will refuse
	}
	return c.clock().UTC().AddDate(0, 0, -int(ago)).Format("2006-01-02"), nil
}

// firstValue returns values[0] as the server's language reads it: of a text its first letter, of a whole number its lowest
// bit, of nothing an error.
func firstValue(values any) (any, error) {
	switch v := values.(type) {
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
		return v[0], nil
	case string:
		if v == "" {
			return nil, nil
		}
		return string([]rune(v)[:1]), nil
	case json.Number:
		if last := v[len(v)-1]; !strings.ContainsAny(v.String(), ".eE") {
			return json.Number('0' + last%2), nil // the digit 0 is even itself
		}
	case map[string]any:
		return nil, nil
	}
	return nil, errFilter
}

// whole returns the first of a list, or a text that stands alone.
func whole(values any) string {
	if list, ok := values.([]any); ok {
		return plain(list[0])
	}
	return plain(values)
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

func isList(values any) bool {
	_, ok := values.([]any)
	return ok
}

// plain returns a value as it stands in a text.
func plain(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return string(encode(value))
}
