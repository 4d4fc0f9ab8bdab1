package decode

// Fields iterates over the fields of an object.
type Fields struct {
	Name []byte // name of the field whose value is next, in lower case, because encoding/json ignores case; must not be kept

	begun, ended bool
	came         [2]uint64
}

// Object starts an object. Null has no fields, so the value stays unchanged.
func (r *Reader) Object() Fields {
	if r.Null() {
		return Fields{ended: true}
	}
	r.open('{')
	return Fields{}
}

// Next advances to the value of the next field, and reports whether there is one.
func (r *Reader) Next(f *Fields) bool {
	switch {
	case f.ended:
		return false
	case f.begun:
		if !r.more('}') {
			return false
		}
	case r.peek() == '}':
		r.end()
		return false
	}
	f.begun = true
	f.Name = r.name()
	if r.peek() != ':' {
		r.Leave()
		return false
	}
	r.pos++
	return true
}

// Once records a field. If one appears twice, it leaves the text to encoding/json, which merges the two values.
func (r *Reader) Once(f *Fields, field int) {
	word, bit := field/64, uint64(1)<<(field%64)
	if f.came[word]&bit != 0 {
		r.Leave()
	}
	f.came[word] |= bit
}

// usual has the bytes of the names that servers use.
var usual = func() (is [256]bool) {
	for c := 'a'; c <= 'z'; c++ {
		is[c] = true
	}
	for c := '0'; c <= '9'; c++ {
		is[c] = true
	}
	is['_'] = true
	return is
}()

// name reads the name of a field.
func (r *Reader) name() []byte {
	if r.peek() != '"' {
		r.Leave()
		return nil
	}
	data, begin := r.data, r.pos+1
	end := begin
	for end < len(data) && usual[data[end]] {
		end++
	}
	if end < len(data) && data[end] == '"' {
		r.pos = end + 1
		return data[begin:end]
	}
	r.skipText()
	return r.lower(data[begin:max(begin, r.pos-1)])
}

// lower returns a name in lower case.
func (r *Reader) lower(name []byte) []byte {
	r.room = append(r.room[:0], name...)
	for i, c := range r.room {
		switch {
		case c >= 'A' && c <= 'Z':
			r.room[i] = c - 'A' + 'a'
		case c == '\\' || c > '~': // encoding/json treats two non-ASCII letters as forms of k and s
			r.Leave()
		}
	}
	return r.room
}
