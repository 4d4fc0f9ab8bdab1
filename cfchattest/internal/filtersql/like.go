package filtersql

import "strings"

// Like compiles an SQL pattern: % matches any text, _ any character, and \ escapes the next character.
func Like(pattern string, anyCase bool) func(string) bool {
	if anyCase {
		pattern = strings.ToLower(pattern)
	}
	parts := []rune(pattern)
	return func(text string) bool {
		if anyCase {
			text = strings.ToLower(text)
		}
		return likeMatch(parts, []rune(text))
	}
}

// likeMatch reports whether a pattern matches a text. At a mismatch the last % matches one more character.
func likeMatch(pattern, text []rune) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '%':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '_':
			p, t = p+1, t+1
		case p+1 < len(pattern) && pattern[p] == '\\' && pattern[p+1] == text[t]:
			p, t = p+2, t+1
		case p < len(pattern) && pattern[p] != '\\' && pattern[p] == text[t]:
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '%' {
		p++
	}
	return p == len(pattern)
}
