package main

import (
	"regexp"
	"strings"
	"unicode"
)

// An address is shown as it is between < and >, where Markdown has no escapes. It ends before what is likelier to be a sentence's.
var webAddress = regexp.MustCompile(`https?://[^\x00-\x20\x7f<>;]*[^\x00-\x20\x7f<>;&.,:!?'")\]*_~]`)

// special has what Markdown reads as something else wherever it stands, and special at the start of a line what it does there.
var (
	special    = regexp.MustCompile("[\\\\`*_\\[\\]<>&~|#$]|://|(?i:www)\\.")
	startsLine = regexp.MustCompile(`^([+=:-]|\d+[.)])`)

	blanksAtEnd = regexp.MustCompile(`(?m) +$`)
)

// escape returns Markdown that shows a text as it was written, with its lines and its blanks.
func escape(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\t", "    ").Replace(text)
	text = blanksAtEnd.ReplaceAllString(printable(text), "")
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, l := range lines {
		lines[i] = blanks(escapeLine(l))
		if before, ok := strings.CutSuffix(lines[i], `\\`); ok {
			lines[i] = before + "&#92;" // since not every program can distinguish it from the backslash after it
		}
	}
	return strings.Join(lines, "\\\n") // a backslash keeps the end of a line
}

// printable returns a text without what a terminal would take for orders.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// line returns Markdown that shows a text on one line, such as a name.
func line(text string) string { return escape(oneLine(text)) }

// linkText is line for the text of a link, in which no other link may be.
func linkText(text string) string { return escapeWords(oneLine(text)) }

func oneLine(text string) string { return strings.Join(strings.Fields(printable(text)), " ") }

// escapeLine escapes a line, but for the addresses in it.
func escapeLine(l string) string {
	var b strings.Builder
	end := 0
	for _, at := range webAddress.FindAllStringIndex(l, -1) {
		b.WriteString(escapeWords(l[end:at[0]]))
		b.WriteString("<" + l[at[0]:at[1]] + ">")
		end = at[1]
	}
	b.WriteString(escapeWords(l[end:]))
	return startsLine.ReplaceAllStringFunc(b.String(), func(start string) string {
		return start[:len(start)-1] + `\` + start[len(start)-1:]
	})
}

func escapeWords(words string) string {
	return special.ReplaceAllStringFunc(words, func(s string) string {
		if len(s) > 3 { // www.
			return s[:3] + `\.`
		}
		return `\` + s
	})
}

// blanks keeps those that Markdown would leave out: at the start of a line, and several together.
func blanks(l string) string {
	if strings.HasPrefix(l, " ") {
		l = "\u00a0" + l[1:]
	}
	for strings.Contains(l, "  ") {
		l = strings.ReplaceAll(l, "  ", " \u00a0")
	}
	return l
}
