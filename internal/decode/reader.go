// Package decode reads JSON into the generated types by code that the generator writes for each of them, in a fraction of the
// time and the memory that encoding/json needs for reflection.
//
// What it reads, it reads as encoding/json does, to the last bit. Text that is not as servers write it, however little (a value
// of another type, a field that comes twice, half a surrogate), it leaves to encoding/json as a whole, so that errors and odd
// cases are those of the standard library.
package decode

import (
	"hash/maphash"
	"reflect"
	"sync"
	"unicode/utf8"
)

// Reader reads one JSON text. Once it has left that to encoding/json, what it reads means nothing.
type Reader struct {
	data  []byte
	pos   int
	depth int
	left  bool // to encoding/json

	came  [256]string          // texts that came before, by their hash, two places for each
	room  []byte               // for a text with escapes, or a name in capitals
	lists map[reflect.Type]any // room for lists that grow, by the types of their elements
}

const (
	maxDepth = 100     // of values in values
	maxRoom  = 1 << 16 // bytes that are kept for the next text
)

var readers = sync.Pool{New: func() any { return newReader() }}

func newReader() *Reader { return &Reader{lists: map[reflect.Type]any{}} }

// JSON decodes a text into a zero value by the value's method, and reports whether it has. If not, the value may be half full.
func JSON(text []byte, decode func(*Reader)) bool {
	r, _ := readers.Get().(*Reader)
	defer readers.Put(r)
	return r.read(text, decode)
}

// read reads one text, and forgets it.
func (r *Reader) read(text []byte, decode func(*Reader)) bool {
	if !utf8.Valid(text) {
		return false
	}
	defer r.forget()
	r.data = text
	decode(r)
	return r.peek() == 0 && r.pos == len(r.data) && !r.left
}

// forget keeps what has room for the next text, and nothing of this one.
func (r *Reader) forget() {
	room := r.room[:0]
	if cap(room) > maxRoom {
		room = nil
	}
	*r = Reader{room: room, lists: r.lists}
}

// Leave leaves the text to encoding/json.
func (r *Reader) Leave() {
	r.left, r.pos = true, len(r.data) // so that every loop ends
}

// peek returns the byte that is next, not counting space, or 0 at the end.
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

// open begins an object or a list.
func (r *Reader) open(bracket byte) {
	if r.peek() != bracket || r.depth == maxDepth {
		r.Leave()
		return
	}
	r.pos++
	r.depth++
}

// end ends it.
func (r *Reader) end() {
	r.pos++
	r.depth--
}

// more reads what stands between two elements, and reports whether there is another one.
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

// Pos is where the next value begins.
func (r *Reader) Pos() int {
	r.peek()
	return r.pos
}

// Shared returns text as a string that keeps nothing else alive. Most texts that came before share one.
func (r *Reader) Shared(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	hash := maphash.Bytes(seed, text) % uint64(len(r.came))
	first, second := &r.came[hash], &r.came[hash^1]
	if *first == string(text) { // which the compiler compares without a copy
		return *first
	}
	if *second == string(text) {
		return *second
	}
	*first, *second = string(text), *first
	return *first
}

var seed = maphash.MakeSeed()
