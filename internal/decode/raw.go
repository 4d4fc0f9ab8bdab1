package decode

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Raw reads any value and returns it unchanged. It must not be kept.
func (r *Reader) Raw() []byte {
	begin := r.Pos()
	r.Skip()
	return r.data[begin:r.pos]
}

// Skip reads any value.
func (r *Reader) Skip() {
	switch r.peek() {
	case '{':
		r.open('{')
		r.skipAll('}')
	case '[':
		r.open('[')
		r.skipAll(']')
	case '"':
		r.skipText()
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.Number()
	}
}

// skipAll reads the elements of an object or a list, and its end.
func (r *Reader) skipAll(bracket byte) {
	if r.peek() == bracket {
		r.end()
		return
	}
	for more := true; more; more = r.more(bracket) {
		if bracket == '}' {
			if r.peek() != '"' {
				r.Leave()
				return
			}
			r.skipText()
			if r.peek() != ':' {
				r.Leave()
				return
			}
			r.pos++
		}
		r.Skip()
	}
}

// Number reads a number and returns it unchanged. It must not be kept.
func (r *Reader) Number() []byte {
	begin := r.Pos()
	if r.at('-') {
		r.pos++
	}
	if r.at('0') {
		r.pos++
	} else {
		r.digits()
	}
	if r.at('.') {
		r.pos++
		r.digits()
	}
	if r.at('e') || r.at('E') {
		r.pos++
		if r.at('+') || r.at('-') {
			r.pos++
		}
		r.digits()
	}
	return r.data[begin:r.pos]
}

func (r *Reader) at(c byte) bool { return r.pos < len(r.data) && r.data[r.pos] == c }

// digits reads one or more digits.
func (r *Reader) digits() {
	begin := r.pos
	for r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9' {
		r.pos++
	}
	if r.pos == begin {
		r.Leave()
	}
}

// special has the bytes that end a run of plain text.
var special = func() (is [256]bool) {
	for c := range ' ' {
		is[c] = true
	}
	is['"'], is['\\'] = true, true
	return is
}()

// plain reads plain text, and returns the byte after it, 0 at the end.
func (r *Reader) plain() byte {
	data, i := r.data, r.pos
	for i < len(data) && !special[data[i]] {
		i++
	}
	r.pos = i
	if i == len(data) {
		return 0
	}
	return data[i]
}

// skipText reads a string.
func (r *Reader) skipText() {
	r.pos++
	for {
		switch r.plain() {
		case '"':
			r.pos++
			return
		case '\\':
			r.escape()
		default:
			r.Leave()
			return
		}
	}
}

// text reads a string and returns it unescaped. It must not be kept.
func (r *Reader) text() []byte {
	if r.peek() != '"' {
		r.Leave()
		return nil
	}
	r.pos++
	begin := r.pos
	c := r.plain()
	if c == '"' {
		r.pos++
		return r.data[begin : r.pos-1]
	}
	r.room = r.room[:0]
	for {
		r.room = append(r.room, r.data[begin:r.pos]...)
		switch c {
		case '"':
			r.pos++
			return r.room
		case '\\':
			r.unescape()
		default:
			r.Leave()
			return nil
		}
		begin = r.pos
		c = r.plain()
	}
}

// unescape reads an escape, or the two of a surrogate pair.
func (r *Reader) unescape() {
	c := r.escape()
	if utf16.IsSurrogate(c) {
		low := rune(utf8.RuneError)
		if r.at('\\') {
			low = r.escape()
		}
		if c = utf16.DecodeRune(c, low); c == utf8.RuneError {
			r.Leave() // half of a pair
		}
	}
	r.room = utf8.AppendRune(r.room, c)
}

// escape reads an escape after a backslash.
func (r *Reader) escape() rune {
	if r.pos+1 >= len(r.data) {
		r.Leave()
		return 0
	}
	c := r.data[r.pos+1]
	r.pos += 2
	switch c {
	case '"', '\\', '/':
		return rune(c)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'u':
		return r.hex()
	}
	r.Leave()
	return 0
}

// hex reads four hexadecimal digits.
func (r *Reader) hex() (n rune) {
	if r.pos+4 > len(r.data) {
		r.Leave()
		return 0
	}
	for _, c := range r.data[r.pos : r.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			r.Leave()
			return 0
		}
	}
	r.pos += 4
	return n
}
