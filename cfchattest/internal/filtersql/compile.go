package filtersql

import (
	"cmp"
	"strings"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// compiler turns rules into conditions, in order, because a rule on a custom attribute changes how later ones are read.
type compiler[R any] struct {
	*Table[R]
	lowering bool  // an earlier rule is on a custom attribute
	sqlError error // the first thing that the database will refuse
}

// rule returns the words of one rule: its condition, and the operator that joins the next one. The server prepares the
// values before it checks the attribute.
func (c *compiler[R]) rule(r Rule) ([]word[R], error) {
	if c.Version.AtLeast("3.8.0") {
		if err := c.valid(r); err != nil {
			return nil, err
		}
	}
	of, standard := c.column(r.key)
	comparison, err := c.bind(r, of)
	switch {
	case err != nil:
		return nil, err
	case !standard:
		return c.customRule(r)
	case r.key == "labels" && c.Version.AtLeast("3.1.1"):
		return c.labelsRule(r)
	case comparison.orders() != (of.kind == kindDate): // dates can only be ordered, and nothing else can
		c.refuse(ErrSQL)
		return nil, nil
	}
	column := of.column
	if of.AsText && (r.operator == Contains || r.operator == DoesNotContain) {
		column = column.asText()
	}
	made := clause[R]{met: c.condition(column, comparison)}
	if of.Key && r.operator == EqualTo {
		among, _ := of.kind.setOf(comparison.values)
		made.keys = among.cells
	}
	return append([]word[R]{{clause: made}}, joinWord[R](r.join)...), nil
}

// customRule returns the words of a rule on a custom attribute. Before 3.8.0 a rule on an attribute that is not defined is
// dropped, together with its query_operator (contract, 5.2).
func (c *compiler[R]) customRule(r Rule) ([]word[R], error) {
	c.lowering = true
	display, defined := c.Custom[r.key]
	if !defined && c.Version.AtLeast("3.8.0") {
		return nil, c.unknownKey(r.key)
	}
	if !defined {
		return nil, nil
	}
	comparison, err := c.bind(r, Column[R]{})
	if err != nil {
		return nil, err
	}
	of, castable := displayKinds[display]
	if !castable || comparison.orders() && r.model != "" && r.model != cmp.Or(c.Model, "conversation_attribute") {
		c.refuse(ErrSQL)
		return nil, nil
	}
	column := c.custom(r.key, of)
	words := append([]word[R]{{clause: clause[R]{met: c.condition(column, comparison)}}}, joinWord[R](r.join)...)
	if r.operator == NotEqualTo {
		// The server appends this after the query_operator, so the SQL is valid only if the rule is the last one, and even
		// then this condition is independent of the rules before it (contract, 5.3).
		words = append(words, word[R]{or: true}, word[R]{clause: clause[R]{met: present(column, false)}})
	}
	return words, nil
}

// labelsRule returns the words of a rule on labels from 3.1.1 on. It applies to all labels of a row, so that not_equal_to
// means "has none of". A rule with an operator other than these four is dropped together with its query_operator, or a 500
// in 3.1.1 itself; from 3.8.0 on such a rule is refused before it gets here (contract, 4.2).
func (c *compiler[R]) labelsRule(r Rule) ([]word[R], error) {
	values, err := c.bindValues(r, Column[R]{}) // whatever the operator
	if err != nil {
		return nil, err
	}
	var met condition[R]
	switch r.operator {
	case IsPresent, IsNotPresent:
		met = func(row R) (bool, error) { return (len(c.Labels(row)) > 0) == (r.operator == IsPresent), nil }
	case EqualTo, NotEqualTo:
		among, err := kindText.setOf(values)
		c.refuse(err)
		met = func(row R) (bool, error) {
			for _, label := range c.Labels(row) {
				if among.cells[cell{text: label}] {
					return r.operator == EqualTo, nil
				}
			}
			return r.operator == NotEqualTo, nil
		}
	default:
		if !c.Version.AtLeast("3.2.0") {
			return nil, ErrCode
		}
		return nil, nil
	}
	return append([]word[R]{{clause: clause[R]{met: met}}}, joinWord[R](r.join)...), nil
}

// condition returns the condition for a column, and records an error if it is invalid SQL.
func (c *compiler[R]) condition(of column[R], b bound) condition[R] {
	made, err := c.compare(of, b)
	c.refuse(err)
	return made
}

// refuse records that the database will refuse the filter.
func (c *compiler[R]) refuse(err error) {
	if c.sqlError == nil {
		c.sqlError = err
	}
}

// compare returns the condition for a column.
func (c *compiler[R]) compare(of column[R], b bound) (condition[R], error) {
	switch b.operator {
	case EqualTo, NotEqualTo:
		among, err := of.kind.setOf(b.values)
		return oneOf(of, among, b.operator == NotEqualTo), err
	case Contains, DoesNotContain:
		if of.kind != kindText {
			return nil, ErrSQL
		}
		return alike(of, b.values, c.Version.AtLeast("3.1.1"), b.operator == DoesNotContain), nil
	case IsPresent, IsNotPresent:
		return present(of, b.operator == IsPresent), nil
	case IsGreaterThan, IsLessThan:
		return ordered(of, b, c.Now.UTC())
	}
	among, err := of.kind.setOf([]any{b.text})
	return oneOf(of, among, false), err
}

// joinWord returns a query_operator as a word of the expression. Anything but AND and OR is kept, and makes the expression
// invalid SQL.
func joinWord[R any](join any) []word[R] {
	switch strings.ToUpper(strings.TrimSpace(cast.Text(join))) {
	case "":
		return nil
	case "AND":
		return []word[R]{{and: true}}
	case "OR":
		return []word[R]{{or: true}}
	}
	return []word[R]{{}}
}
