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

// minSecret is the shortest text that is taken for a key or a search text where a server repeats it. The servers' keys have
// 24 characters; a test's key "k" would only garble the server's words.
const minSecret = 8

// secrets are the texts of a request that must not show, as they are and as they are written elsewhere.
type secrets []string

// secretsOf returns the secrets of a request: its key, and what is searched for.
func secretsOf(req *http.Request) secrets {
	var all secrets
	for _, name := range auth.HeaderNames(req.Header) {
		for _, value := range req.Header[name] {
			all = append(all, formsOf(value)...)
			all = append(all, formsOf(value[strings.LastIndex(value, " ")+1:])...) // after a prefix
		}
	}
	if req.URL == nil { // a transport may have taken it away
		return all
	}
	call := callOf(req)
	for name, values := range req.URL.Query() {
		// Of an operation the rest is a choice of known words and numbers.
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

// in takes the secrets out of what a server or proxy says, and the beginning of one that the end of the text cuts. Text that
// has them in another notation or case goes as a whole.
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

// show reports whether text in lower case has a secret.
func (s secrets) show(lower string) bool {
	return slices.ContainsFunc(s, func(secret string) bool { return strings.Contains(lower, strings.ToLower(secret)) })
}

// unescaped returns a text without its escapes, those of addresses and of JSON.
func unescaped(text string) string {
	return withoutUnicode(Unescaped(strings.ReplaceAll(text, "+", " ")))
}

// Unescaped returns a path without its escapes. What only looks like one stays.
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

// withoutUnicode returns a text with characters in place of JSON's \u0026 and the like, however often the backslash is
// escaped itself. What only looks like one stays.
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

// inStart takes the secrets out of the beginning of a text, which is all that is shown of it.
func (s secrets) inStart(text string) string { return s.in(text[:min(len(text), 2*maxKeptBody)]) }

// inBody takes the secrets out of the first bytes of a body.
func (s secrets) inBody(body []byte) string {
	text := s.in(string(body[:min(len(body), 2*maxKeptBody)])) // a copy, so that a failure does not keep the whole
	return strings.Clone(text[:min(len(text), maxKeptBody)])
}

// inHeader takes the secrets out of a copy of a header, which is never nil.
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

// jsonText returns every string of a JSON text, as far as it is one.
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
