package account

import (
	"net/url"
	"strings"
)

// ServerName returns the address of a server in the form under which its copies are known: without a trailing slash, with
// the host in lower case, and without the default port of its scheme.
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
