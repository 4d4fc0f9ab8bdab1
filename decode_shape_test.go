package cfchat

import "github.com/cfchat/cfchat-go/internal/decode"

// DecodeGenerated decodes a text into a zero value by the code that the generator has written for its type, and reports whether
// it has, and whether there is any.
func DecodeGenerated(text []byte, value any) (done, exists bool) {
	reader, ok := value.(interface{ decodeJSON(r *decode.Reader) })
	return ok && decode.JSON(text, reader.decodeJSON), ok
}
