package cfchat

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/cfchat/cfchat-go/internal/decode"
)

// Attributes are the free-form attributes of an answer: any JSON object. They are decoded only when one is asked for, so
// numbers keep every digit. The zero value, which the server writes as null, and an empty set, which it may write as [],
// contain nothing. Attributes are safe for concurrent use; a copy shares the received bytes, which never change.
//
// To send attributes, use a map[string]any.
type Attributes struct{ received string }

// NewAttributes returns the Attributes that a server would send for a map, for fakes and tests. It fails on a value that
// JSON cannot express, such as NaN.
func NewAttributes(values map[string]any) (Attributes, error) {
	data, err := json.Marshal(values)
	if err != nil {
		return Attributes{}, fmt.Errorf("cfchat: attributes: %w", err)
	}
	return Attributes{string(data)}, nil
}

var null = json.RawMessage("null")

// errNotObject does not repeat the value, which may be anything.
var errNotObject = errors.New("attributes are not an object")

// UnmarshalJSON reads an object, null, or the empty list.
func (a *Attributes) UnmarshalJSON(data []byte) error {
	switch text := string(data); { // the compiler compares it without a copy
	case text == "{}":
		a.received = "{}" // most are empty
	case json.Valid(data) && areAttributes(data):
		a.received = text
	default:
		a.received = ""
		return errNotObject
	}
	return nil
}

// decodeJSON reads the same as UnmarshalJSON.
func (a *Attributes) decodeJSON(r *decode.Reader) {
	data := r.Raw()
	if !areAttributes(data) {
		r.Leave()
		return
	}
	a.received = r.Shared(data) // most are {}
}

// areAttributes reports whether JSON is an object, null, or the empty list.
func areAttributes(data []byte) bool {
	return len(data) > 0 && (data[0] == '{' || data[0] == 'n' || isEmptyList(data))
}

// isEmptyList reports whether the text is an empty list.
func isEmptyList(data []byte) bool {
	inner, isList := bytes.CutPrefix(data, []byte("["))
	return isList && bytes.Equal(bytes.TrimSpace(inner), []byte("]"))
}

// MarshalJSON writes the attributes as received.
func (a Attributes) MarshalJSON() ([]byte, error) { return a.JSON(), nil }

// JSON returns a copy of the attributes as received: an object, [] for an empty one from some servers, or null.
func (a Attributes) JSON() json.RawMessage { return json.RawMessage(a.String()) }

// GobEncode writes the JSON.
func (a Attributes) GobEncode() ([]byte, error) { return a.JSON(), nil }

// GobDecode reads what GobEncode has written.
func (a *Attributes) GobDecode(data []byte) error { return a.UnmarshalJSON(data) }

// IsZero reports whether the server did not send them at all.
func (a Attributes) IsZero() bool { return a.received == "" }

// String returns the JSON.
func (a Attributes) String() string { return cmp.Or(a.received, "null") }

// fields returns the attributes, each as received.
func (a Attributes) fields() map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal([]byte(a.received), &fields) // null and [] contain none
	return fields
}

// Has reports whether there is an attribute with this key, even if null.
func (a Attributes) Has(key string) bool {
	_, ok := a.fields()[key]
	return ok
}

// Keys returns the keys in alphabetical order.
func (a Attributes) Keys() []string { return slices.Sorted(maps.Keys(a.fields())) }

// Text returns an attribute that is text; false if it is something else, or not there.
func (a Attributes) Text(key string) (string, bool) {
	field := a.fields()[key]
	if len(field) == 0 || field[0] != '"' {
		return "", false
	}
	var text string
	return text, json.Unmarshal(field, &text) == nil
}

// Int returns an attribute that is a whole number, however it is written: 5, 5.0 or 5e0. It reports false if the attribute
// is something else, beyond an int64, or not there.
func (a Attributes) Int(key string) (int64, bool) {
	number, ok := a.number(key)
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return n, true
	}
	whole, ok := wholeOf(number)
	if !ok || !whole.IsInt64() {
		return 0, false
	}
	return whole.Int64(), true
}

// wholeOf returns a whole number of JSON, however it is written; 0 and false for any other, and for one that takes too long
// to read. It does not go through a float64, which often is another number.
func wholeOf(number string) (*big.Int, bool) {
	digits, exponent := number, ""
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		digits, exponent = number[:i], number[i+1:]
	}
	if strings.Trim(digits, "-0.") == "" {
		return new(big.Int), true
	}
	if len(digits) > maxIntText || len(exponent) > len("+999") {
		return new(big.Int), false
	}
	exact, ok := new(big.Rat).SetString(number)
	if !ok || !exact.IsInt() {
		return new(big.Int), false
	}
	return exact.Num(), true
}

// maxIntText bounds the work that a number in an odd notation may cause, in bytes of its digits.
const maxIntText = 1000

// Float returns an attribute that is a number, rounded to a float64; false if it is something else, beyond a float64, or not
// there. JSON has every digit.
func (a Attributes) Float(key string) (float64, bool) {
	number, ok := a.number(key)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(number, 64)
	return f, err == nil
}

// number returns an attribute that is a number, as written.
func (a Attributes) number(key string) (string, bool) {
	field := a.fields()[key]
	if len(field) == 0 || field[0] != '-' && (field[0] < '0' || field[0] > '9') {
		return "", false
	}
	return string(field), true
}

// Bool returns an attribute that is true or false; ok is false if it is something else, or not there.
func (a Attributes) Bool(key string) (value, ok bool) {
	field := string(a.fields()[key])
	return field == "true", field == "true" || field == "false"
}

// Map returns the attributes as a new map of string, bool, nil, map[string]any, []any, and [json.Number], which keeps every
// digit. It is empty, not nil, if there are none.
func (a Attributes) Map() map[string]any {
	all := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(a.received))
	decoder.UseNumber()
	if decoder.Decode(&all) != nil || all == nil { // null and [] contain none
		return map[string]any{}
	}
	return all
}
