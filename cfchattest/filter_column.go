package cfchattest

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"
)

// column is what a rule compares: the value of a row, false for NULL. A custom attribute can hold what its type cannot
// be read from, which is an error.
type column struct {
	kind kind
	get  func(row) (value cell, ok bool, err error)
}

func integers(get func(row) *int64) column { return numbers(kindInteger, get) }

func bigints(get func(row) *int64) column { return numbers(kindBigint, get) }

func numbers(of kind, get func(row) *int64) column {
	return column{of, func(r row) (cell, bool, error) {
		if n := get(r); n != nil {
			return cell{number: *n}, true, nil
		}
		return cell{}, false, nil
	}}
}

func texts(get func(row) *string) column {
	return column{kindText, func(r row) (cell, bool, error) {
		if s := get(r); s != nil {
			return cell{text: *s}, true, nil
		}
		return cell{}, false, nil
	}}
}

func days(get func(row) time.Time) column {
	return column{kindDate, func(r row) (cell, bool, error) { return cell{number: dayOf(get(r).UTC())}, true, nil }}
}

// set are values to compare with. NULL among them makes "none of these" unknown.
type set struct {
	cells map[cell]bool
	null  bool
}

// oneOf returns the condition IN, or NOT IN. NULL is neither in nor out.
func oneOf(of column, among set, negated bool) condition {
	return func(r row) (bool, error) {
		value, ok, err := of.get(r)
		if !ok || err != nil {
			return false, err
		}
		if among.cells[value] {
			return !negated, nil
		}
		return negated && !among.null, nil
	}
}

// alike returns the condition LIKE, or NOT LIKE: like any of the patterns, or like none.
func alike(of column, patterns []any, anyCase, negated bool) condition {
	matchers := make([]func(string) bool, len(patterns))
	for i, pattern := range patterns {
		matchers[i] = like(plain(pattern), anyCase)
	}
	return func(r row) (bool, error) {
		value, ok, err := of.get(r)
		if !ok || err != nil {
			return false, err
		}
		found := slices.ContainsFunc(matchers, func(matches func(string) bool) bool { return matches(value.text) })
		return found != negated && len(matchers) > 0, nil
	}
}

// present returns the condition IS NOT NULL, or IS NULL.
func present(of column, wanted bool) condition {
	return func(r row) (bool, error) {
		_, ok, err := of.get(r)
		return ok == wanted && err == nil, err
	}
}

// ordered returns the condition > or <. The value stands in the SQL as it was sent, so one with a quote in it is no SQL.
func ordered(of column, b bound, now time.Time) (condition, error) {
	if strings.Contains(b.text, "'") {
		return nil, errSQL
	}
	limit, err := of.kind.parse(relativeDay(of.kind, b.text, now))
	if err != nil {
		return nil, err
	}
	return func(r row) (bool, error) {
		value, ok, err := of.get(r)
		if !ok || err != nil {
			return false, err
		}
		if b.operator == isGreaterThan {
			return compare(of.kind, value, limit) > 0, nil
		}
		return compare(of.kind, value, limit) < 0, nil
	}, nil
}

// compare orders two values of a kind.
func compare(of kind, x, y cell) int {
	switch of {
	case kindText:
		return strings.Compare(x.text, y.text)
	case kindNumeric:
		left, _ := new(big.Rat).SetString(x.text) // as parse wrote it
		right, _ := new(big.Rat).SetString(y.text)
		return left.Cmp(right)
	}
	return cmp.Compare(x.number, y.number)
}
