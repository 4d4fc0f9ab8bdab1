package auth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[redacted]"

// Key is a key that never shows: not by fmt, slog or JSON, and not inside other structs. Make one with [NewKey]. The zero
// value is no key. It is safe for concurrent use.
//
// The text hides in a function, because fmt prints the unexported fields of a struct without asking them, and
// debugging printers follow pointers too; neither can look into a function.
type Key struct{ reveal func() string }

// NewKey returns a key with this text. The empty text is no key.
func NewKey(text string) Key {
	if text == "" {
		return Key{}
	}
	return Key{reveal: func() string { return text }}
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.reveal == nil }

// String returns the same text for every key.
func (k Key) String() string {
	if k.IsZero() {
		return ""
	}
	return hidden
}

// Format writes String for every verb and flag.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns String, for slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns String, for JSON, YAML and the like.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// check refuses what cannot be a key. It never repeats the key.
func (k Key) check() error {
	if k.IsZero() {
		return nil
	}
	for _, c := range []byte(k.reveal()) {
		if c <= ' ' || c >= 0x7f {
			return errors.New("the key has a space, a line break, a control character or a non-ASCII character; " +
				"copy it again, and trim whatever a file or an environment variable adds")
		}
	}
	return nil
}
