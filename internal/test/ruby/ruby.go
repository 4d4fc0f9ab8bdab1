// Package ruby has Ruby's own liquid render texts as servers do, for tests that compare with it.
package ruby

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"testing"
)

// render is what a server does with the text of an outgoing message (contract, W1.2): what stands between two backticks is
// spared, and a text with bad syntax stays as it was.
const render = `
require "json"
require "liquid"
drops = { "contact" => { "name" => "Jo Doe", "email" => "jo@example.com" } }
puts(JSON.generate(JSON.parse(STDIN.read).map do |text|
  template = Liquid::Template.parse(text.gsub(/` + "`(.*?)`" + `/m) { "{% raw %}` + "`#{$1}`" + `{% endraw %}" })
  template.render(drops)
rescue Liquid::Error
  text
end))
`

// Render renders texts, of which contact.name is "Jo Doe" and contact.email "jo@example.com". It skips the test where there is
// no Ruby with liquid.
func Render(t testing.TB, texts []string) []string {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "ruby", "-rliquid", "-e", "").Run(); err != nil {
		t.Skip("there is no ruby with liquid: ", err)
	}
	sent, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "ruby", "-Eutf-8", "-e", render)
	run.Stdin = bytes.NewReader(sent)
	out, err := run.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v: %s", err, failed.Stderr)
	}
	var rendered []string
	if err := json.Unmarshal(out, &rendered); err != nil || len(rendered) != len(texts) {
		t.Fatalf("%d of %d texts are rendered: %v", len(rendered), len(texts), err)
	}
	return rendered
}
