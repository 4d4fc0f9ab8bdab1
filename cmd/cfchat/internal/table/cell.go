package table

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cfchat/cfchat-go"
)

// cell is what a record has of one column. Whatever others may have written, words of the server included, is made one by
// text alone, or as JSON, which begins with a bracket or is null.
type cell string

// text is the cell of text that others have written. An apostrophe keeps a spreadsheet from running it as a formula, as
// OWASP advises on CSV injection.
func text(s string) cell {
	if isFormula(s) {
		return cell("'" + s)
	}
	return cell(s)
}

// isFormula reports whether a spreadsheet might take text for a formula. Some do so behind blanks and what cannot be seen,
// some in full-width forms, and some cut a cell in two at a tab or the end of a line.
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

// joined is the cell of a list of texts.
func joined[T ~string](list []T) cell {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return text(strings.Join(words, ", "))
}

// id is the cell of an id. No id is 0.
func id(n int64) cell {
	if n == 0 {
		return ""
	}
	return count(n)
}

// count is the cell of a number.
func count(n int64) cell { return cell(strconv.FormatInt(n, 10)) }

// flag is the cell of what is true or false, or not known.
func flag(b *bool) cell {
	if b == nil {
		return ""
	}
	return cell(strconv.FormatBool(*b))
}

// number is the cell of a number that may not be known.
func number(n *int64) cell {
	if n == nil {
		return ""
	}
	return count(*n)
}

// seconds is the cell of a time that the server writes as a number.
func seconds(t cfchat.UnixTime) cell { return instant(t.Time) }

// iso is the cell of a time that the server writes as text. Text that is no time stays text.
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

// attributes is the cell of attributes, as they came; empty where none came.
func attributes(a cfchat.Attributes) cell {
	if a.IsZero() {
		return ""
	}
	return cell(a.String())
}
