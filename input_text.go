package cfchat

import (
	"encoding"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// wrongText returns a character that no server stores, or bytes that JSON does not allow; "" for neither.
func wrongText(text string) string {
	switch {
	case strings.Contains(text, "\x00"):
		return "\x00"
	case !utf8.ValidString(text):
		return "\xff"
	}
	return ""
}

// maxColumn is the maximum length of a contact's text and of a label, in characters (contract, W2.4 and W3.1).
const maxColumn = 255

// column refuses a text of a contact, or a label, that is longer than servers accept.
func (r *refusal) column(field, text string) {
	if n := utf8.RuneCountInString(text); n > maxColumn {
		r.add(field, "it has %d characters; the server accepts %d", n, maxColumn)
	}
}

// texts refuses texts within attributes that no server stores, or that JSON does not allow: package json would replace
// characters in them.
func (r *refusal) texts(field string, attributes map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		wrong := wrongText(key)
		if wrong == "" {
			wrong = wrongWithin(reflect.ValueOf(attributes[key]), 0)
		}
		r.text(fmt.Sprintf("%s[%q]", field, key), wrong)
	}
}

// deepest is how deep a value is searched. Package json refuses cyclic values, except where nothing can reach.
const deepest = 1000

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// wrongWithin returns the first wrong text in a value that becomes JSON, including its names; "" for none.
func wrongWithin(v reflect.Value, depth int) string {
	if !v.IsValid() || depth > deepest {
		return ""
	}
	if v.CanInterface() && (v.Type().Implements(jsonMarshaler) || v.Type().Implements(textMarshaler)) {
		return wrongMarshaled(v)
	}
	if v.Kind() == reflect.String {
		return wrongText(v.String())
	}
	for part := range partsOf(v) {
		if wrong := wrongWithin(part, depth+1); wrong != "" {
			return wrong
		}
	}
	return ""
}

// partsOf yields the parts of a value that becomes JSON: names and values.
func partsOf(v reflect.Value) iter.Seq[reflect.Value] {
	return func(yield func(reflect.Value) bool) {
		switch v.Kind() {
		case reflect.Interface, reflect.Pointer:
			yield(v.Elem())
		case reflect.Slice, reflect.Array:
			if v.Type().Elem().Kind() == reflect.Uint8 { // which become base64, or numbers
				return
			}
			for i := range v.Len() {
				if !yield(v.Index(i)) {
					return
				}
			}
		case reflect.Map:
			for each := v.MapRange(); each.Next(); {
				if !yield(each.Key()) || !yield(each.Value()) {
					return
				}
			}
		case reflect.Struct:
			for i := range v.NumField() {
				name := v.Type().Field(i)
				if (name.IsExported() || name.Anonymous) && name.Tag.Get("json") != "-" && !yield(v.Field(i)) {
					return
				}
			}
		}
	}
}

// wrongMarshaled looks at the JSON that a value makes of itself.
func wrongMarshaled(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return "" // which is null
	}
	switch each := v.Interface().(type) {
	case json.Marshaler:
		data, err := each.MarshalJSON()
		if err == nil && !utf8.Valid(data) {
			return "\xff"
		}
		var plain any
		if err == nil && json.Unmarshal(data, &plain) == nil {
			return wrongWithin(reflect.ValueOf(plain), 0)
		}
	case encoding.TextMarshaler:
		if text, err := each.MarshalText(); err == nil {
			return wrongText(string(text))
		}
	}
	return ""
}
