package liquid_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest/internal/liquid"
)

var drops = liquid.Drops{"contact": {"name": "Jo", "email": "jo@example.com", "id": int64(7), "phone_number": nil}}

func TestRender(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "",
		"plain { } % text":                     "plain { } % text",
		"**bold** and {{contact.name}}":        "**bold** and Jo",
		"{{ contact.name }} {{contact['id']}}": "Jo 7",
		"a{{x}}b{{ contact.nickname }}c{{contact.phone_number}}d{{}}": "abcd",
		`{{ "{" }}{{ '{' }}{{ "a" }}`:                                 "{{a",
		`{{ "%60" | url_decode }}{{ "a+%zz%C3%A4" | url_decode }}`:    "`a %zzä",
		`{{ 5 }} {{ 1.50 }} {{ true }}`:                               "5 1.50 true",
		`{{ "a" | no_such_filter: 1, "|" | url_decode }}`:             "a",
		"{% raw %}{{contact.name}}{% if %}{% endraw %}!":              "{{contact.name}}{% if %}!",
		"{%- raw -%} {{x {% endraw %}!":                               " {{x !",
		"{%- raw -%}a{% endraw %} b{% raw %}c{% endraw -%} d":         "abc d",
		"a {{-}} b":                                   "ab",
		"a \n{{- contact.name -}} \n b":               "aJob",
		"see `{{contact.name}}` and {{contact.name}}": "see `{{contact.name}}` and Jo",
		"`a\n{% if %}`":                               "`a\n{% if %}`",
		"`one {{contact.email}}":                      "`one jo@example.com", // a single backtick is not code
		"`{% endraw %}{{contact.email}}{% raw %}`":    "`jo@example.com`",    // so backticks do not protect
		"{{ contact.name ! }} and more":               "Jo and more",
	} {
		if got, err := liquid.Render(text, drops); got != want || err != nil {
			t.Errorf("%q becomes %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestRenderSyntax checks that invalid templates are refused; the server leaves their text unchanged.
func TestRenderSyntax(t *testing.T) {
	for _, text := range []string{
		"{{", "{%", "{{ contact.name", "{{ contact.name }", `{{ "}" }}`, "{% no_such_tag %}", "{% %}", "{% raw %}", "{% endraw %}",
		"{% raw x %}{% endraw %}", "{% raw %}a{%- endraw %}", "{%}", "{{}", "{% if", "`{% endraw %}`",
	} {
		if got, err := liquid.Render(text, drops); !errors.Is(err, liquid.ErrSyntax) {
			t.Errorf("%q becomes %q, %v", text, got, err)
		}
	}
}

// TestRenderUnsupported checks that the error names a part of Liquid that this package does not support.
func TestRenderUnsupported(t *testing.T) {
	for text, want := range map[string]string{
		"{% assign a = 1 %}": "no support for the tag assign",
		"{{ contact.name | upcase }}{% if a %}{% endif %}": "no support for the filter upcase",
		`{{ contact.name | default: "you" }}`:              "no support for the filter default",
		"{% comment %}{{{% endcomment %}":                  "no support for the tag comment",
	} {
		if _, err := liquid.Render(text, drops); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestRenderEscaped checks that any text arrives unchanged if each brace is sent as a separate value, and each backtick as
// its URL escape.
func TestRenderEscaped(t *testing.T) {
	escape := strings.NewReplacer("{", `{{ "{" }}`, "`", `{{ "%60" | url_decode }}`)
	for _, text := range []string{
		"{{contact.name}}", "{% raw %}", "`{% endraw %}{{contact.email}}`", "{{{{}}}}%}",
		"a{% assign a = 1 %}{{%- endraw -%}{{{z", "\"'|{",
	} {
		if got, err := liquid.Render(escape.Replace(text), drops); got != text || err != nil {
			t.Errorf("%q becomes %q, %v", text, got, err)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add("{{ contact.name | url_decode }}{% raw %}`x`{% endraw %}")
	escape := strings.NewReplacer("{", `{{ "{" }}`, "`", `{{ "%60" | url_decode }}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = liquid.Render(text, drops) // must end, and not panic
		if got, err := liquid.Render(escape.Replace(text), drops); got != text || err != nil {
			t.Errorf("%q becomes %q, %v", text, got, err)
		}
	})
}
