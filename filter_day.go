package cfchat

import (
	"slices"
	"time"
)

// dated returns the filter as it goes out at a time: DaysBefore as LessThan with the day that it means. It compares alike in
// every version, and from 4.11.2 on days_before itself is a 500.
func (f Filter) dated(now time.Time) Filter {
	rules := f.rules
	for i, r := range rules {
		days, ok := wholeNumber(first(r.rule.Values))
		if !ok || r.raw || r.rule.FilterOperator != FilterOperatorDaysBefore {
			continue
		}
		if &rules[0] == &f.rules[0] { // the caller's stay as they are
			rules = slices.Clone(rules)
		}
		rules[i].rule.FilterOperator = FilterOperatorIsLessThan
		rules[i].rule.Values = []any{now.UTC().AddDate(0, 0, -int(days)).Format(time.DateOnly)}
	}
	return Filter{rules, f.joins}
}
