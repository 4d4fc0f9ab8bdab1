package main

import "testing"

// TestPlain changes the comments of fields, of one line and of several, and no other.
func TestPlain(t *testing.T) {
	const code = `// ID is a type. 
type T struct {
	// ID The id.
	ID int64

	// Name The name,
	// which may be long.
	Name *string
	// Other Not this one.
	Third bool
}

// Name The name.
func Name() {
	// Name Not this
	return
}
`
	const want = `// ID is a type. 
type T struct {
	// The id.
	ID int64

	// The name,
	// which may be long.
	Name *string
	// Other Not this one.
	Third bool
}

// Name The name.
func Name() {
	// Name Not this
	return
}
`
	if got := string(plain([]byte(code))); got != want {
		t.Errorf("it is\n%s", got)
	}
	if got := string(plain([]byte(want))); got != want {
		t.Errorf("once more it is\n%s", got)
	}
}
