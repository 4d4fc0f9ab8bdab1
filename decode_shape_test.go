package cfchat

import "github.com/cfchat/cfchat-go/internal/decode"

// DecodeGenerated decodes a text into a zero value with the generated code for its type. It reports whether that code decoded
// the text, and whether there is such code.
func DecodeGenerated(text []byte, value any) (done, exists bool) {
	reader, ok := value.(interface{ decodeJSON(r *decode.Reader) })
	return ok && decode.JSON(text, reader.decodeJSON), ok
}
