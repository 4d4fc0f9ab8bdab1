// Package filtersql is what becomes of a filter: the server makes SQL of its rules, one after the other and without
// parentheses, and the database runs it. What the server's code stumbles over and what is no SQL is refused as there, in the
// same order. It knows nothing of conversations: a [Table] says what the rules are about.
package filtersql

import (
	"errors"
	"time"

	"github.com/cfchat/cfchat-go/internal/release"
)

// ErrCode is a filter that the server's code stumbles over, ErrSQL one that its database refuses: both are a 500. What the
// code refuses comes first, whatever the order of the rules.
var (
	ErrCode = errors.New("the filter makes no sense")
	ErrSQL  = errors.New("the filter is no SQL")
)

// RefusalError is what the server says of a filter that it checks and does not take: a 422.
type RefusalError string

func (r RefusalError) Error() string { return string(r) }

// Table describes the rows of type R that a filter looks through.
type Table[R any] struct {
	Version release.Version
	Now     time.Time

	// Columns are the standard attributes, in the order in which the server lists them.
	Columns []Column[R]
	// Labels returns a row's labels, for a rule about "labels" from 3.1.1 on. Before, they are a column like any other.
	Labels func(R) []string
	// Custom has the display type of each custom attribute that is defined.
	Custom map[string]string
	// Model is the kind of custom attributes that comparisons may name; "" for conversation_attribute.
	Model string
	// Attributes returns a row's custom attributes.
	Attributes func(R) map[string]any
}

// Filter is a filter that is ready to run.
type Filter[R any] struct{ any expression[R] }

// Met reports whether a row meets the filter. What a row holds can be what the database cannot read as its type.
func (f *Filter[R]) Met(row R) (bool, error) { return f.any.met(row) }

// Only returns the values of the key column that rows can have which meet the filter, and false if every row has to be
// looked at. This is what keeps a window of ids fast among many rows.
func (f *Filter[R]) Only() (map[int64]bool, bool) { return f.any.keys() }

// Compile makes a filter of rules.
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
		return &Filter[R]{expression[R]{nil}}, nil // which every row meets
	}
	parsed, err := parseExpression(words)
	return &Filter[R]{parsed}, err
}

// column finds a standard attribute.
func (t *Table[R]) column(key string) (Column[R], bool) {
	for _, each := range t.Columns {
		if each.Name == key {
			return each, true
		}
	}
	return Column[R]{}, false
}
