package chain

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is kept of a server's words: runes of a text, and the number of attributes.
const (
	maxText       = 500
	maxAttributes = 100
)

// errorMessage returns the readable part of an error body: {error}, {errors}, {message, attributes}, or text.
func errorMessage(contentType string, body []byte) (message string, attributes []string) {
	var fields struct{ Error, Errors, Message, Attributes json.RawMessage }
	if json.Unmarshal(body, &fields) == nil {
		for _, field := range []json.RawMessage{fields.Error, fields.Errors, fields.Message} {
			if message == "" {
				message = strings.Join(words(field), ", ")
			}
		}
		return message, words(fields.Attributes)
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind != "text/plain" {
		return "", nil
	}
	return string(body), nil
}

// words reads a JSON string, or the first strings of a list; nil for anything else.
func words(data json.RawMessage) []string {
	var one string
	if json.Unmarshal(data, &one) == nil && one != "" {
		return []string{one}
	}
	list := json.NewDecoder(bytes.NewReader(data))
	if start, err := list.Token(); err != nil || start != json.Delim('[') {
		return nil
	}
	var all []string
	for len(all) < maxAttributes && list.More() {
		var item json.RawMessage
		if list.Decode(&item) != nil {
			break
		}
		if json.Unmarshal(item, &one) == nil {
			all = append(all, one)
		}
	}
	return all
}

// oneLine makes text safe for a log: printable, on one line, bounded, and empty if it is HTML.
func oneLine(text string) string {
	text = printable(text)
	if isHTML(text) {
		return ""
	}
	return text
}

// printable makes text safe for a log: no control characters, on one line, and bounded.
func printable(text string) string {
	text = Line(text[:min(len(text), maxText*utf8.UTFMax)])
	if runes := []rune(text); len(runes) > maxText {
		return string(runes[:maxText]) + "…"
	}
	return text
}

// Line puts text on one line, without control characters.
func Line(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)), " ")
}

func isHTML(text string) bool {
	lower := strings.ToLower(text)
	return strings.HasPrefix(lower, "<") || strings.Contains(lower, "<html") || strings.Contains(lower, "<!doctype")
}
