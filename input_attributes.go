package cfchat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

// attributes refuses values that JSON cannot express, such as NaN, and null in a list, which servers drop from every
// request.
func (r *refusal) attributes(field string, attributes map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		field := fmt.Sprintf("%s[%q]", field, key)
		data, err := json.Marshal(attributes[key])
		switch {
		case err != nil:
			r.add(field, "%v; JSON has no such value", err)
		case hasNullInList(data):
			r.add(field, "%s", nullDropped)
		}
	}
}

const nullDropped = "it has null in a list, which the server drops; leave it out"

// hasNullInList reports whether null is an element of a list somewhere in valid JSON.
func hasNullInList(data []byte) bool {
	if !bytes.Contains(data, null) {
		return false
	}
	var inList []bool // for each level that the decoder is in
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // beyond a float64 too
	for {
		token, err := decoder.Token()
		switch {
		case err != nil:
			return false // it is the end
		case token == json.Delim('[') || token == json.Delim('{'):
			inList = append(inList, token == json.Delim('['))
		case token == json.Delim(']') || token == json.Delim('}'):
			inList = inList[:len(inList)-1]
		case token == nil && len(inList) > 0 && inList[len(inList)-1]:
			return true
		}
	}
}

// The limits of a conversation's custom attributes (contract, W3.4).
const (
	maxAttributeText  = 1500 // characters
	maxAttributeWhole = 9_999_999_999
)

// attributeSizes refuses custom attributes of a conversation that are longer or greater than servers accept. Nested values
// may have any size.
func (r *refusal) attributeSizes(field string, attributes map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		field := fmt.Sprintf("%s[%q]", field, key)
		data, err := json.Marshal(attributes[key])
		if err != nil {
			continue // refused elsewhere
		}
		var text string
		if len(data) > 0 && data[0] == '"' && json.Unmarshal(data, &text) == nil {
			if n := utf8.RuneCountInString(text); n > maxAttributeText {
				r.add(field, "it has %d characters; the server accepts %d at the top level, and more within an object", n, maxAttributeText)
			}
		}
		if n, _ := strconv.ParseUint(string(data), 10, 64); n > maxAttributeWhole { // 0 for a fraction, which may be any
			r.add(field, "it is more than %d, the most that the server accepts; give it as text", int64(maxAttributeWhole))
		}
	}
}

// attributeKeys refuses an empty list of keys, and keys that no attribute can have.
func (r *refusal) attributeKeys(field string, keys []string) {
	if len(keys) == 0 {
		r.add(field, "there are none; name the attributes to remove")
	}
	for i, key := range keys {
		r.text(fmt.Sprintf("%s[%d]", field, i), key)
	}
}
