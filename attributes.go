package cfchat

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Attributes are the free-form attributes of a conversation, contact or message: any JSON object.
//
// The values of an answer are string, bool, nil, map[string]any, []any, and [json.Number] for numbers, which keeps
// every digit: a float64 would round an order number of 17 digits. Any value that encodes to JSON can be sent.
// The zero value, nil, is what the server sends as null. A server that writes an empty set as [] means {}.
type Attributes map[string]any

// UnmarshalJSON reads an object, null, or the empty list.
func (a *Attributes) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) && len(bytes.TrimSpace(data[1:len(data)-1])) == 0 {
		*a = Attributes{}
		return nil
	}
	var values map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	*a = values
	return nil
}
