package api

import (
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// limit is a schema's limit on the size of its values. It accepts values of types that it does not apply to.
type limit struct {
	expected, found string
	passes          func(value any) bool
}

// limitsOf returns the limits of a schema.
func limitsOf(schema *openapi3.Schema) (limits []limit) {
	onNumbers := func(expected, found string, passes func(n float64) bool) {
		limits = append(limits, limit{expected, found, func(value any) bool {
			n, ok := numberOf(value)
			return !ok || passes(n)
		}})
	}
	onTexts := func(expected, found string, passes func(text string) bool) {
		limits = append(limits, limit{expected, found, func(value any) bool {
			text, ok := value.(string)
			return !ok || passes(text)
		}})
	}
	if least := schema.Min; least != nil {
		onNumbers(fmt.Sprintf("%v or more", *least), "less", func(n float64) bool { return n >= *least })
	}
	if most := schema.Max; most != nil {
		onNumbers(fmt.Sprintf("%v or less", *most), "more", func(n float64) bool { return n <= *most })
	}
	if least := schema.MinLength; least > 0 {
		onTexts(fmt.Sprintf("%d or more characters", least), "a shorter text", func(text string) bool { return length(text) >= least })
	}
	if most := schema.MaxLength; most != nil {
		onTexts(fmt.Sprintf("%d or fewer characters", *most), "a longer text", func(text string) bool { return length(text) <= *most })
	}
	if schema.Pattern != "" {
		onTexts("a text like "+schema.Pattern, "another text", regexp.MustCompile(schema.Pattern).MatchString)
	}
	return limits
}

// length returns the number of characters in a text.
func length(text string) uint64 { return uint64(utf8.RuneCountInString(text)) }

// numberOf returns the value of a JSON number.
func numberOf(value any) (n float64, ok bool) {
	number, _ := value.(json.Number)
	n, err := number.Float64()
	return n, err == nil
}

// checkLimits reports the first limit that a value violates.
func (s *shape) checkLimits(value any, at string, report reporter) {
	for _, limit := range s.limits {
		if !limit.passes(value) {
			report(Finding{Path: at, Kind: KindValue, Expected: limit.expected, Found: limit.found})
			return
		}
	}
}
