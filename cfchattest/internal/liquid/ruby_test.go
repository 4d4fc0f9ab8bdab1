package liquid_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest/internal/liquid"
	"github.com/cfchat/cfchat-go/internal/test/ruby"
)

// TestRenderAsRuby renders random texts from the parts of Liquid that this package supports, and compares them with Ruby's
// liquid.
func TestRenderAsRuby(t *testing.T) {
	parts := []string{
		"{{contact.name}}", "{{ contact['email'] }}", "{{ x }}", "{{", "}}", "{", "}", "`", "{% raw %}", "{% endraw %}", "{%", "%}", "{{-", "-}}",
		"{%- raw -%}", "{%- endraw -%}", `{{ "{" }}`, `{{ "%60" | url_decode }}`, "|", `"`, "'", "\n", " ", "a", "é", "{{ 5 }}", "{{ 'a' }}",
	}
	who := liquid.Drops{"contact": {"name": "Jo Doe", "email": "jo@example.com"}}
	random := rand.New(rand.NewPCG(9, 10))
	var texts, got []string
	for len(texts) < 5000 {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		text := b.String()
		rendered, err := liquid.Render(text, who)
		if _, unknown := errors.AsType[liquid.UnsupportedError](err); unknown {
			continue
		}
		if err != nil {
			rendered = text
		}
		texts, got = append(texts, text), append(got, rendered)
	}
	wrong := 0
	for i, want := range ruby.Render(t, texts) {
		if got[i] != want {
			if wrong++; wrong <= 10 {
				t.Errorf("%q becomes %q, with Ruby %q", texts[i], got[i], want)
			}
		}
	}
	t.Logf("%d of %d texts are rendered differently", wrong, len(texts))
}
