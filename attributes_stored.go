package cfchat

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// notStored returns the first attribute that is not as sent, if there is one.
func notStored(sent map[string]any, stored Attributes) (key string, missing bool) {
	fields := stored.fields()
	for _, key := range slices.Sorted(maps.Keys(sent)) {
		want, err := json.Marshal(sent[key])
		if got, there := fields[key]; err != nil || !there || !sameJSON(want, got) {
			return key, true
		}
	}
	return "", false
}

// sameJSON reports whether two JSON values mean the same: a server may write numbers in another notation, and keys in
// another order.
func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	return decodeExact(a, &x) && decodeExact(b, &y) && sameValue(x, y)
}

// decodeExact decodes JSON with every digit of its numbers.
func decodeExact(data json.RawMessage, value *any) bool {
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	return decoder.Decode(value) == nil
}

// sameValue reports whether two decoded values are the same.
func sameValue(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		other, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, other, sameValue)
	case []any:
		other, ok := b.([]any)
		return ok && slices.EqualFunc(a, other, sameValue)
	case json.Number:
		other, ok := b.(json.Number)
		return ok && sameNumber(a, other)
	}
	return a == b
}

// sameNumber reports whether two numbers are the same: whole ones to every digit, others as servers compute, in 64 bits.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	whole, isWhole := wholeOf(string(a))
	other, bothWhole := wholeOf(string(b))
	if isWhole && bothWhole {
		return whole.Cmp(other) == 0
	}
	x, ofX := a.Float64()
	y, ofY := b.Float64()
	return ofX == nil && ofY == nil && x == y
}
