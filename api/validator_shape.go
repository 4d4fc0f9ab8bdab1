package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// shape is a schema of the spec with its allOf merged in. kin-openapi's own comparison accepts every field that a schema
// does not name, and would quote values.
type shape struct {
	kind     string // the JSON type, "" for any
	nullable bool
	fields   map[string]*shape
	required []string
	free     bool // fields that are not named may be anything
	items    *shape
	listed   []string // the enum without null, nil for none
	limits   []limit
}

// The JSON types, as the spec names them.
const (
	kindObject  = "object"
	kindArray   = "array"
	kindString  = "string"
	kindInteger = "integer"
	kindNumber  = "number"
	kindBoolean = "boolean"
	kindNull    = "null"
)

// shapes has the shapes made so far, so that each is made once and may refer to itself.
type shapes map[*openapi3.Schema]*shape

// of returns the shape of a schema; that of a nil schema accepts anything.
//
// The spec writes a reference with a description as an allOf of one, where an additional type excludes null. It writes a
// nullable reference as an anyOf of it and null.
func (done shapes) of(ref *openapi3.SchemaRef) *shape {
	if ref == nil {
		return &shape{}
	}
	schema := ref.Value
	if s := done[schema]; s != nil {
		return s
	}
	s := &shape{nullable: schema.Nullable, required: slices.Clone(schema.Required), limits: limitsOf(schema), fields: map[string]*shape{}}
	done[schema] = s
	if schema.Type != nil && schema.Type.IsSingle() {
		s.kind = (*schema.Type)[0]
	}
	for name, field := range schema.Properties {
		s.fields[name] = done.of(field)
	}
	if more := schema.AdditionalProperties; more.Has != nil && *more.Has || more.Schema != nil {
		s.free = true
	}
	if schema.Items != nil {
		s.items = done.of(schema.Items)
	}
	for _, value := range schema.Enum {
		if value != nil {
			s.listed = append(s.listed, fmt.Sprint(value))
		}
	}
	for _, part := range schema.AllOf {
		s.merge(done.of(part), schema.Type == nil)
	}
	s.mergeAny(done, schema.AnyOf)
	for _, name := range s.required {
		if s.fields[name] == nil {
			s.fields[name] = &shape{}
		}
	}
	return s
}

// inJSON returns the shape of a body's JSON, nil if it has none.
func (done shapes) inJSON(content openapi3.Content) *shape {
	media := content[mediaJSON]
	if media == nil {
		return nil
	}
	return done.of(media.Schema)
}

// freed returns the shape with unnamed fields allowed.
func (s *shape) freed() *shape {
	freed := *s
	freed.free = true
	return &freed
}

// merge adds a part of an allOf.
func (s *shape) merge(part *shape, untyped bool) {
	if s.kind == "" {
		s.kind = part.kind
	}
	s.nullable = s.nullable || untyped && part.nullable
	maps.Copy(s.fields, part.fields)
	s.required = append(s.required, part.required...)
	s.free = s.free || part.free
	if s.items == nil {
		s.items = part.items
	}
	if s.listed == nil {
		s.listed = part.listed
	}
	s.limits = append(s.limits, part.limits...)
}

// mergeAny adds the parts of an anyOf: the fields of each part are allowed, and only those that all parts require are
// required.
func (s *shape) mergeAny(done shapes, parts openapi3.SchemaRefs) {
	for i, part := range parts {
		one, required := *done.of(part), s.required
		if one.required = slices.Clone(one.required); i > 0 {
			one.required = slices.DeleteFunc(one.required, func(name string) bool { return !slices.Contains(required, name) })
			s.required = nil
		}
		s.merge(&one, true)
	}
}

// place is the position of a value, below another place; nil for the whole. It is formatted only for findings.
type place struct {
	below *place
	name  string // of a field, or "[]" for an item
}

func (p *place) String() string {
	if p == nil {
		return ""
	}
	above := p.below.String()
	if above == "" || p.name == "[]" {
		return above + p.name
	}
	return above + "." + p.name
}

// check compares a value, decoded with UseNumber, with the shape and reports the mismatches.
func (s *shape) check(value any, at *place, report reporter) {
	found := kindOf(value)
	switch {
	case s.kind == "":
	case found == kindNull:
		if !s.nullable {
			report(Finding{Path: at.String(), Kind: KindNull, Expected: s.kind, Found: found})
		}
	case found != s.kind && !(found == kindInteger && s.kind == kindNumber):
		report(Finding{Path: at.String(), Kind: KindType, Expected: s.kind, Found: found})
	case found == kindObject, found == kindArray:
		s.checkInside(value, at, report)
	case s.listed != nil && !slices.Contains(s.listed, fmt.Sprint(value)):
		report(Finding{Path: at.String(), Kind: KindValue, Expected: s.anyListed(), Found: "another " + found})
	default:
		s.checkLimits(value, at.String(), report)
	}
}

// checkInside compares the contents of an object or a list.
func (s *shape) checkInside(value any, at *place, report reporter) {
	switch inside := value.(type) {
	case map[string]any:
		s.checkFields(inside, at, report)
	case []any:
		if s.items == nil {
			return
		}
		for _, item := range inside {
			s.items.check(item, &place{at, "[]"}, report)
		}
	}
}

func (s *shape) checkFields(object map[string]any, at *place, report reporter) {
	for name, value := range object {
		if field := s.fields[name]; field != nil {
			field.check(value, &place{at, name}, report)
		} else if !s.free {
			report(Finding{Path: (&place{at, shown(name)}).String(), Kind: KindUnknown, Found: kindOf(value)})
		}
	}
	for _, name := range s.required {
		if _, ok := object[name]; !ok {
			report(Finding{Path: (&place{at, name}).String(), Kind: KindMissing, Expected: s.fields[name].kind})
		}
	}
}

// anyListed describes the expected values without repeating a list that may be long.
func (s *shape) anyListed() string { return fmt.Sprintf("one of %d in the spec", len(s.listed)) }

// checkText compares a parameter of a path or a query, which is text, with the shape. A list has commas.
func (s *shape) checkText(text, name string, report reporter) {
	_, err := strconv.ParseInt(text, 10, 64)
	switch {
	case s.kind == kindArray:
		for item := range strings.SplitSeq(text, ",") {
			s.items.checkText(item, name+"[]", report)
		}
	case s.kind == kindInteger && err != nil:
		report(Finding{Path: name, Kind: KindType, Expected: s.kind, Found: "other text"})
	case s.kind == kindInteger:
		s.checkLimits(json.Number(text), name, report)
	case s.listed != nil && !slices.Contains(s.listed, text):
		report(Finding{Path: name, Kind: KindValue, Expected: s.anyListed(), Found: "other text"})
	default:
		s.checkLimits(text, name, report)
	}
}

// kindOf returns the JSON type of a value. A number is an integer if its text parses as an int64, as the generated types
// need: 1.0 does not.
func kindOf(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return kindObject
	case []any:
		return kindArray
	case string:
		return kindString
	case bool:
		return kindBoolean
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return kindNumber
		}
		return kindInteger
	}
	return kindNull
}
