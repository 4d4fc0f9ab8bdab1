// Package redact takes out of JSON what openapi.yaml marks with x-secret: what is kept of an answer, for an export or a log,
// has null in its place and is otherwise byte for byte what was received.
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

// Mark says which fields of a type are secret, by their names in JSON. Generated code calls it while the program starts.
func Mark[T any](fields ...string) struct{} {
	return MarkIf[T](func(name string) bool {
		return slices.ContainsFunc(fields, func(secret string) bool { return strings.EqualFold(secret, name) })
	})
}

// MarkIf says of a type whose fields nobody can list which of them are secret.
func MarkIf[T any](secret func(name string) bool) struct{} {
	marks[reflect.TypeFor[T]()] = secret
	return struct{}{}
}

// JSON returns a copy of a value's JSON, with null in the place of what is secret in its type. JSON that ends early, or is
// none, comes back empty, because nobody can tell what is in it.
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

// ByName reports whether a field is secret by its name alone, where the type of what it is in is not known: by the words that
// the names of secrets have, and by those that have none of them.
func ByName(name string) bool {
	return slices.Contains(secretNames, strings.Join(wordsOf(name), "_")) || HasWord(name, "token", "secret", "password")
}

var secretNames = []string{"account_sid", "api_key", "api_key_sid", "hmac_identifier", "private_key", "provider_config"}

// HasWord reports whether a name such as access_token, access-token or accessToken has one of some words, in any case.
func HasWord(name string, words ...string) bool {
	return slices.ContainsFunc(wordsOf(name), func(word string) bool { return slices.Contains(words, word) })
}

// wordsOf returns the words of a name in lower case.
func wordsOf(name string) []string {
	spaced := camel.ReplaceAllString(name, "${1}_${2}")
	return strings.FieldsFunc(strings.ToLower(spaced), func(c rune) bool { return c == '_' || c == '-' })
}

var camel = regexp.MustCompile(`(\p{Ll})(\p{Lu})`)

// Everywhere returns a copy of JSON whose type nobody knows, with null in the place of each field that is secret by its name,
// however deep it is, but not in fields of the names in free. Of JSON that ends early, or has a fault, the part before is left.
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

// element returns what a type is a pointer to, or a list of, whatever the depth.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t
}

// redaction copies JSON with some values left out.
type redaction struct {
	data    []byte
	decoder *json.Decoder
	out     []byte
	kept    int // how much of data is in out, or left out

	everywhere func(name string) bool // says what is secret where no type does, nil for nothing
	free       []string               // names of fields in which that says nothing
}

// decoderOf returns a decoder that takes numbers of any size, of which a float64 would be an error.
func decoderOf(data []byte) *json.Decoder {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder
}

// all reads values of a type to the end, one as a rule, and reports whether there is one and nothing else.
func (r *redaction) all(t reflect.Type) bool {
	n := 0
	for ; r.decoder.More(); n++ {
		if r.value(t) != nil {
			return false
		}
	}
	return n > 0 && len(bytes.TrimSpace(r.data[r.decoder.InputOffset():])) == 0
}

// value reads the next value, which is of a type; nil for one that nobody knows.
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

// leaveOut puts null in the place of the next value.
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

// fieldsOf returns the types of fields by their names in JSON, folded. They are worked out once for each type.
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

// fold returns a name as encoding/json compares it: without case, also of the letters that have several forms of one.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }
