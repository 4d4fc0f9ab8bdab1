package chain

import (
	"cmp"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
)

const redacted = "[redacted]"

// minSecret is the shortest text that is treated as a key or a search text when a server repeats it. The servers' keys have
// 24 characters; a test's key "k" would only garble the server's words.
const minSecret = 8

// secrets are the texts of a request that must not show, as they are and in other notations.
type secrets []string

// secretsOf returns the secrets of a request: its key, and its search text.
func secretsOf(req *http.Request) secrets {
	var all secrets
	for _, name := range auth.HeaderNames(req.Header) {
		for _, value := range req.Header[name] {
			all = append(all, formsOf(value)...)
			all = append(all, formsOf(value[strings.LastIndex(value, " ")+1:])...) // after a prefix
		}
	}
	if req.URL == nil { // a transport may have removed it
		return all
	}
	call := callOf(req)
	for name, values := range req.URL.Query() {
		// The other parameters of an operation are known words and numbers.
		if call != nil && call.Known() && name != "q" && name != "source_id" {
			continue
		}
		all = append(all, formsOf(req.URL.RawQuery)...)
		if strings.Join(values, "") == "" { // a value without a name
			all = append(all, formsOf(name)...)
		}
		for _, value := range values {
			all = append(all, formsOf(value)...)
		}
	}
	// One may be in another.
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return all
}

// formsOf returns a text and the forms in which it is written in addresses and in JSON.
func formsOf(text string) []string {
	if len(text) < minSecret {
		return nil
	}
	return []string{text, url.QueryEscape(text), url.PathEscape(text), strings.Trim(strconv.Quote(text), `"`)}
}

// in removes the secrets from what a server or proxy says, including the start of one cut off by the end of the text. Text
// with a secret in another notation or case is removed as a whole.
func (s secrets) in(text string) string {
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	forms := []string{text}
	if strings.ContainsAny(text, `%+&\`) {
		forms = append(forms, html.UnescapeString(text), unescaped(text), jsonText(text))
	}
	for _, form := range forms {
		if s.show(strings.ToLower(form)) {
			return redacted
		}
	}
	for _, secret := range s {
		for n := len(secret) - 1; n >= minSecret; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				return text[:len(text)-n] + redacted
			}
		}
	}
	return text
}

// show reports whether text in lower case contains a secret.
func (s secrets) show(lower string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return strings.Contains(lower, strings.ToLower(secret)) })
}

// unescaped returns a text without its escapes, those of addresses and of JSON.
func unescaped(text string) string {
	return withoutUnicode(Unescaped(strings.ReplaceAll(text, "+", " ")))
}

// Unescaped returns a path without its escapes. Invalid escapes stay.
func Unescaped(path string) string {
	var plain strings.Builder
	for {
		before, rest, found := strings.Cut(path, "%")
		plain.WriteString(before)
		if !found {
			return plain.String()
		}
		size := min(len(rest), 2)
		text, err := url.PathUnescape("%" + rest[:size])
		if err != nil {
			text, size = "%", 0
		}
		plain.WriteString(text)
		path = rest[size:]
	}
}

// withoutUnicode replaces JSON's \u0026 and the like with their characters, however often the backslash itself is escaped.
// Invalid escapes stay.
func withoutUnicode(text string) string {
	var plain strings.Builder
	for {
		before, rest, found := strings.Cut(text, `\`)
		plain.WriteString(before)
		if !found {
			return plain.String()
		}
		text = rest
		digits, ok := strings.CutPrefix(strings.TrimLeft(rest, `\`), "u")
		size := min(len(digits), 4)
		r, err := strconv.ParseUint(digits[:size], 16, 16)
		if !ok || size < 4 || err != nil {
			plain.WriteByte('\\')
			continue
		}
		plain.WriteRune(rune(r))
		text = digits[size:]
	}
}

// inStart removes the secrets from the start of a text, which is all that is shown of it.
func (s secrets) inStart(text string) string { return s.in(text[:min(len(text), 2*maxKeptBody)]) }

// inBody removes the secrets from the first bytes of a body.
func (s secrets) inBody(body []byte) string {
	text := s.in(string(body[:min(len(body), 2*maxKeptBody)])) // a copy, so that a failure does not keep the whole
	return strings.Clone(text[:min(len(text), maxKeptBody)])
}

// inHeader returns a copy of a header without the secrets, never nil.
func (s secrets) inHeader(header http.Header) http.Header {
	if header == nil {
		return http.Header{}
	}
	clean := header.Clone()
	for _, values := range clean {
		for i, value := range values {
			values[i] = s.in(value)
		}
	}
	return clean
}

// jsonText returns every string of a JSON text, as far as it is valid.
func jsonText(text string) string {
	var all []string
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // beyond a float64 too
	for {
		token, err := d.Token()
		if err != nil {
			return strings.Join(all, "\n")
		}
		if s, ok := token.(string); ok {
			all = append(all, s)
		}
	}
}
