// Package redact removes values from JSON that openapi.yaml marks with x-secret: an answer kept for an export or a log has
// null in their place and is otherwise byte for byte as received.
package redact

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
)

var (
	marks   = map[reflect.Type]func(name string) bool{} // which fields are secret, by their names in JSON; written while the program starts
	holding sync.Map                                    // of reflect.Type, whether anything in it is secret
	fields  sync.Map                                    // of reflect.Type, the types of its fields by their names in JSON
)

// Mark marks the fields of a type that are secret, by their names in JSON. Generated code calls it while the program starts.
func Mark[T any](fields ...string) struct{} {
	return MarkIf[T](func(name string) bool {
		return slices.ContainsFunc(fields, func(secret string) bool { return strings.EqualFold(secret, name) })
	})
}

// MarkIf marks the secret fields of a type whose fields cannot be listed.
func MarkIf[T any](secret func(name string) bool) struct{} {
	marks[reflect.TypeFor[T]()] = secret
	return struct{}{}
}

// JSON returns a copy of a value's JSON, with null in place of the values that its type marks as secret. For truncated or
// invalid JSON it returns nothing, because its content is unknown.
func JSON(t reflect.Type, data []byte) []byte {
	if !holds(t) {
		return slices.Clone(data)
	}
	r := redaction{data: data, decoder: decoderOf(data)}
	if !r.all(t) {
		return nil
	}
	return append(r.out, data[r.kept:]...)
}

// ByName reports whether a field of an unknown type is secret, judging by its name: by words such as token, and by a list of
// other names.
func ByName(name string) bool {
	return slices.Contains(secretNames, strings.Join(wordsOf(name), "_")) || HasWord(name, "token", "secret", "password")
}

var secretNames = []string{"account_sid", "api_key", "api_key_sid", "hmac_identifier", "private_key", "provider_config"}

// HasWord reports whether a name such as access_token, access-token or accessToken contains one of some words, ignoring
// case.
func HasWord(name string, words ...string) bool {
	return slices.ContainsFunc(wordsOf(name), func(word string) bool { return slices.Contains(words, word) })
}

// wordsOf returns the words of a name in lower case.
func wordsOf(name string) []string {
	spaced := camel.ReplaceAllString(name, "${1}_${2}")
	return strings.FieldsFunc(strings.ToLower(spaced), func(c rune) bool { return c == '_' || c == '-' })
}

var camel = regexp.MustCompile(`(\p{Ll})(\p{Lu})`)

// Everywhere returns a copy of JSON of unknown type, with null in place of each field that is secret by its name, at any
// depth, except within fields named in free. If the JSON is truncated or invalid, it returns the part before the fault.
func Everywhere(secret func(name string) bool, data []byte, free ...string) []byte {
	r := redaction{data: data, decoder: decoderOf(data), everywhere: secret, free: free}
	end := len(data)
	if !r.all(nil) {
		end = max(r.kept, int(r.decoder.InputOffset()))
	}
	return append(r.out, data[r.kept:end]...)
}

// holds reports whether anything in a type is secret.
func holds(t reflect.Type) bool {
	if known, ok := holding.Load(t); ok {
		return known == true
	}
	found := search(t, map[reflect.Type]bool{})
	holding.Store(t, found)
	return found
}

func search(t reflect.Type, seen map[reflect.Type]bool) bool {
	t = element(t)
	switch {
	case t.Kind() == reflect.Map:
		return search(t.Elem(), seen)
	case t.Kind() != reflect.Struct || seen[t]:
		return false
	case marks[t] != nil:
		return true
	}
	seen[t] = true
	for field := range t.Fields() {
		if search(field.Type, seen) {
			return true
		}
	}
	return false
}

// element returns the innermost type of pointers and lists.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t
}

// redaction copies JSON with some values replaced by null.
type redaction struct {
	data    []byte
	decoder *json.Decoder
	out     []byte
	kept    int // how much of data has been copied or replaced

	everywhere func(name string) bool // decides what is secret if no type does; nil for nothing
	free       []string               // names of fields within which everywhere does not apply
}

// decoderOf returns a decoder that accepts numbers of any size, which would be an error for a float64.
func decoderOf(data []byte) *json.Decoder {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder
}

// all reads values of a type to the end, usually one, and reports whether there is exactly one and nothing else.
func (r *redaction) all(t reflect.Type) bool {
	n := 0
	for ; r.decoder.More(); n++ {
		if r.value(t) != nil {
			return false
		}
	}
	return n > 0 && len(bytes.TrimSpace(r.data[r.decoder.InputOffset():])) == 0
}

// value reads the next value, of a type; nil for an unknown one.
func (r *redaction) value(t reflect.Type) error {
	token, err := r.decoder.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return r.object(t)
	case json.Delim('['):
		for err == nil && r.decoder.More() {
			err = r.value(t)
		}
		return r.end(err)
	}
	return nil
}

func (r *redaction) object(t reflect.Type) error {
	if t != nil {
		t = element(t)
	}
	var err error
	for err == nil && r.decoder.More() {
		var name json.Token
		if name, err = r.decoder.Token(); err != nil {
			break
		}
		key, _ := name.(string)
		switch {
		case slices.Contains(r.free, key):
			err = r.decoder.Decode(new(json.RawMessage))
		case r.everywhere != nil && r.everywhere(key):
			err = r.leaveOut()
		case t != nil && t.Kind() == reflect.Map:
			err = r.value(t.Elem())
		case t == nil || t.Kind() != reflect.Struct:
			err = r.value(nil)
		case marks[t] != nil && marks[t](key):
			err = r.leaveOut()
		default:
			err = r.value(fieldsOf(t)[fold(key)])
		}
	}
	return r.end(err)
}

// end reads the end of an object or a list.
func (r *redaction) end(err error) error {
	if err == nil {
		_, err = r.decoder.Token()
	}
	return err
}

// leaveOut replaces the next value with null.
func (r *redaction) leaveOut() error {
	var value json.RawMessage
	if err := r.decoder.Decode(&value); err != nil {
		return err
	}
	end := int(r.decoder.InputOffset())
	r.out = append(r.out, r.data[r.kept:end-len(value)]...)
	r.out = append(r.out, "null"...)
	r.kept = end
	return nil
}

// fieldsOf returns the types of a struct's fields by their folded names in JSON. They are computed once for each type.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := fields.Load(t); ok {
		if types, ok := known.(map[string]reflect.Type); ok {
			return types
		}
	}
	types := map[string]reflect.Type{}
	for field := range t.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			types[fold(name)] = field.Type
		}
	}
	fields.Store(t, types)
	return types
}

// fold returns a name as encoding/json compares it: without case, including letters with several forms of one case.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
