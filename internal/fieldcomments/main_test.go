package main

import "testing"

// TestPlain checks that the comments of fields, on one line or several, change, and no others.
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
		t.Errorf("got\n%s", got)
	}
	if got := string(plain([]byte(want))); got != want {
		t.Errorf("plain code changed to\n%s", got)
	}
}
