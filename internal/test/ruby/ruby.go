// Package ruby renders texts with Ruby's own liquid, as servers do, for tests that compare with it.
package ruby

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"testing"
)

// render is a script that does what a server does with the text of an outgoing message (contract, W1.2): text between two
// backticks is not rendered, and a text with invalid syntax stays unchanged.
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

// Render renders texts, with "Jo Doe" for contact.name and "jo@example.com" for contact.email. It skips the test if there is
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
		t.Fatalf("got %d of %d rendered texts: %v", len(rendered), len(texts), err)
	}
	return rendered
}
