package main

import "testing"

// TestEscape checks texts whose escaped Markdown cmark-gfm 0.29, with and without GitHub's extensions, rendered as the
// original text.
func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"It is on its way. See you, at 10:30 (or 11)!": "It is on its way. See you, at 10:30 (or 11)!",
		"*a* _b_ ~c~ `d` [e](f) ![g](h)":               "\\*a\\* \\_b\\_ \\~c\\~ \\`d\\` \\[e\\](f) !\\[g\\](h)",
		"<b> & &copy; a|b $5":                          `\<b\> \& \&copy; a\|b \$5`,
		`C:\new`:                                       `C:\\new`,
		`\`:                                            "\\&#92;"[1:],
		"# a\n- b\n+ c\n1. d\n12) e\n> f":              "\\# a\\\n\\- b\\\n\\+ c\\\n1\\. d\\\n12\\) e\\\n\\> f",
		"a\n---\nb\n===\n:-|":                          "a\\\n\\---\\\nb\\\n\\===\\\n\\:-\\|",
		"a - b + c = d, 5.":                            "a - b + c = d, 5.",
		"a\r\n\r\n\r\nb \\\rc":                         "a\\\n\\\n\\\nb &#92;\\\nc",
		"\n \n  a   b\tc  \n\n":                        "\u00a0 a \u00a0 b \u00a0 \u00a0c",
		"see https://a.test/x_y?a=b&copy=*1*.":         `see <https://a.test/x_y?a=b&copy=*1>\*.`,
		"(http://a.test), ftp://b.test www.c.test":     `(<http://a.test>), ftp\://b.test www\.c.test`,
		"\x1b[31mred\x00":                              `\[31mred`,
		"":                                             "",
	} {
		if got := escape(text); got != want {
			t.Errorf("%q is\n%q, want\n%q", text, got, want)
		}
	}
	if got, want := line(" Mia\n\n \x00 - *# https://a.test/"), `Mia - \*\# <https://a.test/>`; got != want {
		t.Errorf("a line is %q, want %q", got, want)
	}
	if got, want := linkText("a]\nhttps://a.test/"), `a\] https\://a.test/`; got != want {
		t.Errorf("the text of a link is %q, want %q", got, want)
	}
}
