package account

import (
	"net/url"
	"strings"
)

// ServerName returns the address of a server in the one form by which copies of it are known: without a slash at its end, with its host
// in small letters, and without the port that its scheme has anyway.
func ServerName(address string) string {
	address = strings.TrimRight(address, "/")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	u.Host = strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		u.Host = strings.TrimSuffix(u.Host, ":443")
	case "http":
		u.Host = strings.TrimSuffix(u.Host, ":80")
	}
	return u.String()
}
