package filtersql

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// bound is a rule's comparison as the server's code passes it to the database.
type bound struct {
	operator string
	values   []any  // nil among them is NULL
	text     string // the value to compare with, for an operator with one text
}

// orders reports whether the comparison is > or <.
func (b bound) orders() bool { return b.operator == IsGreaterThan || b.operator == IsLessThan }

// bind prepares a rule's values (contract, 5.3). The column is zero if the rule is not about a standard attribute.
func (c *compiler[R]) bind(r Rule, of Column[R]) (bound, error) {
	switch r.operator {
	case EqualTo, NotEqualTo:
		values, err := c.bindValues(r, of)
		return bound{operator: r.operator, values: values}, err
	case Contains, DoesNotContain:
		values, err := c.bindPatterns(r)
		return bound{operator: r.operator, values: values}, err
	case IsPresent, IsNotPresent:
		return bound{operator: r.operator}, nil
	case IsGreaterThan, IsLessThan:
		text, err := c.bindLimit(r, of)
		return bound{operator: r.operator, text: text}, err
	case DaysBefore:
		date, err := c.bindDays(r)
		return bound{operator: IsLessThan, text: date}, err
	}
	// Any other operator compares with the text of all values. The text of a list never equals that of one value
	// (contract, 5.3).
	values, err := c.bindValues(r, of)
	if len(values) == 1 && (!isList(r.values) || c.lowering && isText(values[0])) {
		return bound{text: cast.Text(values[0])}, err
	}
	return bound{text: cast.Text(values)}, err
}

// bindValues returns the values to compare with. After a rule on a custom attribute (see lowering), the server reduces a
// list of texts to the first one, in lower case, in every version.
func (c *compiler[R]) bindValues(r Rule, of Column[R]) ([]any, error) {
	if of.Names != nil {
		return bindNames(r.values, of.Names, of.AllNames)
	}
	if c.lowering {
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

// bindNames returns the numbers of names, NULL for an unknown one. The word for all names is recognized in a list
// (contract, 5.2), and within a text (unseen).
func bindNames(values any, names []string, all string) ([]any, error) {
	list, isList := values.([]any)
	text, isText := values.(string)
	if all != "" && (isList && slices.Contains(list, any(all)) || isText && strings.Contains(text, all)) {
		list = nil
		for n := range names {
			list = append(list, number(n))
		}
		return list, nil
	}
	if !isList {
		return nil, ErrCode
	}
	out := make([]any, len(list))
	for i, each := range list {
		name, ok := each.(string)
		if !ok {
			return nil, ErrCode
		}
		if n := slices.Index(names, name); n >= 0 {
			out[i] = number(n)
		}
	}
	return out, nil
}

func number(n int) json.Number { return json.Number(cast.Text(n)) }

// bindPatterns returns the patterns to search for: before 3.1.1 the first value, in lower case, later every value (contract,
// 4.2 and 5.3).
func (c *compiler[R]) bindPatterns(r Rule) ([]any, error) {
	values := []any{r.values}
	several := c.Version.AtLeast("3.1.1")
	if list, ok := r.values.([]any); ok {
		values = list
		if !several {
			values = list[:min(1, len(list))]
		}
	}
	if !several && len(values) == 0 {
		return nil, ErrCode
	}
	out := make([]any, len(values))
	for i, each := range values {
		text, ok := each.(string)
		switch {
		case !ok:
			return nil, ErrCode
		case several:
			out[i] = "%" + strings.TrimSpace(text) + "%"
		default:
			out[i] = "%" + strings.ToLower(text) + "%"
		}
	}
	return out, nil
}

// bindLimit returns the text to compare with. From 4.11.2 on it must be valid for the type (contract, N4).
func (c *compiler[R]) bindLimit(r Rule, of Column[R]) (string, error) {
	first, err := firstValue(r.values)
	if err != nil || !c.Version.AtLeast("4.11.2") {
		return cast.Text(first), err
	}
	var readable bool
	switch c.kindOf(r, of) {
	case kindDate:
		first, readable = isoDate(first)
	case kindNumeric:
		readable = isDecimal(first)
	}
	if !readable {
		return "", invalidValue(r.key)
	}
	return cast.Text(first), nil
}

// kindOf returns the type that the server assumes for a rule's attribute, kindUnknown if it has none.
func (c *compiler[R]) kindOf(r Rule, of Column[R]) kind {
	if of.get != nil {
		return of.kind
	}
	display, defined := displayKinds[c.Custom[r.key]]
	if !defined {
		return kindUnknown
	}
	return display
}

// bindDays returns the UTC date that many days ago. From 4.11.2 on the server's code fails on every use (contract, N4).
func (c *compiler[R]) bindDays(r Rule) (string, error) {
	first, err := firstValue(r.values)
	if err != nil || c.Version.AtLeast("4.11.2") {
		return "", ErrCode
	}
	switch first.(type) {
	case bool, []any, map[string]any: // Ruby cannot convert these to a number
		return "", ErrCode
	}
	ago, _ := cast.Integer(first)
	if !cast.FitsInteger(ago) {
		return "", nil // not a day, so the database will refuse it
	}
	return c.Now.UTC().AddDate(0, 0, -int(ago)).Format("2006-01-02"), nil
}

// firstValue returns values[0] as Ruby evaluates it: the first letter of a text (contract, N4), the lowest bit of an integer
// (unseen), an error for null.
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
	return nil, ErrCode
}

// whole returns the first element of a list, or the text itself.
func whole(values any) string {
	if list, ok := values.([]any); ok {
		return cast.Text(list[0])
	}
	return cast.Text(values)
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

func isList(values any) bool {
	_, ok := values.([]any)
	return ok
}
