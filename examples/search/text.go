package main

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// text is a message's text or a search word.
type text struct {
	runes  []rune // a letter and its accent are one rune, however they were typed
	folded []rune // the same number, in lower case, for comparing
}

func newText(s string) text {
	t := text{runes: []rune(norm.NFC.String(s))}
	t.folded = slices.Clone(t.runes)
	for i, r := range t.folded {
		t.folded[i] = unicode.ToLower(r)
	}
	return t
}

// typed returns the words to search for.
func typed(args []string) (words []text, err error) {
	for _, arg := range args {
		word := newText(strings.TrimSpace(arg))
		if len(word.runes) == 0 {
			return nil, errors.New("an argument is empty; -h shows the flags")
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return nil, errors.New("no search text given; -h shows the flags")
	}
	return words, nil
}

// matches returns the positions of a word.
func (t text) matches(word text) (at []int) {
	for i := 0; i+len(word.folded) <= len(t.folded); i++ {
		if slices.Equal(t.folded[i:i+len(word.folded)], word.folded) {
			at = append(at, i)
		}
	}
	return at
}

// hasAll reports whether the text has all of the words.
func (t text) hasAll(words []text) bool {
	return !slices.ContainsFunc(words, func(word text) bool { return len(t.matches(word)) == 0 })
}

// before and after are how much of a message is shown before and after the start of the first match.
const before, after = 40, 80

// snippet returns the text around the first match, on one line, with each match in brackets.
func (t text) snippet(words []text) string {
	marked, first := t.marks(words)
	from, to := max(first-before, 0), min(first+after, len(t.runes))
	var line strings.Builder
	if from > 0 {
		line.WriteRune('…')
	}
	for i := from; i < to; i++ {
		if marked[i] && (i == from || !marked[i-1]) {
			line.WriteByte('[')
		}
		line.WriteRune(t.runes[i])
		if marked[i] && (i == to-1 || !marked[i+1]) {
			line.WriteByte(']')
		}
	}
	if to < len(t.runes) {
		line.WriteRune('…')
	}
	return printable(line.String())
}

// marks returns which characters are part of a match, and the first such position.
func (t text) marks(words []text) (marked []bool, first int) {
	marked = make([]bool, len(t.runes))
	for _, word := range words {
		for _, at := range t.matches(word) {
			for i := range word.runes {
				marked[at+i] = true
			}
		}
	}
	return marked, max(slices.Index(marked, true), 0)
}

// printable returns a text on one line, without terminal control characters. It keeps joiners, which combine several emoji
// into one.
func printable(s string) string {
	const joiner = '\u200d'
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) && r != joiner:
			return -1
		}
		return r
	}, s)), " ")
}
