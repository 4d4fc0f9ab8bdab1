package table

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cfchat/cfchat-go"
)

// cell is the value of one column in a record. Text from others, including the server's words, becomes a cell only through
// text, or as JSON, which starts with a bracket or is null.
type cell string

// text returns the cell of text from others. An apostrophe keeps a spreadsheet from running it as a formula, as OWASP
// advises on CSV injection.
func text(s string) cell {
	if isFormula(s) {
		return cell("'" + s)
	}
	return cell(s)
}

// isFormula reports whether a spreadsheet might treat text as a formula. Some do so after blanks and invisible characters,
// some in full-width forms, and some split a cell at a tab or a line break.
func isFormula(s string) bool {
	if s != "" && strings.ContainsRune("\t\r\n", rune(s[0])) {
		return true
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf)
	})
	for _, first := range s {
		return strings.ContainsRune("=+-@＝＋－＠", first)
	}
	return false
}

// joined returns the cell of a list of texts.
func joined[T ~string](list []T) cell {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return text(strings.Join(words, ", "))
}

// id returns the cell of an id. No id is 0.
func id(n int64) cell {
	if n == 0 {
		return ""
	}
	return count(n)
}

// count returns the cell of a number.
func count(n int64) cell { return cell(strconv.FormatInt(n, 10)) }

// flag returns the cell of a boolean that may be unknown.
func flag(b *bool) cell {
	if b == nil {
		return ""
	}
	return cell(strconv.FormatBool(*b))
}

// number returns the cell of a number that may be unknown.
func number(n *int64) cell {
	if n == nil {
		return ""
	}
	return count(*n)
}

// seconds returns the cell of a time that the server writes as a number.
func seconds(t cfchat.UnixTime) cell { return instant(t.Time) }

// iso returns the cell of a time that the server writes as text. Text that is not a time stays text.
func iso(t cfchat.ISOTime) cell {
	if t.IsZero() {
		return text(t.String())
	}
	return instant(t.Time)
}

func instant(t time.Time) cell {
	if t.IsZero() {
		return ""
	}
	return cell(t.UTC().Format(time.RFC3339Nano))
}

// attributes returns the cell of attributes, as received; empty if there are none.
func attributes(a cfchat.Attributes) cell {
	if a.IsZero() {
		return ""
	}
	return cell(a.String())
}
