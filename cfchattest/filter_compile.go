package cfchattest

import "strings"

// compiler turns rules into conditions, one after the other: a rule on a custom attribute changes how the later ones are
// read.
type compiler struct {
	*caller
	lowering bool  // a custom attribute was named before
	sqlError error // the first thing that the database will refuse
}

// rule makes the words of one rule: its condition, and how the next one is joined.
func (c *compiler) rule(r rule) ([]word, error) {
	if c.version != version216 {
		if err := r.valid(); err != nil {
			return nil, err
		}
	}
	comparison, err := c.bind(r, c.lowering)
	if err != nil {
		return nil, err
	}
	of, standard := c.version.standard(r.key)
	if !standard {
		return c.customRule(r)
	}
	join := joinWord(r.join)
	if r.key == "labels" && c.version != version216 {
		return append([]word{{clause: clause{met: c.labelled(comparison)}}}, join...), nil
	}
	if (comparison.operator == isGreaterThan || comparison.operator == isLessThan) != (of.kind == kindDate) {
		c.refuse(errSQL) // only dates are compared so, and only so
		return nil, nil
	}
	made := clause{met: c.condition(of, comparison)}
	if r.key == "display_id" && r.operator == equalTo {
		among, _ := of.kind.setOf(comparison.values)
		made.ids = among.cells
	}
	return append([]word{{clause: made}}, join...), nil
}

// customRule makes the words of a rule on a custom attribute. 2.16.0 drops a rule on an attribute that is not defined,
// together with its query_operator.
func (c *compiler) customRule(r rule) ([]word, error) {
	c.lowering = true
	display, defined := c.account.attributes[r.key]
	if !defined {
		if c.version == version216 {
			return nil, nil
		}
		return nil, unknownKey(r.key)
	}
	comparison, err := c.bind(r, true)
	if err != nil {
		return nil, err
	}
	of, castable := displayKinds[display]
	ordering := comparison.operator == isGreaterThan || comparison.operator == isLessThan
	if !castable || ordering && r.model != "" && r.model != "conversation_attribute" {
		c.refuse(errSQL)
		return nil, nil
	}
	made := clause{met: c.condition(custom(r.key, of), comparison)}
	words := append([]word{{clause: made}}, joinWord(r.join)...)
	if r.operator == notEqualTo {
		// The server appends this behind the query_operator, so it is only SQL if the rule is the last, and even then it
		// escapes from the rules before (contract, 5.3).
		words = append(words, word{or: true}, word{clause: clause{met: present(custom(r.key, of), false)}})
	}
	return words, nil
}

// condition makes the condition of a column, or notes that it is no SQL.
func (c *compiler) condition(of column, b bound) condition {
	made, err := c.compare(of, b)
	c.refuse(err)
	return made
}

// refuse notes that the database will refuse the filter, if it will.
func (c *compiler) refuse(err error) {
	if c.sqlError == nil {
		c.sqlError = err
	}
}

// compare makes the condition of a column.
func (c *compiler) compare(of column, b bound) (condition, error) {
	switch b.operator {
	case equalTo, notEqualTo:
		among, err := of.kind.setOf(b.values)
		return oneOf(of, among, b.operator == notEqualTo), err
	case contains, doesNotContain:
		if of.kind != kindText {
			return nil, errSQL
		}
		return alike(of, b.values, c.version != version216, b.operator == doesNotContain), nil
	case isPresent, isNotPresent:
		return present(of, b.operator == isPresent), nil
	case isGreaterThan, isLessThan:
		return ordered(of, b, c.clock().UTC())
	}
	among, err := of.kind.setOf([]any{b.text})
	return oneOf(of, among, false), err
}

// labelled returns the condition of a rule on labels from 3.1.1 on: about all labels of a conversation, so that not_equal_to
// means "has none of".
func (c *compiler) labelled(b bound) condition {
	if b.operator == isPresent || b.operator == isNotPresent {
		return func(r row) (bool, error) { return (len(r.labels) > 0) == (b.operator == isPresent), nil }
	}
	among, err := kindText.setOf(b.values)
	c.refuse(err)
	return func(r row) (bool, error) {
		has := false
		for _, label := range r.labels {
			has = has || among.cells[cell{text: label}]
		}
		return has == (b.operator == equalTo), nil
	}
}

// joinWord returns a query_operator as a word of the expression. What is not AND or OR is kept, and makes it no SQL.
func joinWord(join any) []word {
	text := strings.ToUpper(strings.TrimSpace(plain(join)))
	switch text {
	case "":
		return nil
	case "AND":
		return []word{{and: true}}
	case "OR":
		return []word{{or: true}}
	}
	return []word{{}}
}
