package filtersql

import (
	"encoding/json"
	"regexp"
	"strings"
)

// isoForm matches the dates that is_greater_than and is_less_than accept from 4.11.2 on, with or without a time after them;
// the date counts as written, without regard to the time's zone (contract, N4). Week dates and ordinal dates are left out.
var isoForm = regexp.MustCompile(
	`(?i)^\s*(\d{4})-?(\d\d)-?(\d\d)(T\d\d(:?\d\d(:?\d\d([.,]\d+)?)?)?(Z|[-+]\d\d(:?\d\d)?)?)?\s*$`)

// isoDate reads a value as an ISO 8601 date. It reports false for anything else.
func isoDate(value any) (any, bool) {
	text, _ := value.(string)
	parts := isoForm.FindStringSubmatch(text)
	if parts == nil {
		return nil, false
	}
	day := strings.Join(parts[1:4], "-")
	_, err := parseDay(day)
	return day, err == nil
}

// isDecimal reports whether a value is a decimal number, or a text with one. NaN passes, and is then invalid SQL.
func isDecimal(value any) bool {
	switch v := value.(type) {
	case json.Number:
		return true
	case string:
		trimmed := strings.TrimSpace(v)
		_, ok := fraction(trimmed)
		return ok || trimmed == "NaN"
	}
	return false
}
