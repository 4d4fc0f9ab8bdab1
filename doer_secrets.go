package cfchat

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
)

const redacted = "[redacted]"

// minSecret is the shortest text that is taken for a key or a search text where a server repeats it. The servers' keys have
// 24 characters; a test's key "k" would only garble the server's words.
const minSecret = 8

// withoutSecrets takes the request's key and the texts of its query out of what a server or proxy says.
func withoutSecrets(text string, req *http.Request) string {
	for _, secret := range secrets(req) {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
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

// secrets are the texts of a request that must not show, as they are and as they are written in an address.
func secrets(req *http.Request) []string {
	var all []string
	add := func(text string) {
		if len(text) >= minSecret {
			all = append(all, text)
		}
	}
	for _, name := range auth.Names(req.Header) {
		for _, value := range req.Header[name] {
			add(value)
			add(value[strings.LastIndex(value, " ")+1:]) // behind a prefix
		}
	}
	add(req.URL.RawQuery)
	for _, values := range req.URL.Query() {
		for _, value := range values {
			add(value)
			add(url.QueryEscape(value))
			add(url.PathEscape(value))
		}
	}
	return all
}
