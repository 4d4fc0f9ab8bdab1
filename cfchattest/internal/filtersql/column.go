package filtersql

import (
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// Column is a standard attribute. [Integers], [Bigints], [Texts], [Booleans] and [Days] return one of that type; its other
// fields can be set afterwards.
type Column[R any] struct {
	Name      string
	Operators []string // the operators that are allowed from 3.8.0 on; before, the database decides

	Names    []string // the names of the values, indexed by the stored number; nil if values are written as stored
	AllNames string   // a value that stands for every name, if there is one
	Key      bool     // each row has a different value: see [Filter.Only]
	AsText   bool     // contains searches a number's text; otherwise it is invalid SQL

	column[R]
}

// column reads a value of a row; get reports false for NULL, and an error for a custom attribute whose value cannot be read
// as its type.
type column[R any] struct {
	kind kind
	get  func(R) (value cell, ok bool, err error)
}

// Integers returns a column of four-byte numbers. nil is NULL.
func Integers[R any](name string, get func(R) *int64) Column[R] {
	return Column[R]{Name: name, column: numbers(kindInteger, get)}
}

// Bigints returns a column of eight-byte numbers. nil is NULL.
func Bigints[R any](name string, get func(R) *int64) Column[R] {
	return Column[R]{Name: name, column: numbers(kindBigint, get)}
}

func numbers[R any](of kind, get func(R) *int64) column[R] {
	return column[R]{of, func(r R) (cell, bool, error) {
		if n := get(r); n != nil {
			return cell{number: *n}, true, nil
		}
		return cell{}, false, nil
	}}
}

// Texts returns a column of texts. nil is NULL.
func Texts[R any](name string, get func(R) *string) Column[R] {
	return Column[R]{Name: name, column: column[R]{kindText, func(r R) (cell, bool, error) {
		if s := get(r); s != nil {
			return cell{text: *s}, true, nil
		}
		return cell{}, false, nil
	}}}
}

// Booleans returns a column of booleans.
func Booleans[R any](name string, get func(R) bool) Column[R] {
	return Column[R]{Name: name, column: column[R]{kindBoolean, func(r R) (cell, bool, error) {
		if get(r) {
			return cell{number: 1}, true, nil
		}
		return cell{}, true, nil
	}}}
}

// Days returns a column of times, of which a filter sees only the UTC date.
func Days[R any](name string, get func(R) time.Time) Column[R] {
	return Column[R]{Name: name, column: column[R]{kindDate, func(r R) (cell, bool, error) {
		return cell{number: dayOf(get(r).UTC())}, true, nil
	}}}
}

// DaysOrNull returns a column like [Days], in which the zero time is NULL.
func DaysOrNull[R any](name string, get func(R) time.Time) Column[R] {
	return Column[R]{Name: name, column: column[R]{kindDate, func(r R) (cell, bool, error) {
		return cell{number: dayOf(get(r).UTC())}, !get(r).IsZero(), nil
	}}}
}

// Allow returns the column with these operators allowed.
func (c Column[R]) Allow(operators ...string) Column[R] {
	c.Operators = operators
	return c
}

// displayKinds are the types that the server casts a custom attribute to. Currency and percent have none and fail in every
// version (contract, 5.2).
var displayKinds = map[string]kind{
	"text": kindText, "list": kindText, "link": kindText, "date": kindDate, "number": kindNumeric, "checkbox": kindBoolean,
}

// custom returns the column of a custom attribute. Its texts are compared in lower case.
func (t *Table[R]) custom(key string, of kind) column[R] {
	return column[R]{of, func(r R) (cell, bool, error) {
		raw := AttributeText(t.Attributes(r), key)
		if raw == nil {
			return cell{}, false, nil
		}
		if of == kindText {
			return cell{text: strings.ToLower(*raw)}, true, nil
		}
		stored, err := of.parse(*raw)
		return stored, err == nil, err
	}}
}

// AttributeText returns a value of free-form attributes as the database does: as text, or nil for null or a missing value.
func AttributeText(of map[string]any, key string) *string {
	switch v := of[key].(type) {
	case nil:
		return nil
	case string:
		return &v
	default:
		return new(cast.Text(v))
	}
}

// asText returns the column with its numbers as text.
func (c column[R]) asText() column[R] {
	return column[R]{kindText, func(r R) (cell, bool, error) {
		value, ok, err := c.get(r)
		return cell{text: cast.Text(value.number)}, ok, err
	}}
}
