// Package filtersql runs filters as the server does, which builds SQL from the rules, one after another and without
// parentheses, for its database to run. Rules that the server's code fails on, or that are invalid SQL, are refused in the
// same order. The package knows nothing about conversations: a [Table] describes the rows.
package filtersql

import (
	"errors"
	"time"

	"github.com/cfchat/cfchat-go/internal/release"
)

// ErrCode is the error for a filter that the server's code fails on, ErrSQL for one that its database refuses: both are a
// 500. Failures of the code come first, whatever the order of the rules.
var (
	ErrCode = errors.New("the filter makes no sense")
	ErrSQL  = errors.New("the filter is not valid SQL")
)

// RefusalError is the server's message about a filter that it refuses: a 422.
type RefusalError string

func (r RefusalError) Error() string { return string(r) }

// Table describes the rows of type R that a filter searches.
type Table[R any] struct {
	Version release.Version
	Now     time.Time

	// Columns are the standard attributes, in the order in which the server lists them.
	Columns []Column[R]
	// Labels returns a row's labels, for a rule about "labels" from 3.1.1 on. Before, they are a column like any other.
	Labels func(R) []string
	// Custom has the display type of each defined custom attribute.
	Custom map[string]string
	// Model is the kind of custom attributes that comparisons may name; "" for conversation_attribute.
	Model string
	// Attributes returns a row's custom attributes.
	Attributes func(R) map[string]any
}

// Filter is a compiled filter.
type Filter[R any] struct{ any expression[R] }

// Met reports whether a row matches the filter. It fails if the database cannot read a value in the row as its type.
func (f *Filter[R]) Met(row R) (bool, error) { return f.any.met(row) }

// Only returns the key values that matching rows can have, and false if every row has to be checked. This keeps windows of
// ids fast among many rows.
func (f *Filter[R]) Only() (map[int64]bool, bool) { return f.any.keys() }

// Compile compiles rules into a filter.
func (t *Table[R]) Compile(rules []Rule) (*Filter[R], error) {
	if t.Version.AtLeast("3.16.0") {
		if err := validJoins(rules); err != nil {
			return nil, err
		}
	}
	compiler := &compiler[R]{Table: t}
	var words []word[R]
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
		return &Filter[R]{expression[R]{nil}}, nil // matches every row
	}
	parsed, err := parseExpression(words)
	return &Filter[R]{parsed}, err
}

// column returns the standard attribute with a key.
func (t *Table[R]) column(key string) (Column[R], bool) {
	for _, each := range t.Columns {
		if each.Name == key {
			return each, true
		}
	}
	return Column[R]{}, false
}
