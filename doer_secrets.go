package cfchat

import (
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

const redacted = "[redacted]"

// minSecret is the shortest text that is taken for a key or a search text where a server repeats it. The servers' keys have
// 24 characters; a test's key "k" would only garble the server's words.
const minSecret = 8

// withoutSecrets takes the request's key and the texts of its query out of what a server or proxy says. Text that has them
// in another notation goes as a whole.
func withoutSecrets(text string, req *http.Request) string {
	secrets := secretsOf(req)
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	unescaped, _ := url.QueryUnescape(text)
	for _, form := range []string{html.UnescapeString(text), unescaped, jsonText(text)} {
		if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(form, secret) }) {
			return redacted
		}
	}
	return text
}

// jsonText is every string of a JSON text, as far as it is one.
func jsonText(text string) string {
	var all []string
	for d := json.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return strings.Join(all, "\n")
		}
		if s, ok := token.(string); ok {
			all = append(all, s)
		}
	}
}

// safeCause is why no answer came, without the request's address, which url.Error repeats, and without the texts that an
// answer in another protocol may have repeated, which net/http quotes.
func safeCause(err error, req *http.Request) error {
	for {
		u, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = u.Err
	}
	if text := err.Error(); withoutSecrets(text, req) != text {
		return errors.New(withoutSecrets(text, req))
	}
	return err
}

// secretsOf are the texts of a request that must not show, as they are and as they are written in an address.
func secretsOf(req *http.Request) []string {
	var all []string
	add := func(text string) {
		if len(text) >= minSecret {
			all = append(all, text)
		}
	}
	for _, name := range auth.HeaderNames(req.Header) {
		for _, value := range req.Header[name] {
			add(value)
			add(value[strings.LastIndex(value, " ")+1:]) // behind a prefix
		}
	}
	query := req.URL.Query()
	call := operation.CallOf(req.Context())
	for name, values := range query {
		// Of an operation the rest is a choice of known words and numbers.
		if call != nil && call.Known() && name != "q" && name != "source_id" {
			continue
		}
		for _, value := range values {
			add(req.URL.RawQuery)
			add(value)
			add(url.QueryEscape(value))
			add(url.PathEscape(value))
		}
	}
	return all
}
