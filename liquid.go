package cfchat

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxContent is the maximum length of a message as sent, in characters.
const maxContent = 150_000

const notUTF8 = "it is not valid UTF-8, which JSON requires"

// liquidEscapes writes the openings of a template as templates that render to them, and the backtick too, because the server
// moves text between two of them into a block. Nothing else in a text has a meaning for the server (contract, W1.2).
var liquidEscapes = strings.NewReplacer("{", `{{ "{" }}`, "`", `{{ "%60" | url_decode }}`)

// escapeLiquid returns what to send so that a text arrives as written: the server renders outgoing messages and private
// notes as Liquid templates, so that {{contact.email}} in somebody else's text would reveal an address.
func escapeLiquid(text string) string { return liquidEscapes.Replace(text) }

// content returns what to send for a text, and refuses one that cannot arrive as written.
func (r *refusal) content(field, text string, rendered bool) string {
	if !utf8.ValidString(text) {
		r.add(field, notUTF8)
	}
	sent := text
	if rendered {
		sent = escapeLiquid(text)
	}
	if n := utf8.RuneCountInString(sent); n > maxContent {
		how := ""
		if rendered {
			how = " when sent, where each { takes 9 and each backtick 24"
		}
		r.add(field, "it has %d characters%s; the server accepts %d", n, how, maxContent)
	}
	return sent
}

// templateParams refuses templates in the parameters of a WhatsApp template: servers from 4.6.0 on render them and earlier
// ones do not, so that no notation arrives everywhere as written.
func (r *refusal) templateParams(field string, params map[string]any) {
	text, err := json.Marshal(params)
	var plain any
	if err != nil || json.Unmarshal(text, &plain) != nil {
		return // refused as attributes
	}
	// A json.RawMessage may write its braces in another way. Here only text can have two in a row.
	if text, err = json.Marshal(plain); err == nil && (bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("{%"))) {
		r.add(field, "servers from 4.6.0 on render {{ and {%% in it, and earlier ones do not; set Template, or remove them")
	}
}
