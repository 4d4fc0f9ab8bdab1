// Package cast reads values as the server's framework and its database do: text that starts with a number is that number,
// and most things are true.
package cast

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Integer reads a value as the server's database layer does for an integer column: text counts up to its first other
// character ("5abc" is 5, "abc" is 0), and a fraction is cut off. It reports false for null, blank text, and values that are
// not numbers at all (contract, 1.2 and 1.4).
func Integer(value any) (int64, bool) {
	switch v := value.(type) {
	case string:
		if strings.TrimSpace(v) == "" {
			return 0, false
		}
		return leadingInteger(v), true
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, true
		}
		switch f, _ := v.Float64(); {
		case f >= 1<<63:
			return math.MaxInt64, true
		case f < -1<<63:
			return math.MinInt64, true
		default:
			return int64(f), true
		}
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// ID reads an id for a lookup, as Integer does: one that does not fit the column finds nothing (contract, 1.4).
func ID(value any) (int64, bool) {
	n, ok := Integer(value)
	return n, ok && FitsInteger(n)
}

// FitsInteger reports whether a number fits a column of four bytes.
func FitsInteger(n int64) bool { return n >= math.MinInt32 && n <= math.MaxInt32 }

// FitsBigint reports whether a number fits a column of eight bytes. [Integer] returns the nearest one otherwise.
func FitsBigint(n int64) bool { return n > math.MinInt64 && n < math.MaxInt64 }

// leadingInteger returns the number that a text starts with: 0 if there is none, the nearest int64 if it is too large.
func leadingInteger(text string) int64 {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		end = 1
	}
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(text[:end], 10, 64) // ParseInt returns the nearest number if it is too large
	return n
}

// StartsWithNumber reports whether a text starts with a number. Any other text is cast to 0.
func StartsWithNumber(text string) bool {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	return text != "" && text[0] >= '0' && text[0] <= '9'
}

// Boolean reads a value as the server does for a boolean column: everything is true except blank values and the spellings of
// false (contract, W1.2, on private).
func Boolean(value any) bool {
	return !Blank(value) && !slices.Contains([]string{"0", "f", "F", "false", "FALSE", "off", "OFF"}, Text(value))
}

// Time reads a time to store from ISO text. For anything else it returns the zero time.
func Time(value any) time.Time {
	text, _ := value.(string)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Text returns a value as text: "" for null, a list or an object as JSON.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("cast: %v", err)) // values read from JSON can be written
	}
	return string(text)
}

// Blank reports whether a value counts as missing when the server checks for presence: null, false, blank text, [] or {}.
func Blank(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}
