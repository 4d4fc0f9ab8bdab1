// Package liquid renders text as a Liquid template, as the server does with messages from a person or a bot (contract,
// W1.2). It supports a small part of Liquid: variables, url_decode and raw blocks. For any other part of Liquid it returns
// an error that names it.
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

// ErrSyntax is the error for a template that Liquid refuses. The server then leaves the text unchanged.
var ErrSyntax = errors.New("invalid template")

// UnsupportedError names a part of Liquid that this package does not support, such as "the tag assign".
type UnsupportedError string

func (u UnsupportedError) Error() string { return "no support for " + string(u) }

// Drops are the values that a template can use, such as "contact" with its "name".
type Drops map[string]map[string]any

// code matches what the server treats as code and wraps into a raw block before rendering: each shortest span between two
// backticks. A span with {% endraw %} in it escapes from the block.
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

// template is a text being rendered.
type template struct {
	drops  Drops
	tokens []string
	out    strings.Builder
	trim   bool // whether the following text loses its leading white space
}

func (t *template) next() string {
	token := t.tokens[0]
	t.tokens = t.tokens[1:]
	return token
}

// start matches a tag or a value; a value ends at the first closing brace, even in quotes.
var start = regexp.MustCompile(`(?s)\{%.*?%\}|\{\{.*?\}\}?|\{\{|\{%`)

// tokens splits a text into tags, values, and the text between them.
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

// text adds literal text.
func (t *template) text(text string) {
	if t.trim {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	// A tag or value that starts with a hyphen removes the white space before it.
	if len(t.tokens) > 0 && strings.HasPrefix(t.tokens[0][2:], "-") {
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	}
	t.trim = false
	t.out.WriteString(text)
}

// inside returns the text between the delimiters of a tag or a value, without the hyphens that remove white space. A single
// hyphen counts as both.
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

// tagForm matches a tag.
var tagForm = regexp.MustCompile(`(?s)^\s*(#|\w+)\s*(.*)$`)

// tag carries out {% … %}. An unknown tag makes the template invalid.
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

// endRaw matches the end of a raw block, which may follow other delimiters. One that starts with a hyphen does not count in
// Liquid 5.4, which servers pin.
var endRaw = regexp.MustCompile(`(?s)^(.*)\{%\s*endraw\s*(.*)?%\}$`)

// raw adds everything up to {% endraw %} unchanged. The hyphen in {% raw -%}, not that in {% endraw -%}, trims the text
// after it.
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

// fragment matches a piece of an expression. Quoted text stays together.
const fragment = `"[^"]*"|'[^']*'|(?:[^\s,|'"]|"[^"]*"|'[^']*')+`

var (
	expression = regexp.MustCompile(`(?s)(` + fragment + `)(.*)`)
	filter     = regexp.MustCompile(`(?s)^(?:[^|"']|"[^"]*"|'[^']*')*`)
	step       = regexp.MustCompile(`\[[^\[\]]*\]|[\w-]+\??`)
)

// evaluate returns the text of an expression. Liquid reads as much of it as it understands; the rest is not an error.
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

// lookUp returns the text of a literal or of a value, "" if it does not exist.
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

// apply applies a filter. A filter unknown to Liquid changes nothing.
func apply(name, value string) (string, error) {
	switch {
	case name == "url_decode":
		return unescape(value), nil
	case slices.Contains(filters, name):
		return "", UnsupportedError("the filter " + name)
	}
	return value, nil
}

// escaped matches an escaped byte or space in a URL.
var escaped = regexp.MustCompile(`%[0-9a-fA-F]{2}|\+`)

// unescape decodes URL escapes in a text. Other text stays unchanged.
func unescape(text string) string {
	return escaped.ReplaceAllStringFunc(text, func(one string) string {
		if one == "+" {
			return " "
		}
		n, _ := strconv.ParseUint(one[1:], 16, 8)
		return string([]byte{byte(n)})
	})
}
