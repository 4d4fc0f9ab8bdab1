package account_test

import (
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
)

// TestServerName checks that all addresses of a server yield the same name, and those of different servers different names.
func TestServerName(t *testing.T) {
	for address, want := range map[string]string{
		"https://chat.example.com":        "https://chat.example.com",
		"https://chat.example.com//":      "https://chat.example.com",
		"HTTPS://Chat.Example.com:443":    "https://chat.example.com",
		"https://chat.example.com/Below/": "https://chat.example.com/Below",
		"https://chat.example.com:8443/":  "https://chat.example.com:8443",
		"http://127.0.0.1:80":             "http://127.0.0.1",
		"http://[::1]:3000":               "http://[::1]:3000",
		"http://chat.example.com:443":     "http://chat.example.com:443",
		"stand-in":                        "stand-in",
	} {
		if got := account.ServerName(address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}
