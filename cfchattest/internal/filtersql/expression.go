package filtersql

import "slices"

// clause is a condition in an expression.
type clause[R any] struct {
	met  condition[R]
	keys map[cell]bool // the only keys of rows that can meet it; nil if that is not known
}

// word is a part of the SQL that the server makes from the rules: a clause, AND, OR, or garbage.
type word[R any] struct {
	clause[R]

	and, or bool
}

// expression is an OR of ANDs: AND binds tighter than OR, and there are no parentheses.
type expression[R any] [][]clause[R]

// parseExpression parses words. Conditions and operators must alternate, with a condition first and last.
func parseExpression[R any](words []word[R]) (expression[R], error) {
	if len(words)%2 == 0 {
		return nil, ErrSQL
	}
	out := expression[R]{nil}
	for i, w := range words {
		switch {
		case i%2 == 0 && w.met != nil:
			out[len(out)-1] = append(out[len(out)-1], w.clause)
		case i%2 == 1 && w.and:
		case i%2 == 1 && w.or:
			out = append(out, nil)
		default:
			return nil, ErrSQL
		}
	}
	return out, nil
}

// met reports whether a row matches the expression.
func (e expression[R]) met(r R) (bool, error) {
	for _, all := range e {
		met, err := allMet(all, r)
		if met || err != nil {
			return met, err
		}
	}
	return false, nil
}

func allMet[R any](clauses []clause[R], r R) (bool, error) {
	for _, one := range clauses {
		if met, err := one.met(r); !met || err != nil {
			return false, err
		}
	}
	return true, nil
}

// keys returns the only keys that matching rows can have, and false if every row has to be checked.
func (e expression[R]) keys() (map[int64]bool, bool) {
	out := map[int64]bool{}
	for _, all := range e {
		i := slices.IndexFunc(all, func(one clause[R]) bool { return one.keys != nil })
		if i < 0 {
			return nil, false
		}
		for key := range all[i].keys {
			out[key.number] = true
		}
	}
	return out, true
}
