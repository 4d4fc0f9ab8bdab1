package ruby_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/ruby"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// hostile has parts of texts that could be rendered to something other than themselves.
var hostile = []string{
	"{{contact.name}}", "{{ contact.email }}", "{{", "}}", "{", "}", "`", "``", "{% raw %}", "{% endraw %}", "{%", "%}", "{{-", "-}}", "{%-", "-%}",
	"{% comment %}", "{% endcomment %}", "{% assign a = contact.email %}", "{{a}}", "{% if true %}", "{% endif %}", "{% liquid", "echo contact.email",
	"{% render 'x' %}", "{{ 'a' | upcase }}", `{{ "{" }}`, `{{ "%60" | url_decode }}`, `{{ "`, `" }}`, "%60", "|", `"`, "'", "\\", "\n", " ", "{%endraw%}",
	"{# x #}", "é", "\U0001F600", "<b>", "a", "\t", "{{contact}}", "{% cycle 'a' %}", "{% raw", "endraw %}", "{ {", "{{{", "{{%",
}

// TestRubyLiquid sends 20,000 hostile texts and has Ruby's own liquid render what was sent: each is what it was.
func TestRubyLiquid(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	texts, sent := make([]string, 20_000), []string{}
	messages := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		var body struct{ Content string }
		err := json.NewDecoder(req.Body).Decode(&body)
		sent = append(sent, body.Content)
		return trial.Reply(200, "application/json", trial.GoodMessage), err
	})).Account(1).Messages
	for i := range texts {
		var text strings.Builder
		for range 1 + random.IntN(10) {
			text.WriteString(hostile[random.IntN(len(hostile))])
		}
		if strings.TrimSpace(text.String()) == "" {
			text.WriteString("a") // a blank text is refused
		}
		texts[i] = text.String()
		if _, err := messages.Send(t.Context(), 42, cfchat.MessageCreate{Content: texts[i], Private: i%2 == 0}); err != nil {
			t.Fatalf("%q: %v", texts[i], err)
		}
	}
	changed := 0
	for i, rendered := range ruby.Render(t, sent) {
		if rendered != texts[i] {
			if changed++; changed <= 10 {
				t.Errorf("%q is sent as %q and arrives as %q", texts[i], sent[i], rendered)
			}
		}
	}
	leaked := 0
	for i, rendered := range ruby.Render(t, texts) { // as if they were not escaped
		if strings.Contains(rendered, "jo@example.com") && !strings.Contains(texts[i], "jo@example.com") {
			leaked++
		}
	}
	if t.Logf("of %d texts, %d changed, and %d would have leaked if unescaped", len(texts), changed, leaked); leaked == 0 {
		t.Error("no text would have leaked if unescaped: the texts are not hostile")
	}
}
