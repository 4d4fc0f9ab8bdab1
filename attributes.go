package cfchat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// Attributes are the free-form attributes of a conversation, contact or message: any JSON object.
//
// The values of an answer are string, bool, nil, map[string]any, []any, and [json.Number] for numbers, which keeps
// every digit: a float64 would round an order number of 17 digits. Any value that encodes to JSON can be sent.
// The zero value, nil, is what the server sends as null. A server that writes an empty set as [] means {}.
type Attributes map[string]any

// UnmarshalJSON reads an object, null, or the empty list.
func (a *Attributes) UnmarshalJSON(data []byte) error {
	if isEmptySet(data) {
		*a = Attributes{}
		return nil
	}
	d := getAttributeDecoder()
	d.text.Reset(data)
	start := d.InputOffset()
	*a = nil
	if err := d.Decode((*map[string]any)(a)); err != nil {
		return fmt.Errorf("attributes: %w", err)
	}
	if len(data) <= maxPooledText && d.InputOffset()-start == int64(len(data)) { // nothing is left over in it
		attributeDecoders.Put(d)
	}
	return nil
}

// isEmptySet reports whether the text is {} or an empty list, which most attributes are.
func isEmptySet(data []byte) bool {
	inner, isList := bytes.CutPrefix(data, []byte("["))
	return bytes.Equal(data, []byte("{}")) || isList && bytes.Equal(bytes.TrimSpace(inner), []byte("]"))
}

// attributeDecoder decodes one object after the other. Only a Decoder keeps the digits of numbers, and a new one for each
// of the hundred objects of a page would take a fifth of what the page takes in all.
type attributeDecoder struct {
	text bytes.Reader
	*json.Decoder
}

var attributeDecoders sync.Pool

func getAttributeDecoder() *attributeDecoder {
	if d, ok := attributeDecoders.Get().(*attributeDecoder); ok {
		return d
	}
	d := new(attributeDecoder)
	d.Decoder = json.NewDecoder(&d.text)
	d.UseNumber()
	return d
}

// maxPooledText bounds what a decoder that is kept has read at once, in bytes.
const maxPooledText = 64 << 10
