// Package liquid renders a text as the server does with what a person or a bot sends: as a Liquid template (contract, W1.2).
// It is a small part of Liquid: what stands for a value, url_decode, and raw blocks. Of what else Liquid knows it says that it
// does not, by name.
package liquid

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// ErrSyntax is a template that Liquid refuses. The server then leaves the text as it was.
var ErrSyntax = errors.New("no template")

// UnsupportedError is a part of Liquid that this package does not know, such as "the tag assign".
type UnsupportedError string

func (u UnsupportedError) Error() string { return "no support for " + string(u) }

// Drops are the values that a template can name, such as "contact" with its "name".
type Drops map[string]map[string]any

// code is what the server takes for code in a text, which it wraps into a raw block before it renders: each shortest span
// between two backticks. One that holds {% endraw %} gets out of it.
var code = regexp.MustCompile("(?s)`(.*?)`")

// Render renders a text.
func Render(text string, drops Drops) (string, error) {
	t := &template{drops: drops, tokens: tokens(code.ReplaceAllString(text, "{% raw %}`$1`{% endraw %}"))}
	for len(t.tokens) > 0 {
		var err error
		switch token := t.next(); {
		case strings.HasPrefix(token, "{{"):
			err = t.value(token)
		case strings.HasPrefix(token, "{%"):
			err = t.tag(token)
		default:
			t.text(token)
		}
		if err != nil {
			return "", err
		}
	}
	return t.out.String(), nil
}

// template is a text while it is rendered.
type template struct {
	drops  Drops
	tokens []string
	out    strings.Builder
	trim   bool // what follows loses the white space that it begins with
}

func (t *template) next() string {
	token := t.tokens[0]
	t.tokens = t.tokens[1:]
	return token
}

// start is what a tag or a value begins with and where it ends: a value at the first brace, be it in quotes.
var start = regexp.MustCompile(`(?s)\{%.*?%\}|\{\{.*?\}\}?|\{\{|\{%`)

// tokens splits a text into tags, values, and what is between them.
func tokens(text string) []string {
	var out []string
	end := 0
	for _, at := range start.FindAllStringIndex(text, -1) {
		if at[0] > end {
			out = append(out, text[end:at[0]])
		}
		out = append(out, text[at[0]:at[1]])
		end = at[1]
	}
	if end < len(text) {
		out = append(out, text[end:])
	}
	return out
}

// text adds what is no template.
func (t *template) text(text string) {
	if t.trim {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	// A tag or value that begins with a hyphen takes the white space before it.
	if len(t.tokens) > 0 && strings.HasPrefix(t.tokens[0][2:], "-") {
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	}
	t.trim = false
	t.out.WriteString(text)
}

// inside returns what stands between the marks of a tag or a value, without the hyphens that take white space. One alone is
// both of them.
func (t *template) inside(token string) string {
	t.trim = token[len(token)-3] == '-'
	return strings.TrimSuffix(strings.TrimPrefix(token[2:len(token)-2], "-"), "-")
}

// value renders {{ … }}.
func (t *template) value(token string) error {
	if len(token) < 4 || !strings.HasSuffix(token, "}}") {
		return ErrSyntax
	}
	result, err := t.evaluate(t.inside(token))
	t.out.WriteString(result)
	return err
}

// tagForm is how a tag is written.
var tagForm = regexp.MustCompile(`(?s)^\s*(#|\w+)\s*(.*)$`)

// tag carries out {% … %}. One that Liquid does not know makes the text no template.
func (t *template) tag(token string) error {
	if len(token) < 4 || !strings.HasSuffix(token, "%}") {
		return ErrSyntax
	}
	parts := tagForm.FindStringSubmatch(t.inside(token))
	switch {
	case parts == nil:
		return ErrSyntax
	case parts[1] == "raw" && parts[2] == "":
		return t.raw()
	case slices.Contains(tags, parts[1]):
		return UnsupportedError("the tag " + parts[1])
	}
	return ErrSyntax
}

// endRaw is the end of a raw block, which may be behind other marks. One that begins with a hyphen is none to the Liquid 5.4
// that servers pin.
var endRaw = regexp.MustCompile(`(?s)^(.*)\{%\s*endraw\s*(.*)?%\}$`)

// raw adds everything up to {% endraw %} as it is. What is behind it loses its white space by the hyphen of {% raw -%}, and not
// by that of {% endraw -%}.
func (t *template) raw() error {
	for len(t.tokens) > 0 {
		token := t.next()
		if parts := endRaw.FindStringSubmatch(token); parts != nil {
			t.out.WriteString(parts[1])
			return nil
		}
		t.out.WriteString(token)
	}
	return ErrSyntax
}

// fragment is a piece of an expression: texts in quotes stay together.
const fragment = `"[^"]*"|'[^']*'|(?:[^\s,|'"]|"[^"]*"|'[^']*')+`

var (
	expression = regexp.MustCompile(`(?s)(` + fragment + `)(.*)`)
	filter     = regexp.MustCompile(`(?s)^(?:[^|"']|"[^"]*"|'[^']*')*`)
	step       = regexp.MustCompile(`\[[^\[\]]*\]|[\w-]+\??`)
)

// evaluate returns the text of an expression. Liquid reads as much of one as it understands; the rest is no error.
func (t *template) evaluate(markup string) (string, error) {
	parts := expression.FindStringSubmatch(markup)
	if parts == nil {
		return "", nil
	}
	result := t.lookUp(parts[1])
	_, filters, _ := strings.Cut(parts[2], "|")
	for filters = strings.TrimSpace(filters); filters != ""; {
		one := filter.FindString(filters)
		name, _, _ := strings.Cut(strings.TrimSpace(one), ":")
		var err error
		if result, err = apply(strings.TrimSpace(name), result); err != nil || one == "" {
			return result, err
		}
		filters = strings.TrimPrefix(filters[len(one):], "|")
	}
	return result, nil
}

// lookUp returns the text of a literal or of a value; what is not there is empty.
func (t *template) lookUp(name string) string {
	if quote := name[0]; len(name) > 1 && (quote == '"' || quote == '\'') && name[len(name)-1] == quote {
		return name[1 : len(name)-1]
	}
	if _, err := strconv.ParseFloat(name, 64); err == nil && strings.Trim(name, "-.0123456789") == "" {
		return name
	}
	switch name {
	case "true", "false":
		return name
	}
	steps := step.FindAllString(name, -1)
	for i := range steps {
		steps[i] = strings.Trim(steps[i], `[]"'`)
	}
	if len(steps) != 2 || t.drops[steps[0]][steps[1]] == nil {
		return ""
	}
	return fmt.Sprint(t.drops[steps[0]][steps[1]])
}

// apply applies a filter. One that Liquid does not know changes nothing.
func apply(name, value string) (string, error) {
	switch {
	case name == "url_decode":
		return unescape(value), nil
	case slices.Contains(filters, name):
		return "", UnsupportedError("the filter " + name)
	}
	return value, nil
}

// escaped is a byte as it stands in an address, or a blank.
var escaped = regexp.MustCompile(`%[0-9a-fA-F]{2}|\+`)

// unescape decodes a text from an address. What is no code stays as it is.
func unescape(text string) string {
	return escaped.ReplaceAllStringFunc(text, func(one string) string {
		if one == "+" {
			return " "
		}
		n, _ := strconv.ParseUint(one[1:], 16, 8)
		return string([]byte{byte(n)})
	})
}
