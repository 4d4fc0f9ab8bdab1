// Package decode reads JSON into the generated types, with code generated for each of them, in a fraction of the time and
// memory that encoding/json needs for reflection.
//
// Its results are exactly those of encoding/json. A text that deviates at all from what servers write (a value of another
// type, a repeated field, half a surrogate pair) is left to encoding/json as a whole, so errors and odd cases are those of
// the standard library.
package decode

import (
	"hash/maphash"
	"reflect"
	"sync"
	"unicode/utf8"
)

// Reader reads one JSON text. Once it has left the text to encoding/json, its results are meaningless.
type Reader struct {
	data  []byte
	pos   int
	depth int
	left  bool // to encoding/json

	came  [256]string          // texts seen before, by their hash, two places for each
	room  []byte               // for a text with escapes, or a name in capitals
	lists map[reflect.Type]any // room for lists that grow, by the types of their elements
}

const (
	maxDepth = 100     // of nested values
	maxRoom  = 1 << 16 // bytes kept for the next text
)

var readers = sync.Pool{New: func() any { return newReader() }}

func newReader() *Reader { return &Reader{lists: map[reflect.Type]any{}} }

// JSON decodes a text into a zero value with the value's method, and reports whether it succeeded. If not, the value may be
// partly filled.
func JSON(text []byte, decode func(*Reader)) bool {
	r, _ := readers.Get().(*Reader)
	defer readers.Put(r)
	return r.read(text, decode)
}

// read reads one text, and then forgets it.
func (r *Reader) read(text []byte, decode func(*Reader)) bool {
	if !utf8.Valid(text) {
		return false
	}
	defer r.forget()
	r.data = text
	decode(r)
	return r.peek() == 0 && r.pos == len(r.data) && !r.left
}

// forget keeps the buffers for the next text, and drops everything of this one.
func (r *Reader) forget() {
	room := r.room[:0]
	if cap(room) > maxRoom {
		room = nil
	}
	*r = Reader{room: room, lists: r.lists}
}

// Leave leaves the text to encoding/json.
func (r *Reader) Leave() {
	r.left, r.pos = true, len(r.data) // ends every loop
}

// peek returns the next byte after any space, or 0 at the end.
func (r *Reader) peek() byte {
	for ; r.pos < len(r.data); r.pos++ {
		switch c := r.data[r.pos]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

// word reads a literal.
func (r *Reader) word(word string) {
	end := r.pos + len(word)
	if end > len(r.data) || string(r.data[r.pos:end]) != word {
		r.Leave()
		return
	}
	r.pos = end
}

// open starts an object or a list.
func (r *Reader) open(bracket byte) {
	if r.peek() != bracket || r.depth == maxDepth {
		r.Leave()
		return
	}
	r.pos++
	r.depth++
}

// end reads the end of an object or a list.
func (r *Reader) end() {
	r.pos++
	r.depth--
}

// more reads a comma or the end of the object or list, and reports whether there is another element.
func (r *Reader) more(bracket byte) bool {
	switch r.peek() {
	case ',':
		r.pos++
		return true
	case bracket:
		r.end()
		return false
	}
	r.Leave()
	return false
}

// Null reads null if it is next, and reports whether it was.
func (r *Reader) Null() bool {
	if r.peek() != 'n' {
		return false
	}
	r.word("null")
	return true
}

// Pos returns the position of the next value.
func (r *Reader) Pos() int {
	r.peek()
	return r.pos
}

// Shared returns text as a string that keeps nothing else alive. Most texts seen before share one.
func (r *Reader) Shared(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	hash := maphash.Bytes(seed, text) % uint64(len(r.came))
	first, second := &r.came[hash], &r.came[hash^1]
	if *first == string(text) { // the compiler compares it without a copy
		return *first
	}
	if *second == string(text) {
		return *second
	}
	*first, *second = string(text), *first
	return *first
}

var seed = maphash.MakeSeed()
