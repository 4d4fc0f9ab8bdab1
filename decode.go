package cfchat

import (
	"encoding/json"

	"github.com/cfchat/cfchat-go/internal/decode"
)

// unmarshal decodes a whole answer into a zero value: with the generated method of its type, otherwise with encoding/json.
func unmarshal[T any](body []byte, value *T) error {
	if reader, ok := any(value).(interface{ decodeJSON(r *decode.Reader) }); ok {
		if decode.JSON(body, reader.decodeJSON) {
			return nil
		}
		var zero T
		*value = zero
	}
	return json.Unmarshal(body, value)
}
