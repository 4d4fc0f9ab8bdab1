package filtersql

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// kind is the type of a column in the database.
type kind int

const (
	kindUnknown kind = iota
	kindInteger
	kindBigint
	kindText
	kindDate
	kindNumeric
	kindBoolean
)

// cell is a value of a column: a text, or a number, which is the day number for a date and 0 or 1 for a boolean. A numeric
// is kept as the text of its reduced fraction, so that 1.0 equals 1.
type cell struct {
	number int64
	text   string
}

// parse reads text as the database reads a quoted value (contract, 3 and 5.2).
func (k kind) parse(text string) (cell, error) {
	trimmed := strings.TrimSpace(text)
	switch k {
	case kindText:
		return cell{text: text}, nil
	case kindInteger, kindBigint:
		n, err := strconv.ParseInt(trimmed, 10, 64)
		if err != nil || k == kindInteger && !cast.FitsInteger(n) {
			return cell{}, ErrSQL
		}
		return cell{number: n}, nil
	case kindDate:
		return parseDay(trimmed)
	case kindNumeric:
		return parseNumeric(trimmed)
	}
	return parseBoolean(strings.ToLower(trimmed))
}

// setOf reads the values of IN. A value of another type than the column's is invalid SQL; a fraction is valid, but equals no
// integer (unseen).
func (k kind) setOf(values []any) (set, error) {
	out := set{cells: make(map[cell]bool, len(values)), null: len(values) == 0}
	for _, each := range values {
		var value cell
		var err error
		switch v := each.(type) {
		case nil:
			out.null = true
			continue
		case string:
			value, err = k.parse(v)
		case json.Number:
			var exists bool
			if value, exists, err = k.number(v); !exists && err == nil {
				continue
			}
		case bool:
			value, err = k.parse(strconv.FormatBool(v))
			if k != kindBoolean {
				err = ErrSQL
			}
		default:
			err = ErrSQL
		}
		if err != nil {
			return set{}, err
		}
		out.cells[value] = true
	}
	return out, nil
}

// number reads a number as a value of the column. It reports false for a number that no value of the column can equal.
func (k kind) number(n json.Number) (value cell, exists bool, err error) {
	switch k {
	case kindInteger, kindBigint:
		exact, ok := fraction(n.String())
		if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
			return cell{}, false, nil
		}
		return cell{number: exact.Num().Int64()}, true, nil
	case kindNumeric:
		value, err = parseNumeric(n.String())
		return value, err == nil, err
	}
	return cell{}, false, ErrSQL
}

func parseNumeric(text string) (cell, error) {
	exact, ok := fraction(text)
	if !ok {
		return cell{}, ErrSQL
	}
	return cell{text: exact.RatString()}, nil
}

// maxExponent limits numbers to a size that can be written out.
const maxExponent = 1000

// fraction reads a decimal number exactly.
func fraction(text string) (*big.Rat, bool) {
	if strings.Trim(text, "0123456789.eE+-") != "" {
		return nil, false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent, err := strconv.Atoi(text[i+1:])
		if err != nil || max(exponent, -exponent) > maxExponent {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}

// parseBoolean reads a boolean. The words may be abbreviated, according to PostgreSQL's manual (unseen).
func parseBoolean(text string) (cell, error) {
	switch {
	case text == "1", text == "on", text != "" && (strings.HasPrefix("true", text) || strings.HasPrefix("yes", text)):
		return cell{number: 1}, nil
	case text == "0", text == "of", text == "off",
		text != "" && (strings.HasPrefix("false", text) || strings.HasPrefix("no", text)):
		return cell{}, nil
	}
	return cell{}, ErrSQL
}

// dayLayouts are the commonly used date formats that the database reads. A time after the date is cut off (contract, 5.3;
// contract, N4, has four that were tried; the others are from PostgreSQL's manual (unseen)).
var dayLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 MST", "2006-1-2", "20060102", "2006/01/02", "1/2/2006",
	"Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "2 Jan 2006", "2 January 2006", "02-Jan-2006",
}

func parseDay(text string) (cell, error) {
	for _, layout := range dayLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return cell{number: dayOf(t)}, nil
		}
	}
	return cell{}, ErrSQL
}

// relativeDay replaces the words that the database knows for days, according to PostgreSQL's manual; today was tried
// (contract, N4).
func relativeDay(k kind, text string, now time.Time) string {
	if k != kindDate {
		return text
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "today", "now":
		return now.Format(time.DateOnly)
	case "yesterday":
		return now.AddDate(0, 0, -1).Format(time.DateOnly)
	case "tomorrow":
		return now.AddDate(0, 0, 1).Format(time.DateOnly)
	case "epoch":
		return "1970-01-01"
	}
	return text
}

// dayOf returns the number of days from 1970 to the date that a time shows in its own zone.
func dayOf(t time.Time) int64 {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}
