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

func limitsOf(schema *openapi3.Schema) (limits []limit) {
	if least := schema.Min; least != nil {
		limits = append(limits, limit{fmt.Sprintf("%v or more", *least), "less", func(value any) bool {
			n, ok := numberOf(value)
			return !ok || n >= *least
		}})
	}
	if most := schema.Max; most != nil {
		limits = append(limits, limit{fmt.Sprintf("%v or less", *most), "more", func(value any) bool {
			n, ok := numberOf(value)
			return !ok || n <= *most
		}})
	}
	if least := schema.MinLength; least > 0 {
		limits = append(limits, limit{fmt.Sprintf("%d or more characters", least), "a shorter text", func(value any) bool {
			text, ok := value.(string)
			return !ok || uint64(utf8.RuneCountInString(text)) >= least
		}})
	}
	if most := schema.MaxLength; most != nil {
		limits = append(limits, limit{fmt.Sprintf("%d or fewer characters", *most), "a longer text", func(value any) bool {
			text, ok := value.(string)
			return !ok || uint64(utf8.RuneCountInString(text)) <= *most
		}})
	}
	if schema.Pattern != "" {
		pattern := regexp.MustCompile(schema.Pattern)
		limits = append(limits, limit{"a text like " + schema.Pattern, "another text", func(value any) bool {
			text, ok := value.(string)
			return !ok || pattern.MatchString(text)
		}})
	}
	return limits
}

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
