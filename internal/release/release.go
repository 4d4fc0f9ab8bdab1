// Package release compares versions of the server, by which the contract dates changes.
package release

import (
	"cmp"
	"fmt"
	"strings"
)

// Version is a release of the server. The zero value is before all others.
type Version struct {
	number int64 // in digits of base: major, minor, patch
}

// base is above any part of a version.
const base = 10_000

// Parse reads a version such as "4.7.0", "v4.7.0" or "4.7".
func Parse(name string) (Version, error) {
	v, ok := read(strings.TrimPrefix(name, "v"))
	if !ok {
		return Version{}, fmt.Errorf("%q is not a version such as 4.7.0", name)
	}
	return v, nil
}

// Of reads the version that a server reports, which may have a suffix, as in 4.12.0-beta. It returns the zero value for
// anything that is not a version.
func Of(said string) Version {
	numbers, _, _ := strings.Cut(said, "-")
	v, err := Parse(numbers)
	if err != nil {
		return Version{}
	}
	return v
}

// IsZero reports whether it is the zero value.
func (v Version) IsZero() bool { return v == Version{} }

// read reads two or three numbers with dots between them.
func read(text string) (v Version, ok bool) {
	parts, digits, part := 1, 0, int64(0)
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9' && digits < 4:
			part, digits = part*10+int64(c-'0'), digits+1
		case c == '.' && digits > 0 && parts < 3:
			v.number = v.number*base + part
			parts, digits, part = parts+1, 0, 0
		default:
			return Version{}, false
		}
	}
	if digits == 0 || parts < 2 {
		return Version{}, false
	}
	v.number = v.number*base + part
	if parts == 2 {
		v.number *= base
	}
	return v, true
}

// AtLeast reports whether the version is the named one or later. It panics if the name is not a version: names are literals
// in the code.
func (v Version) AtLeast(first string) bool {
	other, ok := read(first)
	if !ok {
		panic(fmt.Sprintf("release: %q is not a version", first))
	}
	return v.number >= other.number
}

// Compare returns -1, 0 or 1 if the version is before another, the same, or after it.
func (v Version) Compare(other Version) int { return cmp.Compare(v.number, other.number) }

// String returns the version as servers write it.
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d", v.number/base/base, v.number/base%base, v.number%base)
}
