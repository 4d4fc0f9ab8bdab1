package cfchattest

import "slices"

// condition reports whether a row meets a rule. What SQL calls unknown is false: nothing here negates it.
type condition func(row) (bool, error)

// clause is a condition in an expression.
type clause struct {
	met condition
	ids map[cell]bool // the only conversations that can meet it; nil if that is not known
}

// word is a part of the text that the server makes of the rules: a clause, AND, OR, or rubbish.
type word struct {
	clause
	and, or bool
}

// expression is any of several lists of clauses of which all are met: AND binds tighter than OR, and there are no
// parentheses.
type expression [][]clause

// everything is the expression of no rules.
var everything = expression{nil}

// parseExpression reads words. Conditions and operators have to take turns, and a condition comes first and last.
func parseExpression(words []word) (expression, error) {
	if len(words)%2 == 0 {
		return nil, errSQL
	}
	out := expression{nil}
	for i, w := range words {
		switch {
		case i%2 == 0 && w.met != nil:
			out[len(out)-1] = append(out[len(out)-1], w.clause)
		case i%2 == 1 && w.and:
		case i%2 == 1 && w.or:
			out = append(out, nil)
		default:
			return nil, errSQL
		}
	}
	return out, nil
}

// met reports whether a row meets the expression.
func (e expression) met(r row) (bool, error) {
	for _, all := range e {
		met, err := allMet(all, r)
		if met || err != nil {
			return met, err
		}
	}
	return false, nil
}

func allMet(clauses []clause, r row) (bool, error) {
	for _, one := range clauses {
		if met, err := one.met(r); !met || err != nil {
			return false, err
		}
	}
	return true, nil
}

// ids returns the only conversations that can meet the expression, and false if every one has to be looked at. This is what
// keeps a window of ids fast in an account with many conversations.
func (e expression) ids() (map[int64]bool, bool) {
	out := map[int64]bool{}
	for _, all := range e {
		i := slices.IndexFunc(all, func(one clause) bool { return one.ids != nil })
		if i < 0 {
			return nil, false
		}
		for id := range all[i].ids {
			out[id.number] = true
		}
	}
	return out, true
}
