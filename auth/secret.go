package auth

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is the secret with which the server signs webhooks. Like a [Key] it never shows: not by fmt, slog or JSON, and not
// inside other structs. Make one with [NewSecret], or take it from an answer that contains one. The zero value is no secret.
// It is safe for concurrent use.
type Secret struct{ reveal func() string }

// NewSecret returns a secret with this text, as the server shows it. The empty text is no secret.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal returns the text, to be stored where secrets are stored; "" for the zero value.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String returns the same text for every secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return hidden
}

// Format writes String for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns String, for JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a secret from an answer. The text that MarshalText writes is not one.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret{}
	if string(text) != hidden {
		*s = NewSecret(string(text))
	}
	return nil
}
