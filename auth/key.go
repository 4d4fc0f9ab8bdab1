package auth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[redacted]"

// Secret is a key that never shows: not by fmt, slog or JSON, and not inside other structs. Make one with [Key]. The
// zero value is no key. It is safe for concurrent use.
//
// The text hides in a function, because fmt prints the unexported fields of a struct without asking them, and
// debugging printers follow pointers too; neither can look into a function.
type Secret struct{ reveal func() string }

// Key makes a key of its text. The empty text is no key.
func Key(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// IsZero reports whether there is no key.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String is the same for every key.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return hidden
}

// Format answers every verb and flag with String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue answers slog with String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText answers JSON, YAML and the like with String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// check refuses what cannot be a key. It never repeats the key.
func (s Secret) check() error {
	if s.IsZero() {
		return nil
	}
	for _, c := range []byte(s.reveal()) {
		if c <= ' ' || c >= 0x7f {
			return errors.New("the key has a blank, a line break, a control or a non-ASCII character: " +
				"copy it again, and trim what a file or an environment variable adds")
		}
	}
	return nil
}
