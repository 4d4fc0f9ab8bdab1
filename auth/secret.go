package auth

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is what the server signs webhooks with. Like a [Key] it never shows: not by fmt, slog or JSON, and not inside other
// structs. Make one with [NewSecret], or take it from an answer that has one. The zero value is no secret. It is safe for
// concurrent use.
type Secret struct{ reveal func() string }

// NewSecret makes a secret of its text, as the server shows it. The empty text is no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the text, to be kept where secrets are kept; "" of the zero value.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String is the same for every secret.
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

// UnmarshalText reads a secret from an answer. What MarshalText has written is none.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret{}
	if string(text) != hidden {
		*s = NewSecret(string(text))
	}
	return nil
}
