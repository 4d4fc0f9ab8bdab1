package decode

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// Text reads a string. As in all these functions, null leaves the value unchanged.
func Text[T ~string](p *T, r *Reader) {
	if !r.Null() {
		*p = T(r.Shared(r.text()))
	}
}

// Bool reads true or false.
func Bool(p *bool, r *Reader) {
	switch r.peek() {
	case 't':
		r.word("true")
		*p = true
	case 'f':
		r.word("false")
		*p = false
	default:
		if !r.Null() {
			r.Leave()
		}
	}
}

// Int reads a whole number.
func Int[T ~int64](p *T, r *Reader) {
	if r.Null() {
		return
	}
	n, err := strconv.ParseInt(string(r.Number()), 10, 64)
	if err != nil {
		r.Leave()
		return
	}
	*p = T(n)
}

// Float reads a number.
func Float(p *float64, r *Reader) {
	if r.Null() {
		return
	}
	n, err := strconv.ParseFloat(string(r.Number()), 64)
	if err != nil {
		r.Leave()
		return
	}
	*p = n
}

// Any reads a value with encoding/json.
func Any[T any](p *T, r *Reader) {
	if raw := r.Raw(); !r.left && json.Unmarshal(raw, p) != nil {
		r.Leave()
	}
}

// Again reads the text since a position again, with encoding/json, into a zero value.
func Again[T any](p *T, r *Reader, since int) {
	var again T
	if !r.left && json.Unmarshal(r.data[since:r.pos], &again) != nil {
		r.Leave()
	}
	*p = again
}

// Pointer reads null, or a new value.
func Pointer[T any](p **T, r *Reader, read func(*T, *Reader)) {
	if r.Null() {
		return
	}
	value := new(T)
	read(value, r)
	*p = value
}

// few is the number of elements of a list that are read before counting the rest.
const few = 32

// List reads null, or a list of values. It allocates no more than needed.
func List[T any](p *[]T, r *Reader, read func(*T, *Reader)) {
	if r.Null() {
		return
	}
	r.open('[')
	if r.peek() == ']' {
		r.end()
		*p = []T{}
		return
	}
	kind := reflect.TypeFor[T]()
	room, _ := r.lists[kind].(*[few]T)
	if room == nil {
		room = new([few]T)
	}
	r.lists[kind] = nil // an element may contain a list of its own kind
	list := room[:0]
	for more := true; more; more = r.more(']') {
		if len(list) == few {
			list = append(make([]T, 0, few+r.count()), list...)
		}
		if len(list) == cap(list) { // the text was left to encoding/json
			break
		}
		list = list[:len(list)+1]
		read(&list[len(list)-1], r)
	}
	if len(list) <= few {
		list = append(make([]T, 0, len(list)), list...)
	}
	*p = list
	clear(room[:]) // keeps nothing alive
	r.lists[kind] = room
}

// count returns the number of elements from here to the end of the list.
func (r *Reader) count() int {
	pos, depth := r.pos, r.depth
	n := 0
	for more := true; more; more = r.more(']') {
		r.Skip()
		n++
	}
	if r.left {
		return 0
	}
	r.pos, r.depth = pos, depth
	return n
}
