package cfchat

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxContent is how long a message may be, in characters, as it is sent.
const maxContent = 150_000

const notUTF8 = "it is not UTF-8; JSON has no other text"

// liquidEscapes writes what opens a template, and the backtick, between two of which the server puts text in a block of its
// own, as templates that render to them. Nothing else in a text means anything to the server (contract, W1.2).
var liquidEscapes = strings.NewReplacer("{", `{{ "{" }}`, "`", `{{ "%60" | url_decode }}`)

// escapeLiquid returns what to send of a text that is to arrive as it is written: the server renders outgoing messages and
// private notes as Liquid templates, so that {{contact.email}} in a text of somebody else's would reveal an address.
func escapeLiquid(text string) string { return liquidEscapes.Replace(text) }

// content returns what to send of a text, and refuses one that cannot arrive as it is written.
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
			how = " as it is sent, where each { is 9 and each backtick 24"
		}
		r.add(field, "it has %d characters%s; the server takes %d", n, how, maxContent)
	}
	return sent
}

// templateParams refuses templates in the parameters of a WhatsApp template: servers from 4.6.0 on render them and earlier
// ones do not, so that no notation of them arrives everywhere as it is written.
func (r *refusal) templateParams(field string, params map[string]any) {
	text, err := json.Marshal(params)
	var plain any
	if err != nil || json.Unmarshal(text, &plain) != nil {
		return // refused as attributes
	}
	// A json.RawMessage may have written its braces in another way. Here only text can have two in a row.
	if text, err = json.Marshal(plain); err == nil && (bytes.Contains(text, []byte("{{")) || bytes.Contains(text, []byte("{%"))) {
		r.add(field, "servers from 4.6.0 on render {{ and {%% in it, and earlier ones do not; set Template, or take them out")
	}
}
