package filtersql

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// condition reports whether a row meets a rule. SQL's unknown is false, because nothing here negates it.
type condition[R any] func(R) (bool, error)

// set holds values to compare with. NULL among them makes "none of these" unknown.
type set struct {
	cells map[cell]bool
	null  bool
}

// oneOf returns the condition IN, or NOT IN. NULL is neither in nor out (contract, 5.3).
func oneOf[R any](of column[R], among set, negated bool) condition[R] {
	return func(r R) (bool, error) {
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

// alike returns the condition LIKE for any of the patterns, or NOT LIKE for all of them.
func alike[R any](of column[R], patterns []any, anyCase, negated bool) condition[R] {
	matchers := make([]func(string) bool, len(patterns))
	for i, pattern := range patterns {
		matchers[i] = Like(cast.Text(pattern), anyCase)
	}
	return func(r R) (bool, error) {
		value, ok, err := of.get(r)
		if !ok || err != nil {
			return false, err
		}
		found := slices.ContainsFunc(matchers, func(matches func(string) bool) bool { return matches(value.text) })
		return found != negated && len(matchers) > 0, nil
	}
}

// present returns the condition IS NOT NULL, or IS NULL.
func present[R any](of column[R], wanted bool) condition[R] {
	return func(r R) (bool, error) {
		_, ok, err := of.get(r)
		return ok == wanted && err == nil, err
	}
}

// ordered returns the condition > or <. The SQL contains the value as it was sent, so that a quote in it makes invalid SQL
// (contract, 3).
func ordered[R any](of column[R], b bound, now time.Time) (condition[R], error) {
	if strings.Contains(b.text, "'") {
		return nil, ErrSQL
	}
	limit, err := of.kind.parse(relativeDay(of.kind, b.text, now))
	if err != nil {
		return nil, err
	}
	return func(r R) (bool, error) {
		value, ok, err := of.get(r)
		if !ok || err != nil {
			return false, err
		}
		if b.operator == IsGreaterThan {
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
